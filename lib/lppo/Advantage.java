package lppo;

import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import lppo.rollout.Completion;
import lppo.rollout.Group;

/**
 * How much better each completion is than its group. One of your own is a lambda:
 * {@code Advantage raw = groups -> groups.stream().map(Group::rewards).toList();}
 *
 * <p>Seen in {@code notebooks/2-why-groups-go-silent.ipynb}.
 */
@FunctionalInterface
public interface Advantage {

    /**
     * Advantages of a batch of scored groups.
     *
     * @return those of each group {@code [G]}, in the order of its completions
     */
    List<double[]> of(List<Group> groups);

    /** Advantages {@code [G]} of one group with these rewards, each completion of one token: to look at an estimator. */
    default double[] of(double... rewards) {
        return of(List.of(Group.ofRewards(rewards))).get(0);
    }

    /** A baseline, then a normalisation. */
    static Estimator of(Baseline baseline, Normalization normalization) {
        return new Estimator(baseline, normalization);
    }

    /**
     * GRPO (arXiv 2402.03300, section 4.1.2): (r - mean) / (std + 1e-4), with the sample standard deviation (G - 1 in the
     * denominator) and the epsilon of TRL.
     */
    static Advantage grpo() {
        return of(Baseline.mean(), Normalization.GROUP);
    }

    /** Dr. GRPO (arXiv 2503.20783, section 3.2): r - mean, so that very easy and very hard problems weigh no more. */
    static Advantage drGrpo() {
        return of(Baseline.mean(), Normalization.NONE);
    }

    /** RLOO (arXiv 2402.14740, eq. 9): r - mean of the others. */
    static Advantage leaveOneOut() {
        return of(Baseline.leaveOneOut(), Normalization.NONE);
    }

    /** These advantages times the weight of each group: LPPO, with a {@link ProgressTracker}. */
    default Advantage weighted(Weighting weighting) {
        return groups -> {
            List<double[]> advantages = of(groups);
            return IntStream.range(0, groups.size()).mapToObj(g -> {
                double w = weighting.weight(groups.get(g));
                return Arrays.stream(advantages.get(g)).map(a -> w * a).toArray();
            }).toList();
        };
    }

    /** These advantages of other rewards: say those of {@link Overlong}. */
    default Advantage shaped(ToDoubleFunction<Completion> reward) {
        return groups -> of(groups.stream().map(group -> group.scored(reward)).toList());
    }

    /**
     * A baseline, then a normalisation.
     *
     * @param baseline what is taken off
     * @param normalization what the rest is divided by
     */
    record Estimator(Baseline baseline, Normalization normalization) implements Advantage {

        @Override
        public List<double[]> of(List<Group> groups) {
            return normalization.of(groups.stream().map(group -> baseline.of(group.rewards())).toList(),
                    groups.stream().map(Group::lengths).toList());
        }
    }
}
