package answers;

/**
 * Decides whether an answer is in final form rather than an expression still to be evaluated. A strict {@link MathAnswer} requires it of an
 * answer that is equivalent to the reference. Pure, and bounded in time for any text.
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
     * The usual form. A number is an integer, decimal, fraction in lowest terms (6/8 is an unevaluated quotient, unless the reference has
     * that form), mixed number, percentage, radical without a square
     * in it, multiple of pi or e, or a sum of these that does not collapse; it is a power, in scientific notation, a factorial, a
     * function's value only where the reference has one of these. An expression is collected, and factored or expanded as the
     * reference is. An equation or inequality is solved if the reference is. Non-mathematical text is always in final form.
     */
    static FinalForm usual() {
        return (answer, reference) -> UsualForm.of(reference).isFinal(answer);
    }
}
