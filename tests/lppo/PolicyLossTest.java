package lppo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import common.BadInput;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Compares the loss with PyTorch (tests/fixtures/policy_loss.py), with finite differences and with values computed by hand. */
class PolicyLossTest {

    /** What came out, as numbers. */
    private record Result(double loss, double ratio, double clipFraction, double kl, float[] gradient) {}

    @TestFactory
    List<DynamicTest> lossAndGradientAreThoseOfPyTorch() throws Exception {
        List<DynamicTest> tests = new ArrayList<>();
        String text = Files.readString(Checkout.ROOT.resolve("tests/fixtures/policy_loss.json"));
        for (JsonElement element : JsonParser.parseString(text).getAsJsonArray()) {
            JsonObject c = element.getAsJsonObject();
            tests.add(DynamicTest.dynamicTest("%s, %s, kl %s".formatted(c.get("name"), c.get("aggregation"), c.get("kl")),
                    () -> likePyTorch(c)));
        }
        assertEquals(24, tests.size());
        return tests;
    }

    private static void likePyTorch(JsonObject c) {
        int[] lengths = IntStream.range(0, c.getAsJsonArray("lengths").size())
                .map(i -> c.getAsJsonArray("lengths").get(i).getAsInt()).toArray();
        int width = Arrays.stream(lengths).max().orElseThrow();
        Aggregation aggregation = aggregation(c.get("aggregation").getAsString(), width);
        int tokens = Arrays.stream(lengths).sum();
        float[] weights = new float[lengths.length * width]; // ragged: zero after the end of each completion
        for (int i = 0; i < lengths.length; i++) {
            Arrays.fill(weights, i * width, i * width + lengths[i],
                    (float) aggregation.weight(lengths[i], tokens, lengths.length));
        }
        PolicyLoss loss = new PolicyLoss(c.get("clip_low").getAsDouble(), c.get("clip_high").getAsDouble(), c.get("kl").getAsDouble());
        Result ours = evaluate(loss, new Shape(lengths.length, width), floats(c, "log_probs"), floats(c, "behaviour"),
                floats(c, "advantages"), weights, c.get("kl").getAsDouble() == 0 ? null : floats(c, "reference"));
        double expected = c.get("loss").getAsDouble();
        assertEquals(expected, ours.loss(), 1e-5 * Math.max(1, Math.abs(expected)));
        float[] gradient = floats(c, "gradient");
        for (int i = 0; i < gradient.length; i++) {
            assertEquals(gradient[i], ours.gradient()[i], 1e-5 * Math.max(1, Math.abs(gradient[i])), "token " + i);
        }
        if (aggregation == Aggregation.TOKEN_MEAN) {
            assertEquals(c.get("clipped_tokens").getAsDouble() / tokens, ours.clipFraction(), 1e-6);
        }
    }

    @Test
    void theClipRemovesGradientsOnItsOwnSideOnly() {
        PolicyLoss loss = new PolicyLoss(0.2, 0.3, 0);
        // ratios 1.5 0.5 1.5 0.5 with A = 1 1 -1 -1, then 1.25 within the wider upper bound, then 0.75 with A < 0
        double[] ratios = {1.5, 0.5, 1.5, 0.5, 1.25, 0.75};
        float[] advantages = {1, 1, -1, -1, 1, -1};
        Result result = flat(loss, logs(ratios), new float[6], advantages, filled(6, 1 / 6f), null);
        // -min: -1.3 (clipped), -0.5, +1.5, +0.8 (clipped), -1.25, +0.8 (clipped); sum 0.05
        assertEquals(0.05 / 6, result.loss(), 1e-6);
        assertEquals(3 / 6.0, result.clipFraction(), 1e-6);
        assertEquals(6 / 6.0, result.ratio(), 1e-6); // 1.5 + 0.5 + 1.5 + 0.5 + 1.25 + 0.75 = 6
        // -A ratio / 6 where not clipped
        assertArrayEquals(new float[] {0, -0.5f / 6, 1.5f / 6, 0, -1.25f / 6, 0}, result.gradient(), 1e-6f);
        assertEquals(0, result.kl(), 0);
    }

