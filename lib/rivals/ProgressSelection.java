package rivals;

import common.BadInput;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import lppo.Selection;
import lppo.Stateful;
import lppo.data.Problem;
import lppo.data.Step;
import lppo.rollout.Group;

/**
 * Progress that chooses problems and does not weigh them: a step visits different problems, drawn one after the other with a probability
 * proportional to
 *
 * <pre>  |slope| + floor,</pre>
 *
 * the slope being that of a {@link ProgressFilter}. So problems that get better, and those that are being forgotten, are practised more
 * often. The draw is that of Efraimidis and Spirakis (2006), keyed by seed, step and problem. Problems with and without a demonstration are
 * treated alike. This operator is ours.
 */
public final class ProgressSelection implements Selection, Stateful {

    private final ProgressFilter filter;
    private final double floor;

    /**
     * Creates a selection.
     *
     * @param filter estimates the slopes; it must not be used elsewhere in the run
     * @param floor slope that is added, so that every problem is visited now and then, positive
     */
    public ProgressSelection(ProgressFilter filter, double floor) {
        BadInput.unless(floor > 0 && Double.isFinite(floor), "floor %s of the slope: must be positive", floor);
        this.filter = filter;
        this.floor = floor;
    }

    @Override
    public List<Problem> select(List<Problem> problems, int count, Step step) {
        BadInput.unless(count > 0 && count <= problems.size(), "a step needs %d problems, but there are only %d", count, problems.size());
        Map<String, Double> waiting = new TreeMap<>(); // exponential times, the first ones win
        problems.forEach(p -> waiting.put(p.id(), -Math.log(1 - step.seed().at("progress", step.number() - 1, p.id(), 0).nextDouble())
                / (Math.abs(filter.estimate(p.id()).slope()) + floor)));
        return problems.stream().sorted(Comparator.comparingDouble(p -> waiting.get(p.id()))).limit(count).toList();
    }

    @Override
    public void observe(List<Group> groups) {
        filter.observe(groups);
    }

    /** The state of the filter. */
    @Override
    public Map<String, double[]> state() {
        return filter.state();
    }

    @Override
    public void restore(Map<String, double[]> state) {
        filter.restore(state);
    }
}
