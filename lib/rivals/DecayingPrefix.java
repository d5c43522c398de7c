package rivals;

import common.BadInput;
import lppo.Hint;
import lppo.data.Problem;
import lppo.data.Step;

/**
 * A hint whose length decays over the training by a cosine, as in Prefix-RFT (arXiv 2507.01679),
 *
 * <pre>  beta(t) = last + (first - last) (1 + cos(pi min(1, (t - 1) / steps))) / 2,</pre>
 *
 * and stays at {@code last} afterwards. Prefix-RFT is reported to decay from 0.95 to 0.05.
 *
 * @param first share of the solution that the first step shows, in [0, 1]
 * @param last share that the steps after {@code steps} show, in [0, first]
 * @param steps number of steps over which the hint decays, positive
 */
public record DecayingPrefix(double first, double last, long steps) implements Hint {

    public DecayingPrefix {
        BadInput.unless(first >= 0 && first <= 1 && last >= 0 && last <= first,
                "decaying hint from %s to %s: must lie in [0, 1] and not grow", first, last);
        BadInput.unless(steps > 0, "hint steps %d: must be positive", steps);
    }

    /** Returns a copy that decays over another number of steps. */
    public DecayingPrefix steps(long other) {
        return new DecayingPrefix(first, last, other);
    }

    @Override
    public double beta(Problem problem, Step step) {
        double done = Math.min(1, Math.max(0, step.number() - 1) / (double) steps);
        return done == 1 ? last : last + (first - last) * (1 + Math.cos(Math.PI * done)) / 2;
    }
}
