package rivals;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import common.BadInput;
import common.Seed;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import lppo.ProgressTracker;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** Compares the filter of level and slope with values computed by hand, and tests what it is for. */
class ProgressFilterTest {

    @Example
    void withoutEvidenceTheWeightIsOne() {
        assertEquals(1, new ProgressFilter().weight("never seen"), 1e-12);
        ProgressFilter filter = new ProgressFilter();
        filter.observe(List.of(Groups.of("a", 8, 8)));
        assertEquals(1, filter.weight("a"), 1e-12, "one visit shows no change");
        filter.observe(List.of(Groups.guided("b", 8, 8)));
        assertEquals(Map.of(), Map.copyOf(state(filter, "b")), "a hint shows nothing");
    }

    @Example
    void twoVisitsByHand() {
        ProgressFilter filter = new ProgressFilter(0.1, 0, 0, 0.5);
        // level 0.5 with variance 0.25; noise 0.5 * 0.5 / 5 = 0.05; gain 0.25 / 0.3 = 5/6
        ProgressFilter.Estimate first = filter.observe("a", 0.2, 5);
        assertEquals(0.5 - 0.3 * 5 / 6, first.level(), 1e-12); // 0.25
        assertEquals(0.25 / 6, first.levelVariance(), 1e-12);
        assertEquals(0, first.slope(), 0);
        // predicted 0.25 with variance 0.25/6 + 0.01, covariance 0.01; noise 0.25 * 0.75 / 5
        double level = 0.25 / 6 + 0.01;
        double variance = level + 0.25 * 0.75 / 5;
        ProgressFilter.Estimate second = filter.observe("a", 0.6, 5);
        assertEquals(0.25 + level / variance * 0.35, second.level(), 1e-12);
        assertEquals(0.01 / variance * 0.35, second.slope(), 1e-12);
        assertEquals(0.01 - 0.01 * 0.01 / variance, second.slopeVariance(), 1e-12);
        double z = second.slope() / Math.sqrt(second.slopeVariance());
        assertEquals(0.5 + 0.5 * (1 + org.apache.commons.math3.special.Erf.erf(z / Math.sqrt(2))), filter.weight("a"), 1e-12);
    }

    /** Notebook 8 shows that the paper's weight hardly does, with groups of eight. */
    @Example
    void itTellsALearnedProblemFromOneThatStandsStillAndThePapersWeightHardlyDoes() {
        assertTrue(toldApart(ProgressFilterTest::filtered) > 0.78, toldApart(ProgressFilterTest::filtered) + "");
        double papers = toldApart(ProgressFilterTest::tracked);
        assertTrue(papers > 0.5 && papers < 0.6, papers + "");
    }

    private static double filtered(double[] rates) {
        ProgressFilter filter = new ProgressFilter();
        for (double rate : rates) {
            filter.observe("a", rate, 8);
        }
        return filter.weight("a");
    }

    private static double tracked(double[] rates) {
        ProgressTracker tracker = new ProgressTracker();
        for (double rate : rates) {
            tracker.observe("a", rate);
        }
        return tracker.weight("a");
    }

    /** Share of the pairs in which the problem that gains 0.02 per visit has the larger weight after twelve visits. */
    private static double toldApart(ToDoubleFunction<double[]> weight) {
        return IntStream.range(0, 2000).mapToDouble(i -> {
            double rising = weight.applyAsDouble(rates(0.02, i));
            double constant = weight.applyAsDouble(rates(0, i));
            return rising > constant ? 1 : rising == constant ? 0.5 : 0;
        }).average().orElseThrow();
    }

    private static double[] rates(double slope, int problem) {
        SplittableRandom random = new Seed(1).at("rates " + slope, 0, "", problem);
        return IntStream.range(0, 12).mapToDouble(visit -> random.doubles(8).filter(u -> u < 0.4 + slope * visit).count() / 8.0).toArray();
    }

    @Property(tries = 100)
    void estimatesArePossibleAndSavedToTheLastBit(@ForAll @Size(min = 1, max = 40) List<@IntRange(min = 0, max = 8) Integer> passes,
            @ForAll @IntRange(min = 0, max = 8) int next) {
        ProgressFilter filter = new ProgressFilter();
        for (int pass : passes) {
            ProgressFilter.Estimate e = filter.observe("a", pass / 8.0, 8);
            assertTrue(e.level() >= 0 && e.level() <= 1 && e.slopeVariance() > 0 && e.levelVariance() > 0, e::toString);
            assertTrue(e.covariance() * e.covariance() <= e.levelVariance() * e.slopeVariance() * (1 + 1e-9), e::toString);
            assertTrue(filter.weight("a") > 0.5 && filter.weight("a") < 1.5);
        }
        ProgressFilter restored = new ProgressFilter();
        restored.observe("forgotten", 1, 8);
        restored.restore(filter.state());
        assertEquals(1, restored.state().size());
        assertEquals(filter.observe("a", next / 8.0, 8), restored.observe("a", next / 8.0, 8));
        assertArrayEquals(filter.state().get("a"), restored.state().get("a"), 0);
    }

    @Example
    void badInputIsRefused() {
        ProgressFilter filter = new ProgressFilter();
        filter.observe("a", 0.5, 8);
        for (double[] wrong : new double[][] {null, {1}, {2, 0, 1, 0, 1}, {1, 0, -1, 0, 1}, {1, 0, 1, 0, 0}, {1, Double.NaN, 1, 0, 1}}) {
            assertThrows(BadInput.class, () -> filter.restore(java.util.Collections.singletonMap("b", wrong)));
            assertEquals(List.of("a"), List.copyOf(filter.state().keySet()), "and nothing is changed");
        }
        assertThrows(BadInput.class, () -> filter.observe("a", 1.5, 8));
        assertThrows(BadInput.class, () -> filter.observe("a", 0.5, 0));
        assertThrows(BadInput.class, () -> new ProgressFilter(0, 0, 0, 0));
        assertThrows(BadInput.class, () -> new ProgressFilter(1, -1, 0, 0));
        assertThrows(BadInput.class, () -> new ProgressFilter(1, 0, Double.NaN, 0));
        assertThrows(BadInput.class, () -> new ProgressFilter(1, 0, 0, -1));
    }

    private static Map<String, double[]> state(ProgressFilter filter, String problem) {
        return filter.state().containsKey(problem) ? Map.of(problem, filter.state().get(problem)) : Map.of();
    }
}
