package lppo.rollout;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import common.Seed;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import lppo.data.Problem;
import lppo.data.Step;
import org.junit.jupiter.api.Test;

/** Tests the wrappers of a rollout: scoring, observing, noise. The rollout gives each prompt a completion whose length is its position. */
class RolloutTest {

    private static final Step STEP = new Step(3, new Seed(1));
    private static final Rollout COUNTING = (prompts, step) -> Group.of(IntStream.range(0, prompts.size())
            .mapToObj(i -> new Completion(prompts.get(i), new int[i + 1], new float[i + 1], Completion.Finish.STOP, Double.NaN)).toList());

    @Test
    void completionsAreGatheredByProblemInOrderOfFirstAppearance() {
        List<Group> groups = COUNTING.sample(List.of(prompt("b"), prompt("a"), prompt("b")), STEP);
        assertEquals(List.of("b", "a"), groups.stream().map(g -> g.problem().id()).toList());
        assertArrayEquals(new int[] {1, 3}, groups.get(0).lengths());
        assertArrayEquals(new int[] {2}, groups.get(1).lengths());
    }

    @Test
    void scoringGivesEachCompletionItsReward() {
        List<Group> groups = COUNTING.scored(c -> c.tokens().length / 4.0).sample(List.of(prompt("b"), prompt("a"), prompt("b")), STEP);
        assertArrayEquals(new double[] {0.25, 0.75}, groups.get(0).rewards(), 0);
        assertArrayEquals(new double[] {0.5}, groups.get(1).rewards(), 0);
    }

    @Test
    void aWatcherSeesAllThatIsSampledAndChangesNothing() {
        List<Group> seen = new ArrayList<>();
        Rollout watched = COUNTING.watched(seen::addAll);
        List<Group> first = watched.sample(List.of(prompt("a")), STEP);
        List<Group> second = watched.sample(List.of(prompt("b"), prompt("c")), STEP);
        assertEquals(3, seen.size());
        assertSame(first.get(0), seen.get(0));
        assertSame(second.get(1), seen.get(2));
    }

    @Test
    void noiseTurnsAShareOfTheRewardsRound() {
        double[] rewards = noisy(0.25, "a", 4000, STEP);
        assertEquals(0.25, Arrays.stream(rewards).filter(r -> r == 0.25).count() / 4000.0, 0.03); // deviation 0.007
        assertTrue(Arrays.stream(rewards).allMatch(r -> r == 0.75 || r == 0.25), "r or 1 - r");
    }

    @Test
    void noiseIsKeyedBySeedStepProblemAndPlace() {
        double[] rewards = noisy(0.25, "a", 40, STEP);
        assertArrayEquals(rewards, noisy(0.25, "a", 40, STEP), 0);
        assertArrayEquals(Arrays.copyOf(rewards, 20), noisy(0.25, "a", 20, STEP), 0, "whatever else is sampled");
        List<Prompt> prompts = new ArrayList<>(Collections.nCopies(40, prompt("b")));
        prompts.addAll(Collections.nCopies(40, prompt("a")));
        assertArrayEquals(rewards, COUNTING.scored(c -> 0.75).noisy(0.25).sample(prompts, STEP).get(1).rewards(), 0);
        for (double[] other : List.of(noisy(0.25, "b", 40, STEP), noisy(0.25, "a", 40, new Step(4, new Seed(1))),
                noisy(0.25, "a", 40, new Step(3, new Seed(2))), noisy(0.25, "a", 40, STEP.child("again")))) {
            assertNotEquals(Arrays.toString(rewards), Arrays.toString(other));
        }
    }

    @Test
    void withoutNoiseNothingIsDrawn() {
        assertSame(COUNTING, COUNTING.noisy(0));
    }

    private static double[] noisy(double share, String problem, int count, Step step) {
        return COUNTING.scored(c -> 0.75).noisy(share).sample(Collections.nCopies(count, prompt(problem)), step).get(0).rewards();
    }

    private static Prompt prompt(String id) {
        return Prompt.unguided(new Problem(id, "?", "1", null, null, null), new int[] {2});
    }
}
