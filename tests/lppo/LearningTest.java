package lppo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import lppo.PolicyLoss.Aggregation;
import lppo.data.BadInput;
import lppo.data.Problem;
import lppo.data.Seed;
import lppo.data.Problems;
import lppo.judge.Reward;
import lppo.learn.AdamW;
import lppo.learn.Diverged;
import lppo.learn.Learner;
import lppo.learn.Sample;
import lppo.model.Policy;
import lppo.run.Options;
import lppo.run.RunFolder;
import lppo.run.Trainer;
import lppo.task.ModularChain;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Training as a whole, small. */
class LearningTest {

    private static final Path DATA = Checkout.ROOT.resolve("data");

    @Test
    void theRewardRisesAndTheSameSeedGivesTheSameFiles(@TempDir Path folder) throws Exception {
        Reward endsInTwelve = (problem, response) -> response.strip().endsWith("12") || response.contains(" 1") ? 1 : 0;
        List<String> first = train(folder.resolve("a"), Recipe.LPPO, endsInTwelve, 12);
        assertEquals(first, train(folder.resolve("b"), Recipe.LPPO, endsInTwelve, 12));
        assertEquals(Files.readString(folder.resolve("a/problems.csv")), Files.readString(folder.resolve("b/problems.csv")));
        double before = passRate(first.get(1));
        double after = passRate(first.get(12));
        assertTrue(after > before + 0.1, "pass rate went from " + before + " to " + after);
    }

