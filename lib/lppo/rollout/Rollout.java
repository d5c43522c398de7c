package lppo.rollout;

import java.util.List;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;
import lppo.data.Step;

/**
 * Samples completions. A rollout knows tokens, not text, and leaves rewards NaN; wrappers score, watch, rescue and refill what it
 * samples.
 */
@FunctionalInterface
public interface Rollout {

    /**
     * Samples one completion for each prompt. Equal prompts may share work.
     *
     * @param step its number and seed key every random draw
     * @return a group for each problem, in order of first appearance, its completions in the order of its prompts
     */
    List<Group> sample(List<Prompt> prompts, Step step);

    /** This rollout, with each completion scored. */
    default Rollout scored(ToDoubleFunction<Completion> score) {
        return (prompts, step) -> sample(prompts, step).stream().map(group -> group.scored(score)).toList();
    }

    /** This rollout, which shows all that it samples. */
    default Rollout watched(Consumer<List<Group>> watcher) {
        return (prompts, step) -> {
            List<Group> groups = sample(prompts, step);
            watcher.accept(groups);
            return groups;
        };
    }

    /** This rollout with a share of its rewards turned round, r to 1 - r, to study what that does. */
    default Rollout noisy(double share) {
        return share == 0 ? this : (prompts, step) -> sample(prompts, step).stream().map(group -> {
            int[] index = {0};
            return group.scored(c -> step.random("noise", group.problem().id(), index[0]++).nextDouble() < share
                    ? 1 - c.reward() : c.reward());
        }).toList();
    }
}
