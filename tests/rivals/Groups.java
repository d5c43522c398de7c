package rivals;

import java.util.List;
import java.util.stream.IntStream;
import lppo.data.Problem;
import lppo.rollout.Completion;
import lppo.rollout.Group;
import lppo.rollout.Prompt;

/** Scored groups for tests of operators. */
final class Groups {

    private Groups() {}

    /** Returns a group of unguided completions of which so many pass. */
    static Group of(String problem, int passes, int completions) {
        return group(problem, passes, completions, 0);
    }

    /** Returns a group of guided completions of which so many pass. */
    static Group guided(String problem, int passes, int completions) {
        return group(problem, passes, completions, 1);
    }

    private static Group group(String problem, int passes, int completions, int prefix) {
        Problem asked = new Problem(problem, "?", "1", "0 1", null, null);
        Prompt prompt = new Prompt(asked, new int[2], prefix, 0.5 * prefix);
        List<Completion> all = IntStream.range(0, completions)
                .mapToObj(i -> new Completion(prompt, new int[1], new float[1], Completion.Finish.STOP, i < passes ? 1 : 0)).toList();
        return new Group(asked, all);
    }
}
