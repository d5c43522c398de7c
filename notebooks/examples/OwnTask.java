///usr/bin/env jbang "$0" "$@" ; exit $?
//SOURCES ../../lib/lppo/Lppo.java

import java.util.List;
import java.util.stream.IntStream;
import llm.Policy;
import lppo.data.Problem;
import lppo.judge.Reward;
import lppo.run.Recipe;
import lppo.run.Training;
import lppo.task.BasePolicy;
import lppo.task.Task;

/** A task of your own: one step of arithmetic modulo 61, asked as the base policy was taught to read. */
public class OwnTask {

    public static void main(String... args) {
        List<Problem> problems = IntStream.range(0, 61)
                .mapToObj(i -> new Problem("double-" + i, "start " + i + " *2" + " .".repeat(11) + " =",
                        Integer.toString(2 * i % 61), null, "1", "own"))
                .toList();
        Task task = Task.of("doubling", problems, problems, Reward.lastWord(), 4);
        try (Policy policy = BasePolicy.load()) {
            Recipe recipe = Recipe.grpo().problemsPerStep(32);
            Training.of(policy, task).recipe(recipe).run(10).forEach(step -> System.out.println(step.step() + " " + step.passRate()));
            System.out.println("greedy " + task.evaluate(policy, Task.Split.VALIDATION).all().greedy());
        }
    }
}
