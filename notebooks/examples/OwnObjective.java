///usr/bin/env jbang "$0" "$@" ; exit $?
//SOURCES ../../lib/lppo/Lppo.java

import llm.Policy;
import lppo.Objective;
import lppo.run.Recipe;
import lppo.run.Training;
import lppo.task.BasePolicy;
import lppo.task.Task;

/** An objective of your own: REINFORCE, without ratio and clip. */
public class OwnObjective {

    public static void main(String... args) {
        Objective reinforce = (logProbs, tokens) -> Objective.loss(logProbs.mul(tokens.advantages()).mul(tokens.weights()).sum().neg());
        try (Policy policy = BasePolicy.load()) {
            Training.of(policy, Task.builtIn()).recipe(Recipe.lppo().objective(reinforce)).run(5)
                    .forEach(step -> System.out.println(step.step() + " " + step.loss()));
        }
    }
}
