package lppo;

import lppo.rollout.Group;

/**
 * What the advantages of a group are multiplied by. LPPO's is the {@link ProgressTracker}; one of your own is a lambda:
 * {@code Weighting w = group -> group.guided() ? 0.5 : 1;}
 */
@FunctionalInterface
public interface Weighting {

    /** The weight of a scored group, 0 or more, after its step was observed. */
    double weight(Group group);

    /** Every group counts the same: 1. */
    static Weighting none() {
        return group -> 1;
    }
}
