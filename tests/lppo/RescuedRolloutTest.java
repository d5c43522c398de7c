package lppo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import common.Seed;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import lppo.data.Problem;
import lppo.data.PromptFormat;
import lppo.data.Step;
import lppo.rollout.Completion;
import lppo.rollout.Group;
import lppo.rollout.Prompt;
import lppo.rollout.Rollout;
import org.junit.jupiter.api.Test;

/** Tests hints in the step in which a whole group failed. */
class RescuedRolloutTest {

    private static final Step STEP = new Step(1, new Seed(1));
    private static final Problem FAILED = new Problem("failed", "q =", "9", "1 2 3 9", null, null);
    private static final Problem MIXED = new Problem("mixed", "q =", "9", "1 2 3 9", null, null);
    private static final Problem BARE = new Problem("bare", "q =", "9", null, null, null);
    private static final Problem HIDDEN = new Problem("hidden", "q =", "9", "9 9", null, null); // nothing of it can be shown
    private static final PrefixSampler PLAIN = new PrefixSampler(
            text -> text.isBlank() ? new int[0] : Arrays.stream(text.strip().split(" ")).mapToInt(String::hashCode).toArray(),
            PromptFormat.plain(), Hint.NONE, new StepCut(), 1);

    private final List<List<Prompt>> asked = new ArrayList<>();
    private final List<Step> steps = new ArrayList<>();

    /** Guided completions pass; of the unguided ones those of {@code mixed} that come first. */
    private final Rollout rollout = (prompts, step) -> {
        asked.add(prompts);
        steps.add(step);
        List<Completion> completions = new ArrayList<>();
        Map<String, Integer> before = new java.util.HashMap<>();
        for (Prompt prompt : prompts) {
            boolean first = before.merge(prompt.problem().id(), 1, Integer::sum) == 1;
            double reward = prompt.guided() || first && prompt.problem() == MIXED ? 1 : 0;
            completions.add(new Completion(prompt, new int[1], new float[1], Completion.Finish.STOP, reward));
        }
        return Group.of(completions);
    };

    @Test
    void aGroupThatFailedAsAWholeIsSampledOnceMoreWithAHintAndReplaced() {
        List<Group> groups = sample(List.of(MIXED, FAILED, BARE), PLAIN.beta(0.5, 0.5));
        assertEquals(List.of("mixed", "failed", "bare"), groups.stream().map(g -> g.problem().id()).toList(), "in their order");
        assertArrayEquals(new double[] {1, 0, 0, 0}, groups.get(0).rewards(), 0, "one passed: no hint");
        assertArrayEquals(new double[] {1, 1, 1, 1}, groups.get(1).rewards(), 0);
        assertTrue(groups.get(1).completions().stream().allMatch(c -> c.prompt().prefixLength() == 2));
        assertArrayEquals(new double[4], groups.get(2).rewards(), 0, "no demonstration, no hint");
        assertEquals(List.of(12, 4), asked.stream().map(List::size).toList(), "only the failed group again");
    }

    @Test
    void theSecondTimeHasDrawsOfItsOwn() {
        sample(List.of(FAILED), PLAIN.beta(0.5, 0.5));
        assertEquals(1, steps.get(1).number());
        assertNotEquals(steps.get(0).random("rollout", "failed", 0).nextLong(), steps.get(1).random("rollout", "failed", 0).nextLong());
        assertEquals(STEP.child("again"), steps.get(1));
    }

    @Test
    void whereNothingIsHintedNothingIsSampledAgain() {
        for (PrefixSampler hints : List.of(PLAIN, PLAIN.beta(0.5, 0.5).when(problem -> false))) {
            asked.clear();
            List<Group> groups = sample(List.of(FAILED), hints);
            assertArrayEquals(new double[4], groups.get(0).rewards(), 0);
            assertEquals(1, asked.size());
        }
        asked.clear();
        sample(List.of(HIDDEN, MIXED), PLAIN.beta(0.5, 0.5));
        assertEquals(1, asked.size());
    }

    @Test
    void aShareOfTheGroupMayGetTheHint() {
        List<Group> groups = sample(List.of(FAILED), PLAIN.beta(0.5, 0.5).share(0.5));
        assertArrayEquals(new double[] {0, 0, 1, 1}, groups.get(0).rewards(), 0);
    }

    @Test
    void groupsThatNeedNoRescueAreTheSameObjects() {
        List<Group> given = rollout.sample(PLAIN.plain(MIXED, 4), STEP);
        assertSame(given.get(0), new RescuedRollout((prompts, step) -> given, PLAIN.beta(0.5, 0.5)).sample(List.of(), STEP).get(0));
    }

    private List<Group> sample(List<Problem> problems, PrefixSampler hints) {
        return new RescuedRollout(rollout, hints).sample(PLAIN.prompts(new Step(1, problems, new Seed(1)), 4), STEP);
    }
}
