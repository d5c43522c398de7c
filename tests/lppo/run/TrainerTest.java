package lppo.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import common.BadInput;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import llm.Policy;
import lppo.Algorithm;
import lppo.GuidanceRule;
import lppo.Kl;
import lppo.TinyPolicy;
import org.junit.jupiter.api.Test;

/** Tests whole runs of a tiny random policy. The reward is 1 for every completion that is not truncated. */
class TrainerTest extends TinyPolicy {

    @Test
    void aTableOfAnOlderVersionKeepsItsColumns() throws Exception {
        RunFolder run = RunFolder.create(folder.resolve("older"));
        Files.writeString(run.path().resolve("metrics.csv"), "step,loss\n1,0.5\n");
        run.row("metrics.csv", RunFolder.columns("step", 2, "undecided", 0, "loss", 0.25));
        assertEquals("step,loss\n1,0.5\n2,0.25\n", Files.readString(run.path().resolve("metrics.csv")));
    }

    @Test
    void theSameSeedGivesTheSameBytes() throws Exception {
        run(TinyRun.recipe("lppo"), folder.resolve("a"), 3);
        run(TinyRun.recipe("lppo"), folder.resolve("b"), 3);
        for (String file : List.of("metrics.csv", "problems.csv", "checkpoint/model.safetensors", "checkpoint/operators.json")) {
            assertArrayEquals(Files.readAllBytes(folder.resolve("a").resolve(file)),
                    Files.readAllBytes(folder.resolve("b").resolve(file)), file);
        }
    }

    @Test
    void aResumedRunIsTheUninterruptedOne() throws Exception {
        run(TinyRun.recipe("lppo"), folder.resolve("whole"), 5);
        Path out = folder.resolve("parts");
        try (Policy policy = policy()) {
            long[] done = {0};
            Trainer trainer = trainer("lppo", policy, RunFolder.create(out));
            assertFalse(run(trainer, 5, () -> done[0] == 2, step -> done[0] = step), "stopped early");
            assertEquals(2, trainer.done());
        }
        // as left by a run that was killed in step 3: a row after the checkpoint, and one half written
        Files.writeString(out.resolve("problems.csv"), "3,t-3-1,3,0,,0,0,1,0,0\n3,\"two\nlin", StandardOpenOption.APPEND);
        Files.writeString(out.resolve("samples.jsonl"), "{\"step\":3", StandardOpenOption.APPEND);
        Path checkpoint = new Checkpoints(out).latest();
        try (Policy policy = Policy.load(checkpoint, Device.cpu())) {
            Trainer trainer = TinyRun.resumed(TinyRun.recipe("lppo"), policy, TinyRun.ENDS, out);
            assertEquals(2, trainer.done());
            assertTrue(run(trainer, 5, () -> false, step -> {}));
        }
        assertEquals(List.of("0", "5"), Files.readAllLines(out.resolve("evaluation.csv")).stream().filter(l -> l.contains(",all,"))
                .map(l -> l.split(",")[0]).toList());
        for (String file : List.of("metrics.csv", "problems.csv", "evaluation.csv", "samples.jsonl")) {
            assertEquals(Files.readString(folder.resolve("whole").resolve(file)), Files.readString(out.resolve(file)), file);
        }
        for (String file : List.of("model.safetensors", "optimizer.safetensors", "operators.json", "state.json")) {
            assertArrayEquals(Files.readAllBytes(folder.resolve("whole/checkpoint").resolve(file)),
                    Files.readAllBytes(out.resolve("checkpoint").resolve(file)), file);
        }
    }

    @Test
    void earlierCheckpointsAndTheBestAreKept() throws Exception {
        Path out = folder.resolve("kept");
        try (Policy policy = policy()) {
            TinyRun.training(TinyRun.recipe("grpo").learningRate(3e-3), policy, TinyRun.ENDS).evaluate(TinyRun.PROBLEMS.subList(0, 4), 1, 8)
                    .listener(new FolderListener(RunFolder.create(out), 2, true, policy)).run(6);
        }
        try (Stream<Path> files = Files.list(out)) {
            assertEquals(List.of("best", "checkpoint", "checkpoint-4", "checkpoint-5"),
                    files.filter(Files::isDirectory).map(f -> f.getFileName().toString()).sorted().toList());
        }
        assertEquals(4, step(out.resolve("checkpoint-4")));
        double[] accuracy = TinyRun.rows(out.resolve("evaluation.csv"), row -> row.get("level").equals("all")).stream()
                .mapToDouble(row -> Double.parseDouble(row.get("greedy"))).toArray();
        double most = Arrays.stream(accuracy).max().orElseThrow();
        assertEquals(IntStream.range(0, accuracy.length).filter(i -> accuracy[i] == most).findFirst().orElseThrow(),
                step(out.resolve("best")));
        for (String name : List.of("best", "checkpoint-4")) {
            Policy.load(out.resolve(name), Device.cpu()).close(); // whole, by its checksums
        }
    }

    private static long step(Path checkpoint) throws Exception {
        return com.google.gson.JsonParser.parseString(Files.readString(checkpoint.resolve("state.json"))).getAsJsonObject().get("step")
                .getAsLong();
    }

