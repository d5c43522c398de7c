package lppo.rollout;

import lppo.data.Problem;

/**
 * A problem and the tokens to condition on: the question and, if guided, a prefix of the expert solution. The prefix
 * conditions the policy and carries no policy-gradient loss.
 *
 * @param problem what is asked
 * @param tokens question, then prefix
 * @param prefixLength how many of the tokens are the prefix; 0 if unguided
 * @param beta the ratio at which the expert solution was cut; 0 if unguided
 */
public record Prompt(Problem problem, int[] tokens, int prefixLength, double beta) {

    /** A prompt without a hint. */
    public static Prompt unguided(Problem problem, int[] tokens) {
        return new Prompt(problem, tokens, 0, 0);
    }

    /** Whether an expert prefix is given. */
    public boolean guided() {
        return prefixLength > 0;
    }

    /** The tokens of the prefix alone. */
    public int[] prefix() {
        return java.util.Arrays.copyOfRange(tokens, tokens.length - prefixLength, tokens.length);
    }
}
