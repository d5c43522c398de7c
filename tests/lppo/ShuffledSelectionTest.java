package lppo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import common.BadInput;
import common.Seed;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import lppo.data.Problem;
import lppo.data.Step;
import org.junit.jupiter.api.Test;

/** Tests which problems a step visits. */
class ShuffledSelectionTest {

    @Test
    void anEpochVisitsEveryProblemOnce() {
        List<Problem> problems = problems(0, 12);
        Selection selection = ShuffledSelection.uniform();
        for (int epoch = 0; epoch < 3; epoch++) {
            List<Problem> seen = new ArrayList<>();
            for (int step = 1; step <= 3; step++) {
                seen.addAll(selection.select(problems, 4, step(epoch * 3 + step)));
            }
            assertEquals(12, seen.size());
            assertEquals(12, new HashSet<>(seen).size());
        }
        assertNotEquals(IntStream.of(1, 2, 3).mapToObj(n -> selection.select(problems, 4, step(n))).toList(),
                IntStream.of(4, 5, 6).mapToObj(n -> selection.select(problems, 4, step(n))).toList(), "each epoch has its own order");
    }

    @Test
    void noProblemComesTwiceInAStep() {
        List<Problem> problems = problems(5, 7); // neither pool is a multiple of 2
        for (int step = 1; step <= 50; step++) {
            assertEquals(4, new HashSet<>(new ShuffledSelection(0.5).select(problems, 4, step(step))).size());
        }
    }

    @Test
    void theShareOfDemonstrationsIsThatOfEveryStep() {
        List<Problem> problems = problems(20, 20);
        for (int[] expected : new int[][] {{0, 0}, {25, 2}, {50, 4}, {60, 5}, {100, 8}}) { // percent, of 8
            ShuffledSelection selection = new ShuffledSelection(expected[0] / 100.0);
            for (int step = 1; step <= 10; step++) {
                List<Problem> chosen = selection.select(problems, 8, step(step));
                assertEquals(expected[1], chosen.stream().filter(Problem::hasDemonstration).count());
                assertEquals(8, chosen.size());
            }
        }
    }

    /** So a run without hints does not depend on which problems have a demonstration. */
    @Test
    void allAreVisitedAlikeWhetherTheyHaveADemonstrationOrNot() {
        ShuffledSelection even = new ShuffledSelection(ShuffledSelection.EVEN);
        List<Problem> few = problems(2, 38);
        List<Problem> none = few.stream().map(Problem::withoutSolution).toList();
        for (int number = 1; number <= 10; number++) {
            Step step = step(number);
            List<Problem> chosen = even.select(few, 8, step);
            assertEquals(chosen.stream().map(Problem::withoutSolution).toList(), even.select(none, 8, step));
            assertEquals(even.more(few, 4, Set.of(chosen.get(0).id()), 1, step).stream().map(Problem::id).toList(),
                    even.more(none, 4, Set.of(chosen.get(0).id()), 1, step).stream().map(Problem::id).toList());
        }
        List<Problem> epoch = IntStream.rangeClosed(1, 5).mapToObj(n -> even.select(few, 8, step(n))).flatMap(List::stream).toList();
        assertEquals(2, epoch.stream().filter(Problem::hasDemonstration).count(), "each of the two once in forty visits");
    }

    @Test
    void whereThereIsOneKindThereIsNothingToMix() {
        assertEquals(8, new ShuffledSelection(0.25).select(problems(20, 0), 8, step(1)).size());
        assertEquals(8, new ShuffledSelection(0.25).select(problems(0, 20), 8, step(1)).size());
    }

    @Test
    void aStepIsAFunctionOfSeedAndNumber() {
        List<Problem> problems = problems(20, 20);
        ShuffledSelection one = new ShuffledSelection(0.5);
        List<Problem> chosen = one.select(problems, 8, step(18));
        one.select(problems, 8, step(19)); // whatever was asked before
        assertEquals(chosen, one.select(problems, 8, step(18)));
        assertEquals(chosen, new ShuffledSelection(0.5).select(problems, 8, step(18)));
        assertEquals(chosen, one.select(problems, 8, new Step(18, problems, new Seed(1))), "whatever problems the step names");
        assertNotEquals(chosen, one.select(problems, 8, new Step(18, new Seed(2))));
        assertEquals(8, one.select(problems, 8, step(3_000_000_001L)).size());
    }

