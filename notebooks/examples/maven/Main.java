import java.nio.file.Path;
import llm.Policy;
import lppo.run.Recipe;
import lppo.run.Training;
import lppo.task.Task;

public class Main {
    public static void main(String... args) {
        try (Policy policy = Policy.load(Path.of("data/base"), Policy.device("cpu"))) {
            Training.of(policy, Task.builtIn()).recipe(Recipe.lppo()).run(3).forEach(step -> System.out.println(
                    step.step() + " " + step.passRate()));
        }
    }
}
