package lppo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import common.BadInput;
import common.Seed;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import lppo.data.Problem;
import lppo.data.Step;
import lppo.rollout.Completion;
import lppo.rollout.Group;
import lppo.rollout.Prompt;
import lppo.rollout.Rollout;
import org.junit.jupiter.api.Test;

/** Tests the bounded replacement of silent groups with groups of other problems. */
class RefilledRolloutTest {

    private static final List<Problem> PROBLEMS = IntStream.range(0, 12).mapToObj(i -> new Problem("p" + i, "?", "1", null, null, null))
            .toList();

    private final List<List<String>> asked = new ArrayList<>();
    private final List<String> requests = new ArrayList<>();

    /** The next problems in the list, and a note of what was asked for. */
    private final Refill next = (problems, count, taken, round, step) -> {
        requests.add("round " + round + ": " + count + ", taken " + taken.size() + ", step " + step.number());
        return problems.stream().filter(p -> !taken.contains(p.id())).limit(count).toList();
    };

    /** The groups of these problems have both rewards, those of the others are silent. */
    private Rollout teaching(Integer... problems) {
        Set<String> ids = new HashSet<>(List.of(problems).stream().map(i -> "p" + i).toList());
        return (prompts, step) -> {
            asked.add(prompts.stream().map(p -> p.problem().id()).distinct().toList());
            return Group.of(IntStream.range(0, prompts.size()).mapToObj(i -> new Completion(prompts.get(i), new int[1], new float[1],
                    Completion.Finish.STOP, ids.contains(prompts.get(i).problem().id()) ? i % 2 : 1)).toList());
        };
    }

    @Test
    void silentGroupsAreReplacedUntilTheStepIsFull() {
        List<Group> groups = sample(teaching(0, 2, 4, 6, 8), 3, next);
        assertEquals(List.of("p0", "p2", "p4", "p6"), ids(groups));
        assertTrue(groups.stream().noneMatch(Group::silent));
        assertEquals(List.of(List.of("p0", "p1", "p2", "p3"), List.of("p4", "p5"), List.of("p6")), asked);
        assertEquals(List.of("round 1: 2, taken 4, step 5", "round 2: 1, taken 6, step 5"), requests);
    }

    @Test
    void aStepWithoutSilentGroupsIsSampledOnce() {
        assertEquals(List.of("p0", "p1", "p2", "p3"), ids(sample(teaching(0, 1, 2, 3), 3, next)));
        assertEquals(1, asked.size());
        assertEquals(List.of(), requests);
    }

    @Test
    void afterTheLastTimeTheStepHasFewerGroups() {
        for (int times : new int[] {1, 2, 3}) {
            asked.clear();
            assertEquals(List.of("p1"), ids(sample(teaching(1), times, next)));
            assertEquals(times + 1, asked.size());
        }
        assertEquals(List.of(), sample(teaching(), 2, next), "no group at all, if all are silent");
    }

    @Test
    void whereProblemsRunOutItEnds() {
        assertEquals(List.of("p1"), ids(sample(teaching(1), 50, next)));
        assertEquals(List.of(4, 3, 3, 2), asked.stream().map(List::size).toList(), "each of the twelve problems once");
        asked.clear();
        sample(teaching(1), 50, (problems, count, taken, round, step) -> List.of());
        assertEquals(1, asked.size());
    }

    @Test
    void theTimesArePositive() {
        assertThrows(BadInput.class, () -> new RefilledRollout(teaching(), 0, PROBLEMS, next, RefilledRolloutTest::prompts));
    }

    private static List<Group> sample(Rollout rollout, int times, Refill refill) {
        List<Prompt> first = PROBLEMS.subList(0, 4).stream().flatMap(p -> prompts(p).stream()).toList();
        return new RefilledRollout(rollout, times, PROBLEMS, refill, RefilledRolloutTest::prompts)
                .sample(first, new Step(5, PROBLEMS.subList(0, 4), new Seed(1)));
    }

    private static List<Prompt> prompts(Problem problem) {
        return Collections.nCopies(2, Prompt.unguided(problem, new int[] {2}));
    }

    private static List<String> ids(List<Group> groups) {
        return groups.stream().map(g -> g.problem().id()).toList();
    }
}
