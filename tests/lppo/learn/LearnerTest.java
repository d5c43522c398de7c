package lppo.learn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import common.BadInput;
import common.Seed;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import llm.Lora;
import llm.Policy;
import llm.Precision;
import lppo.Aggregation;
import lppo.Checkout;
import lppo.Kl;
import lppo.Objective;
import lppo.PolicyLoss;
import lppo.TinyPolicy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests one optimiser step on ragged samples of a tiny random policy. */
class LearnerTest extends TinyPolicy {

    static List<Aggregation> aggregations() {
        return List.of(Aggregation.TOKEN_MEAN, Aggregation.SEQUENCE_MEAN, Aggregation.constant(9));
    }

    @ParameterizedTest
    @MethodSource("aggregations")
    void microBatchesHaveTheGradientsOfOneBatch(Aggregation aggregation) {
        List<Sample> samples = Sample.weighted(samples(), aggregation);
        List<float[]> whole = gradients(samples, 100_000);
        assertTrue(TokenBatch.micro(samples, 1).size() == samples.size(), "each sample goes alone");
        for (int budget : new int[] {1, 40}) {
            List<float[]> parts = gradients(samples, budget);
            for (int i = 0; i < whole.size(); i++) {
                assertArrayEquals(whole.get(i), parts.get(i), 1e-5f, "budget " + budget + ", parameter " + i);
            }
        }
        double norm = Math.sqrt(whole.stream().mapToDouble(LearnerTest::squares).sum());
        assertTrue(norm > 1e-3, "there must be something to compare: " + norm);
    }

    @Test
    void samplesWithoutAdvantageCanBeLeftOut() {
        List<Sample> samples = Sample.weighted(samples(), Aggregation.TOKEN_MEAN);
        List<Sample> learned = samples.stream().filter(s -> s.advantage() != 0).toList();
        assertTrue(learned.size() < samples.size());
        List<float[]> with = gradients(samples, 100_000);
        List<float[]> without = gradients(learned, 100_000);
        for (int i = 0; i < with.size(); i++) {
            assertArrayEquals(with.get(i), without.get(i), 1e-6f, "parameter " + i);
        }
    }

    /** They are left out once all are weighed, so that each of the others weighs the same. */
    @Test
    void anUpdateLeavesThemOutUnlessTheObjectiveNeedsThem() {
        Objective needing = new Objective() {
            @Override
            public Terms of(NDArray logProbs, Tokens tokens) {
                return objective().of(logProbs, tokens);
            }

            @Override
            public Aggregation aggregation() {
                return objective().aggregation();
            }

            @Override
            public boolean needsSilentGroups() {
                return true;
            }
        };
        try (Policy with = policy(); Policy without = policy()) {
            UpdateMetrics all = learner(with, 40).update(samples(), needing, 1e-3).orElseThrow();
            UpdateMetrics some = learner(without, 40).update(samples(), objective(), 1e-3).orElseThrow();
            assertEquals(all.gradientNorm(), some.gradientNorm(), 1e-5);
            assertEquals(all.loss(), some.loss(), 1e-5);
            List<float[]> expected = weights(with);
            List<float[]> found = weights(without);
            for (int i = 0; i < expected.size(); i++) {
                assertArrayEquals(expected.get(i), found.get(i), 1e-5f, "parameter " + i);
            }
        }
    }

    @Test
    void promptsAndPaddingCarryNoLoss() {
        // the first token of the completion is predicted by the last one of the prompt: three targets, none of the prompt
        try (Policy policy = policy()) {
            TokenBatch batch = TokenBatch.of(List.of(new Sample(new int[] {2, 20, 3}, new int[] {30, 1}, new float[] {-1, -2}, 0.5, 0.25),
                    new Sample(new int[] {3}, new int[] {1}, new float[] {-3}, -1, 0.5)), policy.manager());
            assertArrayEquals(new long[] {2, 20, 3, 30, 3, 0, 0, 0}, batch.tokens().toLongArray());
            assertArrayEquals(new long[] {2, 3, 4}, batch.index().toLongArray());
            assertArrayEquals(new long[] {30, 1, 1}, batch.targets().toLongArray());
            assertArrayEquals(new float[] {-1, -2, -3}, batch.behaviour().toFloatArray());
            assertArrayEquals(new float[] {0.5f, 0.5f, -1}, batch.advantages().toFloatArray());
            assertArrayEquals(new float[] {0.25f, 0.25f, 0.5f}, batch.weights().toFloatArray());
        }
    }

