package lppo;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

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
     * @return {@code [G]} in the same order; all zero where all rewards are equal, for all estimators here but {@link #raw}
     */
    double[] of(double[] rewards);

    /**
     * GRPO (arXiv 2402.03300, section 4.1.2): (r - mean) / (std + 1e-4), with the sample standard deviation (G - 1 in the
     * denominator) and the epsilon of TRL.
     */
    static Advantage grpo() {
        return rewards -> Normalization.GROUP.of(List.of(mean().of(rewards)), null).get(0);
    }

    /** Dr. GRPO (arXiv 2503.20783, section 3.2): r - mean, so that very easy and very hard problems weigh no more. */
    static Advantage drGrpo() {
        return mean();
    }

    /** r - mean of the group. */
    static Advantage mean() {
        return rewards -> {
            double mean = mean(rewards);
            return Arrays.stream(rewards).map(r -> r - mean).toArray();
        };
    }

    /** RLOO (arXiv 2402.14740, eq. 9): r - mean of the others, which is G / (G - 1) times r - mean; 0 for a group of one. */
    static Advantage leaveOneOut() {
        return mean().times(rewards -> rewards.length < 2 ? 0 : rewards.length / (rewards.length - 1.0));
    }

    /** The reward itself (REINFORCE++, arXiv 2501.03262): the baseline is left to the normalisation of the batch. */
    static Advantage raw() {
        return double[]::clone;
    }

    /** These advantages times a factor: the learning-progress weight of the problem (LPPO). */
    default Advantage times(double weight) {
        return times(rewards -> weight);
    }

    private Advantage times(java.util.function.ToDoubleFunction<double[]> factor) {
        return rewards -> {
            double by = factor.applyAsDouble(rewards);
            return Arrays.stream(of(rewards)).map(a -> a * by).toArray();
        };
    }

    /** What the advantages of a batch are divided by. */
    enum Normalization {
        /** The sample standard deviation of the group, plus 1e-4 (GRPO). */
        GROUP,
        /**
         * Advantages less their mean over all completion tokens of the batch, divided by their sample standard deviation
         * there: long completions count more (REINFORCE++, arXiv 2501.03262, eq. 9). A silent group still teaches.
         */
        BATCH,
        /** Nothing (Dr. GRPO, RLOO). */
        NONE;

        /**
         * Normalised advantages of a batch.
         *
         * @param advantages of each group, {@code [G]}
         * @param lengths tokens of each completion, in the same layout; looked at by {@code BATCH} alone
         */
        public List<double[]> of(List<double[]> advantages, List<int[]> lengths) {
            return switch (this) {
                case NONE -> advantages;
                case GROUP -> advantages.stream().map(Normalization::byGroup).toList();
                case BATCH -> byBatch(advantages, lengths);
            };
        }

        private static double[] byGroup(double[] group) {
            double mean = mean(group);
            double squares = Arrays.stream(group).map(a -> (a - mean) * (a - mean)).sum();
            double deviation = group.length < 2 ? 0 : Math.sqrt(squares / (group.length - 1));
            return Arrays.stream(group).map(a -> a / (deviation + 1e-4)).toArray();
        }

        private static List<double[]> byBatch(List<double[]> advantages, List<int[]> lengths) {
            double tokens = lengths.stream().flatMapToInt(Arrays::stream).sum();
            double mean = sum(advantages, lengths, a -> a) / tokens;
            double variance = sum(advantages, lengths, a -> (a - mean) * (a - mean)) / Math.max(1, tokens - 1);
            return advantages.stream()
                    .map(group -> Arrays.stream(group).map(a -> (a - mean) / Math.sqrt(variance + 1e-8)).toArray()).toList();
        }

        /** The sum over all tokens. */
        private static double sum(List<double[]> advantages, List<int[]> lengths, java.util.function.DoubleUnaryOperator of) {
            return IntStream.range(0, advantages.size()).mapToDouble(g -> IntStream.range(0, advantages.get(g).length)
                    .mapToDouble(i -> lengths.get(g)[i] * of.applyAsDouble(advantages.get(g)[i])).sum()).sum();
        }
    }

    private static double mean(double[] rewards) {
        return Arrays.stream(rewards).allMatch(r -> r == rewards[0]) ? rewards[0] : Arrays.stream(rewards).sum() / rewards.length;
    }
}
