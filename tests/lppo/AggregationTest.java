package lppo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import common.BadInput;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Tests the weight of a token in the loss of its batch. */
class AggregationTest {

    @Test
    void theWeightsByHand() {
        // two completions of 1 and 3 tokens: 1/4 each, or 1/2 for each completion
        assertEquals(0.25, Aggregation.TOKEN_MEAN.weight(1, 4, 2), 0);
        assertEquals(0.25, Aggregation.TOKEN_MEAN.weight(3, 4, 2), 0);
        assertEquals(0.5, Aggregation.SEQUENCE_MEAN.weight(1, 4, 2), 0);
        assertEquals(1 / 6.0, Aggregation.SEQUENCE_MEAN.weight(3, 4, 2), 1e-15);
        assertEquals(0.1, Aggregation.TOKEN_MEAN.weight(3, 10, 3), 1e-12);
        assertEquals(1.0 / 9, Aggregation.SEQUENCE_MEAN.weight(3, 10, 3), 1e-12);
        assertEquals(1.0 / 18, Aggregation.constant(6).weight(3, 10, 3), 1e-12, "3 completions of at most 6 tokens");
    }

    @Test
    void theMeansOfABatchAddUpToOne() {
        for (int[] lengths : new int[][] {{1, 3}, {3, 1, 6}, {7}}) {
            long tokens = IntStream.of(lengths).sum();
            for (Aggregation mean : List.of(Aggregation.TOKEN_MEAN, Aggregation.SEQUENCE_MEAN)) {
                assertEquals(1, IntStream.of(lengths).mapToDouble(n -> n * mean.weight(n, tokens, lengths.length)).sum(), 1e-12);
            }
        }
    }

    /** Dr. GRPO: the longest completion is what the task allows, not what the batch happens to hold. */
    @Test
    void theConstantDependsOnNothingButTheCountOfCompletions() {
        Aggregation constant = Aggregation.constant(14);
        for (int length : new int[] {1, 5, 14}) {
            for (long tokens : new long[] {3, 40, 56}) {
                assertEquals(1 / (4 * 14.0), constant.weight(length, tokens, 4), 0);
            }
        }
        assertEquals(Aggregation.constant(14), constant, "a value");
        assertThrows(BadInput.class, () -> Aggregation.constant(0));
    }
}
