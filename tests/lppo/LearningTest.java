package lppo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import common.BadInput;
import common.Seed;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import llm.Policy;
import lppo.data.Problem;
import lppo.data.Problems;
import lppo.judge.Reward;
import lppo.learn.LearnerSettings;
import lppo.run.Backend;
import lppo.run.Recipe;
import lppo.run.RunFolder;
import lppo.run.StepMetrics;
import lppo.run.Training;
import lppo.task.ModularChain;
import lppo.task.Task;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Tests training end to end on a small scale. */
class LearningTest {

    private static final Path DATA = Checkout.ROOT.resolve("data");

    @Test
    void theRewardRises() {
        Reward endsInTwelve = (problem, response) -> response.strip().endsWith("12") || response.contains(" 1") ? 1 : 0;
        try (Policy policy = Policy.load(DATA.resolve("base"), Device.cpu())) {
            List<StepMetrics> steps = training(policy, recipe("lppo", 2), endsInTwelve).run(12);
            double before = steps.get(0).passRate();
            double after = steps.get(11).passRate();
            assertTrue(after > before + 0.1, "pass rate went from " + before + " to " + after);
        }
    }

    /** How many completions are decoded together is a matter of memory and speed alone. */
    @Test
    void theSplitOfTheBatchChangesNoByte(@TempDir Path folder) throws Exception {
        for (int rows : new int[] {1024, 24, 7}) {
            try (Policy policy = Policy.load(DATA.resolve("base"), Device.cpu())) {
                training(policy, recipe("lppo", 2).when(new GuidanceRule(0.5, 0, 1, 1)), Reward.lastWord())
                        .backend(Backend.local(policy, rows)).into(folder.resolve("rows" + rows)).run(4);
            }
        }
        for (int rows : new int[] {24, 7}) {
            for (String file : List.of("metrics.csv", "problems.csv", "checkpoint/model.safetensors")) {
                assertArrayEquals(Files.readAllBytes(folder.resolve("rows1024").resolve(file)),
                        Files.readAllBytes(folder.resolve("rows" + rows).resolve(file)), file + " at " + rows + " rows");
            }
        }
        assertTrue(Files.readAllLines(folder.resolve("rows1024/problems.csv")).stream().anyMatch(l -> l.split(",")[8].equals("1")),
                "with hints");
    }

    static List<Algorithm> algorithms() {
        return Algorithm.all(14);
    }

    /** Ending by itself is the task; a random policy seldom does. */
    @ParameterizedTest
    @MethodSource("algorithms")
    void everyLossLearns(Algorithm loss, @TempDir Path folder) throws Exception {
        ModularChain.writeSkeleton(folder.resolve("model"));
        List<Problem> problems = ModularChain.problems(new ModularChain.Counts("t", new TreeMap<>(Map.of(3, 12)), Map.of(), 1),
                new Seed(2), java.util.Set.of(), true);
        Recipe recipe = recipe("grpo", 1).algorithm(loss).problemsPerStep(8);
        try (Policy policy = Policy.random(folder.resolve("model"), 0.05, new Seed(1), Device.cpu())) {
            List<StepMetrics> steps = Training.of(policy, Task.of("ends", problems, List.of(), (problem, response) -> 1, 14))
                    .recipe(recipe.learning(recipe.learning().learningRate(3e-3).warmUp(1))).run(10);
            double before = steps.get(0).passRate();
            double after = steps.get(9).passRate();
            assertTrue(before < 0.5 && after > before + 0.3, "pass rate went from " + before + " to " + after);
        }
    }