    @Test
    void theKlTermIsK3() {
        // log-ratio of reference to policy d = 1, -1: e - 1 - 1 and 1/e + 1 - 1; A = 0 leaves the KL alone
        Result result = flat(new PolicyLoss(0.2, 0.2, 0.5), new float[] {-2, -1}, new float[] {-2, -1}, new float[2],
                filled(2, 0.5f), new float[] {-1, -2});
        double kl = 0.5 * (Math.E - 2) + 0.5 / Math.E;
        assertEquals(kl, result.kl(), 1e-6);
        assertEquals(0.5 * kl, result.loss(), 1e-6);
        // derivative 1 - exp(d), times the coefficient and the weight
        assertArrayEquals(new float[] {(float) (0.25 * (1 - Math.E)), (float) (0.25 * (1 - 1 / Math.E))},
                result.gradient(), 1e-6f);
        Result same = flat(new PolicyLoss(0.2, 0.2, 0.5), new float[] {-2, -1}, new float[] {-2, -1}, new float[2],
                filled(2, 0.5f), new float[] {-2, -1});
        assertEquals(0, same.kl(), 0);
    }

    @Test
    void gradientIsThatOfCentralDifferences() {
        SplittableRandom random = new SplittableRandom(4);
        int n = 40;
        float[] logProbs = new float[n];
        float[] behaviour = new float[n];
        float[] advantages = new float[n];
        float[] weights = new float[n];
        float[] reference = new float[n];
        for (int i = 0; i < n; i++) {
            logProbs[i] = (float) -random.nextDouble(0.1, 3);
            behaviour[i] = logProbs[i] + (float) random.nextDouble(-0.6, 0.6);
            reference[i] = logProbs[i] + (float) random.nextDouble(-0.6, 0.6);
            advantages[i] = (float) random.nextDouble(-2, 2);
            weights[i] = i % 7 == 0 ? 0 : (float) random.nextDouble(0.1, 1);
        }
        PolicyLoss loss = new PolicyLoss(0.2, 0.28, 0.1);
        Result result = flat(loss, logProbs, behaviour, advantages, weights, reference);
        for (int i = 0; i < n; i++) {
            double ratio = Math.exp(logProbs[i] - behaviour[i]);
            if (Math.abs(ratio - 0.8) < 0.03 || Math.abs(ratio - 1.28) < 0.03) {
                continue; // a kink has no derivative
            }
            float[] only = new float[n]; // this token alone, so that float32 does not drown the difference in the sum
            only[i] = weights[i];
            float[] up = logProbs.clone();
            float[] down = logProbs.clone();
            up[i] += 0.01f;
            down[i] -= 0.01f;
            double slope = (flat(loss, up, behaviour, advantages, only, reference).loss()
                    - flat(loss, down, behaviour, advantages, only, reference).loss()) / (up[i] - down[i]);
            assertEquals(slope, result.gradient()[i], 2e-4, "token " + i);
        }
    }

    @Test
    void tokensOfWeightZeroDoNotMatter() {
        PolicyLoss loss = new PolicyLoss(0.2, 0.28, 0.1);
        float[] weights = {0.5f, 0, 0.5f, 0};
        Result a = flat(loss, new float[] {-1, -2, -3, -4}, new float[] {-1.1f, -9, -3, -1}, new float[] {1, 5, -1, -5},
                weights, new float[] {-1, -1, -2, -4});
        Result b = flat(loss, new float[] {-1, -7, -3, -1}, new float[] {-1.1f, -1, -3, -2}, new float[] {1, -2, -1, 9},
                weights, new float[] {-1, -8, -2, -5});
        assertEquals(a.loss(), b.loss(), 0);
        assertEquals(a.clipFraction(), b.clipFraction(), 0);
        assertEquals(a.ratio(), b.ratio(), 0);
        assertEquals(a.kl(), b.kl(), 0);
        assertArrayEquals(a.gradient(), b.gradient(), 0);
        assertEquals(0, a.gradient()[1], 0);
        assertEquals(0, a.gradient()[3], 0);
    }

