package rivals;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import common.BadInput;
import java.util.List;
import java.util.stream.IntStream;
import lppo.ProgressTracker;
import lppo.rollout.Group;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** Tests weights by rank. */
class RankedWeightingTest {

    @Example
    void weightsFollowTheRanksAndNotTheScores() {
        RankedWeighting ranked = ranked();
        List<Group> first = List.of(Groups.of("a", 4, 8), Groups.of("b", 4, 8), Groups.of("c", 4, 8));
        ranked.observe(first);
        first.forEach(group -> assertEquals(1, ranked.weight(group), 1e-12, "all are equal"));
        List<Group> second = List.of(Groups.of("a", 8, 8), Groups.of("b", 3, 8), Groups.of("c", 5, 8));
        ranked.observe(second);
        assertEquals(2, ranked.weight(second.get(0)), 1e-12);
        assertEquals(0.5, ranked.weight(second.get(1)), 1e-12);
        assertEquals(1, ranked.weight(second.get(2)), 1e-12);
    }

    @Example
    void equalScoresShareAWeight() {
        RankedWeighting ranked = ranked();
        IntStream.range(0, 2).forEach(visit -> ranked.observe(List.of(Groups.of("a", 4 * visit, 8), Groups.of("b", 0, 8),
                Groups.of("c", 0, 8))));
        assertEquals(2, ranked.weight(Groups.of("a", 0, 8)), 1e-12);
        assertEquals(0.5 * Math.pow(4, 0.25), ranked.weight(Groups.of("b", 0, 8)), 1e-12); // half of the other one, of two: 1/4
        assertEquals(ranked.weight(Groups.of("b", 0, 8)), ranked.weight(Groups.of("c", 0, 8)), 0);
    }

    @Example
    void aProblemAloneHasTheMiddleWeight() {
        RankedWeighting ranked = ranked();
        ranked.observe(List.of(Groups.of("a", 4, 8)));
        assertEquals(1, ranked.weight(Groups.of("a", 4, 8)), 0);
        assertEquals(1, ranked.weight(Groups.of("elsewhere", 4, 8)), 0);
    }

    @Property(tries = 50)
    void theirGeometricMeanIsOneAndAllLieInTheRange(@ForAll @Size(min = 2, max = 30) List<@IntRange(min = 0, max = 8) Integer> passes) {
        RankedWeighting ranked = ranked();
        List<Group> groups = IntStream.range(0, passes.size()).mapToObj(i -> Groups.of("p" + i, passes.get(i), 8)).toList();
        ranked.observe(IntStream.range(0, passes.size()).mapToObj(i -> Groups.of("p" + i, 4, 8)).toList());
        ranked.observe(groups);
        assertEquals(0, groups.stream().mapToDouble(g -> Math.log(ranked.weight(g))).sum(), 1e-9);
        assertTrue(groups.stream().mapToDouble(ranked::weight).allMatch(w -> w >= 0.5 - 1e-12 && w <= 2 + 1e-12));
    }

    @Example
    void impossibleRangesAreRefused() {
        assertThrows(BadInput.class, () -> RankedWeighting.of(new ProgressTracker(), 0, 2));
        assertThrows(BadInput.class, () -> RankedWeighting.of(new ProgressTracker(), 2, 1));
    }

    private static RankedWeighting ranked() {
        return RankedWeighting.of(new ProgressTracker(), 0.5, 2);
    }
}
