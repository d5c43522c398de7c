package lppo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import lppo.data.BadInput;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.Size;

/** Hints as long as they need to be. */
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
        other.state().putAll(one.state());
        one.observe("p0", 0.7);
        other.observe("p0", 0.7);
        for (String problem : List.of("p0", "p1", "p2", "unseen")) {
            assertEquals(one.beta(problem), other.beta(problem), 0);
        }
    }

    @Example
    void badNumbersAreRefused() {
        for (double target : new double[] {-0.1, 1.1, Double.NaN}) {
            assertThrows(BadInput.class, () -> new AdaptivePrefix(0.3, 0.9, target, 0.2));
        }
        for (double gain : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
            assertThrows(BadInput.class, () -> new AdaptivePrefix(0.3, 0.9, 0.5, gain));
        }
    }

    private static AdaptivePrefix hints() {
        return new AdaptivePrefix(0.3, 0.9, 0.5, 0.2);
    }
}
