package rivals;

import common.BadInput;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import lppo.Stateful;
import lppo.Weighting;
import lppo.rollout.Group;

/**
 * Weights by rank, after Re-Schedule (arXiv 2510.24832): the problems of a step are ranked by a score, and the weight depends on the rank
 * alone,
 *
 * <pre>  w = low (high / low)^q,   q = (problems with a smaller score + half of the others with an equal one) / (problems - 1),</pre>
 *
 * so that neither the scale of the score nor an outlier matters. Equal scores share a weight; if all are equal it is 1 (with low = 0.5 and
 * high = 2, between which the weights of that paper are reported to lie). Re-Schedule ranks by the structure of a tree of solutions sampled
 * before the training; here the score is another weighting, for example LPPO's. The geometric map is ours.
 */
public final class RankedWeighting implements Weighting, Stateful {

    private final Weighting score;
    private final Stateful state;
    private final double low;
    private final double high;
    private final Map<String, Double> weights = new HashMap<>(); // of this step only

    private RankedWeighting(Weighting score, Stateful state, double low, double high) {
        BadInput.unless(low > 0 && low <= high && Double.isFinite(high), "rank weights [%s, %s]: must be positive and ordered", low, high);
        this.score = score;
        this.state = state;
        this.low = low;
        this.high = high;
    }

    /**
     * Returns weights by the rank of another weighting, which must not be used elsewhere in the run.
     *
     * @param low weight of the lowest rank, positive
     * @param high weight of the highest rank, at least {@code low}
     */
    public static <T extends Weighting & Stateful> RankedWeighting of(T score, double low, double high) {
        return new RankedWeighting(score, score, low, high);
    }

    /** Lets the score observe the groups, then ranks their problems. */
    @Override
    public void observe(List<Group> groups) {
        state.observe(groups);
        Map<String, Double> scores = new LinkedHashMap<>();
        groups.forEach(group -> scores.put(group.problem().id(), score.weight(group)));
        weights.clear();
        scores.forEach((problem, mine) -> {
            double below = scores.values().stream().mapToDouble(other -> other < mine ? 1 : other.equals(mine) ? 0.5 : 0).sum() - 0.5;
            weights.put(problem, scores.size() == 1 ? middle() : low * Math.pow(high / low, below / (scores.size() - 1)));
        });
    }

    private double middle() {
        return Math.sqrt(low * high);
    }

    /** Returns the weight by the rank in the last observed step; the middle weight for a problem that it did not visit. */
    @Override
    public double weight(Group group) {
        return weights.getOrDefault(group.problem().id(), middle());
    }

    /** The state of the score. */
    @Override
    public Map<String, double[]> state() {
        return state.state();
    }

    @Override
    public void restore(Map<String, double[]> saved) {
        state.restore(saved);
        weights.clear();
    }

    @Override
    public Map<String, Double> metrics() {
        return state.metrics();
    }
}
