package lppo;

import lppo.rollout.Group;

/**
 * A factor for the advantages of a group. LPPO's is the {@link ProgressTracker}; a custom one is a lambda:
 * {@code Weighting w = group -> group.guided() ? 0.5 : 1;}
 */
@FunctionalInterface
public interface Weighting {

    /** Returns the weight of a scored group, 0 or more, after its step was observed. */
    double weight(Group group);

    /** The weight 1 for every group. */
    static Weighting none() {
        return group -> 1;
    }
}