    @Test
    void aNotANumberStopsBeforeTheWeightsMove() {
        try (Policy policy = policy()) {
            List<float[]> before = weights(policy);
            List<Sample> samples = new ArrayList<>(samples());
            samples.get(2).behaviour()[1] = Float.NaN;
            Learner learner = learner(policy, 40);
            Diverged stopped = assertThrows(Diverged.class, () -> learner.update(samples, objective(), 0.1));
            assertTrue(stopped.getMessage().contains("NaN"), stopped.getMessage());
            assertSame(before, weights(policy));
            assertEquals(0, learner.optimizer().steps());
            assertEquals(0, learner.optimizer().gradientNorm(), 0, "the bad gradient is forgotten");
            assertTrue(Double.isFinite(learner.update(samples(), objective(), 1e-3).orElseThrow().gradientNorm()));
        }
    }

    @Test
    void theStepIsClippedToTheNorm() {
        try (Policy policy = policy()) {
            LearnerSettings settings = new LearnerSettings().maxNorm(1e-2).tokenBudget(1000);
            Learner learner = Learner.of(policy, settings);
            UpdateMetrics metrics = learner.update(samples(), objective(), 1e-3).orElseThrow();
            assertTrue(metrics.gradientNorm() > 2e-2, "must need clipping: " + metrics.gradientNorm());
            double moment = 0; // after one step a tenth of the gradient that was used
            for (int i = 0; i < policy.parameters().size(); i++) {
                moment += squares(learner.optimizer().state().get("first." + i).toFloatArray());
            }
            assertEquals(1e-2, 10 * Math.sqrt(moment), 1e-6);

            Learner free = Learner.of(policy, settings.maxNorm(1e6));
            double norm = free.update(samples(), objective(), 1e-3).orElseThrow().gradientNorm();
            double whole = 0;
            for (int i = 0; i < policy.parameters().size(); i++) {
                whole += squares(free.optimizer().state().get("first." + i).toFloatArray());
            }
            assertEquals(1, 10 * Math.sqrt(whole) / norm, 1e-4, "a smaller gradient is left alone");
        }
    }

    @Test
    void theReportOfTheFirstUpdateIsOnPolicy() {
        try (Policy policy = policy()) {
            Learner learner = learner(policy, 40);
            List<Sample> samples = Sample.weighted(samples(), Aggregation.TOKEN_MEAN);
            List<Sample> onPolicy = new ArrayList<>();
            for (Sample sample : samples) { // what the policy itself says
                TokenBatch batch = TokenBatch.of(List.of(sample), policy.manager());
                NDArray chosen = Pass.chosen(batch, policy.decoder().hidden(batch.tokens(), null));
                float[] own = Pass.logProbs(policy, batch, chosen, 1).get(0).toFloatArray();
                onPolicy.add(new Sample(sample.prompt(), sample.completion(), own, sample.advantage(), sample.weight()));
            }
            UpdateMetrics report = learner.update(onPolicy, objective(), 1e-3).orElseThrow();
            assertEquals(1, report.ratio(), 1e-5);
            assertEquals(0, report.clipFraction(), 0);
            assertEquals(0, report.difference(), 1e-5);
            assertEquals(0, report.kl(), 0);
            double mean = onPolicy.stream().mapToDouble(s -> s.weight() * s.completion().length * s.advantage()).sum();
            assertEquals(-mean, report.loss(), 1e-5);
            assertTrue(report.entropy() > 0 && report.entropy() <= Math.log(policy.config().vocabSize()) + 1e-4,
                    report::toString);
            assertTrue(learner.update(onPolicy, objective(), 1e-3).orElseThrow().loss() < report.loss(), "the step must have helped");
        }
    }

