package lppo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import lppo.data.BadInput;
import lppo.data.Problem;
import lppo.data.Seed;
import org.junit.jupiter.api.Test;

/** Which problems a step visits. */
class ShuffledSelectionTest {

    @Test
    void anEpochVisitsEveryProblemOnce() {
        ShuffledSelection order = ShuffledSelection.uniform(problems(0, 12), 4, new Seed(1));
        for (int epoch = 0; epoch < 3; epoch++) {
            List<Problem> seen = new ArrayList<>();
            for (int step = 0; step < 3; step++) {
                seen.addAll(order.at(epoch * 3 + step));
            }
            assertEquals(12, seen.size());
            assertEquals(12, new HashSet<>(seen).size());
        }
        assertNotEquals(List.of(order.at(0), order.at(1), order.at(2)), List.of(order.at(3), order.at(4), order.at(5)),
                "each epoch has its own order");
    }

    @Test
    void noProblemComesTwiceInAStep() {
        ShuffledSelection order = ShuffledSelection.mixed(problems(5, 7), 4, 0.5, new Seed(1)); // neither pool is a multiple of 2
        for (int step = 0; step < 50; step++) {
            assertEquals(4, new HashSet<>(order.at(step)).size());
        }
    }

    @Test
    void theShareOfDemonstrationsIsThatOfEveryStep() {
        List<Problem> problems = problems(20, 20);
        for (int[] expected : new int[][] {{0, 0}, {25, 2}, {50, 4}, {60, 5}, {100, 8}}) { // percent, of 8
            ShuffledSelection order = ShuffledSelection.mixed(problems, 8, expected[0] / 100.0, new Seed(1));
            for (int step = 0; step < 10; step++) {
                assertEquals(expected[1], order.at(step).stream().filter(Problem::hasDemonstration).count());
                assertEquals(8, order.at(step).size());
            }
        }
    }

    @Test
    void whereThereIsOneKindThereIsNothingToMix() {
        assertEquals(8, ShuffledSelection.mixed(problems(20, 0), 8, 0.25, new Seed(1)).at(0).size());
        assertEquals(8, ShuffledSelection.mixed(problems(0, 20), 8, 0.25, new Seed(1)).at(0).size());
    }

    @Test
    void aStepIsAFunctionOfSeedAndNumber() {
        List<Problem> problems = problems(20, 20);
        ShuffledSelection one = ShuffledSelection.mixed(problems, 8, 0.5, new Seed(1));
        ShuffledSelection again = ShuffledSelection.mixed(problems, 8, 0.5, new Seed(1));
        assertEquals(one.at(17), again.at(17), "whatever was asked before");
        assertEquals(one.at(17), one.at(17));
        assertNotEquals(one.at(17), ShuffledSelection.mixed(problems, 8, 0.5, new Seed(2)).at(17));
        assertEquals(8, one.at(3_000_000_000L).size());
    }

    @Test
    void whatCannotBeFilledIsRefused() {
        List<Problem> problems = problems(3, 20);
        assertThrows(BadInput.class, () -> ShuffledSelection.mixed(problems, 8, 0.5, new Seed(1)), "only 3 of 4 demonstrations");
        assertThrows(BadInput.class, () -> ShuffledSelection.mixed(problems, 0, 0.5, new Seed(1)));
        for (double share : new double[] {-0.1, 1.1, Double.NaN}) {
            assertThrows(BadInput.class, () -> ShuffledSelection.mixed(problems, 4, share, new Seed(1)));
        }
        assertThrows(BadInput.class, () -> ShuffledSelection.uniform(problems, 24, new Seed(1)));
        assertThrows(BadInput.class, () -> ShuffledSelection.uniform(problems, -1, new Seed(1)));
        assertThrows(BadInput.class, () -> ShuffledSelection.uniform(List.of(), 1, new Seed(1)));
    }

    @Test
    void furtherProblemsWereNeverTakenAndKeepTheMixture() {
        ShuffledSelection order = ShuffledSelection.mixed(problems(20, 20), 8, 0.25, new Seed(1));
        for (int step = 0; step < 20; step++) {
            Set<String> taken = new HashSet<>();
            order.at(step).forEach(p -> taken.add(p.id()));
            for (int round = 1; round <= 3; round++) {
                List<Problem> more = order.more(step, round, 4, taken);
                assertEquals(4, more.size());
                assertEquals(1, more.stream().filter(Problem::hasDemonstration).count());
                more.forEach(p -> assertTrue(taken.add(p.id()), p.id() + " comes twice"));
            }
            assertEquals(8 + 3 * 4, taken.size());
        }
    }

    @Test
    void furtherProblemsAreAFunctionOfSeedStepRoundAndWhatIsTaken() {
        ShuffledSelection order = ShuffledSelection.mixed(problems(20, 20), 8, 0.5, new Seed(1));
        Set<String> taken = Set.of("p0", "p1", "p30");
        List<Problem> more = order.more(5, 1, 6, taken);
        order.more(6, 1, 6, Set.of()); // whatever was asked before
        assertEquals(more, order.more(5, 1, 6, taken));
        assertNotEquals(more, order.more(6, 1, 6, taken));
        assertNotEquals(more, order.more(5, 2, 6, taken));
        assertNotEquals(more, ShuffledSelection.mixed(problems(20, 20), 8, 0.5, new Seed(2)).more(5, 1, 6, taken));
    }

    @Test
    void furtherProblemsMayRunOut() {
        ShuffledSelection order = ShuffledSelection.mixed(problems(4, 20), 8, 0.5, new Seed(1));
        Set<String> taken = Set.of("p0", "p1", "p2"); // one with a demonstration is left
        List<Problem> more = order.more(0, 1, 8, taken);
        assertEquals(1, more.stream().filter(Problem::hasDemonstration).count());
        assertEquals(5, more.size(), "the others do not stand in for them");
        assertEquals(List.of(), order.more(0, 1, 0, taken));
        assertEquals(3, ShuffledSelection.mixed(problems(0, 20), 8, 0.5, new Seed(1)).more(0, 1, 3, Set.of()).size(), "one kind only");
        Set<String> all = new HashSet<>(problems(4, 20).stream().map(Problem::id).toList());
        assertEquals(List.of(), order.more(0, 1, 8, all));
    }

    private static List<Problem> problems(int demonstrated, int answered) {
        return IntStream.range(0, demonstrated + answered)
                .mapToObj(i -> new Problem("p" + i, "q" + i, "1", i < demonstrated ? "0 1" : null, null, null)).toList();
    }
}
