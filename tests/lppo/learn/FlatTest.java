package lppo.learn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import common.Seed;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import llm.FlatTokens;
import llm.Lora;
import llm.Policy;
import llm.Precision;
import lppo.Aggregation;
import lppo.Checkout;
import lppo.Objective;
import lppo.PolicyLoss;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Samples laid one after another and derivatives written out, against a row for each and the engine's derivatives. */
class FlatTest {

    @ParameterizedTest
    @CsvSource({"qwen2, 0, false, 0.8", "qwen3, 0, false, 1", "llama, 0, false, 1", "qwen2-untied, 0, true, 0.8", "qwen3, 0, true, 1",
        "qwen2, 4, false, 1", "qwen3, 4, true, 0.8", "llama, 4, false, 1"})
    void theGradientAndTheReportAreThoseOfPaddedRows(String model, int rank, boolean recompute, double temperature) {
        List<Sample> samples = Sample.weighted(samples(3), Aggregation.TOKEN_MEAN);
        LearnerSettings settings = new LearnerSettings().tokenBudget(150).temperature(temperature).recompute(recompute);
        PolicyLoss objective = new PolicyLoss(0.2, 0.28, 0.1);
        try (Policy left = fixture(model, Precision.FP32, rank == 0);
                Policy right = fixture(model, Precision.FP32, rank == 0);
                Policy reference = fixture("qwen2", Precision.FP32, false)) {
            Policy expected = adapted(left, rank, Lora.PROJECTIONS);
            Policy found = adapted(right, rank, Lora.PROJECTIONS);
            Learner padded = Learner.of(expected, settings).layout(Learner.Layout.PADDED).reference(reference);
            Learner flat = Learner.of(found, settings).layout(Learner.Layout.FLAT).reference(reference)
                    .logits(3L * found.config().vocabSize()); // three tokens at a time
            padded.optimizer();
            flat.optimizer();
            assertTrue(flat.micro(samples).size() > 1);
            double[] report = padded.gradients(samples, objective);
            double[] other = flat.gradients(samples, objective);
            for (int i = 0; i < report.length; i++) {
                assertEquals(report[i], other[i], 1e-5 * Math.max(1, Math.abs(report[i])));
            }
            assertSame(expected, found, 1e-5f);
            List<float[]> logProbs = flat.logProbs(found, samples);
            List<float[]> others = padded.logProbs(expected, samples);
            for (int i = 0; i < samples.size(); i++) {
                assertArrayEquals(others.get(i), logProbs.get(i), 1e-5f);
            }
        }
    }

    /** The way of small models: a vocabulary that is too large for all tokens at a time is gone through in pieces. */
    @ParameterizedTest
    @CsvSource({"qwen2, FP32, 1e-5", "llama, BF16, 1e-2"})
    void logitsAreComputedInPiecesWithoutRecomputing(String model, Precision precision, float tolerance) {
        List<Sample> samples = Sample.weighted(samples(3), Aggregation.TOKEN_MEAN);
        try (Policy left = fixture(model, precision, true); Policy right = fixture(model, precision, true)) {
            Learner whole = Learner.of(left);
            Learner pieces = Learner.of(right).logits(3L * right.config().vocabSize());
            whole.optimizer();
            pieces.optimizer();
            assertEquals(Learner.Layout.ROWS, pieces.micro(samples).get(0).layout());
            assertArrayEquals(whole.gradients(samples, Objective.likelihood()), pieces.gradients(samples, Objective.likelihood()),
                    tolerance);
            assertSame(left, right, tolerance);
        }
    }

