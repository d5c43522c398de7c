package rivals;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import common.BadInput;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import lppo.rollout.Group;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** Tests weights proportional to the variance of the reward. */
class VarianceWeightingTest {

    @Example
    void twoProblemsByHand() {
        VarianceWeighting variance = new VarianceWeighting(0.5);
        List<Group> groups = List.of(Groups.of("half", 4, 8), Groups.of("never", 0, 8));
        variance.observe(groups);
        // a = 0.5 + 0.5 + 4 = 5, b = 5: 25 / 110; a = 1, b = 9: 9 / 110
        assertEquals(25 / 110.0, variance.variance("half"), 1e-12);
        assertEquals(9 / 110.0, variance.variance("never"), 1e-12);
        assertEquals(25 / 17.0, variance.weight(groups.get(0)), 1e-12);
        assertEquals(9 / 17.0, variance.weight(groups.get(1)), 1e-12);
        assertEquals(1, variance.weight(Groups.of("elsewhere", 0, 8)), 0);
        variance.observe(List.of(Groups.of("never", 8, 8))); // a = 0.5 + 0.5 + 8 = 9, b = 4.5 + 0.5 = 5
        assertEquals(45 / 210.0, variance.variance("never"), 1e-12);
    }

    @Example
    void guidedCompletionsSayNothing() {
        VarianceWeighting variance = new VarianceWeighting(0.5);
        variance.observe(List.of(Groups.guided("a", 8, 8)));
        assertEquals(1 / 6.0, variance.variance("a"), 1e-12);
        assertEquals(0, variance.state().size());
        assertEquals(1, variance.weight(Groups.guided("a", 8, 8)), 1e-12);
    }

    @Property(tries = 50)
    void theirMeanOverAStepIsOne(@ForAll @Size(min = 1, max = 30) List<@IntRange(min = 0, max = 8) Integer> passes) {
        VarianceWeighting variance = new VarianceWeighting(0.5);
        for (int step = 0; step < 3; step++) {
            List<Group> groups = IntStream.range(0, passes.size()).mapToObj(i -> Groups.of("p" + i, passes.get(i), 8)).toList();
            variance.observe(groups);
            assertEquals(1, groups.stream().mapToDouble(variance::weight).average().orElseThrow(), 1e-9);
            assertTrue(groups.stream().mapToDouble(variance::weight).allMatch(w -> w > 0));
        }
        VarianceWeighting restored = new VarianceWeighting(0.5);
        restored.restore(variance.state());
        for (VarianceWeighting each : List.of(variance, restored)) {
            each.observe(List.of(Groups.of("p0", 3, 8)));
        }
        assertArrayEquals(variance.state().get("p0"), restored.state().get("p0"), 0);
    }

    @Example
    void badInputIsRefused() {
        assertThrows(BadInput.class, () -> new VarianceWeighting(1.1));
        for (double[] wrong : new double[][] {null, {1}, {0, 1}, {1, Double.NaN}, {Double.POSITIVE_INFINITY, 1}}) {
            assertThrows(BadInput.class, () -> new VarianceWeighting(0.5).restore(Collections.singletonMap("a", wrong)));
        }
    }
}
