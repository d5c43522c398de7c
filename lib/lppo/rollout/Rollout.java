package lppo.rollout;

import java.util.Collections;
import java.util.List;

/** Samples completions. A rollout knows tokens, not text, and leaves rewards NaN. */
@FunctionalInterface
public interface Rollout {

    /**
     * Samples one completion for each prompt, in order. Equal prompts may share work.
     *
     * @param step the training step, part of the key of every random draw
     */
    List<Completion> sample(List<Prompt> prompts, long step);

    /** Samples a group of {@code groupSize} completions for each prompt. */
    default List<Group> sample(List<Prompt> prompts, int groupSize, long step) {
        return Group.of(sample(prompts.stream().flatMap(p -> Collections.nCopies(groupSize, p).stream()).toList(), step));
    }
}
