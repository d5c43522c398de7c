package lppo;

import common.BadInput;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import lppo.data.Problem;
import lppo.rollout.Group;

/**
 * Tracks what the policy is currently learning (LPPO, arXiv 2507.06573, learning-progress weighting). For each problem it keeps the
 * exponential moving average of the pass rate,
 *
 * <pre>  p~(t) = alpha p(t) + (1 - alpha) p~(t-1),   Delta(t) = p~(t) - p~(t-1),   w(t) = sigmoid(kappa Delta(t)) + b,</pre>
 *
 * where t counts the observations of that problem. The first observation sets p~ to the pass rate and Delta to 0, so that w is 1 (with b =
 * 0.5). Only unguided completions are observed: a pass rate with a hint says nothing about what the policy can do alone.
 *
 * <p>The paper, as available to us, gives kappa = 8 and b = 0.5 but no alpha; the default here is 0.5.
 *
 * <p>Seen in {@code notebooks/4-what-am-i-learning-now.ipynb} and {@code notebooks/8-when-do-weights-pay.ipynb}.
 */
public final class ProgressTracker implements Weighting, Stateful {

    private final double alpha;
    private final double kappa;
    private final double bias;
    private final Map<String, Entry> entries = new LinkedHashMap<>();

    /**
     * The record of one problem.
     *
     * @param passRate the last observed pass rate p(t), in [0, 1]
     * @param average p~(t), in [0, 1]
     * @param progress Delta(t), in [-1, 1]
     * @param seen observations so far
     * @param guidedSince visits with only guided completions since the last observation
     */
    public record Entry(double passRate, double average, double progress, int seen, int guidedSince) {

        private static final Entry NEVER_SEEN = new Entry(0, 0, 0, 0, 0);

        private boolean possible() {
            return passRate >= 0 && passRate <= 1 && average >= 0 && average <= 1 && progress >= -1 && progress <= 1
                    && seen >= 0 && guidedSince >= 0;
        }
    }

    /**
     * Creates an empty tracker.
     *
     * @param alpha weight of the new pass rate in the average, in (0, 1]
     * @param kappa steepness of the weight, 0 or more
     * @param bias lower bound of the weight, 0 or more
     * @throws BadInput outside these ranges
     */
    public ProgressTracker(double alpha, double kappa, double bias) {
        BadInput.unless(alpha > 0 && alpha <= 1, "alpha %s: must lie in (0, 1]", alpha);
        BadInput.unless(kappa >= 0 && Double.isFinite(kappa), "kappa %s: must be 0 or more", kappa);
        BadInput.unless(bias >= 0 && Double.isFinite(bias), "b %s: must be 0 or more", bias);
        this.alpha = alpha;
        this.kappa = kappa;
        this.bias = bias;
    }

    /** Creates an empty tracker with alpha = 0.5, kappa = 8, b = 0.5. */
    public ProgressTracker() {
        this(0.5, 8, 0.5);
    }

    /** Returns an empty tracker with the same constants. */
    public ProgressTracker fresh() {
        return new ProgressTracker(alpha, kappa, bias);
    }

    /** Observes each group's pass rate; for a group with guided completions only, it just records the visit. */
    @Override
    public void observe(List<Group> groups) {
        for (Group group : groups) {
            String id = group.problem().id();
            group.passRate().ifPresentOrElse(rate -> observe(id, rate), () -> visitGuided(id));
        }
    }

    /**
     * Observes the pass rate of the unguided completions of one visit.
     *
     * @throws BadInput if it is not in [0, 1]
     */
    public Entry observe(String problem, double passRate) {
        BadInput.unless(passRate >= 0 && passRate <= 1, "pass rate %s of problem %s: must lie in [0, 1]", passRate, problem);
        Entry before = entries.get(problem);
        Entry after;
        if (before == null || before.seen() == 0) {
            after = new Entry(passRate, passRate, 0, 1, 0);
        } else {
            double average = alpha * passRate + (1 - alpha) * before.average();
            after = new Entry(passRate, average, average - before.average(), before.seen() + 1, 0);
        }
        entries.put(problem, after);
        return after;
    }

    /** Records a visit whose completions were all guided, which leaves the pass rate as it is. */
    public void visitGuided(String problem) {
        Entry e = entries.getOrDefault(problem, Entry.NEVER_SEEN);
        entries.put(problem, new Entry(e.passRate(), e.average(), e.progress(), e.seen(), e.guidedSince() + 1));
    }

    /** Returns the entry of a problem; empty before its first visit. */
    public Optional<Entry> entry(String problem) {
        return Optional.ofNullable(entries.get(problem));
    }

    /** Returns all entries by problem, in order of first visit. */
    public Map<String, Entry> entries() {
        return Collections.unmodifiableMap(entries);
    }

    /** Returns a condition that holds for problems with a demonstration that are challenging by the rule at the time of the test. */
    public Predicate<Problem> failing(GuidanceRule rule) {
        return problem -> problem.hasDemonstration() && rule.guides(entries.getOrDefault(problem.id(), Entry.NEVER_SEEN));
    }

    /** Returns a condition that holds for problems with a demonstration that meet {@link GuidanceRule#failing}. */
    public Predicate<Problem> failing(double maxAverage) {
        return failing(GuidanceRule.failing(maxAverage));
    }

    /** Returns the weight of a group's problem as of its last observation. */
    @Override
    public double weight(Group group) {
        return weight(group.problem().id());
    }

    /** Returns the weight of a problem's advantages as of its last observation; 0.5 + b if it was not observed yet. */
    public double weight(String problem) {
        return weight(entries.getOrDefault(problem, Entry.NEVER_SEEN).progress());
    }

    /** Returns w = sigmoid(kappa Delta) + b. */
    public double weight(double progress) {
        return 1 / (1 + Math.exp(-kappa * progress)) + bias;
    }

    /** The five components of each problem's {@link Entry}, in order. */
    @Override
    public Map<String, double[]> state() {
        Map<String, double[]> state = new LinkedHashMap<>();
        entries.forEach((problem, e) -> state.put(problem, new double[] {e.passRate, e.average, e.progress, e.seen, e.guidedSince}));
        return state;
    }

    @Override
    public void restore(Map<String, double[]> state) {
        Map<String, Entry> restored = new LinkedHashMap<>();
        state.forEach((problem, e) -> {
            BadInput.unless(e != null && e.length == 5, "the saved progress of problem %s is not five numbers", problem);
            Entry entry = new Entry(e[0], e[1], e[2], (int) e[3], (int) e[4]);
            BadInput.unless(entry.possible(), "the saved progress of problem %s is invalid: %s", problem, entry);
            restored.put(problem, entry);
        });
        entries.clear();
        entries.putAll(restored);
    }
}
