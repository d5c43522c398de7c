package llm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import common.Seed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import lppo.Algorithm;
import lppo.Checkout;
import lppo.Kl;
import lppo.PolicyLoss;
import lppo.data.Problems;
import lppo.judge.Reward;
import lppo.learn.Learner;
import lppo.learn.LearnerSettings;
import lppo.learn.Sample;
import lppo.run.Footprint;
import lppo.run.Recipe;
import lppo.run.Training;
import lppo.task.Task;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Measures the peak memory of loading and of long sequences, in separate processes. */
class PeakMemoryTest {

    private static final int LONGEST = 200; // tokens of a completion

    @TempDir
    Path folder;

    /** Weights of 256 MB, in a file of 128 MB, are not held twice. */
    @Test
    void loadingHoldsTheWeightsOnce() throws Exception {
        config(16_384, 1024, 0);
        try (Policy policy = Policy.random(folder, 0.02, new Seed(1), Device.cpu())) {
            policy.save(folder.resolve("saved"), Precision.BF16);
        }
        double weights = 4.0 * (16_384 * 1024 * 2 + 2 * 16_384 * 1024) / (1 << 20);
        double file = weights / 2;
        double held = peak("load", folder.resolve("saved")) - peak("load", Checkout.ROOT.resolve("data/base"));
        assertTrue(held > 0.9 * weights && held < weights + file + 100, "%.0f MB for %.0f MB of weights".formatted(held, weights));
    }

    /** One update of a sequence of 1,024, 2,048 and 4,096 tokens. A matrix per head would take 0.5 GB for each at the last. */
    @Test
    void memoryOfAnUpdateGrowsLinearlyWithLength() throws Exception {
        config(512, 256, 4);
        try (Policy policy = Policy.random(folder, 0.02, new Seed(1), Device.cpu())) {
            policy.save(folder.resolve("saved"));
        }
        double[] peaks = IntStream.of(1, 1024, 2048, 4096).mapToDouble(length -> IntStream.range(0, 3) // the allocator keeps more or less
                .mapToDouble(i -> peak(Integer.toString(length), folder.resolve("saved"))).min().orElseThrow()).toArray();
        System.out.printf("peak of an update of 1, 1,024, 2,048, 4,096 tokens: %.0f, %.0f, %.0f, %.0f MB%n", peaks[0], peaks[1], peaks[2],
                peaks[3]);
        double all = peaks[3] - peaks[0];
        double half = peaks[3] - peaks[2]; // a half of all if it is linear, three quarters if quadratic
        assertTrue(half < 0.7 * all && all < 400, "MB: %.0f %.0f %.0f %.0f".formatted(peaks[0], peaks[1],
                peaks[2], peaks[3]));
    }

    /** What {@code --dry-run} says of a run, against the run. */
    @ParameterizedTest
    @ValueSource(strings = {"plain", "recompute"})
    void theFootprintIsAboutWhatARunTakes(String how) throws Exception {
        config(16_384, 256, 4);
        try (Policy policy = Policy.random(folder, 0.02, new Seed(1), Device.cpu())) {
            policy.save(folder.resolve("saved"));
        }
        double estimate = Footprint.of(ModelConfig.read(folder), recipe(how), null, Precision.FP32, Device.cpu(),
                new Footprint.Extent(20, LONGEST, 1024, false)).peak() / (double) (1 << 20);
        double taken = peak(how, folder.resolve("saved")) - peak("load", Checkout.ROOT.resolve("data/base"));
        assertEquals(1, taken / estimate, 0.4, "%.0f MB for an estimate of %.0f".formatted(taken, estimate));
    }

    private static Recipe recipe(String how) {
        return Recipe.grpo().problemsPerStep(2).learning(new LearnerSettings().tokenBudget(1024).recompute(how.equals("recompute")));
    }

    private static void train(Policy policy, String how, Path out) {
        Algorithm withKl = Algorithm.grpo().kl(Kl.K3, 0.1); // so that groups without a reward are learned from too
        Task task = Task.of("chain", Problems.read(Checkout.ROOT.resolve("data/train.jsonl")), List.of(), Reward.lastWord(), LONGEST);
        Training.of(policy, task).recipe(recipe(how).algorithm(withKl)).reference(policy).into(out).run(1);
    }

    /** A folder with the tokenizer of the built-in policy and a model of these sizes. */
    private void config(int vocabulary, int width, int layers) throws IOException {
        Files.copy(Checkout.ROOT.resolve("data/base/tokenizer.json"), folder.resolve("tokenizer.json"));
        Files.writeString(folder.resolve("config.json"), """
                {"model_type": "qwen2", "vocab_size": %d, "hidden_size": %d, "intermediate_size": %d, "num_hidden_layers": %d,
                 "num_attention_heads": 8, "num_key_value_heads": 2, "max_position_embeddings": 8192,
                 "tie_word_embeddings": %s, "eos_token_id": 1}
                """.formatted(vocabulary, width, 2 * width, Math.max(1, layers), layers > 0));
    }

    /** Megabytes. */
    private double peak(String what, Path model) {
        try {
            assumeTrue(Files.exists(Path.of("/proc/self/status")), "this system does not tell");
            Path log = folder.resolve("log");
            Process run = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx128m", "-Xms128m",
                    "-XX:+AlwaysPreTouch", "-XX:+UseSerialGC", "-Dai.djl.pytorch.num_threads=1", "-DOPT_OUT_TRACKING=true", "-cp",
                    System.getProperty("java.class.path"), PeakMemoryTest.class.getName(), what, model.toString())
                    .redirectErrorStream(true).redirectOutput(log.toFile()).start();
            assertEquals(0, run.waitFor(), () -> what);
            String last = Files.readAllLines(log).stream().reduce((a, b) -> b).orElseThrow();
            return Double.parseDouble(last.replaceAll("\\D", "")) / 1024;
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The work of such a process; prints the peak. */
    public static void main(String... arguments) throws IOException {
        try (Policy policy = Policy.load(Path.of(arguments[1]), Device.cpu())) {
            if (arguments[0].equals("plain") || arguments[0].equals("recompute")) {
                train(policy, arguments[0], Path.of(arguments[1]).resolveSibling("run"));
            } else if (!arguments[0].equals("load")) {
                int length = Integer.parseInt(arguments[0]);
                int[] tokens = new int[length];
                Sample sample = new Sample(new int[] {3}, tokens, new float[length], 1, 0);
                LearnerSettings settings = new LearnerSettings().tokenBudget(1).recompute(true).maxDifference(Double.POSITIVE_INFINITY);
                Learner.of(policy, settings).update(List.of(sample), PolicyLoss.grpo(), 1e-4).orElseThrow();
            }
        }
        System.out.println(Files.readAllLines(Path.of("/proc/self/status")).stream().filter(l -> l.startsWith("VmHWM")).findFirst()
                .orElseThrow());
    }
}
