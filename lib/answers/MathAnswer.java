package answers;

import answers.Node.Text;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Decides whether the final answer of a response is equivalent to a reference answer.
 *
 * <p>Numbers, fractions, percentages, units, radicals, sets, tuples, intervals, matrices, equations, text and choices are
 * understood, in LaTeX or plain. Most answers are decided here, in microseconds and in bounded space; what is left goes to
 * computer algebra in a process of its own, which is killed when it takes too long, so that no answer stalls or exhausts
 * training. What could not be decided counts as wrong, says so in its reason, and is counted in {@link #failures()}.
 *
 * <p>Conventions: a percentage may be given as such, as its number or as a fraction of one; units are dropped, so that 5 cm is
 * 5 m, which only a strict judge tells apart; {@code log} is the natural logarithm; variables are positive where that matters to
 * roots and logarithms; an inequality is the interval that it describes; of an equation {@code x = 5} the right side counts
 * where the reference is a value; a number with a decimal point equals what rounds to the same six decimals. A text that opens
 * {@code <think>} must close it and answer behind it.
 *
 * <p>Seen in {@code notebooks/7-bring-your-own-model.ipynb}.
 *
 * <p>May be shared between threads. Close it to end the process; the process also ends with this one.
 */
public final class MathAnswer implements AutoCloseable {

    /**
     * A judgement.
     *
     * @param correct whether the answer is the reference
     * @param extracted the final answer as found in the completion; empty if none was found
     * @param reason one line on how this was decided
     * @param failed whether it could not be decided, so that {@code correct} is false
     */
    public record Verdict(boolean correct, String extracted, String reason, boolean failed) {}

    private static final int MAX_REASON = 300;

    private final Algebra algebra;
    private final AtomicLong failures;
    private final boolean boxedOnly;
    private final FinalForm form;

    /** With three seconds for a symbolic question. */
    public MathAnswer() {
        this(Duration.ofSeconds(3));
    }

    /** @param deadline for a symbolic question, after which the process that works on it is killed */
    public MathAnswer(Duration deadline) {
        this(new Algebra(deadline), new AtomicLong(), false, null);
    }

    private MathAnswer(Algebra algebra, AtomicLong failures, boolean boxedOnly, FinalForm form) {
        this.algebra = algebra;
        this.failures = failures;
        this.boxedOnly = boxedOnly;
        this.form = form;
    }

    /**
     * Returns a copy that accepts only boxed answers, so that a policy in training is not rewarded for a text that happens to end in the
     * right number. The two share everything; close only one of them.
     */
    public MathAnswer boxed() {
        return new MathAnswer(algebra, failures, true, form);
    }

    /**
     * Returns a strict copy with {@link FinalForm#usual()}, for training: the answer must also be in final form, so that neither a repeated
     * question nor an unevaluated sum is rewarded, and the response must commit to it. Published benchmark results use the lenient judge.
     * The two share everything; close only one of them.
     */
    public MathAnswer strict() {
        return strict(FinalForm.usual());
    }

    /** Returns a strict copy with a custom final form. */
    public MathAnswer strict(FinalForm form) {
        return new MathAnswer(algebra, failures, boxedOnly, Objects.requireNonNull(form));
    }

    /**
     * Judges a completion that ended by itself against a reference, which may be a bare answer, {@code $...$}, or a worked
     * solution. Never throws, whatever the texts.
     */
    public Verdict judge(String completion, String reference) {
        return judge(completion, reference, "");
    }

    /**
     * Judges a completion that was given to a question: a strict judge does not look for an answer where the completion repeats the
     * question, nor takes an expression of the question for its answer.
     *
     * @param question as it was asked; empty if unknown
     */
    public Verdict judge(String completion, String reference, String question) {
        Verdict verdict;
        try {
            verdict = form == null ? decide(completion, reference) : strictly(completion, reference, question);
        } catch (RuntimeException | StackOverflowError e) {
            verdict = new Verdict(false, "", "undecided: internal error " + e, true);
        }
        if (verdict.failed) {
            failures.incrementAndGet();
        }
        return verdict;
    }

    private Verdict strictly(String completion, String reference, String question) {
        Echo echo = new Echo(question);
        String response = echo.removedFrom(completion);
        Verdict verdict = decide(response, reference);
        if (!verdict.correct) {
            return verdict;
        }
        Extract found = Extract.answer(response).orElseThrow();
        String gold = Extract.reference(reference).orElseThrow().text();
        String problem = echo.restatedBy(found.text(), gold) ? "restates the question"
                : Commitment.lacking(response, found, !gold.contains(".")).orElse(
                        !isFinal(found.text(), gold) ? "not in final form" : Measures.contradict(gold, found.text()) ? "another unit"
                                : null);
        return problem == null ? verdict : new Verdict(false, verdict.extracted, found.how() + ": " + problem, false);
    }

    private boolean isFinal(String answer, String gold) {
        String value = Readings.value(answer);
        Optional<SetBuilder> built = SetBuilder.of(value);
        if (built.isPresent() && built.get().isEquation() && SetBuilder.of(gold).isEmpty()) {
            return false; // its elements are still to be found
        }
        value = built.map(SetBuilder::condition).orElse(Readings.bare(value));
        return Spelling.plain(answer).equals(Spelling.plain(gold)) || Choice.of(gold).isPresent() && Choice.of(answer).isPresent()
                || Choice.several(gold).isPresent() && Choice.several(answer).isPresent() || form.isFinal(value, Readings.value(gold));
    }

    private Verdict decide(String completion, String reference) {
        Optional<Extract> expected = Extract.reference(reference);
        Optional<Extract> found = Extract.answer(completion).filter(this::counts);
        if (expected.isEmpty()) {
            return new Verdict(false, found.map(Extract::text).orElse(""), "undecided: the reference has no answer", true);
        } else if (found.isEmpty()) {
            return new Verdict(false, "", boxedOnly ? "no boxed answer found" : "no final answer found", false);
        }
        String gold = expected.get().text();
        String answer = found.get().text();
        String how = found.get().how() + ": ";
        String same = Spelling.plain(gold);
        if (!same.isEmpty() && same.equals(Spelling.plain(answer))) {
            return new Verdict(true, answer, how + "the same text", false);
        }
        Optional<Choice> goldChoice = Choice.of(gold);
        Optional<Choice> choice = Choice.of(answer);
        if (goldChoice.isPresent() && choice.isPresent()) {
            boolean equal = goldChoice.get().letter().equals(choice.get().letter());
            return new Verdict(equal, answer, how + (equal ? "the same choice" : "another choice"), false);
        } else if (goldChoice.isPresent() && goldChoice.get().isLower(answer) || Choice.several(gold).isPresent()
                && Choice.several(gold).equals(Choice.several(answer))) {
            return new Verdict(true, answer, how + "the same choice", false);
        }
        ValueComparison leaf = new ValueComparison(algebra);
        for (Node left : Readings.of(expected.get())) {
            for (Node right : Readings.of(found.get())) {
                if (new Equivalence(leaf).equal(left, right)) {
                    return new Verdict(true, answer, how + (leaf.reason().isEmpty() ? "the same" : leaf.reason()), false);
                }
            }
        }
        if (leaf.undecided() != null) {
            return new Verdict(false, answer, cut(how + "undecided: " + leaf.undecided()), true);
        }
        String kind = Parser.parse(answer) instanceof Text ? "not the reference, and not read as mathematics" : leaf.reason().isEmpty()
                ? "not of the form of the reference" : leaf.reason();
        return new Verdict(false, answer, cut(how + kind), false);
    }

    private boolean counts(Extract answer) {
        return !boxedOnly || answer.how().equals("boxed");
    }

    private static String cut(String reason) {
        return reason.length() <= MAX_REASON ? reason : reason.substring(0, MAX_REASON) + "...";
    }

    /**
     * The final answer of a response in a spelling that equal answers share where that is cheap to tell: fractions in lowest
     * terms, sorted sets, no units, no {@code x =}. Empty if no final answer is found.
     */
    public Optional<String> answer(String response) {
        try {
            return Extract.answer(response).filter(this::counts).map(extract -> Spelling.of(extract.text()));
        } catch (RuntimeException | StackOverflowError e) {
            failures.incrementAndGet();
            return Optional.empty();
        }
    }

    /** Returns the number of judgements that could not be made so far. */
    public long failures() {
        return failures.get();
    }

    Algebra algebra() {
        return algebra;
    }

    /** Ends the process of computer algebra, if one runs. */
    @Override
    public void close() {
        algebra.close();
    }
}