    /** Sequences of more than 96 tokens, of which several begin with the same prompt of 120. */
    @Test
    void longSequencesShareTheirPrompt() {
        SplittableRandom random = new SplittableRandom(4);
        int[] prompt = random.ints(120, 2, 64).toArray();
        List<Sample> samples = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            int[] completion = random.ints(10 + 7 * i, 2, 64).toArray();
            float[] behaviour = new float[completion.length];
            Arrays.fill(behaviour, -4);
            samples.add(new Sample(prompt, completion, behaviour, i % 2 == 0 ? 1 : -1, 0));
        }
        List<Sample> weighted = Sample.weighted(samples, Aggregation.SEQUENCE_MEAN);
        LearnerSettings settings = new LearnerSettings();
        try (Policy left = fixture("llama", Precision.FP32, true); Policy right = fixture("llama", Precision.FP32, true)) {
            Learner padded = Learner.of(left, settings).layout(Learner.Layout.PADDED);
            Learner shared = Learner.of(right, settings);
            List<Learner.Micro> micro = shared.micro(weighted);
            assertEquals(Learner.Layout.FLAT, micro.get(0).layout(), "by itself");
            assertEquals(1, micro.size());
            int tokens = TokenBatch.flat(micro.get(0).rows()).tokens().length;
            int real = 120 + samples.stream().mapToInt(s -> s.completion().length - 1).sum();
            assertTrue(tokens >= real && tokens < 1.25 * real, tokens + " for " + real);
            padded.optimizer();
            shared.optimizer();
            assertArrayEquals(padded.gradients(weighted, PolicyLoss.grpo()), shared.gradients(weighted, PolicyLoss.grpo()), 1e-5);
            assertSame(left, right, 1e-5f);
        }
    }

    @ParameterizedTest
    @CsvSource({"qwen2, 0", "qwen3, 4", "llama, 4"})
    void theGradientInBf16IsAlmostThatInFp32(String model, int rank) {
        List<Sample> samples = Sample.weighted(samples(3), Aggregation.TOKEN_MEAN);
        try (Policy wide = fixture(model, Precision.FP32, rank == 0); Policy narrow = fixture(model, Precision.BF16, rank == 0)) {
            Policy expected = adapted(wide, rank, Lora.PROJECTIONS);
            Policy found = adapted(narrow, rank, Lora.PROJECTIONS);
            for (Policy policy : List.of(expected, found)) {
                Learner learner = Learner.of(policy).layout(Learner.Layout.FLAT);
                learner.optimizer();
                learner.gradients(samples, Objective.likelihood()); // which has no clip that a rounding decides
            }
            assertTrue(LearnerTest.cosine(expected, found) > 0.999, "cosine " + LearnerTest.cosine(expected, found));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"q_proj", "v_proj,up_proj", "o_proj,down_proj,gate_proj"})
    void someProjectionsAlone(String targets) {
        List<Sample> samples = Sample.weighted(samples(3), Aggregation.TOKEN_MEAN);
        try (Policy left = fixture("llama", Precision.FP32, false); Policy right = fixture("llama", Precision.FP32, false)) {
            Policy expected = adapted(left, 2, List.of(targets.split(",")));
            Policy found = adapted(right, 2, List.of(targets.split(",")));
            Learner padded = Learner.of(expected).layout(Learner.Layout.PADDED);
            Learner flat = Learner.of(found).layout(Learner.Layout.FLAT);
            padded.optimizer();
            flat.optimizer();
            assertArrayEquals(padded.gradients(samples, PolicyLoss.grpo()), flat.gradients(samples, PolicyLoss.grpo()), 1e-5);
            assertSame(expected, found, 1e-5f);
        }
    }

    /** Where each token lies: two branches of a prompt of two tokens, then a sequence that shares nothing. */
    @Test
    void whereTokensLie() {
        FlatTokens flat = FlatTokens.of(List.of(
                new FlatTokens.Tree(new int[] {5, 6}, List.of(new int[] {7, 8, 9}, new int[] {}, new int[] {1})),
                new FlatTokens.Tree(new int[] {3}, List.of(new int[] {4}))));
        assertArrayEquals(new long[] {5, 6, 3, 4, 1, 7, 8, 9}, flat.tokens());
        assertArrayEquals(new long[] {0, 1, 0, 1, 2, 2, 3, 4}, flat.positions());
        assertArrayEquals(new long[] {0, 0, 0, 2, 2, 0, 2, 4, 1, 1, 0, 2, 5, 1, 3}, flat.pieces());
        assertArrayEquals(new int[] {1, 1, 1, 2}, flat.beginnings());
        assertEquals(List.of(5, 4, 3), List.of(flat.branches()[0], flat.branches()[2], flat.branches()[3]));
    }

    private static Policy adapted(Policy policy, int rank, List<String> targets) {
        if (rank == 0) {
            return policy;
        }
        Policy adapted = policy.adapted(Lora.fresh(policy.config(), new Lora.Settings(rank, 3, targets), new Seed(2), policy.manager()));
        SplittableRandom random = new SplittableRandom(3);
        for (NDArray array : adapted.parameters()) { // B too
            double[] values = random.doubles(array.size(), -0.2, 0.2).toArray();
            try (NDArray other = policy.manager().create(toFloat(values), array.getShape())) {
                array.subi(array).addi(other);
            }
        }
        return adapted;
    }

    private static float[] toFloat(double[] values) {
        float[] floats = new float[values.length];
        IntStream.range(0, values.length).forEach(i -> floats[i] = (float) values[i]);
        return floats;
    }

    private static void assertSame(Policy expected, Policy found, float tolerance) {
        double squares = 0;
        for (int i = 0; i < expected.parameters().size(); i++) {
            float[] gradient = expected.parameters().get(i).getGradient().toFloatArray();
            float[] other = found.parameters().get(i).getGradient().toFloatArray();
            double largest = IntStream.range(0, gradient.length).mapToDouble(j -> Math.abs(gradient[j])).max().orElseThrow();
            assertArrayEquals(gradient, other, tolerance * (float) Math.max(1, largest), "parameter " + i);
            squares += IntStream.range(0, gradient.length).mapToDouble(j -> gradient[j] * gradient[j]).sum();
        }
        assertTrue(Math.sqrt(squares) > 1e-2, "there must be something to compare: " + Math.sqrt(squares));
    }

    /** 24 samples of 8 prompts, three of each; prompts of 1 to 8 tokens, completions of 1 to 15. */
    private static List<Sample> samples(int each) {
        SplittableRandom random = new SplittableRandom(6);
        List<Sample> samples = new ArrayList<>();
        for (int g = 0; g < 8; g++) {
            int[] prompt = random.ints(1 + (g * 5) % 8, 2, 64).toArray();
            for (int i = 0; i < each; i++) {
                int[] completion = random.ints(1 + random.nextInt(15), 2, 64).toArray();
                float[] behaviour = new float[completion.length];
                for (int j = 0; j < behaviour.length; j++) {
                    behaviour[j] = (float) random.nextDouble(-4.5, -4.1);
                }
                samples.add(new Sample(prompt, completion, behaviour, i - 1 + g % 2, 0));
            }
        }
        return samples;
    }

    private static Policy fixture(String model, Precision precision, boolean learning) {
        return Policy.load(Checkout.ROOT.resolve("tests/fixtures").resolve(model), Device.cpu(), precision, learning);
    }
}
