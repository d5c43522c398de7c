package lppo.data;

import common.BadInput;
import common.Seed;
import java.util.List;
import java.util.SplittableRandom;

/**
 * One training step: its number, the problems that it visits, and the root of its random streams. Every draw of a step is keyed by
 * (seed, purpose, step, problem, index), see {@link Seed}.
 *
 * @param number counted from 1; 0 stands for an evaluation before or outside training
 * @param problems that the step visits
 * @param seed root of the draws
 */
public record Step(long number, List<Problem> problems, Seed seed) {

    public Step {
        BadInput.unless(number >= 0, "step %d: must be 0 or more", number);
        problems = List.copyOf(problems);
    }

    /** A step that names no problems: enough to sample prompts that are at hand. */
    public Step(long number, Seed seed) {
        this(number, List.of(), seed);
    }

    /** The random stream for one purpose, one problem and one completion of it. */
    public SplittableRandom random(String purpose, String problem, int index) {
        return seed.at(purpose, number, problem, index);
    }

    /** The same step with random streams of its own, for sampling a second time. */
    public Step child(String purpose) {
        return new Step(number, problems, seed.child(purpose));
    }
}
