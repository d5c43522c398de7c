package lppo.learn;

import common.BadInput;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import llm.Policy;
import lppo.Aggregation;
import lppo.data.Problem;
import lppo.data.PromptFormat;
import lppo.rollout.Completion;
import lppo.rollout.Prompt;

/**
 * A training sequence: a prompt and a completion that carries the loss.
 *
 * @param prompt tokens that carry no loss: question and prefix
 * @param completion tokens that carry the loss, the end token included
 * @param behaviour log-probability of each completion token under the policy that sampled it; null for demonstrations
 * @param old log-probability of each completion token that importance ratios are taken to: {@code behaviour}, or that of the
 *     policy before the first update, see {@link #withOld}
 * @param importance factor of the advantage at each completion token; null for 1
 * @param advantage of the completion, progress weight included
 * @param weight of each completion token in the loss of the batch; the learner sets it once it has seen the whole batch
 */
public record Sample(int[] prompt, int[] completion, float[] behaviour, float[] old, float[] importance, double advantage,
        double weight) implements Serializable {

    /** A sample whose ratios are taken to the policy that sampled it. */
    public Sample(int[] prompt, int[] completion, float[] behaviour, double advantage, double weight) {
        this(prompt, completion, behaviour, behaviour, null, advantage, weight);
    }

    /** A sampled completion with its advantage. */
    public static Sample of(Completion completion, double advantage) {
        return new Sample(completion.prompt().tokens(), completion.tokens(), completion.logProbs(), advantage, 0);
    }

    /** An expert solution to imitate, closed by the end token. */
    public static Sample demonstration(Problem problem, Policy policy, PromptFormat format) {
        String asked = format.of(problem.question());
        int[] question = policy.encode(asked);
        int[] all = Prompt.continued(policy::encode, asked, problem.solution());
        int[] closed = Arrays.copyOfRange(all, question.length, all.length + 1);
        closed[closed.length - 1] = policy.endToken();
        return new Sample(question, closed, null, 1, 0);
    }

    /**
     * Truncated importance sampling: if the sampler and the learner assign different probabilities to a token, ratios are taken to the
     * learner's own log-probabilities before its first update, and advantages are multiplied by
     * min(exp(old - behaviour), cap), which corrects for the rest (Yao et al. 2025, "Your efficient RL framework secretly
     * brings you off-policy RL training").
     *
     * @param log log-probabilities of the completion tokens under the learner before its first update
     * @param cap largest factor, positive
     */
    public Sample withOld(float[] log, double cap) {
        BadInput.unless(cap > 0, "cap %s of importance weights: must be positive", cap);
        float[] factors = new float[log.length];
        for (int i = 0; i < log.length; i++) {
            factors[i] = (float) Math.min(Math.exp(log[i] - behaviour[i]), cap);
        }
        return new Sample(prompt, completion, behaviour, log, factors, advantage, weight);
    }

    /** The samples of a whole batch with the weights that an aggregation gives their tokens. */
    static List<Sample> weighted(List<Sample> batch, Aggregation aggregation) {
        long tokens = batch.stream().mapToLong(s -> s.completion.length).sum();
        return batch.stream().map(s -> new Sample(s.prompt, s.completion, s.behaviour, s.old, s.importance, s.advantage,
                aggregation.weight(s.completion.length, tokens, batch.size()))).toList();
    }

    /** Tokens that run through the model: all but the last, which is only predicted. */
    public int inputLength() {
        return prompt.length + completion.length - 1;
    }
}
