package spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static spark.SparkRuns.MODEL;

import ai.djl.Device;
import common.Seed;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import llm.Lora;
import llm.Policy;
import llm.Precision;
import lppo.Algorithm;
import lppo.Kl;
import lppo.WideModel;
import lppo.data.Problem;
import lppo.learn.Learner;
import lppo.learn.LearnerSettings;
import lppo.rollout.Prompt;
import lppo.rollout.Rollout;
import lppo.rollout.Sampling;
import lppo.run.Backend;
import lppo.run.Recipe;
import lppo.run.Training;
import lppo.task.Task;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests that a run gives the same results for any number of parts; the other tests of Spark use separate executors. */
class SparkNumbersTest {

    private static final Task TASK = Task.builtIn();

    @TempDir
    Path folder;

    /** A backend that keeps a line for each completion. */
    private record Recording(Backend backend, List<String> lines) implements Backend {

        @Override
        public int rows() {
            return backend.rows();
        }

        @Override
        public Rollout rollout(Sampling sampling) {
            return backend.rollout(sampling).watched(groups -> groups.stream().flatMap(group -> group.completions().stream())
                    .forEach(c -> lines.add(c.prompt().problem().id() + Arrays.toString(c.tokens()) + Arrays.toString(c.logProbs()))));
        }

        @Override
        public Learner learner(Learner learner) {
            return backend.learner(learner);
        }

        @Override
        public void close() {
            backend.close();
        }
    }

    private static Recipe recipe() {
        return Recipe.lppo().problemsPerStep(16)
                .learning(new LearnerSettings().learningRate(1e-3).tokenBudget(256)); // so that each update has several micro-batches
    }

    /** A run with all weights; {@code master} null for one without Spark. Returns all that was sampled. */
    private List<String> run(String name, String master, Map<String, String> settings, int steps) {
        List<String> sampled = new ArrayList<>();
        try (Policy policy = Policy.load(MODEL, Device.cpu());
                Backend backend = new Recording(SparkRuns.open(master, settings, SparkRuns.setup(MODEL, recipe()), policy), sampled)) {
            training(policy, recipe(), backend).into(folder.resolve(name)).run(steps);
        }
        return sampled;
    }

    private static Training training(Policy policy, Recipe recipe, Backend backend) {
        return Training.of(policy, TASK).recipe(recipe).backend(backend)
                .evaluate(TASK.problems(Task.Split.VALIDATION).subList(0, 10), 25, 2);
    }

    private void same(String a, String b) throws Exception {
        SparkRuns.same(folder.resolve(a), folder.resolve(b), "metrics.csv", "problems.csv", "evaluation.csv");
    }

    @Test
    void fiftyStepsAreTheSameInOneTwoAndThreePartsToTheLastBit() throws Exception {
        List<String> alone = run("alone", null, Map.of(), 50);
        for (int n = 1; n <= 3; n++) {
            assertEquals(alone, run("spark" + n, "local[" + n + "]", Map.of(), 50), n + " parts");
            same("alone", "spark" + n);
        }
    }

    @Test
    void soAreAdaptersWithAReferenceAndRecomputation() throws Exception {
        Recipe recipe = recipe().algorithm(Algorithm.dapo(TASK.longest()).refills(0).kl(Kl.K3, 0.01))
                .learning(recipe().learning().recompute(true));
        Lora.Settings adapters = Lora.Settings.of(4);
        for (String master : new String[] {null, "local[2]"}) {
            try (Policy base = Policy.load(MODEL, Device.cpu(), Precision.FP32, false)) {
                Policy policy = base.adapted(Lora.fresh(base.config(), adapters, new Seed(1), base.manager()));
                int rows = 32; // the parts of one process: other decoding than FastDecode rounds by what is in the batch
                try (Backend backend = SparkRuns.open(master, Map.of(), SparkRuns.setup(MODEL, recipe, adapters, rows), policy)) {
                    training(policy, recipe, backend).reference(base).into(folder.resolve(master == null ? "alone" : "spark")).run(3);
                }
            }
        }
        same("alone", "spark");
        assertArrayEquals(Files.readAllBytes(folder.resolve("alone/checkpoint/adapter_model.safetensors")),
                Files.readAllBytes(folder.resolve("spark/checkpoint/adapter_model.safetensors")));
    }

