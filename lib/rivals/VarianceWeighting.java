package rivals;

import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import lppo.PassRatePosterior;
import lppo.Stateful;
import lppo.Weighting;
import lppo.rollout.Group;

/**
 * Weights proportional to the variance of the reward, p (1 - p): most for what is half solved, little for what is solved or hopeless. The
 * pass rate p of each problem has a {@link PassRatePosterior} of its unguided completions, and the weight is the expectation divided by its
 * mean over the problems of the step, so that the mean weight is 1,
 *
 * <pre>  w = v / mean(v),   v = E[p (1 - p)] = a b / ((a + b) (a + b + 1)).</pre>
 *
 * The idea is common (curricula that prefer medium difficulty); this form is ours.
 */
public final class VarianceWeighting implements Weighting, Stateful {

    private final PassRatePosterior posterior;
    private final Map<String, Double> weights = new HashMap<>(); // of this step only

    /**
     * Creates a weighting with no observations.
     *
     * @param fade share of the counts that is kept at each visit, in [0, 1]
     */
    public VarianceWeighting(double fade) {
        posterior = new PassRatePosterior(fade);
    }

    /** Observes the unguided completions of each group, then weights the problems of the step. */
    @Override
    public void observe(List<Group> groups) {
        Map<String, Double> variances = new LinkedHashMap<>();
        for (Group group : groups) {
            String id = group.problem().id();
            double[] rewards = group.completions().stream().filter(c -> !c.prompt().guided()).mapToDouble(c -> c.reward()).toArray();
            if (rewards.length > 0) {
                double passes = Arrays.stream(rewards).sum();
                posterior.observe(id, passes, rewards.length - passes);
            }
            variances.put(id, variance(id));
        }
        double mean = variances.values().stream().mapToDouble(v -> v).average().orElse(1);
        weights.clear();
        variances.forEach((id, v) -> weights.put(id, v / mean));
    }

    /** Returns E[p (1 - p)] of a problem, in (0, 0.25); 1/6 before its first visit. */
    public double variance(String problem) {
        double[] ab = posterior.of(problem);
        double sum = ab[0] + ab[1];
        return ab[0] * ab[1] / (sum * (sum + 1));
    }

    /** Returns the weight in the last observed step; 1 for a problem that it did not visit. */
    @Override
    public double weight(Group group) {
        return weights.getOrDefault(group.problem().id(), 1.0);
    }

    /** The posterior parameters a and b of each problem observed so far. */
    @Override
    public Map<String, double[]> state() {
        return posterior.state();
    }

    @Override
    public void restore(Map<String, double[]> state) {
        posterior.restore(state);
        weights.clear();
    }
}
