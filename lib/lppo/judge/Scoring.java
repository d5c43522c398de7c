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
 * Scores completions by a reward: what {@code Rollout.scored} takes. A completion that was cut scores 0 and the reward is not asked. A
 * reward that throws is not taken for a verdict: the completion scores 0, is counted, and the first message is kept.
 */
public final class Scoring implements ToDoubleFunction<Completion> {

    private final Policy policy;
    private final Reward reward;
    private long thrown;
    private long paid;
    private long gamed;
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
            throw e; // out of memory, say: the run handles it
        } catch (RuntimeException | StackOverflowError e) {
            thrown++;
            firstTrouble = firstTrouble != null ? firstTrouble
                    : OneLine.line("problem %s: the reward throws %s".formatted(problem.id(), e));
            return otherwise;
        }
    }

    /** The text that a reward judges: the expert prefix, if there is one, and the completion. */
    public String response(Completion completion) {
        int[] prefix = completion.prompt().prefix();
        int[] response = Arrays.copyOf(prefix, prefix.length + completion.tokens().length);
        System.arraycopy(completion.tokens(), 0, response, prefix.length, completion.tokens().length);
        return policy.decode(response);
    }

    /** What a completion answers; empty if nothing, if it was cut, or if the reward throws. */
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

    /** How many responses so far could not be judged and scored 0. */
    public long failures() {
        return thrown + reward.failures();
    }

    /** What the reward threw first, and at which problem; empty if nothing so far. */
    public Optional<String> trouble() {
        return Optional.ofNullable(firstTrouble);
    }
}
