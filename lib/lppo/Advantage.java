package lppo;

import java.util.Arrays;

/**
 * How much better each completion of a group is than its group. An own estimator is one line:
 * {@code Advantage raw = rewards -> rewards;}
 *
 * <p>Seen in {@code notebooks/2-why-groups-go-silent.ipynb}.
 */
@FunctionalInterface
public interface Advantage {

    /**
     * Advantages of one group.
     *
     * @param rewards {@code [G]}, in any order
     * @return {@code [G]} in the same order; all zero where all rewards are equal, for the estimators here
     */
    double[] of(double[] rewards);

    /**
     * GRPO (arXiv 2402.03300, section 4.1.2): (r - mean) / (std + 1e-4), with the sample standard deviation (G - 1 in the
     * denominator) and the epsilon of TRL.
     */
    static Advantage grpo() {
        return rewards -> {
            double mean = mean(rewards);
            double squares = Arrays.stream(rewards).map(r -> (r - mean) * (r - mean)).sum();
            double deviation = rewards.length < 2 ? 0 : Math.sqrt(squares / (rewards.length - 1));
            return Arrays.stream(rewards).map(r -> (r - mean) / (deviation + 1e-4)).toArray();
        };
    }

    /** Dr. GRPO (arXiv 2503.20783, section 3.2): r - mean, so that very easy and very hard problems weigh no more. */
    static Advantage drGrpo() {
        return rewards -> {
            double mean = mean(rewards);
            return Arrays.stream(rewards).map(r -> r - mean).toArray();
        };
    }

    /** These advantages times a factor: the learning-progress weight of the problem (LPPO). */
    default Advantage times(double weight) {
        return rewards -> Arrays.stream(of(rewards)).map(a -> a * weight).toArray();
    }

    private static double mean(double[] rewards) {
        return Arrays.stream(rewards).allMatch(r -> r == rewards[0]) ? rewards[0] : Arrays.stream(rewards).sum() / rewards.length;
    }
}
