package lppo;

import java.util.List;
import java.util.Map;
import lppo.rollout.Group;

/**
 * An operator with state that persists between steps. The trainer passes it the sampled groups, saves its state with every checkpoint,
 * restores it when a run is resumed or a step is undone, and writes its metrics beside the others.
 */
public interface Stateful {

    /** Returns a copy of the state, as arrays of numbers by name, usually the id of a problem. */
    Map<String, double[]> state();

    /**
     * Replaces the whole state; an empty map resets it.
     *
     * @throws common.BadInput if this is not a valid {@link #state}
     */
    void restore(Map<String, double[]> state);

    /** Observes the scored groups of a step, in the order in which they were sampled. */
    default void observe(List<Group> groups) {}

    /** Returns metrics to log after each step, by name of their column; the names are the same in every step. */
    default Map<String, Double> metrics() {
        return Map.of();
    }
}
