package lppo.run;

import common.BadInput;
import java.util.ArrayList;
import java.util.List;
import llm.Tokenizer;
import lppo.data.Problem;
import lppo.data.PromptFormat;
import lppo.rollout.Prompt;

/**
 * The problems that fit into a model's positions.
 *
 * @param problems problems whose question leaves room for an answer; a solution that does not fit after its question is dropped
 * @param leftOut number of problems whose question fills all positions
 * @param withoutHint number of problems whose solution was dropped
 * @param shortened number of problems with less room than the maximum length of a completion
 * @param longestPrompt tokens of the longest possible prompt: question, or question and solution
 * @param positions of the model
 */
public record PromptFit(List<Problem> problems, int leftOut, int withoutHint, int shortened, int longestPrompt, int positions) {

    /**
     * Checks which problems fit.
     *
     * @param hints whether solutions may be given as prefixes
     * @throws BadInput if no problem fits
     */
    public static PromptFit of(List<Problem> problems, PromptFormat format, Tokenizer tokenizer, int positions, int maxNewTokens,
            boolean hints, Object where) {
        List<Problem> kept = new ArrayList<>();
        int leftOut = 0;
        int withoutHint = 0;
        int shortened = 0;
        int longest = 0;
        for (Problem problem : problems) {
            String asked = format.of(problem.question());
            int question = tokenizer.encode(asked).length;
            boolean hinted = hints && problem.hasDemonstration();
            int prompt = hinted ? Prompt.continued(tokenizer::encode, asked, problem.solution()).length : question;
            if (question >= positions) {
                leftOut++;
                continue;
            }
            if (prompt >= positions) {
                withoutHint++;
                prompt = question;
                kept.add(problem.withoutSolution());
            } else {
                kept.add(problem);
            }
            shortened += prompt + maxNewTokens > positions ? 1 : 0;
            longest = Math.max(longest, prompt);
        }
        BadInput.unless(!kept.isEmpty(), "%s: no question fits the model's %d positions", where, positions);
        return new PromptFit(List.copyOf(kept), leftOut, withoutHint, shortened, longest, positions);
    }

    /** Returns warnings for the user, one line each; empty if everything fits. */
    public List<String> warnings() {
        List<String> warnings = new ArrayList<>();
        int all = problems.size() + leftOut;
        if (leftOut > 0) {
            warnings.add("%d of %d problems are dropped: their question fills the model's %d positions".formatted(leftOut, all, positions));
        }
        if (withoutHint > 0) {
            warnings.add("%d of %d problems lose their solution: it exceeds the model's %d positions"
                    .formatted(withoutHint, all, positions));
        }
        if (shortened > 0) {
            warnings.add("%d of %d problems may be truncated: prompt, prefix and the longest completion exceed the model's %d positions"
                    .formatted(shortened, all, positions));
        }
        return warnings;
    }
}
