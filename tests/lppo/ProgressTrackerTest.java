package lppo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import lppo.data.BadInput;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.Size;

/** The moving average and its weight against values worked out by hand, and what holds for every history. */
class ProgressTrackerTest {

    @Example
    void firstSightIsNoProgress() {
        ProgressTracker tracker = new ProgressTracker();
        assertTrue(tracker.entry("a").isEmpty());
        assertEquals(1, tracker.weight("a"), 0); // sigmoid(0) + 0.5
        assertEquals(new ProgressTracker.Entry(0.25, 0.25, 0, 1, 0), tracker.observe("a", 0.25));
        assertEquals(1, tracker.weight("a"), 0);
    }

    @Example
    void theSecondVisitFollowsTheEquations() {
        ProgressTracker tracker = new ProgressTracker(0.5, 8, 0.5);
        tracker.observe("a", 0.25);
        // 0.5 * 0.75 + 0.5 * 0.25 = 0.5; 0.5 - 0.25 = 0.25
        assertEquals(new ProgressTracker.Entry(0.75, 0.5, 0.25, 2, 0), tracker.observe("a", 0.75));
        // sigmoid(8 * 0.25) + 0.5 = 1 / (1 + e^-2) + 0.5 = 1.3807970779778823
        assertEquals(1.3807970779778823, tracker.weight("a"), 1e-12);
        // 0.5 * 0 + 0.5 * 0.5 = 0.25; -0.25: sigmoid(-2) + 0.5 = 0.6192029220221177
        assertEquals(new ProgressTracker.Entry(0, 0.25, -0.25, 3, 0), tracker.observe("a", 0));
        assertEquals(0.6192029220221177, tracker.weight("a"), 1e-12);
        assertEquals(1, tracker.weight("b"), 0, "another problem is not touched");
    }

    @Example
    void alphaIsTheShareOfTheNewRate() {
        ProgressTracker tracker = new ProgressTracker(0.25, 4, 0.1);
        tracker.observe("a", 1);
        assertEquals(0.75, tracker.observe("a", 0).average(), 0); // 0.25 * 0 + 0.75 * 1
        assertEquals(1 / (1 + Math.E) + 0.1, tracker.weight("a"), 1e-12); // 4 * -0.25 = -1
        ProgressTracker last = new ProgressTracker(1, 0, 0);
        last.observe("a", 1);
        assertEquals(-1, last.observe("a", 0).progress(), 0, "alpha 1 keeps the last rate only");
        assertEquals(0.5, last.weight("a"), 0, "kappa 0 makes all weights equal");
    }

    @Example
    void guidedVisitsAreCountedAndTeachNothing() {
        ProgressTracker tracker = new ProgressTracker();
        tracker.visitGuided("a");
        tracker.visitGuided("a");
        assertEquals(new ProgressTracker.Entry(0, 0, 0, 0, 2), tracker.entry("a").orElseThrow());
        assertEquals(new ProgressTracker.Entry(0.5, 0.5, 0, 1, 0), tracker.observe("a", 0.5), "still the first sight");
        tracker.observe("a", 1);
        ProgressTracker.Entry before = tracker.entry("a").orElseThrow();
        double weight = tracker.weight("a");
        tracker.visitGuided("a");
        assertEquals(new ProgressTracker.Entry(before.passRate(), before.average(), before.progress(), 2, 1),
                tracker.entry("a").orElseThrow());
        assertEquals(weight, tracker.weight("a"), 0);
    }

    @Example
    void theTableHasARowPerProblem() {
        ProgressTracker tracker = new ProgressTracker();
        tracker.observe("b", 1);
        tracker.observe("a", 0.25);
        tracker.observe("a", 0.75);
        assertEquals(List.of("problem", "pass_rate", "ema", "progress", "weight", "seen"), tracker.table().columnNames());
        assertEquals(List.of("b", "a"), tracker.table().stringColumn("problem").asList());
        assertEquals(0.75, tracker.table().doubleColumn("pass_rate").get(1), 0);
        assertEquals(0.5, tracker.table().doubleColumn("ema").get(1), 0);
        assertEquals(0.25, tracker.table().doubleColumn("progress").get(1), 0);
        assertEquals(tracker.weight("a"), tracker.table().doubleColumn("weight").get(1), 0);
        assertEquals(2, tracker.table().intColumn("seen").get(1));
    }

