package rivals;

import common.BadInput;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import lppo.Stateful;
import lppo.Weighting;
import lppo.rollout.Group;
import org.apache.commons.math3.distribution.NormalDistribution;

/**
 * Learning progress without the sampling noise: a Kalman filter (a local linear trend) estimates the level and the slope of each problem's
 * pass rate, and the weight is the probability that the problem is getting better,
 *
 * <pre>  level(t) = level(t-1) + slope(t-1) + e,   slope(t) = slope(t-1) + u,   e ~ N(0, levelNoise^2),   u ~ N(0, slopeNoise^2),
 *   p(t) = level(t) + v,   v ~ N(0, m (1 - m) / n),   w(t) = P(slope(t) &gt; 0 | p(1..t)) + b,</pre>
 *
 * where t counts the visits with unguided completions, p is their pass rate, n their number, and m the predicted level within [0.05, 0.95].
 * Before the first visit the slope is 0 with standard deviation {@code slopeDeviation}, so w is 1 (with b = 0.5) without evidence. The
 * filter and its constants are ours, and not the paper's.
 *
 * <p>Seen in {@code notebooks/8-when-do-weights-pay.ipynb}.
 */
public final class ProgressFilter implements Weighting, Stateful {

    private static final double EDGE = 0.05; // keeps the noise of a pass rate of 0 or 1 above zero
    private static final NormalDistribution NORMAL = new NormalDistribution(null, 0, 1);

    private final double slopeDeviation;
    private final double levelNoise;
    private final double slopeNoise;
    private final double bias;
    private final Map<String, Estimate> estimates = new LinkedHashMap<>();

    /**
     * What is known of one problem.
     *
     * @param level mean of the level, in [0, 1]
     * @param slope mean of its change per visit
     * @param levelVariance variance of the level
     * @param covariance of level and slope
     * @param slopeVariance variance of the slope, positive
     */
    public record Estimate(double level, double slope, double levelVariance, double covariance, double slopeVariance) {

        private boolean possible() {
            return level >= 0 && level <= 1 && levelVariance >= 0 && slopeVariance > 0 && Double.isFinite(slope)
                    && Double.isFinite(levelVariance) && Double.isFinite(covariance) && Double.isFinite(slopeVariance);
        }
    }

    /**
     * Creates a filter with no observations.
     *
     * @param slopeDeviation standard deviation of the slope before the first visit, positive
     * @param levelNoise standard deviation of a sudden change of the level, 0 or more
     * @param slopeNoise standard deviation of a change of the slope, 0 or more
     * @param bias lower bound of the weight, 0 or more
     */
    public ProgressFilter(double slopeDeviation, double levelNoise, double slopeNoise, double bias) {
        BadInput.unless(slopeDeviation > 0 && Double.isFinite(slopeDeviation), "slope deviation %s: must be positive", slopeDeviation);
        BadInput.unless(levelNoise >= 0 && Double.isFinite(levelNoise), "level noise %s: must be 0 or more", levelNoise);
        BadInput.unless(slopeNoise >= 0 && Double.isFinite(slopeNoise), "slope noise %s: must be 0 or more", slopeNoise);
        BadInput.unless(bias >= 0 && Double.isFinite(bias), "b %s: must be 0 or more", bias);
        this.slopeDeviation = slopeDeviation;
        this.levelNoise = levelNoise;
        this.slopeNoise = slopeNoise;
        this.bias = bias;
    }

    /** Creates a filter with slope deviation 0.03, level noise 0.02, slope noise 0.005 and b = 0.5. */
    public ProgressFilter() {
        this(0.03, 0.02, 0.005, 0.5);
    }

    /** Observes each group's unguided completions. */
    @Override
    public void observe(List<Group> groups) {
        groups.forEach(group -> group.passRate().ifPresent(rate -> observe(group.problem().id(), rate,
                (int) group.completions().stream().filter(c -> !c.prompt().guided()).count())));
    }

    /**
     * Observes the pass rate of one visit.
     *
     * @param passRate mean reward of the completions, in [0, 1]
     * @param completions how many, positive
     */
    public Estimate observe(String problem, double passRate, int completions) {
        BadInput.unless(passRate >= 0 && passRate <= 1, "pass rate %s of problem %s: must lie in [0, 1]", passRate, problem);
        BadInput.unless(completions > 0, "%d completions of problem %s: must be positive", completions, problem);
        Estimate before = estimates.get(problem);
        Estimate predicted = before == null ? new Estimate(0.5, 0, 0.25, 0, slopeDeviation * slopeDeviation) : predicted(before);
        double m = Math.max(EDGE, Math.min(1 - EDGE, predicted.level));
        double variance = predicted.levelVariance + m * (1 - m) / completions;
        double gain = predicted.levelVariance / variance;
        double slopeGain = predicted.covariance / variance;
        double surprise = passRate - predicted.level;
        Estimate after = new Estimate(clipped(predicted.level + gain * surprise), predicted.slope + slopeGain * surprise,
                (1 - gain) * predicted.levelVariance, (1 - gain) * predicted.covariance,
                predicted.slopeVariance - slopeGain * predicted.covariance);
        estimates.put(problem, after);
        return after;
    }

    private Estimate predicted(Estimate e) {
        return new Estimate(clipped(e.level + e.slope), e.slope,
                e.levelVariance + 2 * e.covariance + e.slopeVariance + levelNoise * levelNoise, e.covariance + e.slopeVariance,
                e.slopeVariance + slopeNoise * slopeNoise);
    }

    private static double clipped(double level) {
        return Math.max(0, Math.min(1, level));
    }

    /** Returns the estimate of a problem; before its first visit, that of no evidence. */
    public Estimate estimate(String problem) {
        return estimates.getOrDefault(problem, new Estimate(0.5, 0, 0.25, 0, slopeDeviation * slopeDeviation));
    }

    /** Returns the weight of a group's problem as of its last observation. */
    @Override
    public double weight(Group group) {
        return weight(group.problem().id());
    }

    /** Returns the weight of a problem as of its last observation, in (b, 1 + b). */
    public double weight(String problem) {
        Estimate e = estimate(problem);
        return NORMAL.cumulativeProbability(e.slope / Math.sqrt(e.slopeVariance)) + bias;
    }

    /** The five components of each problem's {@link Estimate}, in order. */
    @Override
    public Map<String, double[]> state() {
        Map<String, double[]> state = new LinkedHashMap<>();
        estimates.forEach((problem, e) -> state.put(problem,
                new double[] {e.level, e.slope, e.levelVariance, e.covariance, e.slopeVariance}));
        return state;
    }

    @Override
    public void restore(Map<String, double[]> state) {
        Map<String, Estimate> restored = new LinkedHashMap<>();
        state.forEach((problem, e) -> {
            BadInput.unless(e != null && e.length == 5, "the saved estimate of problem %s is not five numbers", problem);
            Estimate estimate = new Estimate(e[0], e[1], e[2], e[3], e[4]);
            BadInput.unless(estimate.possible(), "the saved estimate of problem %s is invalid: %s", problem, Arrays.toString(e));
            restored.put(problem, estimate);
        });
        estimates.clear();
        estimates.putAll(restored);
    }
}
