package lppo.rollout;

import java.io.Serializable;
import java.util.Arrays;
import java.util.function.Function;
import lppo.data.Problem;

/**
 * A problem and the tokens to condition on: the question and, if guided, a prefix of the expert solution. The prefix
 * conditions the policy and carries no policy-gradient loss.
 *
 * @param problem the problem
 * @param tokens question, then prefix
 * @param prefixLength how many of the tokens are the prefix; 0 if unguided
 * @param beta the ratio at which the expert solution was cut; 0 if unguided
 */
public record Prompt(Problem problem, int[] tokens, int prefixLength, double beta) implements Serializable {

    /** A prompt without a hint. */
    public static Prompt unguided(Problem problem, int[] tokens) {
        return new Prompt(problem, tokens, 0, 0);
    }

    /**
     * The tokens of a question and what follows it. Both are tokenised as one text where that leaves the question's own
     * tokens as they are (byte-level tokenizers), else separately (word-level ones, which would join words). Trailing blanks are left to
     * the following text, as tokens start with a blank and do not end with one.
     */
    public static int[] continued(Function<String, int[]> encode, String question, String text) {
        int[] first = encode.apply(question);
        String rest = text.replaceAll("[ \\t]+$", "");
        int[] joined = encode.apply(question + rest);
        if (joined.length >= first.length && Arrays.equals(first, 0, first.length, joined, 0, first.length)) {
            return joined;
        }
        int[] second = encode.apply(rest);
        int[] apart = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, apart, first.length, second.length);
        return apart;
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
