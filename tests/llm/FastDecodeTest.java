package llm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.pytorch.jni.JniUtils;
import commands.Children;
import common.Seed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import lppo.Checkout;
import lppo.data.Problem;
import lppo.data.Problems;
import lppo.data.Step;
import lppo.rollout.Completion;
import lppo.rollout.GpuRollout;
import lppo.rollout.Prompt;
import lppo.rollout.Sampling;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Compares sampling in one call with sampling by plain operations. */
class FastDecodeTest {

    /** Prompts of 1 to 11 tokens, some equal, so that rows share a prefill; the model's positions end some completions. */
    @ParameterizedTest
    @CsvSource({"qwen2, 1", "qwen2, 0", "qwen2-untied, 1", "qwen3, 1", "qwen3, 0.7", "llama, 1", "llama, 0"})
    void equalsPlainSampling(String model, double temperature) {
        try (Policy policy = Policy.load(Checkout.ROOT.resolve("tests/fixtures").resolve(model), Device.cpu())) {
            SplittableRandom random = new SplittableRandom(7);
            List<Prompt> prompts = new ArrayList<>();
            for (int i = 0; i < 37; i++) {
                int length = i % 5 == 4 ? prompts.get(i - 1).tokens().length : 1 + random.nextInt(11);
                int[] tokens = i % 5 == 4 ? prompts.get(i - 1).tokens() : random.ints(length, 3, policy.config().vocabSize()).toArray();
                prompts.add(prompt(i, tokens));
            }
            List<Completion> all = same(policy, new Sampling(temperature, 0, 1, 40), prompts, 1e-5f);
            assertEquals(2, temperature == 0 ? 2 : all.stream().map(Completion::finish).distinct().count(), "both ways to end");
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {1, 0, 0.6})
    void equalsPlainSamplingOnTheBuiltInPolicy(double temperature) {
        try (Policy policy = base()) {
            List<Completion> all = same(policy, new Sampling(temperature, 0, 1, 5), questions(policy), 1e-5f);
            assertEquals(2, temperature == 0 ? 2 : all.stream().map(Completion::finish).distinct().count(), "both ways to end");
        }
    }

    /** Truncated distributions, with adapters that learned something, of all layouts of weights. */
    @ParameterizedTest
    @CsvSource({"qwen2, 1, 5, 1", "qwen3, 0.7, 0, 0.8", "llama, 1.5, 30, 0.6", "llama, 0, 0, 1", "qwen2, 1, 0, 0.99"})
    void equalsPlainSamplingWithAdaptersAndTruncation(String model, double temperature, int topK, double topP) {
        try (Policy policy = Policy.load(Checkout.ROOT.resolve("tests/fixtures").resolve(model), Device.cpu())) {
            SplittableRandom random = new SplittableRandom(8);
            List<Prompt> prompts = IntStream.range(0, 40)
                    .mapToObj(i -> prompt(i, random.ints(1 + i % 9, 3, policy.config().vocabSize()).toArray())).toList();
            Sampling sampling = new Sampling(temperature, topK, topP, 20);
            List<Completion> base = sample(new GpuRollout(policy, sampling, 1024, false), prompts);
            List<Completion> adapted = same(RowsApartTest.adapted(policy), sampling, prompts, 2e-5f);
            assertTrue(IntStream.range(0, 40).anyMatch(i -> base.get(i).logProbs()[0] != adapted.get(i).logProbs()[0]), "adapters count");
        }
    }

    /** A vocabulary that is summed by blocks, the last one not full: whole, truncated and in oneDNN's arithmetic. */
    @Test
    void equalsPlainSamplingWithManyTokens() throws IOException {
        Path folder = Files.createTempDirectory("many");
        try (Policy policy = RowsApartTest.BLOCKS.policy(folder, Precision.FP32)) {
            List<Prompt> prompts = RowsApartTest.BLOCKS.prompts();
            same(policy, new Sampling(1, 0, 1, 12), prompts, 2e-5f, 2);
            same(policy, new Sampling(1, 0, 0.9, 12), prompts, 2e-5f, 2);
            same(policy, new Sampling(0.9, 100, 1, 12), prompts, 2e-5f, 2);
            same(policy.sampledBy(true), new Sampling(1, 0, 1, 12), prompts, 5e-5f, 2);
        } finally {
            Children.delete(folder);
        }
    }

    /** As sampled from a real model that trains adapters: one token each, as further ones follow from it. */
    @Test
    void isNearPlainSamplingInBf16WithAdapters() throws IOException {
        Path folder = Files.createTempDirectory("near");
        try (Policy base = RowsApartTest.BLOCKS.policy(folder, Precision.BF16)) {
            Policy policy = RowsApartTest.adapted(base);
            List<Prompt> prompts = RowsApartTest.BLOCKS.prompts();
            List<Completion> plain = sample(new GpuRollout(policy, Sampling.plain(1), 1024, true), prompts);
            List<Completion> fast = sample(new GpuRollout(policy, Sampling.plain(1), 1024, false), prompts);
            List<Completion> without = sample(new GpuRollout(base, Sampling.plain(1), 1024, false), prompts);
            assertTrue(difference(plain, fast) < 0.05, "with adapters " + difference(plain, fast));
            assertTrue(IntStream.range(0, prompts.size()).anyMatch(i -> fast.get(i).logProbs()[0] != without.get(i).logProbs()[0]),
                    "adapters count");
        } finally {
            Children.delete(folder);
        }
    }

    /** The mean difference of log-probabilities where both drew the same token, which most do. */
    private static double difference(List<Completion> a, List<Completion> b) {
        List<Integer> same = IntStream.range(0, a.size()).boxed().filter(i -> a.get(i).tokens()[0] == b.get(i).tokens()[0]).toList();
        assertTrue(same.size() > a.size() / 2, same.size() + " of " + a.size());
        return same.stream().mapToDouble(i -> Math.abs(a.get(i).logProbs()[0] - b.get(i).logProbs()[0])).average().orElseThrow();
    }

    /** Prompts of 480 tokens, 64 of them different: more than run through the model at once; what each gets is what it gets alone. */
    @Test
    void manyLongPromptsAreDecodedInParts() throws IOException {
        Path folder = Files.createTempDirectory("long");
        RowsApart.Shape shape = new RowsApart.Shape("llama", 32, 64, 2, 2, 16, 80, 520, 64);
        try (Policy policy = shape.policy(folder, Precision.FP32)) {
            SplittableRandom random = new SplittableRandom(9);
            List<Prompt> prompts = IntStream.range(0, 64).mapToObj(i -> prompt(i, random.ints(i % 2 == 0 ? 480 : 5, 3, 80).toArray()))
                    .toList();
            GpuRollout rollout = new GpuRollout(policy, Sampling.plain(6), 1024);
            List<Completion> all = sample(rollout, prompts);
            for (int i = 0; i < 64; i++) {
                Completion alone = sample(rollout, prompts.subList(i, i + 1)).get(0);
                assertArrayEquals(prompts.get(i).tokens(), all.get(i).prompt().tokens(), "in the order that was asked");
                assertArrayEquals(alone.tokens(), all.get(i).tokens());
                assertArrayEquals(alone.logProbs(), all.get(i).logProbs(), 1e-4f);
            }
        } finally {
            Children.delete(folder);
        }
    }

    /** As JShell and notebooks ask for. */
    @Test
    void aWideModelGetsAllProcessors() throws IOException {
        Scopes.recordNothing(); // loads the engine
        int before = JniUtils.getNumThreads();
        Path folder = Files.createTempDirectory("wide");
        System.setProperty("llm.threads", "auto");
        try (Policy small = base()) {
            assertEquals(1, JniUtils.getNumThreads());
            RowsApartTest.BLOCKS.policy(folder, Precision.FP32).close();
            assertEquals(Runtime.getRuntime().availableProcessors(), JniUtils.getNumThreads());
        } finally {
            System.clearProperty("llm.threads");
            JniUtils.setNumThreads(before);
            Children.delete(folder);
        }
    }

    /** A policy that learns in fp32 may be sampled in bf16: log-probabilities differ by what 8 bits make of them, and no more. */
    @Test
    void aPolicyMayBeSampledInAnotherPrecision() {
        try (Policy policy = base()) {
            Policy apart = policy.sampledIn(Precision.BF16);
            assertTrue(apart.sampledApart() && !policy.sampledApart());
            List<Prompt> prompts = questions(policy);
            List<Completion> wide = sample(new GpuRollout(policy, Sampling.plain(1), 1024), prompts);
            List<Completion> narrow = sample(new GpuRollout(apart, Sampling.plain(1), 1024), prompts);
            List<Integer> same = IntStream.range(0, prompts.size()).boxed()
                    .filter(i -> wide.get(i).tokens()[0] == narrow.get(i).tokens()[0]).toList();
            double difference = same.stream().mapToDouble(i -> Math.abs(wide.get(i).logProbs()[0] - narrow.get(i).logProbs()[0])).average()
                    .orElseThrow();
            assertTrue(same.size() > 0.9 * prompts.size() && difference > 1e-5 && difference < 0.05, same.size() + " " + difference);
            assertArrayEquals(wide.get(0).logProbs(), sample(new GpuRollout(policy, Sampling.plain(1), 1024), prompts).get(0).logProbs(), 0,
                    "the weights are as they were");
        }
    }

    /** To the last bit, whoever else is in the batch. */
    @Test
    void theBatchDoesNotMatter() {
        try (Policy policy = base()) {
            List<Prompt> prompts = questions(policy);
            List<Completion> together = sample(new GpuRollout(policy, Sampling.plain(16), 1024), prompts);
            for (int rows : new int[] {1, 2, 3, 7, 8, 13, 40, 100}) {
                List<Completion> apart = sample(new GpuRollout(policy, Sampling.plain(16), rows), prompts);
                for (int i = 0; i < prompts.size(); i++) {
                    assertArrayEquals(together.get(i).tokens(), apart.get(i).tokens());
                    assertArrayEquals(together.get(i).logProbs(), apart.get(i).logProbs(), 0, rows + " rows");
                }
            }
        }
    }

    private static List<Completion> same(Policy policy, Sampling sampling, List<Prompt> prompts, float tolerance) {
        return same(policy, sampling, prompts, tolerance, 0);
    }

    /**
     * Compares both ways of sampling.
     *
     * @param rounded so many rows may draw another token, as a number on the border of two tokens goes to either by rounding
     */
    private static List<Completion> same(Policy policy, Sampling sampling, List<Prompt> prompts, float tolerance, int rounded) {
        List<Completion> plain = sample(new GpuRollout(policy, sampling, 1024, true), prompts);
        List<Completion> fast = sample(new GpuRollout(policy, sampling, 1024, false), prompts);
        int others = 0;
        for (int i = 0; i < prompts.size(); i++) {
            int differs = Arrays.mismatch(plain.get(i).tokens(), fast.get(i).tokens());
            if (differs >= 0 && ++others <= rounded) {
                assertArrayEquals(Arrays.copyOf(plain.get(i).logProbs(), differs), Arrays.copyOf(fast.get(i).logProbs(), differs),
                        tolerance);
                continue;
            }
            assertArrayEquals(plain.get(i).tokens(), fast.get(i).tokens());
            assertArrayEquals(plain.get(i).logProbs(), fast.get(i).logProbs(), tolerance);
            assertEquals(plain.get(i).finish(), fast.get(i).finish());
        }
        assertTrue(plain.stream().mapToInt(c -> c.tokens().length).sum() > prompts.size());
        return fast;
    }

    private static List<Completion> sample(GpuRollout rollout, List<Prompt> prompts) {
        return rollout.sample(prompts, new Step(2, new Seed(3))).stream().flatMap(group -> group.completions().stream()).toList();
    }

    /** Questions of all levels, eight times each, every third time with the beginning of an answer as a hint. */
    private static List<Prompt> questions(Policy policy) {
        List<Problem> problems = Problems.read(Checkout.ROOT.resolve("data/train.jsonl"));
        return IntStream.range(0, 160).mapToObj(i -> {
            Problem problem = problems.get(i / 8 * 37 % problems.size());
            int[] question = policy.encode(problem.question());
            int[] hint = i % 3 == 2 ? policy.encode("12 7") : new int[0];
            int[] tokens = IntStream.concat(IntStream.of(question), IntStream.of(hint)).toArray();
            return new Prompt(problem, tokens, hint.length, hint.length > 0 ? 0.3 : 0);
        }).toList();
    }

    private static Policy base() {
        return Policy.load(Checkout.ROOT.resolve("data/base"), Device.cpu());
    }

    private static Prompt prompt(int id, int... tokens) {
        return Prompt.unguided(new Problem("p" + id, "?", "?", null, null, null), tokens);
    }
}
