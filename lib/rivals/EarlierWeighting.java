package rivals;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import lppo.Stateful;
import lppo.Weighting;
import lppo.rollout.Group;

/**
 * Another weighting, taken before the group is observed. LPPO's weight contains the pass rate of the very group that it multiplies, so a
 * lucky group gets larger advantages and also a larger weight. Here the weight of visit t is w(t-1), which is independent of the luck of
 * visit t. This variant is ours.
 */
public final class EarlierWeighting implements Weighting, Stateful {

    private final Weighting weighting;
    private final Stateful state;
    private final Map<String, Double> earlier = new HashMap<>(); // of this step only

    private EarlierWeighting(Weighting weighting, Stateful state) {
        this.weighting = weighting;
        this.state = state;
    }

    /** Returns a weighting that delays another one by one visit; that one must not be used elsewhere in the run. */
    public static <T extends Weighting & Stateful> EarlierWeighting of(T weighting) {
        return new EarlierWeighting(weighting, weighting);
    }

    /** Notes the weights of the groups' problems, then lets the delayed weighting observe the groups. */
    @Override
    public void observe(List<Group> groups) {
        earlier.clear();
        groups.forEach(group -> earlier.putIfAbsent(group.problem().id(), weighting.weight(group)));
        state.observe(groups);
    }

    /** Returns the weight before the last step was observed; that of now for a problem which this step did not visit. */
    @Override
    public double weight(Group group) {
        Double before = earlier.get(group.problem().id());
        return before == null ? weighting.weight(group) : before;
    }

    /** The state of the delayed weighting. */
    @Override
    public Map<String, double[]> state() {
        return state.state();
    }

    @Override
    public void restore(Map<String, double[]> saved) {
        state.restore(saved);
        earlier.clear();
    }

    @Override
    public Map<String, Double> metrics() {
        return state.metrics();
    }
}
