package lppo.judge;

import ai.djl.engine.EngineException;
import common.BadInput;
import common.OneLine;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import llm.Policy;
import lppo.rollout.Completion;

/**
 * Scores completions by a reward: what {@code Rollout.scored} takes. A completion that was cut scores 0 and the reward is not asked. A
 * reward that throws is not taken for a verdict: the completion scores 0, is counted, and the first message is kept.
 */
public final class Scoring implements ToDoubleFunction<Completion> {

    private final Policy policy;
    private final Reward reward;
    private long thrown;
    private String firstTrouble;

    /** Scores what {@code policy} says. */
    public Scoring(Policy policy, Reward reward) {
        this.policy = policy;
        this.reward = reward;
    }

    /**
     * The score of a completion.
     *
     * @throws BadInput if the reward gives a number outside [0, 1], or NaN
     */
    @Override
    public double applyAsDouble(Completion completion) {
        if (completion.finish() != Completion.Finish.STOP) {
            return 0; // a truncated completion never earns a reward from an intermediate value
        }
        String id = completion.prompt().problem().id();
        double score;
        try {
            score = reward.score(completion.prompt().problem(), response(completion));
        } catch (EngineException e) {
            throw e; // out of memory, say: the run handles it
        } catch (RuntimeException | StackOverflowError e) {
            thrown++;
            firstTrouble = firstTrouble != null ? firstTrouble : OneLine.line("problem %s: the reward throws %s".formatted(id, e));
            return 0;
        }
        BadInput.unless(score >= 0 && score <= 1, "problem %s: the reward gives %s; it must lie in [0, 1]", id, score);
        return score;
    }

    /** The text that a reward judges: the expert prefix, if there is one, and the completion. */
    public String response(Completion completion) {
        int[] prefix = completion.prompt().prefix();
        int[] response = Arrays.copyOf(prefix, prefix.length + completion.tokens().length);
        System.arraycopy(completion.tokens(), 0, response, prefix.length, completion.tokens().length);
        return policy.decode(response);
    }

    /** What a completion answers; empty if nothing, or if it was cut. */
    public Optional<String> answer(Completion completion) {
        return completion.finish() == Completion.Finish.STOP ? reward.answer(response(completion)) : Optional.empty();
    }

    /** How many responses so far could not be judged and scored 0. */
    public long failures() {
        return thrown + reward.failures();
    }

    /** What the reward threw first, and at which problem; empty if nothing so far. */
    public Optional<String> trouble() {
        return Optional.ofNullable(firstTrouble);
    }
}
