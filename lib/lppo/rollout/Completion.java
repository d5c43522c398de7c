package lppo.rollout;

/**
 * A completion that the policy sampled for a prompt.
 *
 * @param prompt the prompt it was conditioned on
 * @param tokens sampled tokens, the end token included if it was reached
 * @param logProbs log-probability of each token under the behaviour policy, at the sampling temperature and before any
 *     top-k or top-p truncation; same length as {@code tokens}
 * @param finish the reason why it ended
 * @param reward reward of the completion; NaN until it is scored
 */
public record Completion(Prompt prompt, int[] tokens, float[] logProbs, Finish finish, double reward) {

    /** Why a completion ended: a stop token, or the maximum length. */
    public enum Finish { STOP, LENGTH }

    /** The same completion with its score. */
    public Completion withReward(double score) {
        return new Completion(prompt, tokens, logProbs, finish, score);
    }
}