    @Example
    void badNumbersAreRefused() {
        ProgressTracker tracker = new ProgressTracker();
        for (double rate : new double[] {-0.01, 1.01, Double.NaN}) {
            assertThrows(IllegalArgumentException.class, () -> tracker.observe("a", rate));
        }
        assertTrue(tracker.entry("a").isEmpty(), "and nothing is kept of them");
        for (double bad : new double[] {-1, Double.NaN, Double.POSITIVE_INFINITY}) {
            assertThrows(BadInput.class, () -> new ProgressTracker(bad, 8, 0.5));
            assertThrows(BadInput.class, () -> new ProgressTracker(0.5, bad, 0.5));
            assertThrows(BadInput.class, () -> new ProgressTracker(0.5, 8, bad));
        }
        assertThrows(BadInput.class, () -> new ProgressTracker(0, 8, 0.5));
        assertThrows(UnsupportedOperationException.class, () -> tracker.entries().clear());
    }

    @Example
    void whatIsNoSavedTrackerIsRefused() throws Exception {
        Path file = Files.createTempFile("tracker", ".json");
        try {
            for (String text : List.of("", "{}", "[]", "{\"alpha\": 0.5", "{\"entries\": {}}",
                    saved("null"), saved("{}") + "x", saved("{\"passRate\": 2, \"average\": 1}"),
                    saved("{\"passRate\": 1, \"average\": NaN}"), saved("{\"passRate\": 1, \"average\": 1, \"seen\": -1}"))) {
                Files.writeString(file, text);
                BadInput refused = assertThrows(BadInput.class, () -> ProgressTracker.load(file), text);
                assertTrue(text.equals("{\"entries\": {}}") || refused.getMessage().contains(file.toString()), refused.getMessage());
            }
        } finally {
            Files.delete(file);
        }
        assertThrows(BadInput.class, () -> ProgressTracker.load(file), "missing");
    }

    private static String saved(String entry) {
        return "{\"alpha\": 0.5, \"kappa\": 8, \"bias\": 0.5, \"entries\": {\"a\": " + entry + "}}";
    }

    @Property(tries = 200)
    void averagesAreRatesAndWeightsAreBounded(
            @ForAll @Size(min = 1, max = 30) List<@DoubleRange(min = 0, max = 1) Double> rates,
            @ForAll @DoubleRange(min = 0.01, max = 1) double alpha, @ForAll @DoubleRange(min = 0, max = 100) double kappa,
            @ForAll @DoubleRange(min = 0, max = 2) double bias) {
        ProgressTracker tracker = new ProgressTracker(alpha, kappa, bias);
        double before = rates.get(0);
        for (double rate : rates) {
            ProgressTracker.Entry entry = tracker.observe("a", rate);
            assertTrue(entry.average() >= 0 && entry.average() <= 1, entry::toString);
            assertEquals(before + entry.progress(), entry.average(), 1e-12);
            assertEquals(rate, entry.passRate(), 0);
            double weight = tracker.weight("a");
            assertTrue(weight >= bias && weight <= 1 + bias, () -> weight + " at b = " + bias);
            assertTrue(entry.progress() == 0 || kappa * Math.abs(entry.progress()) < 1e-9
                    || (entry.progress() > 0) == (weight > 0.5 + bias), entry::toString);
            before = entry.average();
        }
        assertEquals(rates.size(), tracker.entry("a").orElseThrow().seen());
    }

    @Property(tries = 50)
    void loadGivesBackWhatSaveWroteToTheLastBit(
            @ForAll @Size(min = 1, max = 10) List<@DoubleRange(min = 0, max = 1) Double> rates,
            @ForAll @DoubleRange(min = 0.01, max = 1) double alpha) throws Exception {
        ProgressTracker tracker = new ProgressTracker(alpha, 7.3, 0.1);
        for (int i = 0; i < rates.size(); i++) {
            tracker.observe("problem <" + i % 3 + "> \"ü\"", rates.get(i));
        }
        tracker.visitGuided("only guided");
        Path file = Files.createTempFile("tracker", ".json");
        try {
            tracker.save(file);
            ProgressTracker loaded = ProgressTracker.load(file);
            assertEquals(tracker.entries(), loaded.entries());
            assertEquals(List.copyOf(tracker.entries().keySet()), List.copyOf(loaded.entries().keySet()), "order too");
            for (String problem : tracker.entries().keySet()) {
                assertEquals(tracker.weight(problem), loaded.weight(problem), 0);
                assertEquals(tracker.observe(problem, 1), loaded.observe(problem, 1), "and it goes on alike");
            }
        } finally {
            Files.delete(file);
        }
    }
}
