package lppo.run;

import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import lppo.Recipe;
import lppo.data.Problem;
import lppo.data.Seed;
import lppo.judge.Reward;
import lppo.model.Policy;
import lppo.task.ModularChain;

/**
 * Runs of a tiny random policy, and what they wrote.
 *
 * @param skeleton folder of an untrained model
 */
record TinyRun(Path skeleton) {

    /** Twelve problems, the first six with a solution. */
    static final List<Problem> PROBLEMS = ModularChain.problems(
            new ModularChain.Counts("t", new TreeMap<>(Map.of(3, 12)), Map.of(3, 6), 1), new Seed(2), Set.of(), true);

    /** 1 for every completion that ends by itself. */
    static final Reward ENDS = (problem, response) -> 1;

    static Options options() {
        Options options = new Options();
        options.problemsPerStep = 6;
        options.groupSize = 8;
        options.learningRate = 1e-3;
        options.warmUp = 1;
        return options;
    }

    Policy policy(long seed) {
        return Policy.random(skeleton, 0.05, new Seed(seed), Device.cpu());
    }

    static Trainer trainer(Recipe recipe, Options options, Policy policy, Policy reference, Reward reward, RunFolder folder) {
        return new Trainer(recipe, options, policy, reference, reward, PROBLEMS, PROBLEMS.subList(0, 4), new Seed(1), folder);
    }

    /** A whole run. */
    void run(Recipe recipe, Options options, Reward reward, Path out, long steps) {
        run(recipe, options, reward, out, steps, Long.MAX_VALUE);
    }

    /** A whole run that ends by its tokens too; its KL term, if it has one, is to another random policy. */
    void run(Recipe recipe, Options options, Reward reward, Path out, long steps, long tokens) {
        try (Policy policy = policy(1); Policy reference = options.kl > 0 ? policy(3) : null) {
            assertTrue(trainer(recipe, options, policy, reference, reward, RunFolder.create(out)).run(steps, tokens, () -> false, step -> {}));
        }
    }

    /** The same, stopped after a step and resumed. */
    void runInTwo(Recipe recipe, Options options, Reward reward, Path out, long steps, long tokens, long stop) {
        try (Policy policy = policy(1)) {
            Trainer trainer = trainer(recipe, options, policy, null, reward, RunFolder.create(out));
            trainer.run(steps, tokens, () -> trainer.done() == stop, step -> {});
        }
        RunFolder folder = new RunFolder(out);
        try (Policy policy = Policy.load(folder.latestCheckpoint(), Device.cpu())) {
            Trainer trainer = trainer(recipe, options, policy, null, reward, folder);
            trainer.resume(folder.latestCheckpoint());
            assertTrue(trainer.run(steps, tokens, () -> false, step -> {}));
        }
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
