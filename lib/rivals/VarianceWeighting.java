package rivals;

import common.BadInput;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import lppo.Stateful;
import lppo.Weighting;
import lppo.rollout.Group;

/**
 * Weights proportional to the variance of the reward, p (1 - p): most for what is half solved, little for what is solved or hopeless. The
 * pass rate p of each problem has a Beta posterior with decaying counts of its unguided completions, and the weight is the expectation
 * divided by its mean over the problems of the step, so that the mean weight is 1,
 *
 * <pre>  a(t) = fade a(t-1) + (1 - fade) + passes,   b(t) = fade b(t-1) + (1 - fade) + failures,   a(0) = b(0) = 1,
 *   w = v / mean(v),   v = E[p (1 - p)] = a b / ((a + b) (a + b + 1)).</pre>
 *
 * The idea is common (curricula that prefer medium difficulty); this form is ours.
 */
public final class VarianceWeighting implements Weighting, Stateful {

    private final double fade;
    private final Map<String, double[]> counts = new LinkedHashMap<>();
    private final Map<String, Double> weights = new HashMap<>(); // of this step only

    /**
     * Creates a weighting with no observations.
     *
     * @param fade share of the counts that is kept at each visit, in [0, 1]
     */
    public VarianceWeighting(double fade) {
        BadInput.unless(fade >= 0 && fade <= 1, "fade %s of the posterior: must lie in [0, 1]", fade);
        this.fade = fade;
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
                double[] ab = posterior(id);
                counts.put(id, new double[] {fade * ab[0] + (1 - fade) + passes, fade * ab[1] + (1 - fade) + rewards.length - passes});
            }
            variances.put(id, variance(id));
        }
        double mean = variances.values().stream().mapToDouble(v -> v).average().orElse(1);
        weights.clear();
        variances.forEach((id, v) -> weights.put(id, v / mean));
    }

    private double[] posterior(String problem) {
        return counts.getOrDefault(problem, new double[] {1, 1});
    }

    /** Returns E[p (1 - p)] of a problem, in (0, 0.25); 1/6 before its first visit. */
    public double variance(String problem) {
        double[] ab = posterior(problem);
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
        Map<String, double[]> copy = new LinkedHashMap<>();
        counts.forEach((problem, ab) -> copy.put(problem, ab.clone()));
        return copy;
    }

    @Override
    public void restore(Map<String, double[]> state) {
        state.forEach((problem, ab) -> BadInput.unless(ab != null && ab.length == 2 && ab[0] > 0 && ab[1] > 0
                && Double.isFinite(ab[0] + ab[1]), "the saved posterior of problem %s is invalid: %s", problem, Arrays.toString(ab)));
        counts.clear();
        state.forEach((problem, ab) -> counts.put(problem, ab.clone()));
        weights.clear();
    }
}
