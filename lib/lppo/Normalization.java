package lppo;

import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;

/** How the advantages of a batch are normalised. */
public enum Normalization {
    /** Divides by the sample standard deviation of the group, plus 1e-4 (GRPO). */
    GROUP,
    /**
     * Subtracts the mean over all completion tokens of the batch and divides by their sample standard deviation, so that long completions
     * count more (REINFORCE++, arXiv 2501.03262, eq. 9). A silent group still contributes.
     */
    BATCH,
    /** No normalisation (Dr. GRPO, RLOO). */
    NONE;

    /**
     * Returns the normalised advantages of a batch.
     *
     * @param advantages of each group, {@code [G]}
     * @param lengths tokens of each completion, in the same layout; used by {@code BATCH} only
     */
    public List<double[]> of(List<double[]> advantages, List<int[]> lengths) {
        return switch (this) {
            case NONE -> advantages;
            case GROUP -> advantages.stream().map(Normalization::byGroup).toList();
            case BATCH -> byBatch(advantages, lengths);
        };
    }

    private static double[] byGroup(double[] group) {
        double mean = Baseline.mean(group);
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

    /** Returns the sum over all tokens. */
    private static double sum(List<double[]> advantages, List<int[]> lengths, DoubleUnaryOperator of) {
        return IntStream.range(0, advantages.size()).mapToDouble(g -> IntStream.range(0, advantages.get(g).length)
                .mapToDouble(i -> lengths.get(g)[i] * of.applyAsDouble(advantages.get(g)[i])).sum()).sum();
    }
}
