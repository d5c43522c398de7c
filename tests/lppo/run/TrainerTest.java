package lppo.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import lppo.Recipe;
import lppo.data.BadInput;
import lppo.model.Policy;
import lppo.task.ModularChain;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole runs of a tiny random policy. The reward is 1 for every completion that ends by itself. */
class TrainerTest {

    @TempDir
    static Path skeleton;
    @TempDir
    Path folder;

    @BeforeAll
    static void write() throws Exception {
        ModularChain.writeSkeleton(skeleton);
    }

    @Test
    void aTableOfAnOlderVersionKeepsItsColumns() throws Exception {
        RunFolder run = RunFolder.create(folder.resolve("older"));
        Files.writeString(run.path().resolve("metrics.csv"), "step,loss\n1,0.5\n");
        run.row("metrics.csv", RunFolder.columns("step", 2, "undecided", 0, "loss", 0.25));
        assertEquals("step,loss\n1,0.5\n2,0.25\n", Files.readString(run.path().resolve("metrics.csv")));
    }

    @Test
    void aFewStepsRaiseThePassRate() throws Exception {
        Options options = TinyRun.options();
        options.learningRate = 3e-3;
        options.updates = 1;
        run(Recipe.GRPO, options, folder.resolve("run"), 20);
        double[] rates = TinyRun.column(folder.resolve("run/metrics.csv"), "pass_rate");
        assertEquals(20, rates.length);
        double begin = Arrays.stream(rates).limit(3).average().orElseThrow();
        double end = Arrays.stream(rates).skip(17).average().orElseThrow();
        assertTrue(begin < 0.5, "a random policy seldom ends by itself: " + begin);
        assertTrue(end > begin + 0.3, "from " + begin + " to " + end);
    }

    @Test
    void theSameSeedGivesTheSameBytes() throws Exception {
        run(Recipe.LPPO, TinyRun.options(), folder.resolve("a"), 3);
        run(Recipe.LPPO, TinyRun.options(), folder.resolve("b"), 3);
        for (String file : List.of("metrics.csv", "problems.csv", "checkpoint/model.safetensors", "checkpoint/tracker.json")) {
            assertArrayEquals(Files.readAllBytes(folder.resolve("a").resolve(file)),
                    Files.readAllBytes(folder.resolve("b").resolve(file)), file);
        }
    }

    @Test
    void aResumedRunIsTheUninterruptedOne() throws Exception {
        run(Recipe.LPPO, TinyRun.options(), folder.resolve("whole"), 5);
        Path out = folder.resolve("parts");
        try (Policy policy = policy()) {
            long[] done = {0};
            Trainer trainer = trainer(Recipe.LPPO, TinyRun.options(), policy, RunFolder.create(out));
            assertFalse(trainer.run(5, () -> done[0] == 2, step -> done[0] = step), "stopped early");
            assertEquals(2, trainer.done());
        }
        // as left by a run that was killed in step 3: a row after the checkpoint, and one half written
        Files.writeString(out.resolve("problems.csv"), "3,t-3-1,3,0,,0,0,1,0,0\n3,\"two\nlin", StandardOpenOption.APPEND);
        Files.writeString(out.resolve("samples.jsonl"), "{\"step\":3", StandardOpenOption.APPEND);
        RunFolder resumed = new RunFolder(out);
        Path checkpoint = resumed.latestCheckpoint();
        try (Policy policy = Policy.load(checkpoint, Device.cpu())) {
            Trainer trainer = trainer(Recipe.LPPO, TinyRun.options(), policy, resumed);
            trainer.resume(checkpoint);
            assertEquals(2, trainer.done());
            assertTrue(trainer.run(5, () -> false, step -> {}));
        }
        assertEquals(List.of("0", "5"), Files.readAllLines(out.resolve("evaluation.csv")).stream().filter(l -> l.contains(",all,"))
                .map(l -> l.split(",")[0]).toList());
        for (String file : List.of("metrics.csv", "problems.csv", "evaluation.csv", "samples.jsonl")) {
            assertEquals(Files.readString(folder.resolve("whole").resolve(file)), Files.readString(out.resolve(file)), file);
        }
        for (String file : List.of("model.safetensors", "optimizer.safetensors", "tracker.json", "state.json")) {
            assertArrayEquals(Files.readAllBytes(folder.resolve("whole/checkpoint").resolve(file)),
                    Files.readAllBytes(out.resolve("checkpoint").resolve(file)), file);
        }
    }

