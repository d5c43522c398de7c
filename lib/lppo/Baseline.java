package lppo;

import java.util.Arrays;

/** What is taken off the rewards of a group before they are normalised. */
@FunctionalInterface
public interface Baseline {

    /** Rewards {@code [G]} less their baseline, in the same order. */
    double[] of(double[] rewards);

    /** r - mean of the group (GRPO, arXiv 2402.03300; Dr. GRPO, arXiv 2503.20783). */
    static Baseline mean() {
        return rewards -> {
            double mean = mean(rewards);
            return Arrays.stream(rewards).map(r -> r - mean).toArray();
        };
    }

    /** RLOO (arXiv 2402.14740, eq. 9): r - mean of the others, which is G / (G - 1) times r - mean; 0 for a group of one. */
    static Baseline leaveOneOut() {
        return rewards -> {
            double by = rewards.length < 2 ? 0 : rewards.length / (rewards.length - 1.0);
            return Arrays.stream(mean().of(rewards)).map(a -> a * by).toArray();
        };
    }

    /** The reward itself (REINFORCE++, arXiv 2501.03262): the baseline is left to the normalisation of the batch. */
    static Baseline none() {
        return double[]::clone;
    }

    /** The mean, exact where all rewards are equal, so that a silent group has advantages of exactly 0. */
    static double mean(double[] rewards) {
        return Arrays.stream(rewards).allMatch(r -> r == rewards[0]) ? rewards[0] : Arrays.stream(rewards).sum() / rewards.length;
    }
}