    /** How many completions are decoded together is a matter of memory and speed alone. */
    @Test
    void theSplitOfTheBatchChangesNoByte(@TempDir Path folder) throws Exception {
        for (int rows : new int[] {1024, 24, 7}) {
            try (Policy policy = Policy.load(DATA.resolve("base"), Device.cpu())) {
                Options options = options(2);
                options.rolloutRows = rows;
                options.guideBelow = 0.5;
                trainer(policy, Recipe.LPPO, Reward.lastWord(), RunFolder.create(folder.resolve("rows" + rows)), options)
                        .run(4, () -> false, step -> {});
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

    /** Ending by itself is the task; a random policy seldom does. */
    @ParameterizedTest
    @EnumSource(Loss.class)
    void everyLossLearns(Loss loss, @TempDir Path folder) throws Exception {
        ModularChain.writeSkeleton(folder.resolve("model"));
        List<Problem> problems = ModularChain.problems(new ModularChain.Counts("t", new TreeMap<>(Map.of(3, 12)), Map.of(), 1),
                new Seed(2), java.util.Set.of(), true);
        Options options = options(1);
        options.loss = loss.id();
        options.problemsPerStep = 8;
        options.learningRate = 3e-3;
        options.warmUp = 1;
        try (Policy policy = Policy.random(folder.resolve("model"), 0.05, new Seed(1), Device.cpu())) {
            new Trainer(Recipe.GRPO, options, policy, null, (problem, response) -> 1, problems, List.of(), new Seed(1),
                    RunFolder.create(folder.resolve("run"))).run(10, () -> false, step -> {});
        }
        List<String> rows = Files.readAllLines(folder.resolve("run/metrics.csv"));
        double before = passRate(rows.get(1));
        double after = passRate(rows.get(10));
        assertTrue(before < 0.5 && after > before + 0.3, "pass rate went from " + before + " to " + after);
    }

    @Test
    void aResumedRunWritesWhatAnUnbrokenOneWrites(@TempDir Path folder) throws Exception {
        List<String> unbroken = train(folder.resolve("a"), Recipe.LPPO, Reward.lastWord(), 6);
        train(folder.resolve("b"), Recipe.LPPO, Reward.lastWord(), 3);
        RunFolder b = new RunFolder(folder.resolve("b"));
        try (Policy policy = Policy.load(b.latestCheckpoint(), Device.cpu())) {
            Trainer trainer = trainer(policy, Recipe.LPPO, Reward.lastWord(), b, 2);
            trainer.resume(b.latestCheckpoint());
            trainer.run(6, () -> false, step -> {});
        }
        assertEquals(unbroken, Files.readAllLines(folder.resolve("b/metrics.csv")));
        assertArrayEquals(Files.readAllBytes(folder.resolve("a/checkpoint/model.safetensors")),
                Files.readAllBytes(folder.resolve("b/checkpoint/model.safetensors")));
    }

    @Test
    void microBatchesGiveTheUpdateOfTheWholeBatch() {
        float[] whole = afterOneUpdate(100_000, false);
        assertArrayEquals(whole, afterOneUpdate(30, false), 1e-5f);
        assertArrayEquals(whole, afterOneUpdate(100_000, true), 1e-5f, "samples without advantage have no gradient");
    }

    @Test
    void aLossThatIsNoNumberStopsBeforeTheWeightsMove() {
        try (Policy policy = Policy.load(DATA.resolve("base"), Device.cpu())) {
            float[] before = policy.weights().embedding().toFloatArray();
            Sample broken = new Sample(new int[] {2, 20}, new int[] {21, 1}, new float[] {Float.NaN, -1}, 1, 0.5);
            Learner learner = learner(policy, 1000);
            assertThrows(Diverged.class, () -> learner.update(List.of(broken), objective(), 1e-3));
            assertArrayEquals(before, policy.weights().embedding().toFloatArray());
            Sample sound = new Sample(new int[] {2, 20}, new int[] {21, 1}, new float[] {-1, -1}, 1, 0.5);
            assertTrue(Double.isFinite(learner.update(List.of(sound), objective(), 1e-3).gradientNorm()),
                    "the bad gradient is forgotten");
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

    private static float[] afterOneUpdate(int tokenBudget, boolean leaveOut) {
        try (Policy policy = Policy.load(DATA.resolve("base"), Device.cpu())) {
            List<Sample> samples = new ArrayList<>();
            for (int i = 0; i < 9; i++) {
                int[] completion = java.util.stream.IntStream.rangeClosed(14, 15 + i).toArray();
                float[] behaviour = new float[completion.length];
                java.util.Arrays.fill(behaviour, -3);
                samples.add(new Sample(new int[] {2, 20 + i, 6, 3}, completion, behaviour, i % 3 - 1, 0));
            }
            List<Sample> batch = Sample.weighted(samples, Aggregation.TOKEN_MEAN);
            learner(policy, tokenBudget).update(
                    leaveOut ? batch.stream().filter(s -> s.advantage() != 0).toList() : batch, objective(), 1e-3);
            return policy.weights().layers().get(0).qkv().toFloatArray();
        }
    }

    private static Learner learner(Policy policy, int tokenBudget) {
        return new Learner(policy, new AdamW(policy.weights().parameters(), policy.manager(),
                new AdamW.Settings(0.9, 0.95, 1e-3, 0)), 1, tokenBudget, 1);
    }

    private static Learner.Objective objective() {
        return Learner.Objective.of(new PolicyLoss(0.2, 0.2, 0), null);
    }

    private static List<String> train(Path folder, Recipe recipe, Reward reward, int steps) throws Exception {
        try (Policy policy = Policy.load(DATA.resolve("base"), Device.cpu())) {
            trainer(policy, recipe, reward, RunFolder.create(folder), 2).run(steps, () -> false, step -> {});
        }
        return Files.readAllLines(folder.resolve("metrics.csv"));
    }

    private static Trainer trainer(Policy policy, Recipe recipe, Reward reward, RunFolder folder, int updates) {
        return trainer(policy, recipe, reward, folder, options(updates));
    }

    private static Trainer trainer(Policy policy, Recipe recipe, Reward reward, RunFolder folder, Options options) {
        return new Trainer(recipe, options, policy, null, reward, Problems.read(DATA.resolve("train.jsonl")), List.of(),
                new Seed(7), folder);
    }

    private static Options options(int updates) {
        Options options = new Options();
        options.problemsPerStep = 16;
        options.updates = updates;
        options.learningRate = 1e-3;
        options.guideAfter = 0;
        return options;
    }

    private static double passRate(String row) {
        return Double.parseDouble(row.split(",")[2]);
    }
}
