package lppo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import common.BadInput;
import common.Seed;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import lppo.data.Problem;
import lppo.data.Step;
import lppo.rollout.Group;
import net.jqwik.api.Example;

/** Tests the length of hints, and which problems get one and when. */
class HintTest {

    private static final Problem CHAIN = new Problem("c", "start 17 +3 *2 -7 +3 =", "36", "20 40 33 36", "4", null);

    @Example
    void betaIsDrawnUniformlyFromItsRangePerSeedStepAndProblem() {
        Hint hint = Hint.random(0.5, 0.9);
        double[] betas = IntStream.range(0, 2000).mapToDouble(step -> hint.beta(CHAIN, new Step(step, new Seed(3)))).toArray();
        assertTrue(Arrays.stream(betas).allMatch(b -> b >= 0.5 && b <= 0.9));
        assertEquals(0.7, Arrays.stream(betas).average().orElseThrow(), 0.011); // 0.4 / sqrt(12 * 2000) = 0.0026, four of them
        assertEquals(2000, Arrays.stream(betas).distinct().count());
        assertEquals(betas[7], Hint.random(0.5, 0.9).beta(CHAIN, new Step(7, List.of(CHAIN), new Seed(3))), 0,
                "the same step, the same draw");
        Set<Double> draws = new HashSet<>(List.of(betas[7], hint.beta(CHAIN, new Step(7, new Seed(4))),
                hint.beta(new Problem("d", "?", "1", "1", null, null), new Step(7, new Seed(3)))));
        assertEquals(3, draws.size(), "another seed, another problem, another draw");
    }

    @Example
    void aRangeMayBeAPoint() {
        assertEquals(0.4, new RandomPrefix(0.4, 0.4).beta(CHAIN, new Step(1, new Seed(1))), 0);
    }

    @Example
    void impossibleRangesAreRefused() {
        for (double[] range : new double[][] {{-0.1, 0.5}, {0.5, 1.1}, {0.6, 0.5}, {Double.NaN, 0.5}, {0.5, Double.NaN}}) {
            assertThrows(BadInput.class, () -> new RandomPrefix(range[0], range[1]));
        }
    }

    @Example
    void theRuleStandsOnItsThresholds() {
        GuidanceRule rule = new GuidanceRule(0.25, 2, 0.125, 3);
        assertTrue(rule.guides(entry(0.25, 0.125, 2, 2)), "all at their limits");
        assertFalse(rule.guides(entry(Math.nextUp(0.25), 0, 2, 0)), "passes too often");
        assertFalse(rule.guides(entry(0.25, Math.nextUp(0.125), 2, 0)), "is being learned");
        assertFalse(rule.guides(entry(0.25, 0, 1, 0)), "seen too seldom");
        assertFalse(rule.guides(entry(0.25, 0, 2, 3)), "guided often enough in a row");
        assertFalse(new ProgressTracker().failing(rule).test(CHAIN), "never seen");
        assertTrue(new ProgressTracker().failing(new GuidanceRule(0, 0, 0, 1)).test(CHAIN), "never seen counts as failing");
    }

    @Example
    void impossibleRulesAreRefused() {
        for (double average : new double[] {-0.1, 1.1, Double.NaN}) {
            assertThrows(BadInput.class, () -> new GuidanceRule(average, 0, 1, 1));
        }
        assertThrows(BadInput.class, () -> new GuidanceRule(0.3, -1, 1, 1));
        assertThrows(BadInput.class, () -> new GuidanceRule(0.3, 0, 1, 0));
        for (double progress : new double[] {-1.1, Double.NaN}) {
            assertThrows(BadInput.class, () -> new GuidanceRule(0.3, 0, progress, 1));
        }
    }

    /** The condition is asked anew each time, by what is known then. */
    @Example
    void aConditionDecidesWhoGetsTheHint() {
        ProgressTracker tracker = new ProgressTracker();
        Hint hint = Hint.random(0.5, 0.5).when(tracker.failing(0.3));
        Step step = new Step(1, new Seed(1));
        assertEquals(0, hint.beta(CHAIN, step), 0);
        tracker.observe("c", 0.25);
        assertEquals(0.5, hint.beta(CHAIN, step), 0);
        tracker.visitGuided("c");
        assertEquals(0, hint.beta(CHAIN, step), 0);
        tracker.observe("c", 0.25);
        assertFalse(tracker.failing(0.3).test(CHAIN.withoutSolution()), "without a demonstration there is nothing to show");
        assertEquals(0, Hint.NONE.beta(CHAIN, step), 0);
    }

    @Example
    void aConditionalHintRemembersWhatItsHintRemembers() {
        Hint hint = new Counting().when(problem -> true).when(problem -> true);
        Stateful stateful = (Stateful) hint;
        stateful.observe(List.of(Group.ofRewards(1, 0)));
        stateful.observe(List.of(Group.ofRewards(1, 0), Group.ofRewards(0, 0)));
        assertArrayEquals(new double[] {3}, stateful.state().get("groups"), 0);
        assertEquals(Map.of("groups_seen", 3.0), stateful.metrics());
        assertEquals(0.3, hint.beta(CHAIN, new Step(1, new Seed(1))), 1e-12);

        Hint resumed = new Counting().when(problem -> true);
        ((Stateful) resumed).restore(stateful.state());
        assertEquals(0.3, resumed.beta(CHAIN, new Step(1, new Seed(1))), 1e-12);
        ((Stateful) resumed).restore(Map.of());
        assertEquals(0, resumed.beta(CHAIN, new Step(1, new Seed(1))), 0, "an empty state begins anew");
    }

    @Example
    void aConditionOnAHintThatRemembersNothingHasNoState() {
        Stateful stateful = (Stateful) Hint.random(0.3, 0.9).when(problem -> true);
        stateful.observe(List.of(Group.ofRewards(1, 0)));
        assertEquals(Map.of(), stateful.state());
        assertEquals(Map.of(), stateful.metrics());
        stateful.restore(Map.of());
    }

    /** A hint that gets a tenth longer with each group. */
    private static final class Counting implements Hint, Stateful {

        private double groups;

        @Override
        public double beta(Problem problem, Step step) {
            return groups / 10;
        }

        @Override
        public void observe(List<Group> observed) {
            groups += observed.size();
        }

        @Override
        public Map<String, double[]> state() {
            return new LinkedHashMap<>(Map.of("groups", new double[] {groups}));
        }

        @Override
        public void restore(Map<String, double[]> state) {
            groups = state.getOrDefault("groups", new double[1])[0];
        }

        @Override
        public Map<String, Double> metrics() {
            return Map.of("groups_seen", groups);
        }
    }

    private static ProgressTracker.Entry entry(double average, double progress, int seen, int guidedSince) {
        return new ProgressTracker.Entry(average, average, progress, seen, guidedSince);
    }
}
