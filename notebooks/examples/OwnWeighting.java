///usr/bin/env jbang "$0" "$@" ; exit $?
//SOURCES ../../lib/lppo/Lppo.java

import llm.Policy;
import lppo.Weighting;
import lppo.rollout.Group;
import lppo.run.Recipe;
import lppo.run.Training;
import lppo.task.BasePolicy;
import lppo.task.Task;

/** A weighting of your own: p (1 - p), most for what is half solved. Also: {@code ./jbang train --weighting …/OwnWeighting.java}. */
public class OwnWeighting implements Weighting {

    @Override
    public double weight(Group group) {
        double p = group.passRate().orElse(0.5);
        return 4 * p * (1 - p);
    }

    public static void main(String... args) {
        try (Policy policy = BasePolicy.load()) {
            Recipe recipe = Recipe.pg().weighting(new OwnWeighting());
            Training.of(policy, Task.builtIn()).recipe(recipe).run(5)
                    .forEach(step -> System.out.println(step.step() + " " + step.passRate()));
        }
    }
}
