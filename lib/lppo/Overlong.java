package lppo;

import common.BadInput;
import lppo.rollout.Completion;

/**
 * Soft penalty on overlong completions (DAPO, arXiv 2503.14476, eq. 13): 0 up to {@code longest - cache} tokens, then linear to -1 at
 * {@code longest}. It is added to the reward that advantages are computed from, never to a pass rate.
 *
 * @param longest maximum length of a completion, in tokens
 * @param cache length of the slope, in tokens; 0 for no penalty
 */
public record Overlong(int longest, int cache) {

    /** No penalty. */
    public static final Overlong NONE = new Overlong(1, 0);

    public Overlong {
        BadInput.unless(cache >= 0 && cache <= longest, "overlong slope %d: must lie in 0 to the %d tokens of a completion", cache,
                longest);
    }

    /** Returns the penalty of a completion of this length, in [-1, 0]. */
    public double penalty(int length) {
        return cache == 0 ? 0 : Math.max(-1, Math.min(0, (longest - cache - length) / (double) cache));
    }

    /** Returns the reward of a completion plus the penalty for its length, for {@link Advantage#shaped}. */
    public double reward(Completion completion) {
        return completion.reward() + penalty(completion.tokens().length);
    }
}
