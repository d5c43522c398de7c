package rivals;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import common.BadInput;
import common.Seed;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import lppo.Hint;
import lppo.PrefixSampler;
import lppo.data.Problem;
import lppo.data.PromptFormat;
import lppo.data.Step;
import lppo.rollout.Completion;
import lppo.rollout.Group;
import lppo.rollout.Prompt;
import lppo.rollout.Rollout;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Tests the search for the shortest working hint of a failed group. */
class SearchedRolloutTest {

    private static final Step STEP = new Step(1, new Seed(1));
    private static final Problem HARD = new Problem("hard", "q =", "9", "1 2 3 4 5 6 7 8 9", null, null);
    private static final Problem BARE = new Problem("bare", "q =", "9", null, null, null);
    private static final PrefixSampler PLAIN = new PrefixSampler(
            text -> text.isBlank() ? new int[0] : Arrays.stream(text.strip().split(" ")).mapToInt(String::hashCode).toArray(),
            PromptFormat.plain(), Hint.NONE, (problem, beta, length) -> String.join(" ",
                    Arrays.asList(problem.solution().split(" ")).subList(0, (int) (8 * beta))),
            1);

    private final List<List<Integer>> prefixes = new ArrayList<>();
    private final List<Step> steps = new ArrayList<>();

    /** One of the group passes with a prefix of {@code some} tokens or more, all with {@code all} or more. */
    private Rollout rollout(int some, int all) {
        return (prompts, step) -> {
            steps.add(step);
            prefixes.add(prompts.stream().map(Prompt::prefixLength).distinct().toList());
            Map<String, Integer> before = new HashMap<>();
            List<Completion> completions = prompts.stream().map(prompt -> {
                boolean first = before.merge(prompt.problem().id(), 1, Integer::sum) == 1;
                boolean passes = prompt.prefixLength() >= all || first && prompt.prefixLength() >= some;
                return new Completion(prompt, new int[1], new float[1], Completion.Finish.STOP, passes ? 1 : 0);
            }).toList();
            return Group.of(completions);
        };
    }

    @Example
    void itGoesLongerWhereAllFailAndEndsWithAMixedGroup() {
        Group found = search(rollout(7, 8), 0.5, 3, HARD).get(0);
        assertEquals(List.of(List.of(0), List.of(4), List.of(6), List.of(7)), prefixes); // 8 beta: 4, 6, 7
        assertArrayEquals(new double[] {1, 0, 0, 0}, found.rewards(), 0);
        assertEquals(4, steps.stream().map(step -> step.random("rollout", "hard", 0).nextLong()).distinct().count(), "draws of their own");
    }

    @Example
    void itGoesShorterWhereAllPass() {
        Group found = search(rollout(2, 3), 0.5, 3, HARD).get(0);
        assertEquals(List.of(List.of(0), List.of(4), List.of(2)), prefixes);
        assertEquals(2, found.completions().get(0).prompt().prefixLength());
    }

    @Example
    void aGroupWithoutAMixedHintStays() {
        List<Group> groups = search(rollout(9, 9), 0.5, 2, HARD, BARE);
        assertEquals(List.of(List.of(0), List.of(4), List.of(6)), prefixes, "two tries, and nothing for a problem without a solution");
        groups.forEach(group -> assertArrayEquals(new double[4], group.rewards(), 0));
        groups.forEach(group -> assertEquals(0, group.completions().get(0).prompt().prefixLength()));
    }

    @Example
    void aHintThatShowsNothingIsNotTried() {
        search(rollout(1, 9), 0.1, 3, HARD); // 8 x 0.1 shows nothing, nor needs a try: 0.55
        assertEquals(List.of(List.of(0), List.of(4)), prefixes);
    }

    @Example
    void whatPassedOrGetsNoHintIsLeftAlone() {
        Group passed = Groups.of("a", 1, 4);
        SearchedRollout search = new SearchedRollout((prompts, step) -> {
            steps.add(step);
            return List.of(passed);
        }, PLAIN.hint((problem, step) -> 0.5), 3);
        assertSame(passed, search.sample(List.of(), STEP).get(0));
        assertEquals(1, steps.size());
        steps.clear();
        search(rollout(1, 9), 0, 3, HARD);
        assertEquals(1, steps.size(), "beta 0: no search");
        assertThrows(BadInput.class, () -> new SearchedRollout(rollout(1, 1), PLAIN, 0));
    }

    @Property(tries = 40)
    void whateverWorksItNeverSamplesMoreThanItsTries(@ForAll @IntRange(min = 1, max = 9) int some,
            @ForAll @IntRange(min = 1, max = 9) int all, @ForAll @IntRange(min = 1, max = 5) int tries) {
        steps.clear();
        Group end = search(rollout(some, all), 0.5, tries, HARD).get(0);
        assertEquals(true, steps.size() <= 1 + tries);
        assertEquals(end.guided(), !end.silent());
        if (tries == 5 && some < all && all < 9) {
            assertNotEquals(0, Arrays.stream(end.rewards()).sum(), "bisection finds every length of eight");
        }
    }

    private static List<Group> search(Rollout rollout, double beta, int tries, Problem... problems) {
        return new SearchedRollout(rollout, PLAIN.hint((problem, step) -> beta), tries)
                .sample(PLAIN.prompts(new Step(1, List.of(problems), new Seed(1)), 4), STEP);
    }
}
