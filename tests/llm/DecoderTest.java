package llm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import common.Seed;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import lppo.Checkout;
import lppo.data.Problem;
import lppo.data.Step;
import lppo.rollout.Completion;
import lppo.rollout.GpuRollout;
import lppo.rollout.Prompt;
import lppo.rollout.Sampling;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Compares the kernels with plain operations. */
class DecoderTest {

    /** A sequence long enough for fused attention, and the same token by token, which never is. */
    @ParameterizedTest
    @ValueSource(strings = {"qwen2", "qwen3", "llama"})
    void fusedAttentionEqualsPlainAttention(String model) {
        int time = 300;
        try (Policy policy = policy(model, Precision.FP32)) {
            long[] tokens = new SplittableRandom(1).longs(2 * time, 3, 64).toArray();
            Scopes.run(() -> {
                NDArray input = policy.manager().create(tokens, new Shape(2, time));
                float[] fused = policy.decoder().hidden(input, null).transpose(1, 0, 2).toFloatArray();
                List<Float> plain = new ArrayList<>();
                Rotary table = Rotary.table(policy.config(), time, policy.manager());
                try (KvCache cache = policy.cache(2, time)) {
                    for (int i = 0; i < time; i++) {
                        NDArray position = policy.manager().create(new long[] {i, i});
                        for (float x : policy.decoder().step(input.get(":, " + i + ":" + (i + 1)), table.at(position), null,
                                cache).toFloatArray()) {
                            plain.add(x);
                        }
                    }
                }
                float[] expected = new float[plain.size()];
                for (int i = 0; i < expected.length; i++) {
                    expected[i] = plain.get(i);
                }
                assertArrayEquals(expected, fused, 1e-4f);
            });
        }
    }

    @ParameterizedTest
    @CsvSource({"qwen2, BF16", "qwen3, BF16", "llama, BF16", "qwen2, FP16", "llama, FP16"})
    void sixteenBitsSampleAlmostAsFp32Does(String model, Precision precision) {
        List<Prompt> prompts = List.of(prompt(0, 5), prompt(1, 6, 7, 8, 9, 10), prompt(2, 11, 12, 13), prompt(3, 14, 15, 16, 17));
        try (Policy wide = policy(model, Precision.FP32); Policy narrow = policy(model, precision)) {
            double difference = 0;
            int tokens = 0;
            for (Completion c : sample(narrow, prompts)) {
                float[] expected = logProbs(wide, c);
                for (int i = 0; i < expected.length; i++, tokens++) {
                    difference += Math.abs(expected[i] - c.logProbs()[i]);
                }
            }
            assertTrue(tokens > 20 && difference / tokens < 0.05, "mean difference " + difference / tokens);
        }
    }

    @Test
    void theAutomaticPrecisionIsThatOfTheModelOnAGpuAndFp32Else() {
        Path fixtures = Checkout.ROOT.resolve("tests/fixtures");
        assertEquals(Precision.BF16, Precision.named("auto", Device.gpu(), fixtures.resolve("qwen3")));
        assertEquals(Precision.FP32, Precision.named("auto", Device.gpu(), fixtures.resolve("qwen2")));
        assertEquals(Precision.FP32, Precision.named("auto", Device.cpu(), fixtures.resolve("qwen3")));
    }

    @Test
    void weightsThatLearnSampleAsFrozenOnesDo() {
        List<Prompt> prompts = List.of(prompt(0, 5), prompt(1, 6, 7, 8, 9, 10));
        try (Policy frozen = policy("llama", Precision.BF16);
                Policy learning = Policy.load(Checkout.ROOT.resolve("tests/fixtures/llama"), Device.cpu(), Precision.BF16, true)) {
            List<Completion> expected = sample(frozen, prompts);
            List<Completion> found = sample(learning, prompts);
            for (int i = 0; i < prompts.size(); i++) {
                assertArrayEquals(expected.get(i).tokens(), found.get(i).tokens());
                assertArrayEquals(expected.get(i).logProbs(), found.get(i).logProbs(), 0);
            }
        }
    }

    private static List<Completion> sample(Policy policy, List<Prompt> prompts) {
        return new GpuRollout(policy, Sampling.plain(20), 1024).sample(prompts, new Step(1, new Seed(3))).stream()
                .flatMap(group -> group.completions().stream()).toList();
    }

    private static float[] logProbs(Policy policy, Completion c) {
        int prompt = c.prompt().tokens().length;
        long[] all = java.util.stream.IntStream.concat(java.util.stream.IntStream.of(c.prompt().tokens()),
                java.util.stream.IntStream.of(c.tokens())).asLongStream().toArray();
        float[] scored = new float[c.tokens().length];
        Scopes.run(() -> {
            NDArray rows = policy.decoder().logits(policy.decoder().hidden(policy.manager().create(all, new Shape(1, all.length)), null))
                    .logSoftmax(-1);
            for (int i = 0; i < scored.length; i++) {
                scored[i] = rows.getFloat(0, prompt - 1 + i, c.tokens()[i]);
            }
        });
        return scored;
    }

    private static Policy policy(String model, Precision precision) {
        return Policy.load(Checkout.ROOT.resolve("tests/fixtures").resolve(model), Device.cpu(), precision, false);
    }

    private static Prompt prompt(int id, int... tokens) {
        return Prompt.unguided(new Problem("p" + id, "?", "?", null, null, null), tokens);
    }
}
