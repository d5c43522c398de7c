package rivals;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import common.Seed;
import java.util.List;
import java.util.SplittableRandom;
import lppo.ProgressTracker;
import lppo.rollout.Group;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.apache.commons.math3.stat.correlation.PearsonsCorrelation;

/** Tests weights that are taken before the group is observed. */
class EarlierWeightingTest {

    @Property(tries = 50)
    void theWeightIsThatOfTheVisitBefore(@ForAll @Size(min = 1, max = 12) List<@IntRange(min = 0, max = 8) Integer> passes) {
        EarlierWeighting earlier = EarlierWeighting.of(new ProgressTracker());
        ProgressTracker tracker = new ProgressTracker();
        for (int pass : passes) {
            Group group = Groups.of("a", pass, 8);
            double before = tracker.weight(group);
            tracker.observe(List.of(group));
            earlier.observe(List.of(group));
            assertEquals(before, earlier.weight(group), 0);
        }
        assertArrayEquals(tracker.state().get("a"), earlier.state().get("a"), 0);
    }

    /** BREAD samples a problem twice in a step. */
    @Example
    void twoGroupsOfAProblemInAStepHaveOneWeight() {
        EarlierWeighting earlier = EarlierWeighting.of(new ProgressTracker());
        earlier.observe(List.of(Groups.of("a", 0, 8)));
        earlier.observe(List.of(Groups.of("a", 8, 8)));
        double expected = new ProgressTracker().weight(0.5); // the rise from 0 to 1, half of which the average takes
        List<Group> both = List.of(Groups.of("a", 0, 8), Groups.of("a", 8, 8));
        earlier.observe(both);
        both.forEach(group -> assertEquals(expected, earlier.weight(group), 0));
    }

    /** The pass rate stands still, so all that varies is luck. */
    @Example
    void itDoesNotFollowTheLuckOfItsOwnGroup() {
        SplittableRandom random = new Seed(1).at("luck", 0);
        EarlierWeighting earlier = EarlierWeighting.of(new ProgressTracker());
        ProgressTracker tracker = new ProgressTracker();
        int visits = 2000;
        double[] luck = new double[visits];
        double[] mine = new double[visits];
        double[] papers = new double[visits];
        for (int i = 0; i < visits; i++) {
            Group group = Groups.of("a", (int) random.doubles(8).filter(u -> u < 0.4).count(), 8);
            tracker.observe(List.of(group));
            earlier.observe(List.of(group));
            luck[i] = group.passRate().orElseThrow();
            mine[i] = earlier.weight(group);
            papers[i] = tracker.weight(group);
        }
        assertTrue(new PearsonsCorrelation().correlation(luck, papers) > 0.7);
        assertEquals(0, new PearsonsCorrelation().correlation(luck, mine), 4 / Math.sqrt(visits));
    }
}