    @Test
    void whatIsSetAloneLeavesTheOthersAlone() {
        PolicyLoss gspo = (PolicyLoss) Algorithm.gspo().objective();
        assertEquals(new PolicyLoss(gspo.ratio(), gspo.surrogate(), 0.1, 0.3, Kl.K2, 0.5, Aggregation.TOKEN_MEAN),
                gspo.clip(0.1, 0.3).kl(Kl.K2, 0.5).aggregation(Aggregation.TOKEN_MEAN));
        assertEquals(new PolicyLoss(PolicyLoss.Ratio.TOKEN, PolicyLoss.Surrogate.CLIPPED, 0.2, 0.2, Kl.K3, 0, Aggregation.SEQUENCE_MEAN),
                PolicyLoss.grpo());
    }

    @Test
    void onlyAKlTermNeedsAReferenceAndSilentGroups() {
        for (double coefficient : new double[] {0, 0.1}) {
            PolicyLoss loss = PolicyLoss.grpo().kl(Kl.K3, coefficient);
            assertEquals(coefficient > 0, loss.needsReference());
            assertEquals(coefficient > 0, loss.needsSilentGroups());
        }
    }

    /** As an objective it is the same as by its parts, and makes no member table where the ratio is per token. */
    @Test
    void asAnObjectiveItTakesWhatIsKnownOfTheTokens() {
        try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
            NDArray logProbs = manager.create(new float[] {-1, -2, -0.5f});
            NDArray old = manager.create(new float[] {-1.2f, -1.5f, -1});
            NDArray advantages = manager.create(new float[] {1, 1, -0.7f});
            NDArray weights = manager.create(new float[] {0.25f, 0.25f, 0.5f});
            NDArray members = manager.create(new float[] {1, 1, 0, 0, 0, 1}, new Shape(2, 3));
            Objective.Tokens none = new Objective.Tokens(old, advantages, weights, null, () -> {
                throw new AssertionError("nobody needs to know whose tokens they are");
            });
            assertEquals(PolicyLoss.grpo().of(logProbs, old, advantages, weights, null).loss().getFloat(),
                    PolicyLoss.grpo().of(logProbs, none).loss().getFloat(), 0);
            PolicyLoss gspo = (PolicyLoss) Algorithm.gspo().objective();
            Objective.Tokens owned = new Objective.Tokens(old, advantages, weights, null, () -> members);
            assertEquals(gspo.of(logProbs, old, advantages, weights, null, members).loss().getFloat(),
                    gspo.of(logProbs, owned).loss().getFloat(), 0);
        }
    }

    @Test
    void imitationIsTheMeanNegativeLogLikelihood() {
        try (NDManager manager = NDManager.newBaseManager(Device.cpu());
                GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
            NDArray logProbs = manager.create(new float[] {-1, -2, -3});
            logProbs.setRequiresGradient(true);
            Objective imitation = Objective.likelihood();
            double weight = imitation.aggregation().weight(3, 3, 1);
            Objective.Terms terms = imitation.of(logProbs, new Objective.Tokens(null, null, manager.full(new Shape(3), (float) weight),
                    null, null));
            assertEquals(2, terms.loss().getFloat(), 1e-6);
            assertEquals(0, terms.ratio().getFloat() + terms.clipFraction().getFloat() + terms.kl().getFloat(), 0);
            collector.backward(terms.loss());
            assertArrayEquals(filled(3, -1 / 3f), logProbs.getGradient().toFloatArray(), 1e-6f);
            assertTrue(imitation.needsSilentGroups() && !imitation.needsReference());
        }
    }

    /** The example in the documentation of {@link Objective}. */
    @Test
    void anOwnObjectiveIsALambda() {
        Objective reinforce = (logProbs, tokens) -> Objective.loss(logProbs.mul(tokens.advantages()).mul(tokens.weights()).sum().neg());
        try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
            Objective.Terms terms = reinforce.of(manager.create(new float[] {-1, -2}), new Objective.Tokens(null,
                    manager.create(new float[] {2, -1}), manager.create(new float[] {0.5f, 0.5f}), null, null));
            assertEquals(0, terms.loss().getFloat(), 1e-6); // (-1) 2 / 2 + (-2) (-1) / 2
            assertEquals(Aggregation.SEQUENCE_MEAN, reinforce.aggregation());
            assertTrue(!reinforce.needsReference() && !reinforce.needsSilentGroups());
        }
    }

    @Test
    void ratiosBeyondTheRangeOfFloatsStayFinite() {
        float[] logProbs = {0, -200, 0, -200};
        float[] behaviour = {-200, 0, -200, 0};
        Result result = flat(new PolicyLoss(0.2, 0.28, 0.1), logProbs, behaviour, new float[] {1, 1, -1, 0},
                filled(4, 0.25f), behaviour);
        assertTrue(Double.isFinite(result.loss()) && Double.isFinite(result.kl()) && Double.isFinite(result.ratio()), result::toString);
        for (float g : result.gradient()) {
            assertEquals(0, g, 0, "beyond the cut nothing pulls");
        }
        double nan = flat(new PolicyLoss(0.2, 0.2, 0), new float[] {Float.NaN}, new float[] {0}, new float[] {1}, new float[] {1}, null)
                .loss();
        assertTrue(Double.isNaN(nan), "a number that is none is not hidden");
    }

    @Test
    void badNumbersAreRefused() {
        for (double bad : new double[] {-0.1, Double.NaN, Double.POSITIVE_INFINITY}) {
            assertThrows(BadInput.class, () -> new PolicyLoss(bad, 0.2, 0));
            assertThrows(BadInput.class, () -> new PolicyLoss(0.2, bad, 0));
            assertThrows(BadInput.class, () -> new PolicyLoss(0.2, 0.2, bad));
        }
        assertThrows(BadInput.class, () -> new PolicyLoss(0, 0.2, 0));
        assertThrows(BadInput.class, () -> new PolicyLoss(1.1, 0.2, 0));
        assertThrows(BadInput.class, () -> new PolicyLoss(0.2, 0, 0));
    }

    private static Aggregation aggregation(String name, int longest) {
        return name.equals("CONSTANT") ? Aggregation.constant(longest) : Aggregation.Mean.valueOf(name);
    }

    private static Result flat(PolicyLoss loss, float[] logProbs, float[] behaviour, float[] advantages, float[] weights,
            float[] reference) {
        return evaluate(loss, new Shape(logProbs.length), logProbs, behaviour, advantages, weights, reference);
    }

    private static Result evaluate(PolicyLoss loss, Shape shape, float[] logProbs, float[] behaviour, float[] advantages,
            float[] weights, float[] reference) {
        try (NDManager manager = NDManager.newBaseManager(Device.cpu());
                GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
            NDArray x = manager.create(logProbs, shape);
            x.setRequiresGradient(true);
            NDArray old = manager.create(behaviour, shape);
            NDArray advantage = manager.create(advantages, shape);
            NDArray weight = manager.create(weights, shape);
            NDArray other = reference == null ? null : manager.create(reference, shape);
            Objective.Terms terms = loss.of(x, old, advantage, weight, other);
            collector.backward(terms.loss());
            return new Result(terms.loss().getFloat(), terms.ratio().getFloat(), terms.clipFraction().getFloat(),
                    terms.kl().getFloat(), x.getGradient().toFloatArray());
        }
    }

    private static float[] floats(JsonObject object, String name) {
        JsonArray array = object.getAsJsonArray(name);
        float[] values = new float[array.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = array.get(i).getAsFloat();
        }
        return values;
    }

    private static float[] filled(int length, float value) {
        float[] values = new float[length];
        Arrays.fill(values, value);
        return values;
    }

    private static float[] logs(double[] ratios) {
        float[] values = new float[ratios.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) Math.log(ratios[i]);
        }
        return values;
    }
}
