package lppo.rollout;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import lppo.data.Problem;

/**
 * The G completions of one problem, which are compared with each other. In a mixed group some of them are guided.
 *
 * <p>Seen in {@code notebooks/1-what-is-a-rollout.ipynb}.
 *
 * @param problem the common problem
 * @param completions in sampling order
 */
public record Group(Problem problem, List<Completion> completions) {

    /** Gathers completions by problem, in order of first appearance. */
    public static List<Group> of(List<Completion> completions) {
        Map<String, List<Completion>> byProblem = new LinkedHashMap<>();
        completions.forEach(c -> byProblem.computeIfAbsent(c.prompt().problem().id(), id -> new ArrayList<>()).add(c));
        return byProblem.values().stream().map(list -> new Group(list.get(0).prompt().problem(), list)).toList();
    }

    /** Returns a group without a problem, of completions of one token with these rewards, to inspect operators. */
    public static Group ofRewards(double... rewards) {
        return ofRewards(rewards, Arrays.stream(rewards).mapToInt(r -> 1).toArray());
    }

    /** Returns a group without a problem, of completions with these rewards and lengths. */
    public static Group ofRewards(double[] rewards, int[] lengths) {
        Problem none = new Problem("", "", "", null, null, null);
        Prompt prompt = Prompt.unguided(none, new int[0]);
        return new Group(none,
                IntStream.range(0, rewards.length)
                        .mapToObj(
                                i -> new Completion(prompt, new int[lengths[i]], new float[lengths[i]], Completion.Finish.STOP, rewards[i]))
                        .toList());
    }

    /** The group with each completion scored. */
    public Group scored(ToDoubleFunction<Completion> score) {
        return new Group(problem,
                completions.stream().map(c -> c.withReward(score.applyAsDouble(c))).toList());
    }

    /** The rewards, in order. */
    public double[] rewards() {
        return completions.stream().mapToDouble(Completion::reward).toArray();
    }

    /** The tokens of each completion, in order. */
    public int[] lengths() {
        return completions.stream().mapToInt(c -> c.tokens().length).toArray();
    }

    /** Mean reward of the unguided completions, the pass rate of the policy by itself; empty if all are guided. */
    public OptionalDouble passRate() {
        return completions.stream().filter(c -> !c.prompt().guided()).mapToDouble(Completion::reward).average();
    }

    /** Mean reward of the guided completions; empty if there is none. */
    public OptionalDouble guidedPassRate() {
        return completions.stream().filter(c -> c.prompt().guided()).mapToDouble(Completion::reward).average();
    }

    /** Returns whether any completion has an expert prefix. */
    public boolean guided() {
        return completions.stream().anyMatch(c -> c.prompt().guided());
    }

    /** Whether all rewards are equal, so that every advantage is zero and nothing is learned. */
    public boolean silent() {
        double first = completions.get(0).reward();
        return completions.stream().allMatch(c -> c.reward() == first);
    }
}
