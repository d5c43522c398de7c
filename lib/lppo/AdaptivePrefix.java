package lppo;

import common.BadInput;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import lppo.data.Problem;
import lppo.data.Step;
import lppo.rollout.Group;

/**
 * A hint whose length adapts to the guided pass rate of each problem, after G2RPO-A (arXiv 2508.13023): it is shortened while guided
 * completions pass more often than a target, and lengthened while they pass less often,
 *
 * <pre>  beta(t) = clip(beta(t-1) - gain (p_guided(t) - target), betaMin, betaMax).</pre>
 *
 * It starts with the longest hint. The paper adapts one length for all problems from their recent rewards; this per-problem version is a
 * simplification, for comparison with LPPO's random ratio.
 */
public final class AdaptivePrefix implements Hint, Stateful {

    private final RandomPrefix range;
    private final double target;
    private final double gain;
    private final Map<String, Double> betas = new LinkedHashMap<>();

    /**
     * Creates a hint that has observed no problem yet.
     *
     * @param betaMin smallest share of the solution, 0 or more
     * @param betaMax largest share, at most 1
     * @param target target of the guided pass rate, in [0, 1]
     * @param gain change of beta per unit of difference between pass rate and target, positive
     */
    public AdaptivePrefix(double betaMin, double betaMax, double target, double gain) {
        BadInput.unless(target >= 0 && target <= 1, "target %s of the guided pass rate: must lie in [0, 1]", target);
        BadInput.unless(gain > 0 && Double.isFinite(gain), "gain %s of the hint: must be positive", gain);
        this.range = new RandomPrefix(betaMin, betaMax);
        this.target = target;
        this.gain = gain;
    }

    @Override
    public double beta(Problem problem, Step step) {
        return beta(problem.id());
    }

    /** Returns the ratio beta of a problem's next hint. */
    public double beta(String problem) {
        return betas.getOrDefault(problem, range.betaMax());
    }

    @Override
    public void observe(List<Group> groups) {
        groups.forEach(group -> group.guidedPassRate().ifPresent(rate -> observe(group.problem().id(), rate)));
    }

    /** Updates a problem's ratio with the pass rate of the guided completions of one visit, in [0, 1]. */
    public void observe(String problem, double guidedPassRate) {
        double moved = beta(problem) - gain * (guidedPassRate - target);
        betas.put(problem, Math.max(range.betaMin(), Math.min(range.betaMax(), moved)));
    }

    /** The next ratio of each problem guided so far. */
    @Override
    public Map<String, double[]> state() {
        Map<String, double[]> state = new LinkedHashMap<>();
        betas.forEach((problem, beta) -> state.put(problem, new double[] {beta}));
        return state;
    }

    @Override
    public void restore(Map<String, double[]> state) {
        state.forEach((problem, beta) -> BadInput.unless(beta != null && beta.length == 1 && beta[0] >= 0 && beta[0] <= 1,
                "the saved hint of problem %s is invalid", problem));
        betas.clear();
        state.forEach((problem, beta) -> betas.put(problem, beta[0]));
    }
}
