///usr/bin/env jbang "$0" "$@" ; exit $?
//SOURCES ../../lib/lppo/Lppo.java

import llm.Policy;
import lppo.data.Problem;
import lppo.judge.Reward;
import lppo.run.Recipe;
import lppo.run.Training;
import lppo.task.BasePolicy;
import lppo.task.Task;
import lppo.task.Task.Split;

/** A reward of your own: a tenth for the right number of steps. {@code ./jbang train --reward OwnReward.java} takes it too. */
public class OwnReward implements Reward {

    @Override
    public double score(Problem problem, String response) {
        boolean right = response.strip().endsWith(" " + problem.answer());
        return right ? 1 : response.strip().split(" ").length == Integer.parseInt(problem.level()) ? 0.1 : 0; // as long as it should be
    }

    public static void main(String... args) {
        Task chain = Task.builtIn();
        Task mine = Task.of("chain", chain.problems(), chain.problems(Split.VALIDATION), new OwnReward(), chain.longest());
        try (Policy policy = BasePolicy.load()) {
            Training.of(policy, mine).recipe(Recipe.lppo()).run(5).forEach(step -> System.out.println(step.step() + " " + step.passRate()));
        }
    }
}
