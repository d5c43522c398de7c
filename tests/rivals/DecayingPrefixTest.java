package rivals;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import common.BadInput;
import common.Seed;
import lppo.data.Step;
import net.jqwik.api.Example;

/** Tests hints whose length decays. */
class DecayingPrefixTest {

    @Example
    void itFollowsTheCosineAndStays() {
        DecayingPrefix hint = new DecayingPrefix(0.9, 0.1, 100);
        assertEquals(0.9, beta(hint, 1), 1e-12);
        assertEquals(0.5, beta(hint, 51), 1e-12); // half way
        assertEquals(0.1 + 0.8 * (1 + Math.sqrt(0.5)) / 2, beta(hint, 26), 1e-12);
        for (long step : new long[] {101, 102, 100_000}) {
            assertEquals(0.1, beta(hint, step), 0);
        }
        for (int step = 1; step < 120; step++) {
            assertTrue(beta(hint, step + 1) <= beta(hint, step));
        }
        assertEquals(0, beta(new DecayingPrefix(0.95, 0, 100), 101), 0, "no hint, not a tiny one");
        assertEquals(new DecayingPrefix(0.9, 0.1, 7), hint.steps(7));
    }

    @Example
    void impossibleRangesAreRefused() {
        assertThrows(BadInput.class, () -> new DecayingPrefix(1.1, 0, 1));
        assertThrows(BadInput.class, () -> new DecayingPrefix(0.5, 0.6, 1));
        assertThrows(BadInput.class, () -> new DecayingPrefix(0.5, -0.1, 1));
        assertThrows(BadInput.class, () -> new DecayingPrefix(Double.NaN, 0, 1));
        assertThrows(BadInput.class, () -> new DecayingPrefix(0.5, 0, 0));
    }

    private static double beta(DecayingPrefix hint, long step) {
        return hint.beta(null, new Step(step, new Seed(1)));
    }
}
