package lppo;

import common.BadInput;
import lppo.rollout.Completion;

/**
 * Soft punishment of overlong completions (DAPO, arXiv 2503.14476, eq. 13): nothing up to {@code longest - cache} tokens,
 * then falling linearly to -1 at {@code longest}. It is added to the reward that advantages are made of, never to a pass rate.
 *
 * @param longest tokens that a completion may have
 * @param cache length of the slope; 0 for no punishment
 */
public record Overlong(int longest, int cache) {

    /** No penalty. */
    public static final Overlong NONE = new Overlong(1, 0);

    public Overlong {
        BadInput.unless(cache >= 0 && cache <= longest, "overlong slope %d: must lie in 0 to the %d tokens of a completion", cache, longest);
    }

    /** What a completion of this length loses, in [-1, 0]. */
    public double penalty(int length) {
        return cache == 0 ? 0 : Math.max(-1, Math.min(0, (longest - cache - length) / (double) cache));
    }

    /** The reward of a completion with the penalty of its length: for {@link Advantage#shaped}. */
    public double reward(Completion completion) {
        return completion.reward() + penalty(completion.tokens().length);
    }
}