    @Test
    void executorsMultiplyAsTheDriverDoes() throws Exception {
        Path model = WideModel.in(folder.resolve("wide"));
        List<List<String>> sampled = new ArrayList<>();
        for (boolean oneDnn : new boolean[] {true, false}) {
            for (String master : new String[] {null, "local[1]"}) {
                try (Policy policy = Policy.load(model, Device.cpu()).sampledBy(oneDnn)) {
                    List<String> lines = new ArrayList<>();
                    try (Backend backend = new Recording(SparkRuns.open(master, Map.of(), SparkRuns.setup(model, recipe()), policy),
                            lines)) {
                        training(policy, recipe(), backend).run(1);
                    }
                    sampled.add(lines);
                }
            }
        }
        assertEquals(sampled.get(0), sampled.get(1), "by oneDNN");
        assertEquals(sampled.get(2), sampled.get(3), "by MKL");
        assertNotEquals(sampled.get(0), sampled.get(2));
    }

    @Test
    void addedInATreeTheyAgreeUpToRounding() throws Exception {
        run("alone", null, Map.of(), 5);
        run("tree", "local[2]", Map.of("spark.lppo.sum", "tree"), 5);
        List<String> alone = Files.readAllLines(folder.resolve("alone/metrics.csv"));
        List<String> tree = Files.readAllLines(folder.resolve("tree/metrics.csv"));
        for (int row = 1; row < alone.size(); row++) {
            String[] a = alone.get(row).split(",", -1);
            String[] b = tree.get(row).split(",", -1);
            for (int i = 0; i < a.length - 1; i++) { // the last is a text
                assertEquals(Double.parseDouble(a[i]), Double.parseDouble(b[i]), 1e-6, alone.get(0).split(",")[i] + " in row " + row);
            }
        }
    }

    /** Hints and weights of one's own that remember something stay on the driver, and are saved and restored there. */
    @Test
    void operatorsOfOnesOwnAreSavedAndResumedOnSpark() throws Exception {
        try (Policy policy = Policy.load(MODEL, Device.cpu())) {
            assertFalse(training(policy, ownOperators(), Backend.local(policy, 1024)).into(folder.resolve("alone")).run(6).isEmpty());
        }
        try (Policy policy = Policy.load(MODEL, Device.cpu());
                Backend backend = SparkRuns.open("local[2]", Map.of(), SparkRuns.setup(MODEL, ownOperators()), policy)) {
            training(policy, ownOperators(), backend).into(folder.resolve("spark")).run(3);
        }
        try (Policy policy = Policy.load(folder.resolve("spark/checkpoint"), Device.cpu());
                Backend backend = SparkRuns.open("local[2]", Map.of(), SparkRuns.setup(MODEL, ownOperators()), policy)) {
            training(policy, ownOperators(), backend).resume(folder.resolve("spark")).run(6, Long.MAX_VALUE, () -> false, step -> {});
        }
        SparkRuns.same(folder.resolve("alone"), folder.resolve("spark"), "metrics.csv", "problems.csv", "checkpoint/operators.json");
        assertArrayEquals(Files.readAllBytes(folder.resolve("alone/checkpoint/model.safetensors")),
                Files.readAllBytes(folder.resolve("spark/checkpoint/model.safetensors")));
        List<String> columns = List.of(Files.readAllLines(folder.resolve("spark/metrics.csv")).get(0).split(","));
        assertTrue(columns.containsAll(List.of("hinted_visits", "weighted_visits")), columns.toString());
    }

    /** Half of the problems with a demonstration in each step, so that they come again. */
    private static Recipe ownOperators() {
        return Recipe.grpo().problemsPerStep(64).groupSize(4).learning(recipe().learning())
                .hint(new VisitCount("hinted")).weighting(new VisitCount("weighted"));
    }

    @Test
    void partsHoldWholeProblemsAndEndWhereBatchesDo() {
        List<Prompt> prompts = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            prompts.add(Prompt.unguided(new Problem("p" + i / 2, "", "", null, null, null), new int[] {1}));
        }
        prompts.add(prompts.get(0)); // a problem that comes again
        assertEquals(List.of(List.of(0, 1, 12, 2, 3, 4, 5), List.of(6, 7, 8, 9, 10, 11)), SparkRollout.parts(prompts, 1024, 2));
        List<Prompt> twelve = prompts.subList(0, 12);
        assertEquals(List.of(List.of(0, 1, 2, 3), List.of(4, 5, 6, 7, 8, 9, 10, 11)), SparkRollout.parts(twelve, 4, 2));
        assertEquals(List.of(List.of(0, 1, 2, 3, 4, 5), List.of(6, 7, 8, 9, 10, 11)), SparkRollout.parts(twelve, 3, 2), "no multiple");
        assertEquals(6, SparkRollout.parts(prompts, 1024, 9).size(), "no part is empty");
    }

    @Test
    void whatExecutorsNeedIsOnTheClassPath() {
        TemporarySparkHome.NEEDED.forEach(name -> assertNotNull(getClass().getClassLoader().getResource(name), name));
    }
}
