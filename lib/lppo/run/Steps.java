package lppo.run;

import common.BadInput;
import common.Seed;
import java.util.List;
import java.util.stream.LongStream;
import lppo.Selection;
import lppo.data.Problem;
import lppo.data.Step;
import lppo.task.Task;

/**
 * The steps of a training run, each with the problems that it visits:
 *
 * <pre>  for (Step step : Steps.of(task).problems(64).take(10)) { ... }</pre>
 *
 * A step is selected when it is reached, so that a selection may depend on earlier observations.
 * Methods that change a setting return a modified copy.
 *
 * <p>Seen in {@code notebooks/6-lppo-against-grpo.ipynb}.
 *
 * @param from problems to choose from
 * @param selection selects those that a step visits
 * @param problems number of problems per step, positive
 * @param seed root of all random draws
 */
public record Steps(List<Problem> from, Selection selection, int problems, Seed seed) {

    public Steps {
        BadInput.unless(problems > 0, "problems per step %d: must be positive", problems);
        from = List.copyOf(from);
    }

    /** Creates steps of 64 training problems of a task, half of them with a demonstration, with seed 1: the defaults of {@link Recipe}. */
    public static Steps of(Task task) {
        return new Steps(task.problems(), Recipe.grpo().selection(), Recipe.grpo().problemsPerStep(), new Seed(1));
    }

    /** Returns a copy with another number of problems per step. */
    public Steps problems(int value) {
        return new Steps(from, selection, value, seed);
    }

    /** Returns a copy with another selection. */
    public Steps selection(Selection value) {
        return new Steps(from, value, problems, seed);
    }

    /** Returns a copy with another seed. */
    public Steps seed(long value) {
        return new Steps(from, selection, problems, new Seed(value));
    }

    /**
     * Returns the step with this number, counted from 1.
     *
     * @throws BadInput if there are too few problems
     */
    public Step at(long number) {
        Step step = new Step(number, seed);
        return new Step(number, selection.select(from, problems, step), seed);
    }

    /** Returns the first {@code count} steps, in order. */
    public Iterable<Step> take(long count) {
        return () -> LongStream.rangeClosed(1, count).mapToObj(this::at).iterator();
    }
}
