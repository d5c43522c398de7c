package spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import lppo.Checkout;
import lppo.Recipe;
import lppo.data.Problem;
import lppo.data.Seed;
import lppo.data.Problems;
import lppo.judge.Reward;
import lppo.learn.Learner;
import lppo.learn.Sample;
import lppo.model.Lora;
import lppo.model.Policy;
import lppo.model.Precision;
import lppo.rollout.Completion;
import lppo.rollout.Prompt;
import lppo.rollout.Rollout;
import lppo.rollout.Sampling;
import lppo.run.Blueprint;
import lppo.run.Compute;
import lppo.run.Options;
import lppo.run.RunFolder;
import lppo.run.Trainer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** However many parts the work is cut into, a run samples, learns and writes the same; on executors of their own see the tests beside this. */
class SparkNumbersTest {

    private static final Path MODEL = Checkout.ROOT.resolve("data/base");

    @TempDir Path folder;

    /** Passes completions on, and keeps them. */
    private record Listening(Compute compute, List<String> heard) implements Compute {
        @Override
        public Rollout rollout(Sampling sampling, Seed seed) {
            Rollout inner = compute.rollout(sampling, seed);
            return (prompts, step) -> {
                List<Completion> all = inner.sample(prompts, step);
                all.forEach(c -> heard.add(c.prompt().problem().id() + Arrays.toString(c.tokens()) + Arrays.toString(c.logProbs())));
                return all;
            };
        }

        @Override
        public Learner.Report update(Learner learner, Learner.Objective objective, List<Sample> samples, double rate) {
            return compute.update(learner, objective, samples, rate);
        }

        @Override
        public void close() {
            compute.close();
        }
    }

    private static Options options() {
        Options options = new Options();
        options.problemsPerStep = 16;
        options.groupSize = 8;
        options.updates = 2;
        options.tokenBudget = 256; // so that each update has several micro-batches
        options.learningRate = 1e-3;
        options.evaluateEvery = 25;
        options.evaluateSamples = 2;
        options.device = "cpu";
        return options;
    }

    /** A run; {@code master} null for one without Spark. Returns all that was sampled. */
    private List<String> run(String name, String master, Map<String, String> settings, Options options, Lora.Settings adapters, int steps) {
        List<Problem> problems = Problems.read(Checkout.ROOT.resolve("data/train.jsonl"));
        List<Problem> heldOut = Problems.read(Checkout.ROOT.resolve("data/validation.jsonl")).subList(0, 10);
        List<String> heard = new ArrayList<>();
        try (Policy base = Policy.load(MODEL, Device.cpu(), Precision.FP32, adapters == null);
                Policy other = options.kl > 0 && adapters == null ? Policy.load(MODEL, Device.cpu(), Precision.FP32, false) : null) {
            Policy policy = adapters == null ? base : base.adapted(Lora.fresh(base.config(), adapters, new Seed(1), base.manager()));
            Policy reference = options.kl == 0 ? null : adapters == null ? other : base;
            Compute place = master == null ? Compute.here(policy, options.rolloutRows)
                    : new Cluster(master, settings, Blueprint.of(MODEL, options, Precision.FP32, adapters, List.of()), policy);
            try (Compute compute = new Listening(place, heard)) {
                assertTrue(new Trainer(Recipe.LPPO, options, policy, reference, Reward.lastWord(), problems, heldOut, new Seed(1),
                        RunFolder.create(folder.resolve(name)), compute).run(steps, () -> false, step -> {}));
            }
        }
        return heard;
    }

    private void same(String a, String b) throws Exception {
        for (String table : List.of("metrics.csv", "problems.csv", "evaluation.csv")) {
            assertEquals(Files.readString(folder.resolve(a).resolve(table)), Files.readString(folder.resolve(b).resolve(table)), b + " " + table);
        }
    }

    @Test
    void fiftyStepsAreTheSameInOneTwoAndThreePartsToTheLastBit() throws Exception {
        List<String> alone = run("alone", null, Map.of(), options(), null, 50);
        for (int n = 1; n <= 3; n++) {
            assertEquals(alone, run("spark" + n, "local[" + n + "]", Map.of(), options(), null, 50), n + " parts");
            same("alone", "spark" + n);
        }
    }

    @Test
    void soAreAdaptersWithAReferenceAndRecomputation() throws Exception {
        Options options = options();
        options.rolloutRows = 32; // the parts of one process: other decoding than FastDecode rounds by what is in the batch
        options.kl = 0.01;
        options.loss = "dapo";
        options.refills = 0;
        options.recompute = true;
        List<String> alone = run("alone", null, Map.of(), options, Lora.Settings.of(4), 3);
        assertEquals(alone, run("spark", "local[2]", Map.of(), options, Lora.Settings.of(4), 3));
        same("alone", "spark");
    }

    @Test
    void addedInATreeTheyAgreeUpToRounding() throws Exception {
        run("alone", null, Map.of(), options(), null, 5);
        run("tree", "local[2]", Map.of("spark.lppo.sum", "tree"), options(), null, 5);
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

    @Test
    void partsHoldWholeProblemsAndEndWhereBatchesDo() {
        List<Prompt> prompts = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            prompts.add(Prompt.unguided(new Problem("p" + i / 2, "", "", null, null, null), new int[] {1}));
        }
        prompts.add(prompts.get(0)); // a problem that comes again
        assertEquals(List.of(List.of(0, 1, 12, 2, 3, 4, 5), List.of(6, 7, 8, 9, 10, 11)), SparkRollout.parts(prompts, 1024, 2));
        assertEquals(List.of(List.of(0, 1, 2, 3), List.of(4, 5, 6, 7, 8, 9, 10, 11)), SparkRollout.parts(prompts.subList(0, 12), 4, 2));
        assertEquals(List.of(List.of(0, 1, 2, 3, 4, 5), List.of(6, 7, 8, 9, 10, 11)), SparkRollout.parts(prompts.subList(0, 12), 3, 2), "no multiple");
        assertEquals(6, SparkRollout.parts(prompts, 1024, 9).size(), "no part is empty");
    }
}