    /** Packed rows, whose completions share their prompt, against a row for each, which is what recomputing uses. */
    @ParameterizedTest
    @CsvSource({"qwen2, FP32, 5e-6", "qwen3, FP32, 5e-6", "llama, FP32, 5e-6", "llama, BF16, 1e-2", "qwen2, BF16, 1e-2"})
    void sharingPromptsGivesTheSameGradientAndReport(String model, Precision precision, float tolerance) {
        List<Sample> samples = new ArrayList<>();
        for (int i = 0; i < 24; i++) {
            int[] prompt = i % 3 == 0 ? new int[] {2, 20, 3} : i % 3 == 1 ? new int[] {7} : new int[] {2, 21, 20, 9, 11};
            int[] completion = java.util.stream.IntStream.range(0, 1 + i * i % 11).map(t -> 3 + t * t % 50).toArray();
            float[] behaviour = new float[completion.length];
            java.util.Arrays.fill(behaviour, -4);
            samples.add(new Sample(prompt, completion, behaviour, i % 2 == 0 ? 1 : -0.5, 0));
        }
        List<Sample> weighted = Sample.weighted(samples, Aggregation.TOKEN_MEAN);
        List<List<Sample>> rows = TokenBatch.rows(weighted, 1000);
        assertEquals(3, rows.size());
        try (Policy packed = fixture(model, precision, true); Policy plain = fixture(model, precision, true)) {
            double[] found = learner(packed, 60).gradients(weighted, objective());
            assertArrayEquals(recomputing(plain, 60).gradients(weighted, objective()), found, Math.max(1e-5, tolerance));
            for (int i = 0; i < plain.parameters().size(); i++) {
                assertArrayEquals(plain.parameters().get(i).getGradient().toFloatArray(),
                        packed.parameters().get(i).getGradient().toFloatArray(), tolerance);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"qwen2", "qwen3", "llama"})
    void recomputingGivesTheSameGradientAndReport(String model) {
        List<Sample> samples = Sample.weighted(samples(), Aggregation.TOKEN_MEAN);
        try (Policy plain = fixture(model, Precision.FP32, true);
                Policy lean = fixture(model, Precision.FP32, true);
                Policy reference = fixture("qwen2", Precision.FP32, true)) {
            Objective objective = new PolicyLoss(0.2, 0.28, 0.1);
            double[] expected = prepared(learner(plain, 40).reference(reference)).gradients(samples, objective);
            int vocabulary = lean.config().vocabSize(); // three tokens at a time
            assertArrayEquals(expected, prepared(recomputing(lean, 40).reference(reference).logits(3L * vocabulary))
                    .gradients(samples, objective), 1e-5);
            for (int i = 0; i < plain.parameters().size(); i++) {
                assertArrayEquals(plain.parameters().get(i).getGradient().toFloatArray(),
                        lean.parameters().get(i).getGradient().toFloatArray(), 5e-6f);
            }
        }
    }

    /** Three tokens at a time: a slice begins and ends inside a completion, whose ratio and loss need all of its tokens. */
    @ParameterizedTest
    @CsvSource({"SEQUENCE, CLIPPED", "TRAJECTORY, CLIPPED", "TOKEN, CISPO", "SEQUENCE, CISPO"})
    void slicesCutNoRatioInTwo(PolicyLoss.Ratio ratio, PolicyLoss.Surrogate surrogate) {
        List<Sample> drawn = samples();
        List<Sample> samples = Sample.weighted(drawn.stream().map(s -> new Sample(drawn.get(drawn.indexOf(s) / 3 * 3).prompt(),
                // threes share a prompt, and in the plain way a row
                s.completion(), s.behaviour(), s.advantage(), 0)).toList(), Aggregation.SEQUENCE_MEAN);
        try (Policy plain = fixture("qwen2", Precision.FP32, true); Policy reference = fixture("qwen3", Precision.FP32, false)) {
            Objective objective = new PolicyLoss(ratio, surrogate, 0.5, 3, Kl.K2, 0.1, Aggregation.SEQUENCE_MEAN);
            double[] expected = prepared(learner(plain, 100).reference(reference)).gradients(samples, objective);
            assertTrue(expected[1] > 0.05 && expected[1] != 1, "off the policy that sampled: " + expected[1]);
            for (long tokens : new long[] {1, 3, 5}) {
                try (Policy lean = fixture("qwen2", Precision.FP32, true)) {
                    Learner slicing = recomputing(lean, 100).reference(reference).logits(tokens * lean.config().vocabSize());
                    assertArrayEquals(expected, prepared(slicing).gradients(samples, objective), 1e-5);
                    for (int i = 0; i < plain.parameters().size(); i++) {
                        assertArrayEquals(plain.parameters().get(i).getGradient().toFloatArray(),
                                lean.parameters().get(i).getGradient().toFloatArray(), 1e-5f, tokens + " tokens, parameter " + i);
                    }
                }
            }
            double norm = Math.sqrt(plain.parameters().stream().mapToDouble(p -> squares(p.getGradient().toFloatArray())).sum());
            assertTrue(norm > 1e-3, "there must be something to compare: " + norm);
        }
    }

    @Test
    void recomputingLearnsAdaptersOnBf16WeightsAlmostAsPlainFp32Does() {
        List<Sample> samples = Sample.weighted(samples(), Aggregation.TOKEN_MEAN);
        try (Policy wide = fixture("qwen3", Precision.FP32, false); Policy narrow = fixture("qwen3", Precision.BF16, false)) {
            Policy expected = wide.adapted(lora(wide));
            Policy found = narrow.adapted(lora(narrow));
            learner(expected, 40).gradients(samples, objective());
            recomputing(found, 40).gradients(samples, objective());
            assertTrue(cosine(expected, found) > 0.999, "cosine " + cosine(expected, found));
        }
    }

    @Test
    void weightsInFp32LearnFromABf16Pass() {
        List<Sample> samples = Sample.weighted(samples(), Aggregation.TOKEN_MEAN);
        try (Policy wide = fixture("llama", Precision.FP32, true); Policy narrow = fixture("llama", Precision.BF16, true)) {
            learner(wide, 40).gradients(samples, objective());
            learner(narrow, 40).gradients(samples, objective());
            assertTrue(cosine(wide, narrow) > 0.999, "cosine " + cosine(wide, narrow));
        }
    }

    /** The cosine between the gradients of two policies with the same parameters. */
    static double cosine(Policy a, Policy b) {
        double product = 0;
        double left = 0;
        double right = 0;
        for (int i = 0; i < a.parameters().size(); i++) {
            float[] x = a.parameters().get(i).getGradient().toFloatArray();
            float[] y = b.parameters().get(i).getGradient().toFloatArray();
            for (int j = 0; j < x.length; j++) {
                product += x[j] * y[j];
                left += x[j] * x[j];
                right += y[j] * y[j];
            }
        }
        return product / Math.sqrt(left * right);
    }

    private static Lora lora(Policy policy) {
        return Lora.fresh(policy.config(), Lora.Settings.of(4), new Seed(2), policy.manager());
    }

    private static Policy fixture(String model, Precision precision, boolean learning) {
        return Policy.load(Checkout.ROOT.resolve("tests/fixtures").resolve(model), Device.cpu(), precision, learning);
    }

    @Test
    void badNumbersAreRefused() {
        LearnerSettings settings = new LearnerSettings();
        for (double bad : new double[] {0, -1, Double.NaN}) {
            assertThrows(BadInput.class, () -> settings.learningRate(bad));
            assertThrows(BadInput.class, () -> settings.maxNorm(bad));
            assertThrows(BadInput.class, () -> settings.temperature(bad));
            assertThrows(BadInput.class, () -> settings.maxDifference(bad));
        }
        for (double bad : new double[] {-1, Double.NaN, Double.POSITIVE_INFINITY}) {
            assertThrows(BadInput.class, () -> settings.weightDecay(bad));
            assertThrows(BadInput.class, () -> settings.importanceCap(bad));
        }
        assertThrows(BadInput.class, () -> settings.tokenBudget(0));
        assertThrows(BadInput.class, () -> settings.updates(0));
        assertThrows(BadInput.class, () -> settings.epochs(0));
        assertThrows(BadInput.class, () -> settings.warmUp(-1));
        assertThrows(BadInput.class, () -> Learner.of(null, settings).learningRate(0));
    }

    private static List<float[]> gradients(List<Sample> samples, int tokenBudget) {
        try (Policy policy = policy()) {
            learner(policy, tokenBudget).gradients(samples, objective());
            return policy.weights().parameters().stream().map(p -> p.getGradient().toFloatArray()).toList();
        }
    }

    private static Learner learner(Policy policy, int tokenBudget) {
        return prepared(Learner.of(policy, new LearnerSettings().tokenBudget(tokenBudget)));
    }

    private static Learner recomputing(Policy policy, int tokenBudget) {
        return prepared(Learner.of(policy, new LearnerSettings().tokenBudget(tokenBudget).recompute(true)));
    }

    /** A learner whose parameters record gradients. */
    private static Learner prepared(Learner learner) {
        learner.optimizer();
        return learner;
    }

    private static Objective objective() {
        return new PolicyLoss(0.2, 0.28, 0).aggregation(Aggregation.TOKEN_MEAN);
    }

    /** Prompts of 1 to 8 tokens, completions of 1 to 9, advantages -1, 0 and 1, of which a third are zero. */
    private static List<Sample> samples() {
        SplittableRandom random = new SplittableRandom(6);
        List<Sample> samples = new ArrayList<>();
        for (int i = 0; i < 9; i++) {
            int[] prompt = random.ints(1 + (i * 5) % 8, 2, 64).toArray();
            int[] completion = random.ints(1 + (i * 4) % 9, 2, 64).toArray();
            float[] behaviour = new float[completion.length];
            for (int j = 0; j < behaviour.length; j++) {
                behaviour[j] = (float) random.nextDouble(-4.5, -4.1); // log(1/74) = -4.3
            }
            samples.add(new Sample(prompt, completion, behaviour, i % 3 - 1, 0));
        }
        return samples;
    }

    private static List<float[]> weights(Policy policy) {
        return policy.weights().parameters().stream().map(NDArray::toFloatArray).toList();
    }

    private static void assertSame(List<float[]> expected, List<float[]> actual) {
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(expected.get(i), actual.get(i), 0, "parameter " + i);
        }
    }

    private static double squares(float[] values) {
        double sum = 0;
        for (float value : values) {
            sum += value * value;
        }
        return sum;
    }
}
