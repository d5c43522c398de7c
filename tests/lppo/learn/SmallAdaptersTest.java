package lppo.learn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import com.google.gson.JsonObject;
import common.Json;
import common.Seed;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import llm.Lora;
import llm.Policy;
import llm.Precision;
import lppo.Aggregation;
import lppo.Checkout;
import lppo.Objective;
import lppo.data.Problem;
import lppo.data.Step;
import lppo.rollout.Completion;
import lppo.rollout.GpuRollout;
import lppo.rollout.Prompt;
import lppo.rollout.Sampling;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What adapters add after one small step is less than the rounding of bf16 and must act all the same: a likelihood rises in bf16 by as
 * much as in fp32, in the update and in the rollout.
 */
class SmallAdaptersTest {

    private static final double RATE = 1e-4;

    @TempDir
    private Path folder;

    /** A model whose sums have as many terms as those of a real one; stored in bf16, so that both precisions have the same weights. */
    @BeforeEach
    void write() throws Exception {
        Path tokenizer = Checkout.ROOT.resolve("tests/fixtures/llama");
        JsonObject config = Json.object(tokenizer.resolve("config.json"));
        config.addProperty("hidden_size", 256);
        config.addProperty("intermediate_size", 512);
        config.addProperty("head_dim", 64);
        for (String file : List.of("tokenizer.json", "config.json")) {
            Files.copy(tokenizer.resolve(file), folder.resolve(file));
        }
        Files.writeString(folder.resolve("config.json"), config.toString());
        try (Policy random = Policy.random(folder, 0.06, new Seed(1), Device.cpu())) {
            random.save(folder, Precision.BF16);
        }
    }

    private Policy policy(Precision precision) {
        return Policy.load(folder, Device.cpu(), precision, false);
    }

    private static Policy adapted(Policy base) {
        return base.adapted(Lora.fresh(base.config(), Lora.Settings.of(16), new Seed(2), base.manager()));
    }

    @Test
    void aStepRaisesTheLikelihoodInBf16AsInFp32() {
        SplittableRandom random = new SplittableRandom(5);
        List<Sample> samples = new ArrayList<>();
        for (int i = 0; i < 64; i++) {
            int[] completion = random.ints(12, 2, 64).toArray();
            samples.add(new Sample(random.ints(8, 2, 64).toArray(), completion, new float[completion.length], 1, 0));
        }
        List<Sample> weighted = Sample.weighted(samples, Aggregation.TOKEN_MEAN);
        double[] gains = new double[2];
        for (Precision precision : List.of(Precision.FP32, Precision.BF16)) {
            try (Policy base = policy(precision)) {
                Learner learner = Learner.of(adapted(base), new LearnerSettings().warmUp(0).maxDifference(100))
                        .layout(Learner.Layout.FLAT);
                double before = learner.update(weighted, Objective.likelihood(), RATE).orElseThrow().loss();
                gains[precision.ordinal() > 0 ? 1 : 0] = before
                        - learner.update(weighted, Objective.likelihood(), RATE).orElseThrow().loss();
            }
        }
        assertTrue(gains[0] > 0);
        assertEquals(1, gains[1] / gains[0], 0.1, gains[1] + " of " + gains[0]);
    }

    @Test
    void theRolloutSamplesFromWhatWasLearned() {
        try (Policy wide = policy(Precision.FP32)) {
            Policy learned = adapted(wide);
            List<Completion> before = firstTokens(learned, Precision.FP32);
            List<Completion> narrow = firstTokens(learned, Precision.BF16);
            List<Sample> samples = before.stream().map(c -> Sample.of(c, 1)).toList();
            Learner.of(learned, new LearnerSettings().warmUp(0)).update(Sample.weighted(samples, Aggregation.TOKEN_MEAN),
                    Objective.likelihood(),
                    RATE);
            double expected = gain(before, firstTokens(learned, Precision.FP32));
            double found = gain(narrow, firstTokens(learned, Precision.BF16));
            assertTrue(expected > 0);
            assertEquals(1, found / expected, 0.1, found + " of " + expected);
        }
    }

    private static List<Completion> firstTokens(Policy policy, Precision precision) {
        SplittableRandom random = new SplittableRandom(6);
        List<Prompt> prompts = new ArrayList<>();
        for (int i = 0; i < 256; i++) {
            prompts.add(Prompt.unguided(new Problem("p" + i, "?", "1", null, null, null), random.ints(8, 2, 64).toArray()));
        }
        return new GpuRollout(policy.sampledIn(precision), Sampling.plain(1), 256).sample(prompts, new Step(1, new Seed(1))).stream()
                .flatMap(group -> group.completions().stream()).toList();
    }

    /** The mean rise of the log-probabilities of tokens that were drawn both times. */
    private static double gain(List<Completion> before, List<Completion> after) {
        double sum = 0;
        int count = 0;
        for (int i = 0; i < before.size(); i++) {
            if (before.get(i).tokens()[0] == after.get(i).tokens()[0]) {
                sum += after.get(i).logProbs()[0] - before.get(i).logProbs()[0];
                count++;
            }
        }
        assertTrue(count > before.size() * 0.8, count + " tokens");
        return sum / count;
    }
}