    @Test
    void badInputIsRefusedInOneLine(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("problems.jsonl");
        Files.writeString(file, "{\"question\": \"a\", \"answer\": \"b\"}\n{\"question\": \"a\"\n");
        String message = assertThrows(BadInput.class, () -> Problems.read(file)).getMessage();
        assertTrue(message.startsWith(file + ":2: ") && message.lines().count() == 1, message);
        assertThrows(BadInput.class, () -> Problems.read(folder.resolve("none.jsonl")));
        Files.writeString(file, "\n");
        assertThrows(BadInput.class, () -> Problems.read(file));
        assertThrows(BadInput.class, () -> Policy.load(folder, Device.cpu()));
        assertThrows(BadInput.class, () -> RunFolder.create(folder));
        assertThrows(BadInput.class, () -> Recipe.named("ppo"));
        Problem wrong = new Problem("p7", "1 + 1 =", "2", "1 + 1 = 3", null, null);
        assertEquals("f.jsonl: the solution of problem p7 does not end in its answer 2",
                assertThrows(BadInput.class, () -> Reward.lastWord().check(List.of(wrong), "f.jsonl")).getMessage());
        Path model = Files.createDirectory(folder.resolve("model"));
        for (String name : List.of("config.json", "tokenizer.json", "model.safetensors")) {
            Files.copy(DATA.resolve("base").resolve(name), model.resolve(name));
        }
        byte[] weights = Files.readAllBytes(model.resolve("model.safetensors"));
        Files.write(model.resolve("model.safetensors"), java.util.Arrays.copyOf(weights, weights.length / 2));
        assertTrue(assertThrows(BadInput.class, () -> Policy.load(model, Device.cpu())).getMessage().contains("model.safetensors"));
    }

    @Test
    void theDataOfTheCheckoutIsWhatItsSeedMakesAndDoesNotOverlap() {
        List<Problem> train = Problems.read(DATA.resolve("train.jsonl"));
        assertEquals(64, train.stream().filter(Problem::hasDemonstration).count());
        train.stream().filter(Problem::hasDemonstration)
                .forEach(p -> assertEquals(1, Reward.lastWord().score(p, p.solution()), p.id()));
        java.util.Set<String> questions = new java.util.HashSet<>();
        int count = 0;
        for (String name : List.of("train.jsonl", "validation.jsonl", "heldout.jsonl")) {
            for (Problem problem : Problems.read(DATA.resolve(name))) {
                questions.add(problem.question());
                count++;
            }
        }
        assertEquals(1500, count);
        assertEquals(count, questions.size());
        List<Problem> again = ModularChain.problems(new ModularChain.Counts("heldout",
                new TreeMap<>(Map.of(3, 100, 5, 100, 7, 100, 9, 100, 11, 100)), Map.of(), 1), new Seed(1), java.util.Set.of(), true);
        assertEquals(Problems.read(DATA.resolve("heldout.jsonl")), again);
    }

    @Test
    void someDemonstrationsAreEvenlyChosen() {
        List<Problem> train = Problems.read(DATA.resolve("train.jsonl"));
        for (int count : new int[] {0, 1, 7, 8, 64}) {
            List<Problem> some = Problems.withDemonstrations(train, count);
            List<Problem> left = some.stream().filter(Problem::hasDemonstration).toList();
            assertEquals(count, left.size());
            assertEquals(train.size(), some.size());
            assertTrue(train.containsAll(left));
            assertEquals(count / 2, left.stream().filter(p -> p.level().equals("9")).count(), "from both levels");
        }
        assertThrows(BadInput.class, () -> Problems.withDemonstrations(train, 65));
        assertThrows(BadInput.class, () -> Problems.withDemonstrations(train, -1));
    }

    private static Training training(Policy policy, Recipe recipe, Reward reward) {
        return Training.of(policy, Task.of("chain", Problems.read(DATA.resolve("train.jsonl")), List.of(), reward, 14)).recipe(recipe)
                .seed(7);
    }

    private static Recipe recipe(String name, int updates) {
        return Recipe.named(name).problemsPerStep(16).when(new GuidanceRule(0.3, 0, 1, 1))
                .learning(new LearnerSettings().updates(updates).learningRate(1e-3));
    }
}
