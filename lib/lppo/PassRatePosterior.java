package lppo;

import common.BadInput;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Beta posteriors of the pass rates of problems, whose counts decay so that they follow a policy that learns,
 *
 * <pre>  a(t) = fade a(t-1) + (1 - fade) + passes,   b(t) = fade b(t-1) + (1 - fade) + failures,   a(0) = b(0) = 1.</pre>
 */
public final class PassRatePosterior {

    private final double fade;
    private final Map<String, double[]> counts = new LinkedHashMap<>();

    /**
     * Creates posteriors with no observations.
     *
     * @param fade share of the counts that is kept at each visit, in [0, 1]
     */
    public PassRatePosterior(double fade) {
        BadInput.unless(fade >= 0 && fade <= 1, "fade %s of the posterior: must lie in [0, 1]", fade);
        this.fade = fade;
    }

    /** Updates a problem's posterior with the completions of one visit. */
    public void observe(String problem, double passes, double failures) {
        double[] ab = of(problem);
        counts.put(problem, new double[] {fade * ab[0] + (1 - fade) + passes, fade * ab[1] + (1 - fade) + failures});
    }

    /** Returns a and b of a problem; 1 and 1 before its first visit. */
    public double[] of(String problem) {
        return counts.getOrDefault(problem, new double[] {1, 1}).clone();
    }

    /** Returns a and b of each problem visited so far. */
    public Map<String, double[]> state() {
        Map<String, double[]> copy = new LinkedHashMap<>();
        counts.forEach((problem, ab) -> copy.put(problem, ab.clone()));
        return copy;
    }

    /**
     * Replaces the posteriors by saved ones.
     *
     * @throws BadInput naming the first problem whose numbers are not two positive, finite ones
     */
    public void restore(Map<String, double[]> saved) {
        saved.forEach((problem, ab) -> BadInput.unless(ab != null && ab.length == 2 && ab[0] > 0 && ab[1] > 0
                && Double.isFinite(ab[0] + ab[1]), "the saved posterior of problem %s is invalid: %s", problem, Arrays.toString(ab)));
        counts.clear();
        saved.forEach((problem, ab) -> counts.put(problem, ab.clone()));
    }
}
