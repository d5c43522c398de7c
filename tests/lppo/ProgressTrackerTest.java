package lppo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import common.BadInput;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import lppo.data.Problem;
import lppo.rollout.Completion;
import lppo.rollout.Group;
import lppo.rollout.Prompt;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.Size;

/** Compares the moving average and its weight with values computed by hand, and tests properties of all histories. */
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

    /** A pass rate with a hint says nothing about what the policy can do alone. */
    @Example
    void groupsAreObservedByTheirUnguidedCompletions() {
        Problem problem = new Problem("a", "?", "1", "0 1", null, null);
        ProgressTracker tracker = new ProgressTracker();
        tracker.observe(List.of(group(problem, 4, 4, 0, 1, 0, 0))); // all guided
        assertEquals(new ProgressTracker.Entry(0, 0, 0, 0, 1), tracker.entry("a").orElseThrow());
        tracker.observe(List.of(group(problem, 4, 2, 0, 1, 1, 1), group(new Problem("b", "?", "1", null, null, null), 2, 0, 1, 1)));
        assertEquals(new ProgressTracker.Entry(0.5, 0.5, 0, 1, 0), tracker.entry("a").orElseThrow(), "the first two of four");
        assertEquals(new ProgressTracker.Entry(1, 1, 0, 1, 0), tracker.entry("b").orElseThrow());
        tracker.observe(List.of(group(problem, 4, 0, 1, 1, 1, 1)));
        assertEquals(tracker.weight("a"), tracker.weight(group(problem, 1, 0, 0)), 0, "the weight of a group is that of its problem");
        assertTrue(tracker.weight("a") > 1);
    }

    @Example
    void badNumbersAreRefused() {
        ProgressTracker tracker = new ProgressTracker();
        for (double rate : new double[] {-0.01, 1.01, Double.NaN}) {
            BadInput refused = assertThrows(BadInput.class, () -> tracker.observe("a", rate));
            assertTrue(refused.getMessage().contains("problem a"), refused.getMessage());
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
    void anImpossibleStateIsRefusedAndChangesNothing() {
        ProgressTracker tracker = new ProgressTracker();
        tracker.observe("a", 0.25);
        Map<String, ProgressTracker.Entry> before = Map.copyOf(tracker.entries());
        for (double[] saved : new double[][] {null, {}, {1}, {1, 1, 0, 1}, {1, 1, 0, 1, 0, 0}, {2, 1, 0, 1, 0}, {1, Double.NaN, 0, 1, 0},
            {1, 1, -2, 1, 0}, {1, 1, 0, -1, 0}, {1, 1, 0, 1, -1}}) {
            Map<String, double[]> state = new HashMap<>();
            state.put("x", saved);
            BadInput refused = assertThrows(BadInput.class, () -> tracker.restore(state), Arrays.toString(saved));
            assertTrue(refused.getMessage().contains("problem x"), refused.getMessage());
            assertEquals(before, tracker.entries());
        }
    }

    @Example
    void aFreshTrackerHasTheConstantsAndKnowsNothing() {
        ProgressTracker tracker = new ProgressTracker(0.25, 4, 0.1);
        tracker.observe("a", 1);
        ProgressTracker fresh = tracker.fresh();
        assertEquals(Map.of(), fresh.entries());
        fresh.observe("a", 1);
        assertEquals(0.75, fresh.observe("a", 0).average(), 0);
        assertEquals(1 / (1 + Math.E) + 0.1, fresh.weight("a"), 1e-12);
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
    void restoreGivesBackTheStateToTheLastBit(
            @ForAll @Size(min = 1, max = 10) List<@DoubleRange(min = 0, max = 1) Double> rates,
            @ForAll @DoubleRange(min = 0.01, max = 1) double alpha) {
        ProgressTracker tracker = new ProgressTracker(alpha, 7.3, 0.1);
        for (int i = 0; i < rates.size(); i++) {
            tracker.observe("problem <" + i % 3 + "> \"ü\"", rates.get(i));
        }
        tracker.visitGuided("only guided");
        ProgressTracker restored = new ProgressTracker(alpha, 7.3, 0.1);
        restored.observe("forgotten", 1);
        Map<String, double[]> state = tracker.state();
        restored.restore(state);
        assertEquals(tracker.entries(), restored.entries());
        assertEquals(List.copyOf(tracker.entries().keySet()), List.copyOf(restored.entries().keySet()), "order too");
        for (String problem : List.copyOf(tracker.entries().keySet())) {
            assertEquals(tracker.weight(problem), restored.weight(problem), 0);
            assertEquals(tracker.observe(problem, 1), restored.observe(problem, 1), "and it goes on alike");
        }
        restored.restore(state);
        ProgressTracker again = new ProgressTracker(alpha, 7.3, 0.1);
        again.restore(state);
        assertEquals(again.entries(), restored.entries(), "later steps leave a state alone");
    }

    /** A group of this size, whose last {@code guided} completions saw a prefix. */
    private static Group group(Problem problem, int size, int guided, double... rewards) {
        return new Group(problem, IntStream.range(0, size).mapToObj(i -> {
            boolean hint = i >= size - guided;
            Prompt prompt = new Prompt(problem, new int[] {2, 3}, hint ? 1 : 0, hint ? 0.5 : 0);
            return new Completion(prompt, new int[1], new float[1], Completion.Finish.STOP, rewards[i]);
        }).toList());
    }
}
