package lppo.rollout;

import java.util.List;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;
import lppo.data.Step;

/**
 * Samples completions. A rollout knows tokens, not text, and leaves rewards NaN; wrappers score, observe, rescue and refill its groups.
 */
@FunctionalInterface
public interface Rollout {

    /**
     * Samples one completion per prompt. Equal prompts may share computation.
     *
     * @param step its number and seed key every random draw
     * @return a group for each problem, in order of first appearance, its completions in the order of its prompts
     */
    List<Group> sample(List<Prompt> prompts, Step step);

    /** Returns this rollout with each completion scored. */
    default Rollout scored(ToDoubleFunction<Completion> score) {
        return (prompts, step) -> sample(prompts, step).stream().map(group -> group.scored(score)).toList();
    }

    /** Returns this rollout with an observer of its groups. */
    default Rollout watched(Consumer<List<Group>> watcher) {
        return (prompts, step) -> {
            List<Group> groups = sample(prompts, step);
            watcher.accept(groups);
            return groups;
        };
    }

    /** Returns this rollout with a share of its rewards flipped, from r to 1 - r, to study the effect of noise. */
    default Rollout noisy(double share) {
        return share == 0 ? this : (prompts, step) -> sample(prompts, step).stream().map(group -> {
            int[] index = {0};
            return group.scored(c -> step.random("noise", group.problem().id(), index[0]++).nextDouble() < share
                    ? 1 - c.reward() : c.reward());
        }).toList();
    }
}