    @Test
    void whatCannotBeFilledIsRefused() {
        List<Problem> problems = problems(3, 20);
        ShuffledSelection half = new ShuffledSelection(0.5);
        BadInput few = assertThrows(BadInput.class, () -> half.select(problems, 8, step(1)), "only 3 of 4 demonstrations");
        assertTrue(few.getMessage().contains("4 problems with and 4 without a demonstration, but there are 3 and 20"), few.getMessage());
        assertThrows(BadInput.class, () -> half.select(problems, 0, step(1)));
        for (double share : new double[] {-0.1, 1.1, Double.NaN}) {
            assertThrows(BadInput.class, () -> new ShuffledSelection(share));
        }
        for (int count : new int[] {24, -1, 0}) {
            assertThrows(BadInput.class, () -> ShuffledSelection.uniform().select(problems, count, step(1)));
        }
        assertThrows(BadInput.class, () -> ShuffledSelection.uniform().select(List.of(), 1, step(1)));
    }

    @Test
    void furtherProblemsWereNeverTakenAndKeepTheMixture() {
        List<Problem> problems = problems(20, 20);
        ShuffledSelection selection = new ShuffledSelection(0.25);
        for (int number = 1; number <= 20; number++) {
            List<Problem> chosen = selection.select(problems, 8, step(number));
            Step step = new Step(number, chosen, new Seed(1));
            Set<String> taken = new HashSet<>();
            chosen.forEach(p -> taken.add(p.id()));
            for (int round = 1; round <= 3; round++) {
                List<Problem> more = selection.more(problems, 4, taken, round, step);
                assertEquals(4, more.size());
                assertEquals(1, more.stream().filter(Problem::hasDemonstration).count());
                more.forEach(p -> assertTrue(taken.add(p.id()), p.id() + " comes twice"));
            }
            assertEquals(8 + 3 * 4, taken.size());
        }
    }

    @Test
    void furtherProblemsAreAFunctionOfSeedStepRoundAndWhatIsTaken() {
        List<Problem> problems = problems(20, 20);
        ShuffledSelection selection = new ShuffledSelection(0.5);
        Set<String> taken = Set.of("p0", "p1", "p30");
        List<Problem> more = selection.more(problems, 6, taken, 1, visiting(6, 1));
        selection.more(problems, 6, Set.of(), 1, visiting(7, 1)); // whatever was asked before
        assertEquals(more, selection.more(problems, 6, taken, 1, visiting(6, 1)));
        assertNotEquals(more, selection.more(problems, 6, taken, 1, visiting(7, 1)));
        assertNotEquals(more, selection.more(problems, 6, taken, 2, visiting(6, 1)));
        assertNotEquals(more, selection.more(problems, 6, taken, 1, visiting(6, 2)));
    }

    @Test
    void furtherProblemsMayRunOut() {
        List<Problem> problems = problems(4, 20);
        ShuffledSelection selection = new ShuffledSelection(0.5);
        Set<String> taken = Set.of("p0", "p1", "p2"); // one with a demonstration is left
        List<Problem> more = selection.more(problems, 8, taken, 1, visiting(1, 1));
        assertEquals(1, more.stream().filter(Problem::hasDemonstration).count());
        assertEquals(5, more.size(), "the others do not stand in for them");
        assertEquals(List.of(), selection.more(problems, 0, taken, 1, visiting(1, 1)));
        assertEquals(3, selection.more(problems(0, 20), 3, Set.of(), 1, visiting(1, 1)).size(), "one kind only");
        Set<String> all = new HashSet<>(problems.stream().map(Problem::id).toList());
        assertEquals(List.of(), selection.more(problems, 8, all, 1, visiting(1, 1)));
    }

    private static Step step(long number) {
        return new Step(number, new Seed(1));
    }

    /** A step of eight problems. */
    private static Step visiting(long number, long seed) {
        return new Step(number, problems(0, 8), new Seed(seed));
    }

    private static List<Problem> problems(int demonstrated, int answered) {
        return IntStream.range(0, demonstrated + answered)
                .mapToObj(i -> new Problem("p" + i, "q" + i, "1", i < demonstrated ? "0 1" : null, null, null)).toList();
    }
}
