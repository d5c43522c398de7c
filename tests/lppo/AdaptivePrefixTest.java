package lppo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import common.BadInput;
import common.Seed;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import lppo.data.Problem;
import lppo.data.Step;
import lppo.rollout.Completion;
import lppo.rollout.Group;
import lppo.rollout.Prompt;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.Size;

/** Tests hints of adaptive length. */
class AdaptivePrefixTest {

    @Example
    void theFirstHintIsTheLongest() {
        AdaptivePrefix hints = hints();
        assertEquals(0.9, hints.beta("a"), 0);
        hints.observe("a", 1);
        assertEquals(0.9, hints.beta("b"), 0, "of every problem");
        assertTrue(hints.state().containsKey("a") && !hints.state().containsKey("b"), "asking leaves no trace");
    }

    @Example
    void aHintGetsShorterAsItPassesAndLongerAsItFails() {
        AdaptivePrefix hints = hints();
        hints.observe("a", 1);
        assertEquals(0.9 - 0.2 * 0.5, hints.beta("a"), 1e-12);
        hints.observe("a", 0.75);
        assertEquals(0.8 - 0.2 * 0.25, hints.beta("a"), 1e-12);
        hints.observe("a", 0.5);
        assertEquals(0.75, hints.beta("a"), 1e-12, "at the target it stays");
        hints.observe("a", 0);
        assertEquals(0.85, hints.beta("a"), 1e-12);
        hints.observe("a", 0);
        assertEquals(0.9, hints.beta("a"), 0, "never longer than the longest");
    }

    @Property(tries = 200)
    void aHintStaysInItsBoundsAndMovesAgainstItsSuccess(@ForAll @Size(max = 30) List<@DoubleRange(min = 0, max = 1) Double> rates) {
        AdaptivePrefix hints = hints();
        for (double rate : rates) {
            double before = hints.beta("a");
            hints.observe("a", rate);
            double after = hints.beta("a");
            assertTrue(after >= 0.3 && after <= 0.9, "beta " + after);
            assertTrue(rate > 0.5 ? after <= before : after >= before, before + " to " + after + " at " + rate);
            assertTrue(Math.abs(after - before) <= 0.2 * 0.5 + 1e-12);
        }
    }

    @Property(tries = 50)
    void theStateGoesOnWhereItWas(@ForAll @Size(min = 1, max = 10) List<@DoubleRange(min = 0, max = 1) Double> rates) {
        AdaptivePrefix one = hints();
        for (int i = 0; i < rates.size(); i++) {
            one.observe("p" + i % 3, rates.get(i));
        }
        AdaptivePrefix other = hints();
        other.restore(one.state());
        one.observe("p0", 0.7);
        other.observe("p0", 0.7);
        for (String problem : List.of("p0", "p1", "p2", "unseen")) {
            assertEquals(one.beta(problem), other.beta(problem), 0);
        }
    }

    @Example
    void onlyGuidedCompletionsMoveIt() {
        Problem problem = new Problem("a", "?", "1", "0 1", null, null);
        AdaptivePrefix hints = hints();
        hints.observe(List.of(group(problem, 0, 1, 1))); // unguided
        assertEquals(0.9, hints.beta(problem, new Step(1, new Seed(1))), 0);
        hints.observe(List.of(group(problem, 2, 1, 1)));
        assertEquals(0.8, hints.beta(problem, new Step(2, new Seed(1))), 1e-12);
        hints.observe(List.of(new Group(problem, Stream.concat(group(problem, 0, 0, 0, 0).completions().stream(), // a mixed group
                group(problem, 2, 1, 0.5).completions().stream()).toList())));
        assertEquals(0.8 - 0.2 * 0.25, hints.beta(problem, new Step(3, new Seed(1))), 1e-12);
    }

    @Example
    void theStateIsACopy() {
        AdaptivePrefix hints = hints();
        hints.observe("a", 1);
        Map<String, double[]> state = hints.state();
        hints.observe("a", 1);
        hints.observe("b", 1);
        assertEquals(1, state.size());
        assertEquals(0.8, state.get("a")[0], 1e-12);
        hints.restore(state);
        assertEquals(0.8, hints.beta("a"), 1e-12);
        assertEquals(0.9, hints.beta("b"), 0, "what came later is forgotten");
        hints.restore(Map.of());
        assertEquals(0.9, hints.beta("a"), 0, "an empty state begins anew");
    }

    @Example
    void anImpossibleStateIsRefused() {
        for (double[] saved : new double[][] {null, {1.5}, {-0.1}, {Double.NaN}, {}, {0.5, 0.5}}) {
            AdaptivePrefix hints = hints();
            hints.observe("b", 1);
            assertThrows(BadInput.class, () -> hints.restore(Collections.singletonMap("a", saved)));
            assertEquals(0.8, hints.beta("b"), 1e-12, "and changes nothing");
        }
    }

    @Example
    void badNumbersAreRefused() {
        assertThrows(BadInput.class, () -> new AdaptivePrefix(0.9, 0.3, 0.5, 0.2));
        for (double target : new double[] {-0.1, 1.1, Double.NaN}) {
            assertThrows(BadInput.class, () -> new AdaptivePrefix(0.3, 0.9, target, 0.2));
        }
        for (double gain : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
            assertThrows(BadInput.class, () -> new AdaptivePrefix(0.3, 0.9, 0.5, gain));
        }
    }

    /** A group with these rewards, behind prefixes of this length. */
    private static Group group(Problem problem, int prefix, double... rewards) {
        Prompt prompt = new Prompt(problem, new int[3], prefix, prefix > 0 ? 0.5 : 0);
        return new Group(problem, Arrays.stream(rewards)
                .mapToObj(r -> new Completion(prompt, new int[1], new float[1], Completion.Finish.STOP, r)).toList());
    }

    private static AdaptivePrefix hints() {
        return new AdaptivePrefix(0.3, 0.9, 0.5, 0.2);
    }
}
