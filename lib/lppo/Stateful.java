package lppo;

import java.util.List;
import java.util.Map;
import lppo.rollout.Group;

/**
 * An operator that remembers something between steps. Whoever trains tells it what was sampled, saves its state with every checkpoint,
 * restores it when a run is resumed or a step is taken back, and writes its metrics beside the others.
 */
public interface Stateful {

    /** What is remembered, as numbers by name, usually the id of a problem; a copy that later steps leave alone. */
    Map<String, double[]> state();

    /**
     * Replaces all that is remembered. An empty map begins anew.
     *
     * @throws common.BadInput if {@link #state} cannot have given this
     */
    void restore(Map<String, double[]> state);

    /** Takes in the scored groups of a step, in the order in which they were sampled. */
    default void observe(List<Group> groups) {}

    /** Numbers to write into a column of the metrics each, after a step; the same names in every step. */
    default Map<String, Double> metrics() {
        return Map.of();
    }
}
