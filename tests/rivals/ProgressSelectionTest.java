package rivals;

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
import java.util.Set;
import java.util.stream.IntStream;
import lppo.data.Problem;
import lppo.data.Step;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Tests the choice of problems by their progress. */
class ProgressSelectionTest {

    private static final List<Problem> PROBLEMS = IntStream.range(0, 30).mapToObj(i -> new Problem("p" + i, "q", "1", null, null, null))
            .toList();

    @Example
    void whatMovesIsVisitedMoreOftenThanWhatStandsStill() {
        ProgressSelection selection = selection();
        for (int visit = 0; visit < 9; visit++) {
            int now = visit;
            selection.observe(IntStream.range(0, 30) // the first ten rise, the next ten fall, the last ten stand still
                    .mapToObj(i -> Groups.of("p" + i, i < 10 ? now : i < 20 ? 8 - now : 4, 8)).toList());
        }
        Map<String, Integer> visits = new HashMap<>();
        for (int step = 1; step <= 300; step++) {
            selection.select(PROBLEMS, 5, new Step(step, new Seed(1))).forEach(p -> visits.merge(p.id(), 1, Integer::sum));
        }
        double[] means = IntStream.range(0, 3).mapToDouble(part -> IntStream.range(10 * part, 10 * part + 10)
                .mapToDouble(i -> visits.getOrDefault("p" + i, 0)).average().orElseThrow()).toArray();
        assertTrue(means[0] > 2 * means[2] && means[1] > 2 * means[2], means[0] + " " + means[1] + " " + means[2]);
        assertTrue(means[2] > 5, "the floor");
        assertEquals(means[0], means[1], 0.15 * means[0], "up or down alike");
    }

    /** Without evidence all are alike, and each number of visits is binomial. */
    @Example
    void theDrawIsFairWithoutEvidence() {
        Map<String, Integer> visits = new HashMap<>();
        for (int step = 1; step <= 1200; step++) {
            selection().select(PROBLEMS, 5, new Step(step, new Seed(1))).forEach(p -> visits.merge(p.id(), 1, Integer::sum));
        }
        double deviation = Math.sqrt(1200 * (1 / 6.0) * (5 / 6.0));
        PROBLEMS.forEach(p -> assertEquals(200, visits.get(p.id()), 4 * deviation));
    }

    @Property(tries = 30)
    void itIsKeyedAndDoesNotDependOnTheOrder(@ForAll @IntRange(min = 1, max = 1000) int step, @ForAll long seed) {
        ProgressSelection selection = selection();
        selection.observe(List.of(Groups.of("p3", 1, 8)));
        selection.observe(List.of(Groups.of("p3", 7, 8)));
        List<Problem> chosen = selection.select(PROBLEMS, 7, new Step(step, new Seed(seed)));
        assertEquals(7, new HashSet<>(chosen).size());
        List<Problem> reversed = new ArrayList<>(PROBLEMS);
        Collections.reverse(reversed);
        ProgressSelection restored = selection();
        restored.restore(selection.state());
        assertEquals(chosen, restored.select(reversed, 7, new Step(step, new Seed(seed))));
        Set<Problem> next = new HashSet<>(selection.select(PROBLEMS, 7, new Step(step + 1, new Seed(seed))));
        next.addAll(selection.select(PROBLEMS, 7, new Step(step + 2, new Seed(seed))));
        assertNotEquals(new HashSet<>(chosen), next, "each step draws anew");
    }

    @Example
    void badInputIsRefused() {
        assertThrows(BadInput.class, () -> new ProgressSelection(new ProgressFilter(), 0));
        for (int count : new int[] {0, 31}) {
            assertThrows(BadInput.class, () -> selection().select(PROBLEMS, count, new Step(1, new Seed(1))));
        }
    }

    private static ProgressSelection selection() {
        return new ProgressSelection(new ProgressFilter(), 0.01);
    }
}
