package lppo.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Which problems a step visits. */
class OrderTest {

    @Test
    void anEpochVisitsEveryProblemOnce() {
        Order order = Order.uniform(problems(0, 12), 4, new Seed(1));
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
        Order order = Order.mixed(problems(5, 7), 4, 0.5, new Seed(1)); // neither pool is a multiple of 2
        for (int step = 0; step < 50; step++) {
            assertEquals(4, new HashSet<>(order.at(step)).size());
        }
    }

    @Test
    void theShareOfDemonstrationsIsThatOfEveryStep() {
        List<Problem> problems = problems(20, 20);
        for (int[] expected : new int[][] {{0, 0}, {25, 2}, {50, 4}, {60, 5}, {100, 8}}) { // percent, of 8
            Order order = Order.mixed(problems, 8, expected[0] / 100.0, new Seed(1));
            for (int step = 0; step < 10; step++) {
                assertEquals(expected[1], order.at(step).stream().filter(Problem::hasDemonstration).count());
                assertEquals(8, order.at(step).size());
            }
        }
    }

    @Test
    void whereThereIsOneKindThereIsNothingToMix() {
        assertEquals(8, Order.mixed(problems(20, 0), 8, 0.25, new Seed(1)).at(0).size());
        assertEquals(8, Order.mixed(problems(0, 20), 8, 0.25, new Seed(1)).at(0).size());
    }

    @Test
    void aStepIsAFunctionOfSeedAndNumber() {
        List<Problem> problems = problems(20, 20);
        Order one = Order.mixed(problems, 8, 0.5, new Seed(1));
        Order again = Order.mixed(problems, 8, 0.5, new Seed(1));
        assertEquals(one.at(17), again.at(17), "whatever was asked before");
        assertEquals(one.at(17), one.at(17));
        assertNotEquals(one.at(17), Order.mixed(problems, 8, 0.5, new Seed(2)).at(17));
        assertEquals(8, one.at(3_000_000_000L).size());
    }

    @Test
    void whatCannotBeFilledIsRefused() {
        List<Problem> problems = problems(3, 20);
        assertThrows(BadInput.class, () -> Order.mixed(problems, 8, 0.5, new Seed(1)), "only 3 of 4 demonstrations");
        assertThrows(BadInput.class, () -> Order.mixed(problems, 0, 0.5, new Seed(1)));
        for (double share : new double[] {-0.1, 1.1, Double.NaN}) {
            assertThrows(BadInput.class, () -> Order.mixed(problems, 4, share, new Seed(1)));
        }
        assertThrows(BadInput.class, () -> Order.uniform(problems, 24, new Seed(1)));
        assertThrows(BadInput.class, () -> Order.uniform(problems, -1, new Seed(1)));
        assertThrows(BadInput.class, () -> Order.uniform(List.of(), 1, new Seed(1)));
    }

    private static List<Problem> problems(int demonstrated, int answered) {
        return IntStream.range(0, demonstrated + answered)
                .mapToObj(i -> new Problem("p" + i, "q" + i, "1", i < demonstrated ? "0 1" : null, null, null)).toList();
    }
}
