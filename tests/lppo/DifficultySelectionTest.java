package lppo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import common.BadInput;
import common.Seed;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import lppo.data.Problem;
import lppo.data.Step;
import lppo.rollout.Group;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;

/** Tests the selection of problems that are neither solved nor hopeless. */
class DifficultySelectionTest {

    private static final List<Problem> PROBLEMS = IntStream.range(0, 20).mapToObj(i -> new Problem("p" + i, "q", "1", null, null, null))
            .toList();

    @Example
    void whatIsHalfSolvedIsPreferredOnceKnown() {
        DifficultySelection selection = new DifficultySelection(0.5);
        for (int i = 0; i < 20; i++) { // 0 to 4 never, 5 to 9 half the time, the others always
            int passes = i < 5 ? 0 : i < 10 ? 32 : 64;
            selection.observe("p" + i, passes, 64 - passes);
        }
        for (int step = 1; step <= 20; step++) {
            assertEquals(List.of("p5", "p6", "p7", "p8", "p9"), select(selection, step, 1).stream().map(Problem::id).sorted().toList());
        }
    }

    @Example
    void whatIsNotKnownIsPreferredToWhatIsHopeless() {
        DifficultySelection selection = new DifficultySelection(0.5);
        IntStream.range(0, 10).forEach(i -> selection.observe("p" + i, 0, 64));
        Map<String, Integer> visits = new HashMap<>();
        for (int step = 1; step <= 100; step++) {
            select(selection, step, 1).forEach(p -> visits.merge(p.id(), 1, Integer::sum));
        }
        int hopeless = IntStream.range(0, 10).map(i -> visits.getOrDefault("p" + i, 0)).sum();
        assertTrue(hopeless < 10, hopeless + " of 500 visits"); // only where six draws of ten are nearer to 0 or 1
        IntStream.range(10, 20).forEach(i -> assertTrue(visits.get("p" + i) > 25, visits::toString));
    }

    @Property(tries = 50)
    void noProblemComesTwiceInAStep(@ForAll @IntRange(min = 1, max = 1001) int step, @ForAll long seed) {
        List<Problem> chosen = select(new DifficultySelection(0.5), step, seed);
        assertEquals(5, chosen.size());
        assertEquals(5, new HashSet<>(chosen).size());
        assertTrue(PROBLEMS.containsAll(chosen));
    }

    @Property(tries = 20)
    void theChoiceIsAFunctionOfSeedStepAndWhatIsKnown(@ForAll @IntRange(min = 1, max = 1001) int step, @ForAll long seed) {
        DifficultySelection one = new DifficultySelection(0.5);
        DifficultySelection other = new DifficultySelection(0.5);
        one.observe("p3", 2, 6);
        other.observe("p3", 2, 6);
        select(other, step + 1, seed); // whatever was asked before
        assertEquals(select(one, step, seed), select(other, step, seed));
        List<Problem> shuffled = new ArrayList<>(PROBLEMS);
        Collections.reverse(shuffled);
        assertEquals(select(one, step, seed), one.select(shuffled, 5, new Step(step, new Seed(seed))), "in whatever order they are listed");
    }

    @Example
    void stepsAndSeedsDiffer() {
        DifficultySelection selection = new DifficultySelection(0.5);
        assertNotEquals(select(selection, 1, 1), select(selection, 2, 1));
        assertNotEquals(select(selection, 1, 1), select(selection, 1, 2));
    }

    @Example
    void whatIsKnownFades() {
        DifficultySelection selection = new DifficultySelection(0.5);
        selection.observe("p0", 6, 2);
        assertArrayEquals(new double[] {7, 3}, selection.state().get("p0"), 0, "the prior counts one of each");
        selection.observe("p0", 0, 8);
        assertArrayEquals(new double[] {0.5 * 7 + 0.5, 0.5 * 3 + 0.5 + 8}, selection.state().get("p0"), 0);
        DifficultySelection forgetful = new DifficultySelection(0);
        forgetful.observe("p0", 6, 2);
        forgetful.observe("p0", 0, 8);
        assertArrayEquals(new double[] {1, 9}, forgetful.state().get("p0"), 0, "the last visit alone");
        DifficultySelection lasting = new DifficultySelection(1);
        lasting.observe("p0", 6, 2);
        lasting.observe("p0", 0, 8);
        assertArrayEquals(new double[] {7, 11}, lasting.state().get("p0"), 0, "all visits alike");
    }

    /** The rewards of all completions of a group, guided or not. */
    @Example
    void aGroupCountsAsItsPassesAndFailures() {
        DifficultySelection selection = new DifficultySelection(0.5);
        selection.observe(List.of(Group.ofRewards(1, 0, 0, 1, 0.5, 0, 0, 0)));
        assertArrayEquals(new double[] {1 + 2.5, 1 + 5.5}, selection.state().get(""), 0);
    }

    @Property(tries = 100)
    void theCountsStayPossible(@ForAll @DoubleRange(min = 0, max = 1) double fade, @ForAll @IntRange(min = 0, max = 8) int passes) {
        DifficultySelection selection = new DifficultySelection(fade);
        for (int visit = 0; visit < 20; visit++) {
            selection.observe("p0", passes, 8 - passes);
        }
        double[] counts = selection.state().get("p0");
        assertTrue(counts[0] >= 1 - 1e-12 && counts[1] >= 1 - 1e-12, "no draw is certain: " + counts[0] + ", " + counts[1]);
    }

    @Example
    void theStateIsACopyAndGoesOnWhereItWas() {
        DifficultySelection one = new DifficultySelection(0.5);
        one.observe("p0", 6, 2);
        Map<String, double[]> state = one.state();
        one.observe("p0", 0, 8);
        one.observe("p1", 0, 8);
        assertEquals(1, state.size());
        assertArrayEquals(new double[] {7, 3}, state.get("p0"), 0);
        DifficultySelection other = new DifficultySelection(0.5);
        other.observe("p2", 8, 0);
        other.restore(one.state());
        for (int step = 1; step <= 20; step++) {
            assertEquals(select(one, step, 1), select(other, step, 1));
        }
        other.observe("p0", 1, 7);
        one.observe("p0", 1, 7);
        assertArrayEquals(one.state().get("p0"), other.state().get("p0"), 0);
        other.restore(Map.of());
        assertEquals(Map.of(), other.state(), "an empty state begins anew");
    }

    @Example
    void badNumbersAreRefused() {
        for (int count : new int[] {0, -1, 21}) {
            assertThrows(BadInput.class, () -> new DifficultySelection(0.5).select(PROBLEMS, count, new Step(1, new Seed(1))));
        }
        for (double fade : new double[] {-0.1, 1.1, Double.NaN}) {
            assertThrows(BadInput.class, () -> new DifficultySelection(fade));
        }
        for (double[] saved : new double[][] {null, {0, 1}, {1, -1}, {1}, {1, Double.NaN}}) {
            assertThrows(BadInput.class, () -> new DifficultySelection(0.5).restore(Collections.singletonMap("p0", saved)));
        }
    }

    /** Five of the problems. */
    private static List<Problem> select(DifficultySelection selection, long step, long seed) {
        return selection.select(PROBLEMS, 5, new Step(step, new Seed(seed)));
    }
}
