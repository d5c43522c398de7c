package lppo.rollout;

/**
 * What the policy sampled after a prompt.
 *
 * @param prompt what it was conditioned on
 * @param tokens sampled tokens, the end token included if it was reached
 * @param logProbs log-probability of each token under the behaviour policy, at the sampling temperature and before any
 *     top-k or top-p truncation; same length as {@code tokens}
 * @param finish why it ended
 * @param reward score of the answer, NaN until a reward has judged it
 */
public record Completion(Prompt prompt, int[] tokens, float[] logProbs, Finish finish, double reward) {

    /** Why a completion ended: a stop token, or the maximum length. */
    public enum Finish { STOP, LENGTH }

    /** The same completion with its score. */
    public Completion withReward(double score) {
        return new Completion(prompt, tokens, logProbs, finish, score);
    }
}
