package lppo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import common.BadInput;
import lppo.rollout.Completion;
import lppo.rollout.Group;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Tests the penalty near the maximum length. */
class OverlongTest {

    @Example
    void theSlopeOfThePaper() { // DAPO, section 4.1: 20,480 tokens, of which the last 4,096 are punished
        Overlong overlong = new Overlong(20_480, 4096);
        assertEquals(0, overlong.penalty(1), 0);
        assertEquals(0, overlong.penalty(16_384), 0, "where it begins");
        assertEquals(-1 / 4096.0, overlong.penalty(16_385), 1e-12);
        assertEquals(-0.5, overlong.penalty(18_432), 1e-12);
        assertEquals(-1, overlong.penalty(20_480), 0);
        assertEquals(-1, overlong.penalty(30_000), 0);
    }

    @Example
    void slopesOfNoneOfOneAndOfAllTokens() {
        for (int length : new int[] {0, 1, 10, 11}) {
            assertEquals(0, new Overlong(10, 0).penalty(length), 0, "no slope, no punishment");
        }
        assertEquals(0, new Overlong(10, 1).penalty(9), 0);
        assertEquals(-1, new Overlong(10, 1).penalty(10), 0);
        assertEquals(0, new Overlong(10, 10).penalty(0), 0);
        assertEquals(-0.3, new Overlong(10, 10).penalty(3), 1e-12);
        assertEquals(0, new Overlong(0, 0).penalty(0), 0);
    }

    @Property(tries = 200)
    void aLongerCompletionNeverLosesLess(@ForAll @IntRange(min = 1, max = 50) int longest, @ForAll @IntRange(max = 50) int slope) {
        Overlong overlong = new Overlong(longest, Math.min(longest, slope));
        for (int length = 1; length <= longest; length++) {
            double penalty = overlong.penalty(length);
            assertTrue(penalty >= -1 && penalty <= 0 && penalty <= overlong.penalty(length - 1), "at " + length);
        }
        assertEquals(overlong.cache() == 0 ? 0 : -1, overlong.penalty(longest), 0);
    }

    /** What the options of {@code train} make of it is in TrainingOptionsTest. */
    @Example
    void theSlopeIsTheAlgorithmsUnlessAnotherIsAskedFor() {
        for (int length : new int[] {1, 13, 14}) {
            assertEquals(0, Algorithm.grpo().overlong().penalty(length), 0);
        }
        assertEquals(new Overlong(14, 2), Algorithm.dapo(14).overlong(), "a fifth of 14");
        assertEquals(new Overlong(14, 0), Algorithm.dapo(14).overlong(new Overlong(14, 0)).overlong());
        assertEquals(new Overlong(14, 14), Algorithm.grpo().overlong(new Overlong(14, 14)).overlong());
    }

    @Example
    void aPenaltyIsAddedToTheRewardAndLeavesTheCompletionAlone() {
        Completion completion = Group.ofRewards(new double[] {1}, new int[] {9}).completions().get(0);
        assertEquals(0.5, new Overlong(10, 2).reward(completion), 0);
        assertEquals(1, completion.reward(), 0);
        assertEquals(1, Overlong.NONE.reward(completion), 0);
    }

    @Example
    void badNumbersAreRefused() {
        BadInput refused = assertThrows(BadInput.class, () -> new Overlong(14, 15));
        assertTrue(refused.getMessage().contains("15") && refused.getMessage().contains("14"), refused.getMessage());
        assertThrows(BadInput.class, () -> new Overlong(10, -1));
    }
}
