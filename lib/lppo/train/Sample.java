package lppo.train;

import java.util.Arrays;
import java.util.List;
import lppo.PolicyLoss.Aggregation;
import lppo.data.Problem;
import lppo.model.Policy;
import lppo.rollout.Completion;
import lppo.rollout.Prompt;

/**
 * A sequence to learn from: what conditions and what is learned.
 *
 * @param prompt tokens that carry no loss: question and prefix
 * @param completion tokens that carry the loss, the end token included
 * @param behaviour log-probability of each completion token under the policy that sampled it; null for demonstrations
 * @param advantage of the completion, progress weight included
 * @param weight of each completion token in the loss of the batch; 0 until {@link #weighted} has seen the whole batch
 */
public record Sample(int[] prompt, int[] completion, float[] behaviour, double advantage, double weight) {

    /** A sampled completion with its advantage. */
    public static Sample of(Completion completion, double advantage) {
        return new Sample(completion.prompt().tokens(), completion.tokens(), completion.logProbs(), advantage, 0);
    }

    /** An expert solution to imitate, closed by the end token. */
    public static Sample demonstration(Problem problem, Policy policy) {
        int[] question = policy.encode(problem.question());
        int[] all = Prompt.continued(policy::encode, problem.question(), problem.solution());
        int[] closed = Arrays.copyOfRange(all, question.length, all.length + 1);
        closed[closed.length - 1] = policy.endToken();
        return new Sample(question, closed, null, 1, 0);
    }

    /** The samples of a whole batch with the weights that an aggregation gives their tokens. */
    public static List<Sample> weighted(List<Sample> batch, Aggregation aggregation) {
        long tokens = batch.stream().mapToLong(s -> s.completion.length).sum();
        return batch.stream().map(s -> new Sample(s.prompt, s.completion, s.behaviour, s.advantage,
                aggregation.weight(s.completion.length, tokens, batch.size()))).toList();
    }

    /** Tokens that run through the model: all but the last, which is only predicted. */
    public int inputLength() {
        return prompt.length + completion.length - 1;
    }
}
