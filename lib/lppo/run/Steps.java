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
 * A step is selected when it is reached, so that a selection may depend on what was observed before. Every method that sets something
 * returns another value and leaves this one alone.
 *
 * <p>Seen in {@code notebooks/6-lppo-against-grpo.ipynb}.
 *
 * @param from problems to choose from
 * @param selection which of them a step visits
 * @param problems how many a step visits, positive
 * @param seed root of all draws
 */
public record Steps(List<Problem> from, Selection selection, int problems, Seed seed) {

    public Steps {
        BadInput.unless(problems > 0, "problems per step %d: must be positive", problems);
        from = List.copyOf(from);
    }

    /** Steps of 64 training problems of a task, half of them with a demonstration, with seed 1: the defaults of {@link Recipe}. */
    public static Steps of(Task task) {
        return new Steps(task.problems(), Recipe.grpo().selection(), Recipe.grpo().problemsPerStep(), new Seed(1));
    }

    /** The same with so many problems in a step. */
    public Steps problems(int value) {
        return new Steps(from, selection, value, seed);
    }

    /** The same with another choice of problems. */
    public Steps selection(Selection value) {
        return new Steps(from, value, problems, seed);
    }

    /** The same with other draws. */
    public Steps seed(long value) {
        return new Steps(from, selection, problems, new Seed(value));
    }

    /**
     * The step of this number, counted from 1.
     *
     * @throws BadInput if there are too few problems
     */
    public Step at(long number) {
        Step step = new Step(number, seed);
        return new Step(number, selection.select(from, problems, step), seed);
    }

    /** The first so many steps, in order. */
    public Iterable<Step> take(long count) {
        return () -> LongStream.rangeClosed(1, count).mapToObj(this::at).iterator();
    }
}
