///usr/bin/env jbang "$0" "$@" ; exit $?
//SOURCES ../../lib/lppo/Lppo.java

import llm.Policy;
import lppo.Hint;
import lppo.data.Problem;
import lppo.data.Step;
import lppo.run.Recipe;
import lppo.run.Training;
import lppo.task.BasePolicy;
import lppo.task.Task;

/** A hint rule of your own: long hints first, shorter ones later. Also: {@code ./jbang train --hint notebooks/examples/OwnHint.java}. */
public class OwnHint implements Hint {

    @Override
    public double beta(Problem problem, Step step) {
        return Math.max(0.3, 0.9 - 0.01 * step.number());
    }

    public static void main(String... args) {
        try (Policy policy = BasePolicy.load()) {
            Training.of(policy, Task.builtIn()).recipe(Recipe.lppo().hint(new OwnHint())).run(5)
                    .forEach(step -> System.out.println(step.step() + " " + step.guidedPassRate()));
        }
    }
}