    @Test
    void earlierCheckpointsAndTheBestAreKept() throws Exception {
        Options options = TinyRun.options();
        options.evaluateEvery = 1;
        options.keep = 2;
        options.keepBest = true;
        options.evaluateOn = Path.of("given");
        options.learningRate = 3e-3;
        Path out = folder.resolve("kept");
        run(Recipe.GRPO, options, out, 6);
        try (Stream<Path> files = Files.list(out)) {
            assertEquals(List.of("best", "checkpoint", "checkpoint-4", "checkpoint-5"),
                    files.filter(Files::isDirectory).map(f -> f.getFileName().toString()).sorted().toList());
        }
        assertEquals(4, step(out.resolve("checkpoint-4")));
        double[] accuracy = TinyRun.rows(out.resolve("evaluation.csv"), row -> row.get("level").equals("all")).stream()
                .mapToDouble(row -> Double.parseDouble(row.get("greedy"))).toArray();
        double most = Arrays.stream(accuracy).max().orElseThrow();
        assertEquals(IntStream.range(0, accuracy.length).filter(i -> accuracy[i] == most).findFirst().orElseThrow(), step(out.resolve("best")));
        for (String name : List.of("best", "checkpoint-4")) {
            Policy.load(out.resolve(name), Device.cpu()).close(); // whole, by its checksums
        }
    }

    private static long step(Path checkpoint) throws Exception {
        return com.google.gson.JsonParser.parseString(Files.readString(checkpoint.resolve("state.json"))).getAsJsonObject().get("step").getAsLong();
    }

    @Test
    void aRunKilledBeforeItsFirstStepEvaluatesOnce() throws Exception {
        Path out = folder.resolve("run");
        try (Policy policy = policy()) {
            assertFalse(trainer(Recipe.GRPO, TinyRun.options(), policy, RunFolder.create(out)).run(1, () -> true, step -> {}));
        }
        RunFolder run = new RunFolder(out);
        try (Policy policy = Policy.load(run.latestCheckpoint(), Device.cpu())) {
            Trainer trainer = trainer(Recipe.GRPO, TinyRun.options(), policy, run);
            trainer.resume(run.latestCheckpoint());
            assertTrue(trainer.run(1, () -> false, step -> {}));
        }
        assertEquals(2, Files.readAllLines(out.resolve("evaluation.csv")).stream().filter(l -> l.contains(",all,")).count());
    }

    @Test
    void aTableThatLostRowsIsNotResumedFrom() throws Exception {
        run(Recipe.GRPO, TinyRun.options(), folder.resolve("run"), 1);
        Path metrics = folder.resolve("run/metrics.csv");
        Files.writeString(metrics, "step\n");
        RunFolder run = new RunFolder(folder.resolve("run"));
        try (Policy policy = Policy.load(run.latestCheckpoint(), Device.cpu())) {
            BadInput refused = assertThrows(BadInput.class,
                    () -> trainer(Recipe.GRPO, TinyRun.options(), policy, run).resume(run.latestCheckpoint()));
            assertTrue(refused.getMessage().startsWith(metrics + ": is shorter"), refused.getMessage());
        }
        assertEquals("step\n", Files.readString(metrics), "nothing was cut");
    }

    @Test
    void grpoNeitherGuidesNorWeighs() throws Exception {
        run(Recipe.GRPO, TinyRun.options(), folder.resolve("run"), 3);
        Path problems = folder.resolve("run/problems.csv");
        assertTrue(Arrays.stream(TinyRun.column(problems, "guided")).allMatch(x -> x == 0));
        assertTrue(Arrays.stream(TinyRun.column(problems, "weight")).allMatch(x -> x == 1));
        assertEquals(3 * 6, TinyRun.column(problems, "step").length, "a row per problem and step");
    }

