package lppo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import lppo.data.BadInput;
import lppo.data.Problem;
import lppo.data.Seed;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;

/** Problems that are neither solved nor hopeless. */
class DifficultySelectionTest {

    private static final List<Problem> PROBLEMS =
            IntStream.range(0, 20).mapToObj(i -> new Problem("p" + i, "q", "1", null, null, null)).toList();

    @Example
    void whatIsHalfSolvedIsPreferredOnceKnown() {
        DifficultySelection selection = selection(1);
        for (int i = 0; i < 20; i++) { // 0 to 4 never, 5 to 9 half the time, the others always
            int passes = i < 5 ? 0 : i < 10 ? 32 : 64;
            selection.observe("p" + i, passes, 64 - passes);
        }
        for (int step = 0; step < 20; step++) {
            assertEquals(List.of("p5", "p6", "p7", "p8", "p9"), selection.at(step).stream().map(Problem::id).sorted().toList());
        }
    }

    @Example
    void whatIsNotKnownIsPreferredToWhatIsHopeless() {
        DifficultySelection selection = selection(1);
        IntStream.range(0, 10).forEach(i -> selection.observe("p" + i, 0, 64));
        Map<String, Integer> visits = new HashMap<>();
        for (int step = 0; step < 100; step++) {
            selection.at(step).forEach(p -> visits.merge(p.id(), 1, Integer::sum));
        }
        int hopeless = IntStream.range(0, 10).map(i -> visits.getOrDefault("p" + i, 0)).sum();
        assertTrue(hopeless < 10, hopeless + " of 500 visits"); // only where six draws of ten are nearer to 0 or 1
        IntStream.range(10, 20).forEach(i -> assertTrue(visits.get("p" + i) > 25, visits::toString));
    }

    @Property(tries = 50)
    void noProblemComesTwiceInAStep(@ForAll @IntRange(max = 1000) int step, @ForAll long seed) {
        List<Problem> chosen = new DifficultySelection(PROBLEMS, 5, 0.5, new Seed(seed)).at(step);
        assertEquals(5, chosen.size());
        assertEquals(5, new HashSet<>(chosen).size());
        assertTrue(PROBLEMS.containsAll(chosen));
    }

    @Property(tries = 20)
    void theChoiceIsAFunctionOfSeedStepAndWhatIsKnown(@ForAll @IntRange(max = 1000) int step, @ForAll long seed) {
        DifficultySelection one = new DifficultySelection(PROBLEMS, 5, 0.5, new Seed(seed));
        DifficultySelection other = new DifficultySelection(PROBLEMS, 5, 0.5, new Seed(seed));
        one.observe("p3", 2, 6);
        other.observe("p3", 2, 6);
        other.at(step + 1); // whatever was asked before
        assertEquals(one.at(step), other.at(step));
        List<Problem> shuffled = new ArrayList<>(PROBLEMS);
        Collections.reverse(shuffled);
        DifficultySelection listed = new DifficultySelection(shuffled, 5, 0.5, new Seed(seed));
        listed.observe("p3", 2, 6);
        assertEquals(one.at(step), listed.at(step), "in whatever order they are listed");
    }

    @Example
    void stepsAndSeedsDiffer() {
        assertNotEquals(selection(1).at(0), selection(1).at(1));
        assertNotEquals(selection(1).at(0), selection(2).at(0));
    }

    @Example
    void whatIsKnownFades() {
        DifficultySelection selection = selection(1);
        selection.observe("p0", 6, 2);
        assertArrayEquals(new double[] {7, 3}, selection.state().get("p0"), 0, "the prior counts one of each");
        selection.observe("p0", 0, 8);
        assertArrayEquals(new double[] {0.5 * 7 + 0.5, 0.5 * 3 + 0.5 + 8}, selection.state().get("p0"), 0);
        DifficultySelection forgetful = new DifficultySelection(PROBLEMS, 5, 0, new Seed(1));
        forgetful.observe("p0", 6, 2);
        forgetful.observe("p0", 0, 8);
        assertArrayEquals(new double[] {1, 9}, forgetful.state().get("p0"), 0, "the last visit alone");
        DifficultySelection lasting = new DifficultySelection(PROBLEMS, 5, 1, new Seed(1));
        lasting.observe("p0", 6, 2);
        lasting.observe("p0", 0, 8);
        assertArrayEquals(new double[] {7, 11}, lasting.state().get("p0"), 0, "all visits alike");
    }

    @Property(tries = 100)
    void theCountsStayPossible(@ForAll @DoubleRange(min = 0, max = 1) double fade, @ForAll @IntRange(min = 0, max = 8) int passes) {
        DifficultySelection selection = new DifficultySelection(PROBLEMS, 5, fade, new Seed(1));
        for (int visit = 0; visit < 20; visit++) {
            selection.observe("p0", passes, 8 - passes);
        }
        double[] counts = selection.state().get("p0");
        assertTrue(counts[0] >= 1 - 1e-12 && counts[1] >= 1 - 1e-12, "no draw is certain: " + counts[0] + ", " + counts[1]);
    }

    @Example
    void badNumbersAreRefused() {
        for (int perStep : new int[] {0, -1, 21}) {
            assertThrows(BadInput.class, () -> new DifficultySelection(PROBLEMS, perStep, 0.5, new Seed(1)));
        }
        for (double fade : new double[] {-0.1, 1.1, Double.NaN}) {
            assertThrows(BadInput.class, () -> new DifficultySelection(PROBLEMS, 5, fade, new Seed(1)));
        }
    }

    private static DifficultySelection selection(long seed) {
        return new DifficultySelection(PROBLEMS, 5, 0.5, new Seed(seed));
    }
}
