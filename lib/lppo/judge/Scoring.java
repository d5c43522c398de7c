package lppo.judge;

import ai.djl.engine.EngineException;
import common.BadInput;
import common.OneLine;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import llm.Policy;
import lppo.data.Problem;
import lppo.rollout.Completion;

/**
 * Scores completions with a reward, for {@code Rollout.scored}. A truncated completion scores 0 without being judged. If the reward throws,
 * the completion scores 0 and is counted as not judged, and the first message is kept.
 */
public final class Scoring implements ToDoubleFunction<Completion> {

    private final Policy policy;
    private final Reward reward;
    private long thrown;
    private long paid;
    private long gamed;
    private String firstTrouble;

    /** Creates a scoring for completions of {@code policy}. */
    public Scoring(Policy policy, Reward reward) {
        this.policy = policy;
        this.reward = reward;
    }

    /**
     * Returns the score of a completion.
     *
     * @throws BadInput if the reward returns a number outside [0, 1] or NaN
     */
    @Override
    public double applyAsDouble(Completion completion) {
        if (completion.finish() != Completion.Finish.STOP) {
            return 0; // a truncated completion never earns a reward from an intermediate value
        }
        Problem problem = completion.prompt().problem();
        String response = response(completion);
        double score = asked(problem, () -> reward.score(problem, response), 0.0);
        BadInput.unless(score >= 0 && score <= 1, "problem %s: the reward gives %s; it must lie in [0, 1]", problem.id(), score);
        if (score == 1) {
            paid++;
            gamed += asked(problem, () -> reward.isGamed(problem, response), false) ? 1 : 0;
        }
        return score;
    }

    /** What a reward says; if it throws, that is counted, and something else is taken. */
    private <T> T asked(Problem problem, Supplier<T> question, T otherwise) {
        try {
            return question.get();
        } catch (EngineException e) {
            throw e; // such as out of memory, which the run handles
        } catch (RuntimeException | StackOverflowError e) {
            thrown++;
            firstTrouble = firstTrouble != null ? firstTrouble
                    : OneLine.line("problem %s: the reward throws %s".formatted(problem.id(), e));
            return otherwise;
        }
    }

    /** Returns the text that a reward judges: the expert prefix, if any, and the completion. */
    public String response(Completion completion) {
        int[] prefix = completion.prompt().prefix();
        int[] response = Arrays.copyOf(prefix, prefix.length + completion.tokens().length);
        System.arraycopy(completion.tokens(), 0, response, prefix.length, completion.tokens().length);
        return policy.decode(response);
    }

    /** Returns the answer of a completion; empty if there is none, the completion was truncated, or the reward throws. */
    public Optional<String> answer(Completion completion) {
        return completion.finish() != Completion.Finish.STOP ? Optional.empty()
                : asked(completion.prompt().problem(), () -> reward.answer(response(completion)), Optional.empty());
    }

    /** How many responses so far scored 1. */
    public long paid() {
        return paid;
    }

    /** How many of these showed signs of going for the reward rather than for the answer. */
    public long gamed() {
        return gamed;
    }

    /** Returns how many responses so far could not be judged and scored 0. */
    public long failures() {
        return thrown + reward.failures();
    }

    /** Returns the first exception of the reward and its problem; empty if there was none. */
    public Optional<String> trouble() {
        return Optional.ofNullable(firstTrouble);
    }
}
