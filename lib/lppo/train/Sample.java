package lppo.train;

import lppo.data.Problem;
import lppo.model.Policy;
import lppo.rollout.Completion;

/**
 * A sequence to learn from: what conditions and what is learned.
 *
 * @param prompt tokens that carry no loss: question and prefix
 * @param completion tokens that carry the loss, the end token included
 * @param behaviour log-probability of each completion token under the policy that sampled it; null for demonstrations
 * @param advantage of the completion, progress weight included
 */
public record Sample(int[] prompt, int[] completion, float[] behaviour, double advantage) {

    /** A sampled completion with its advantage. */
    public static Sample of(Completion completion, double advantage) {
        return new Sample(completion.prompt().tokens(), completion.tokens(), completion.logProbs(), advantage);
    }

    /** An expert solution to imitate, closed by the end token. */
    public static Sample demonstration(Problem problem, Policy policy) {
        int[] solution = policy.encode(problem.solution());
        int[] closed = java.util.Arrays.copyOf(solution, solution.length + 1);
        closed[solution.length] = policy.endToken();
        return new Sample(policy.encode(problem.question()), closed, null, 1);
    }

    /** Tokens that run through the model: all but the last, which is only predicted. */
    public int inputLength() {
        return prompt.length + completion.length - 1;
    }
}
