package lppo;

import java.util.Arrays;

/** A baseline that is subtracted from the rewards of a group before they are normalised. */
@FunctionalInterface
public interface Baseline {

    /** Returns the rewards {@code [G]} minus their baseline, in the same order. */
    double[] of(double[] rewards);

    /** r - mean of the group (GRPO, arXiv 2402.03300; Dr. GRPO, arXiv 2503.20783). */
    static Baseline mean() {
        return rewards -> {
            double mean = mean(rewards);
            return Arrays.stream(rewards).map(r -> r - mean).toArray();
        };
    }

    /** RLOO (arXiv 2402.14740, eq. 9): r - mean of the others, which equals G / (G - 1) (r - mean); 0 for a group of one. */
    static Baseline leaveOneOut() {
        return rewards -> {
            double by = rewards.length < 2 ? 0 : rewards.length / (rewards.length - 1.0);
            return Arrays.stream(mean().of(rewards)).map(a -> a * by).toArray();
        };
    }

    /** No baseline (REINFORCE++, arXiv 2501.03262): the normalisation over the batch subtracts the mean. */
    static Baseline none() {
        return double[]::clone;
    }

    /** Returns the mean, exact if all rewards are equal, so that a silent group has advantages of exactly 0. */
    static double mean(double[] rewards) {
        return Arrays.stream(rewards).allMatch(r -> r == rewards[0]) ? rewards[0] : Arrays.stream(rewards).sum() / rewards.length;
    }
}
