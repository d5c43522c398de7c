package lppo;

import java.util.LinkedHashMap;
import java.util.Map;
import lppo.data.BadInput;

/**
 * A hint whose length follows its success, the idea of G2RPO-A (arXiv 2508.13023) for each problem by itself: it is
 * shortened while guided completions pass more often than a target, and lengthened while they pass less,
 *
 * <pre>  beta(t) = clip(beta(t-1) - gain (p_guided(t) - target), betaMin, betaMax).</pre>
 *
 * It begins with the longest hint. The paper adapts one length for all problems from the recent rewards of all; ours is a
 * simplification to compare LPPO's random ratio with.
 */
public final class AdaptivePrefix {

    private final double betaMin;
    private final double betaMax;
    private final double target;
    private final double gain;
    private final Map<String, Double> betas = new LinkedHashMap<>();

    /**
     * No problem seen yet.
     *
     * @param target guided pass rate aimed at, in [0, 1]
     * @param gain how far beta moves for a pass rate that is off by 1, positive
     */
    public AdaptivePrefix(double betaMin, double betaMax, double target, double gain) {
        BadInput.unless(target >= 0 && target <= 1, "target %s of the guided pass rate: must lie in [0, 1]", target);
        BadInput.unless(gain > 0 && Double.isFinite(gain), "gain %s of the hint: must be positive", gain);
        this.betaMin = betaMin;
        this.betaMax = betaMax;
        this.target = target;
        this.gain = gain;
    }

    /** The ratio to cut the next hint of a problem at. */
    public double beta(String problem) {
        return betas.getOrDefault(problem, betaMax);
    }

    /** Takes in the pass rate of the guided completions of one visit, in [0, 1]. */
    public void observe(String problem, double guidedPassRate) {
        betas.put(problem, Math.max(betaMin, Math.min(betaMax, beta(problem) - gain * (guidedPassRate - target))));
    }

    /** The ratios so far, to be saved and put back; a live view. */
    public Map<String, Double> state() {
        return betas;
    }
}