    @Test
    void lppoGuidesFailingProblemsAndWeighsByProgress() throws Exception {
        run(Recipe.LPPO, TinyRun.options(), folder.resolve("run"), 6);
        Path problems = folder.resolve("run/problems.csv");
        double[] guided = TinyRun.column(problems, "guided");
        double[] betas = TinyRun.column(problems, "beta");
        double[] progress = TinyRun.column(problems, "progress");
        double[] weights = TinyRun.column(problems, "weight");
        assertTrue(Arrays.stream(guided).sum() > 0);
        for (int i = 0; i < guided.length; i++) {
            assertTrue(guided[i] == 0 ? betas[i] == 0 : betas[i] >= 0.3 && betas[i] <= 0.95, "row " + i);
            assertEquals(1 / (1 + Math.exp(-8 * progress[i])) + 0.5, weights[i], 1e-9, "row " + i);
        }
        assertTrue(Arrays.stream(weights).distinct().count() > 1);
    }

    @Test
    void impossibleOptionsAreRefused() {
        refused("group size 1", o -> o.groupSize = 1);
        refused("updates 0", o -> o.updates = 0);
        refused("updates 7", o -> o.updates = 7);
        refused("temperature 0", o -> o.temperature = 0);
        refused("learning rate NaN", o -> o.learningRate = Double.NaN);
        refused("learning rate Infinity", o -> o.learningRate = Double.POSITIVE_INFINITY);
        refused("warm-up -1", o -> o.warmUp = -1);
        refused("KL coefficient 0.1", o -> o.kl = 0.1);
        refused("gradient norm Infinity", o -> o.maxNorm = Double.POSITIVE_INFINITY);
        refused("weight decay Infinity", o -> o.weightDecay = Double.POSITIVE_INFINITY);
        refused("progress of NaN", o -> o.guideProgress = Double.NaN);
        refused("loss \"best\"", o -> o.loss = "best");
        refused("evaluate every 0", o -> o.evaluateEvery = 0);
        refused("trusted share 2", o -> o.trustedShare = 2);
        refused("problems per step", o -> o.problemsPerStep = 100);
    }

    @Test
    void aFolderInUseIsNotWrittenTo() throws Exception {
        Path full = Files.createDirectories(folder.resolve("full"));
        RunFolder.create(full); // empty: may be used
        Files.writeString(full.resolve("mine.txt"), "mine");
        BadInput refused = assertThrows(BadInput.class, () -> RunFolder.create(full));
        assertTrue(refused.getMessage().contains(full.toString()) && refused.getMessage().contains("--out"), refused.getMessage());
        assertThrows(BadInput.class, () -> RunFolder.create(full.resolve("mine.txt")));
        assertEquals("mine", Files.readString(full.resolve("mine.txt")));
        assertThrows(BadInput.class, () -> new RunFolder(full).latestCheckpoint());
    }

    private void refused(String named, java.util.function.Consumer<Options> change) {
        Options options = TinyRun.options();
        change.accept(options);
        try (Policy policy = policy()) {
            BadInput refused = assertThrows(BadInput.class,
                    () -> trainer(Recipe.LPPO, options, policy, new RunFolder(folder)), named);
            assertTrue(refused.getMessage().contains(named), refused.getMessage());
        }
    }

    private static void run(Recipe recipe, Options options, Path out, long steps) {
        new TinyRun(skeleton).run(recipe, options, TinyRun.ENDS, out, steps);
    }

    private static Trainer trainer(Recipe recipe, Options options, Policy policy, RunFolder folder) {
        return TinyRun.trainer(recipe, options, policy, null, TinyRun.ENDS, folder);
    }

    private static Policy policy() {
        return new TinyRun(skeleton).policy(1);
    }
}
