package lppo.run;

import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import common.Seed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import llm.Policy;
import lppo.data.Problem;
import lppo.judge.Reward;
import lppo.learn.LearnerSettings;
import lppo.task.ModularChain;
import lppo.task.Task;
import rivals.RivalRecipes;

/**
 * Runs of a tiny random policy, and their outputs.
 *
 * @param skeleton folder of an untrained model
 */
record TinyRun(Path skeleton) {

    /** Twelve problems, the first six with a solution. */
    static final List<Problem> PROBLEMS = ModularChain.problems(
            new ModularChain.Counts("t", new TreeMap<>(Map.of(3, 12)), Map.of(3, 6), 1), new Seed(2), Set.of(), true);

    /** 1 for every completion that ends by itself. */
    static final Reward ENDS = (problem, response) -> 1;

    /** A preset made small. */
    static Recipe recipe(String name) {
        return RivalRecipes.named(name).problemsPerStep(6).groupSize(8).learning(new LearnerSettings().learningRate(1e-3).warmUp(1));
    }

    /** One of the whole rollout for an update. */
    static Recipe inOneUpdate(Recipe recipe) {
        return recipe.learning(recipe.learning().updates(1));
    }

    static Task task(Reward reward) {
        return Task.of("tiny", PROBLEMS, PROBLEMS.subList(0, 4), reward, 14);
    }

    /** Evaluated on four problems, eight samples of each. */
    static Training training(Recipe recipe, Policy policy, Reward reward) {
        return Training.of(policy, task(reward)).recipe(recipe).seed(1).evaluate(PROBLEMS.subList(0, 4), 50, 8);
    }

    /** The same with a run folder. */
    static Training training(Recipe recipe, Policy policy, Reward reward, RunFolder folder) {
        return training(recipe, policy, reward).listener(new FolderListener(folder, 0, false, policy));
    }

    Policy policy(long seed) {
        return Policy.random(skeleton, 0.05, new Seed(seed), Device.cpu());
    }

    /** A whole run. */
    void run(Recipe recipe, Reward reward, Path out, long steps) {
        run(recipe, reward, out, steps, Long.MAX_VALUE);
    }

    /** A whole run that ends by its tokens too; its KL term, if it has one, is to another random policy. */
    void run(Recipe recipe, Reward reward, Path out, long steps, long tokens) {
        try (Policy policy = policy(1); Policy reference = recipe.algorithm().needsReference() ? policy(3) : null) {
            assertTrue(training(recipe, policy, reward, RunFolder.create(out)).reference(reference).trainer()
                    .run(steps, tokens, () -> false, step -> {}));
        }
    }

    /** The same, stopped after a step and resumed. */
    void runInTwo(Recipe recipe, Reward reward, Path out, long steps, long tokens, long stop) {
        try (Policy policy = policy(1)) {
            Trainer trainer = training(recipe, policy, reward, RunFolder.create(out)).trainer();
            trainer.run(steps, tokens, () -> trainer.done() == stop, step -> {});
        }
        try (Policy policy = Policy.load(new Checkpoints(out).latest(), Device.cpu())) {
            assertTrue(resumed(recipe, policy, reward, out).run(steps, tokens, () -> false, step -> {}));
        }
    }

    /** A trainer that goes on in a folder; the policy is that of its checkpoint. */
    static Trainer resumed(Recipe recipe, Policy policy, Reward reward, Path out) {
        FolderListener tables = new FolderListener(new RunFolder(out), 0, false, policy);
        Trainer trainer = training(recipe, policy, reward).listener(tables).trainer();
        tables.resume(trainer);
        return trainer;
    }

    /** The rows of a table, by column. */
    static List<Map<String, String>> rows(Path csv) throws IOException {
        List<String> lines = Files.readAllLines(csv);
        String[] names = lines.get(0).split(",");
        List<Map<String, String>> rows = new ArrayList<>();
        for (String line : lines.subList(1, lines.size())) {
            String[] cells = line.split(",", -1);
            Map<String, String> row = new TreeMap<>();
            for (int i = 0; i < names.length; i++) {
                row.put(names[i], cells[i]);
            }
            rows.add(row);
        }
        return rows;
    }

    static List<Map<String, String>> rows(Path csv, Predicate<Map<String, String>> wanted) throws IOException {
        return rows(csv).stream().filter(wanted).toList();
    }

    static double[] column(Path csv, String name) throws IOException {
        return rows(csv).stream().mapToDouble(row -> Double.parseDouble(row.get(name))).toArray();
    }
}
