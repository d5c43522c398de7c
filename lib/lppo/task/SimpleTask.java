package lppo.task;

import common.BadInput;
import java.util.List;
import lppo.data.Problem;
import lppo.data.PromptFormat;
import lppo.judge.Reward;

/**
 * A task from its parts.
 *
 * @param train problems for training
 * @param validation problems for choosing settings; empty for none
 * @param heldOut problems for reporting; empty for none
 * @param longest maximum length of a completion, in tokens
 */
public record SimpleTask(String name, List<Problem> train, List<Problem> validation, List<Problem> heldOut, PromptFormat format,
        Reward reward, int longest) implements Task {

    public SimpleTask {
        BadInput.unless(longest > 0, "longest completion %d: must be positive", longest);
    }

    @Override
    public List<Problem> problems(Split split) {
        return switch (split) {
            case TRAIN -> train;
            case VALIDATION -> validation;
            case HELD_OUT -> heldOut;
        };
    }
}
