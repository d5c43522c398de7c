package answers;

/**
 * Whether an answer has the form of an answer, rather than of something still to be worked out. What a strict {@link MathAnswer} asks
 * of an answer that is equivalent to the reference. Pure, and soon done whatever the texts.
 */
@FunctionalInterface
public interface FinalForm {

    /**
     * Whether the answer is in final form.
     *
     * @param answer the answer as found in a response, LaTeX or plain
     * @param reference the reference answer: what it leaves unevaluated the answer may leave so too
     */
    boolean isFinal(String answer, String reference);

    /**
     * The usual form. A number is an integer, decimal, fraction in lowest terms (6/8 is a quotient still to be worked out, unless the
     * reference is written so), mixed number, percentage, radical without a square
     * in it, multiple of pi or e, or a sum of such that does not collapse; it is a power, in scientific notation, a factorial, a
     * function's value only where the reference has one of these. An expression is collected, and factored or expanded as the
     * reference is. An equation or inequality is solved if the reference is. What is no mathematics has no form to ask for.
     */
    static FinalForm usual() {
        return (answer, reference) -> UsualForm.of(reference).isFinal(answer);
    }
}