    @Test
    void aRunKilledBeforeItsFirstStepEvaluatesOnce() throws Exception {
        Path out = folder.resolve("run");
        try (Policy policy = policy()) {
            assertFalse(run(trainer("grpo", policy, RunFolder.create(out)), 1, () -> true, step -> {}));
        }
        try (Policy policy = Policy.load(new Checkpoints(out).latest(), Device.cpu())) {
            assertTrue(run(TinyRun.resumed(TinyRun.recipe("grpo"), policy, TinyRun.ENDS, out), 1, () -> false, step -> {}));
        }
        assertEquals(2, Files.readAllLines(out.resolve("evaluation.csv")).stream().filter(l -> l.contains(",all,")).count());
    }

    @Test
    void aTableThatLostRowsIsNotResumedFrom() throws Exception {
        run(TinyRun.recipe("grpo"), folder.resolve("run"), 1);
        Path metrics = folder.resolve("run/metrics.csv");
        Files.writeString(metrics, "step\n");
        Path out = folder.resolve("run");
        try (Policy policy = Policy.load(new Checkpoints(out).latest(), Device.cpu())) {
            BadInput refused = assertThrows(BadInput.class,
                    () -> TinyRun.resumed(TinyRun.recipe("grpo"), policy, TinyRun.ENDS, out));
            assertTrue(refused.getMessage().startsWith(metrics + ": is shorter"), refused.getMessage());
        }
        assertEquals("step\n", Files.readString(metrics), "nothing was cut");
    }

    @Test
    void grpoNeitherGuidesNorWeighs() throws Exception {
        run(TinyRun.recipe("grpo"), folder.resolve("run"), 3);
        Path problems = folder.resolve("run/problems.csv");
        assertTrue(Arrays.stream(TinyRun.column(problems, "guided")).allMatch(x -> x == 0));
        assertTrue(Arrays.stream(TinyRun.column(problems, "weight")).allMatch(x -> x == 1));
        assertEquals(3 * 6, TinyRun.column(problems, "step").length, "a row per problem and step");
        assertEquals(3, TinyRun.column(folder.resolve("run/metrics.csv"), "pass_rate").length, "a row per step");
    }

    @Test
    void lppoGuidesFailingProblemsAndWeighsByProgress() throws Exception {
        run(TinyRun.recipe("lppo"), folder.resolve("run"), 6);
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
    void impossibleSettingsAreRefused() {
        refused("group size 1", r -> r.groupSize(1));
        refused("updates 0", r -> r.learning(r.learning().updates(0)));
        refused("updates 7", r -> r.learning(r.learning().updates(7)));
        refused("temperature 0", r -> r.temperature(0));
        refused("learning rate NaN", r -> r.learningRate(Double.NaN));
        refused("learning rate Infinity", r -> r.learningRate(Double.POSITIVE_INFINITY));
        refused("warm-up -1", r -> r.learning(r.learning().warmUp(-1)));
        refused("a KL coefficient: needs a reference", r -> r.algorithm(r.algorithm().kl(Kl.K3, 0.1)));
        refused("gradient norm Infinity", r -> r.learning(r.learning().maxNorm(Double.POSITIVE_INFINITY)));
        refused("weight decay Infinity", r -> r.learning(r.learning().weightDecay(Double.POSITIVE_INFINITY)));
        refused("progress of NaN", r -> r.when(new GuidanceRule(0.3, 1, Double.NaN, 1)));
        refused("loss \"best\"", r -> r.algorithm(Algorithm.named("best", 14)));
        refused("trusted share 2", r -> r.trustedShare(2));
        refused("problems per step", r -> r.problemsPerStep(100));
        refused("evaluate every 0", r -> {
            new Training.EvaluationPlan(List.of(), 0, 0);
            return r;
        });
    }

    @Test
    void aFolderInUseIsNotWrittenTo() throws Exception {
        Path full = Files.createDirectories(folder.resolve("full"));
        RunFolder.create(full); // empty: may be used
        Files.writeString(full.resolve("mine.txt"), "mine");
        BadInput refused = assertThrows(BadInput.class, () -> RunFolder.create(full));
        assertTrue(refused.getMessage().contains(full.toString()) && refused.getMessage().contains("output folder"), refused.getMessage());
        assertThrows(BadInput.class, () -> RunFolder.create(full.resolve("mine.txt")));
        assertEquals("mine", Files.readString(full.resolve("mine.txt")));
        assertThrows(BadInput.class, () -> new Checkpoints(full).latest());
    }

    private void refused(String named, UnaryOperator<Recipe> change) {
        try (Policy policy = policy()) {
            BadInput refused = assertThrows(BadInput.class,
                    () -> TinyRun.training(change.apply(TinyRun.recipe("lppo")), policy, TinyRun.ENDS).trainer(), named);
            assertTrue(refused.getMessage().contains(named), refused.getMessage());
        }
    }

    private static void run(Recipe recipe, Path out, long steps) {
        new TinyRun(skeleton).run(recipe, TinyRun.ENDS, out, steps);
    }

    private static boolean run(Trainer trainer, long steps, BooleanSupplier stop, LongConsumer progress) {
        return trainer.run(steps, Long.MAX_VALUE, stop, progress);
    }

    private static Trainer trainer(String recipe, Policy policy, RunFolder folder) {
        return TinyRun.training(TinyRun.recipe(recipe), policy, TinyRun.ENDS, folder).trainer();
    }
}
