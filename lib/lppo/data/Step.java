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
 * @param seed root of all random draws
 */
public record Step(long number, List<Problem> problems, Seed seed) {

    public Step {
        BadInput.unless(number >= 0, "step %d: must be 0 or more", number);
        problems = List.copyOf(problems);
    }

    /** Returns a step without problems, enough to sample given prompts. */
    public Step(long number, Seed seed) {
        this(number, List.of(), seed);
    }

    /** Returns the random generator for one purpose, one problem and one of its completions. */
    public SplittableRandom random(String purpose, String problem, int index) {
        return seed.at(purpose, number, problem, index);
    }

    /** Returns a copy with independent random streams, for sampling a second time. */
    public Step child(String purpose) {
        return new Step(number, problems, seed.child(purpose));
    }
}
