package lppo.rollout;

import common.BadInput;
import java.io.Serializable;

/**
 * Sampling settings.
 *
 * @param temperature divides the logits; 0 is greedy
 * @param topK keep the k most probable tokens; 0 keeps all
 * @param topP keep the most probable tokens whose mass reaches p; 1 keeps all
 * @param maxNewTokens maximum length of a completion, the end token included
 */
public record Sampling(double temperature, int topK, double topP, int maxNewTokens) implements Serializable {

    public Sampling {
        BadInput.unless(temperature >= 0 && Double.isFinite(temperature), "temperature %s: must be 0 or more", temperature);
        BadInput.unless(topK >= 0, "top-k %d: must be 0 (off) or more", topK);
        BadInput.unless(topP > 0 && topP <= 1, "top-p %s: must lie in (0, 1]", topP);
        BadInput.unless(maxNewTokens > 0, "maximum length %d: must be positive", maxNewTokens);
    }

    /** Returns sampling from the whole distribution at temperature 1. */
    public static Sampling plain(int maxNewTokens) {
        return new Sampling(1, 0, 1, maxNewTokens);
    }

    /** Returns greedy decoding. */
    public static Sampling greedy(int maxNewTokens) {
        return new Sampling(0, 0, 1, maxNewTokens);
    }
}
