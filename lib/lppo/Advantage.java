package lppo;

import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import lppo.rollout.Completion;
import lppo.rollout.Group;

/**
 * Advantages of completions: how much better each is than the others of its group. A custom one is a lambda:
 * {@code Advantage raw = groups -> groups.stream().map(Group::rewards).toList();}
 *
 * <p>Seen in {@code notebooks/2-why-groups-go-silent.ipynb}.
 */
@FunctionalInterface
public interface Advantage {

    /**
     * Returns the advantages of a batch of scored groups.
     *
     * @return an array {@code [G]} for each group, in the order of its completions
     */
    List<double[]> of(List<Group> groups);

    /** Returns the advantages {@code [G]} of one group with these rewards and completions of one token each, to inspect an estimator. */
    default double[] of(double... rewards) {
        return of(List.of(Group.ofRewards(rewards))).get(0);
    }

    /** Subtracts a baseline, then normalises. */
    static Estimator of(Baseline baseline, Normalization normalization) {
        return new Estimator(baseline, normalization);
    }

    /**
     * GRPO (arXiv 2402.03300, section 4.1.2): (r - mean) / (std + 1e-4), with the sample standard deviation (G - 1 in the denominator) and
     * TRL's epsilon.
     */
    static Advantage grpo() {
        return of(Baseline.mean(), Normalization.GROUP);
    }

    /** Dr. GRPO (arXiv 2503.20783, section 3.2): r - mean, without the division that gives very easy and very hard problems more weight. */
    static Advantage drGrpo() {
        return of(Baseline.mean(), Normalization.NONE);
    }

    /** RLOO (arXiv 2402.14740, eq. 9): r - mean of the other rewards of the group. */
    static Advantage leaveOneOut() {
        return of(Baseline.leaveOneOut(), Normalization.NONE);
    }

    /** Returns these advantages multiplied by the weight of each group; with a {@link ProgressTracker}, this is LPPO. */
    default Advantage weighted(Weighting weighting) {
        return groups -> {
            List<double[]> advantages = of(groups);
            return IntStream.range(0, groups.size()).mapToObj(g -> {
                double w = weighting.weight(groups.get(g));
                return Arrays.stream(advantages.get(g)).map(a -> w * a).toArray();
            }).toList();
        };
    }

    /** Returns these advantages computed from modified rewards, for example those of {@link Overlong}. */
    default Advantage shaped(ToDoubleFunction<Completion> reward) {
        return groups -> of(groups.stream().map(group -> group.scored(reward)).toList());
    }

    /**
     * Subtracts a baseline, then normalises.
     *
     * @param baseline what is subtracted from the rewards
     * @param normalization what the difference is divided by
     */
    record Estimator(Baseline baseline, Normalization normalization) implements Advantage {

        @Override
        public List<double[]> of(List<Group> groups) {
            return normalization.of(groups.stream().map(group -> baseline.of(group.rewards())).toList(),
                    groups.stream().map(Group::lengths).toList());
        }
    }
}
