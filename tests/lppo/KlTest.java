package lppo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.training.GradientCollector;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.Size;

/**
 * Tests the expectations of the KL estimators exactly, by enumeration of a small vocabulary with the policy's probabilities. Gradients
 * are by the logits of the policy; the probabilities that weight the tokens are those of the sampling, and have no gradient.
 */
class KlTest {

    private record Loss(double value, float[] gradient) {}

    @Example
    void theDirectionIsThatOfThePolicyToTheReference() {
        double[] policy = {0.5, 0.5};
        double[] reference = {0.9, 0.1};
        double forward = 0.5 * Math.log(0.5 / 0.9) + 0.5 * Math.log(0.5 / 0.1); // 0.5108
        double backward = 0.9 * Math.log(0.9 / 0.5) + 0.1 * Math.log(0.1 / 0.5); // 0.3681
        assertEquals(forward, mean(Kl.K1, policy, reference), 1e-12);
        assertEquals(forward, mean(Kl.K3, policy, reference), 1e-12);
        assertEquals(backward, mean(Kl.K1, reference, policy), 1e-12);
        assertEquals(backward, mean(Kl.K3, reference, policy), 1e-12);
    }

    @Example
    void valuesByHand() {
        // d = log 2: the policy gives the token twice the probability
        assertEquals(Math.log(2), Kl.K1.of(Math.log(0.5), Math.log(0.25)), 1e-12);
        assertEquals(Math.log(2) * Math.log(2) / 2, Kl.K2.of(Math.log(0.5), Math.log(0.25)), 1e-12);
        assertEquals(0.5 - 1 + Math.log(2), Kl.K3.of(Math.log(0.5), Math.log(0.25)), 1e-12);
        for (Kl kl : Kl.values()) {
            assertEquals(0, kl.of(-1.5, -1.5), 0);
        }
    }

    @Property(tries = 100)
    void k1AndK3AreUnbiasedAndK2IsNot(@ForAll @Size(6) List<@DoubleRange(min = -3, max = 3) Double> a,
            @ForAll @Size(6) List<@DoubleRange(min = -3, max = 3) Double> b) {
        double[] policy = softmax(a);
        double[] reference = softmax(b);
        double kl = kl(policy, reference);
        assertEquals(kl, mean(Kl.K1, policy, reference), 1e-12 + 1e-12 * kl);
        assertEquals(kl, mean(Kl.K3, policy, reference), 1e-12 + 1e-12 * kl);
        double squares = sum(policy.length, v -> policy[v] * Math.pow(Math.log(policy[v] / reference[v]), 2) / 2);
        assertEquals(squares, mean(Kl.K2, policy, reference), 1e-12 + 1e-12 * squares);
    }

    @Property(tries = 100)
    void k2AndK3AreNeverNegative(@ForAll @DoubleRange(min = -30, max = 0) double logProb,
            @ForAll @DoubleRange(min = -30, max = 0) double reference) {
        assertTrue(Kl.K2.of(logProb, reference) >= 0 && Kl.K3.of(logProb, reference) >= -1e-15);
    }

    @Property(tries = 50)
    void asTermsOfALossOnlyK2FollowsTheKl(@ForAll @Size(6) List<@DoubleRange(min = -3, max = 3) Double> a,
            @ForAll @Size(6) List<@DoubleRange(min = -3, max = 3) Double> b) {
        double[] policy = softmax(a);
        double[] reference = softmax(b);
        double kl = kl(policy, reference);
        double scale = 1 + kl(policy, reference) + kl(reference, policy);

        Loss k1 = term(Kl.K1, a, policy, reference);
        assertEquals(kl, k1.value, 1e-5 * scale);
        assertGradient(v -> 0, k1, scale);

        Loss k2 = term(Kl.K2, a, policy, reference);
        assertEquals(mean(Kl.K2, policy, reference), k2.value, 1e-5 * scale);
        assertGradient(v -> policy[v] * (Math.log(policy[v] / reference[v]) - kl), k2, scale); // of KL(policy || reference)

        Loss k3 = term(Kl.K3, a, policy, reference);
        assertEquals(kl, k3.value, 1e-5 * scale);
        assertGradient(v -> policy[v] - reference[v], k3, scale); // of KL(reference || policy)
    }

    @Property(tries = 50)
    void k1InTheRewardFollowsTheKl(@ForAll @Size(6) List<@DoubleRange(min = -3, max = 3) Double> a,
            @ForAll @Size(6) List<@DoubleRange(min = -3, max = 3) Double> b) {
        double[] policy = softmax(a);
        double[] reference = softmax(b);
        double kl = kl(policy, reference);
        double[] penalty = IntStream.range(0, policy.length)
                .mapToDouble(v -> -Kl.K1.of(Math.log(policy[v]), Math.log(reference[v]))).toArray();
        for (PolicyLoss.Surrogate surrogate : PolicyLoss.Surrogate.values()) {
            PolicyLoss loss = new PolicyLoss(PolicyLoss.Ratio.TOKEN, surrogate, 0.2, 0.2, Kl.K3, 0, Aggregation.SEQUENCE_MEAN);
            Loss found = loss(loss, a, policy, penalty, null);
            assertGradient(v -> policy[v] * (Math.log(policy[v] / reference[v]) - kl), found, 1 + kl);
        }
    }

    /** The analytic gradients above are those of central differences of the divergences. */
    @Property(tries = 50)
    void theExpectedGradientsAreThoseOfTheDivergences(@ForAll @Size(6) List<@DoubleRange(min = -3, max = 3) Double> a,
            @ForAll @Size(6) List<@DoubleRange(min = -3, max = 3) Double> b) {
        double[] policy = softmax(a);
        double[] reference = softmax(b);
        double kl = kl(policy, reference);
        double h = 1e-5;
        for (int v = 0; v < policy.length; v++) {
            double[] up = softmax(moved(a, v, h));
            double[] down = softmax(moved(a, v, -h));
            assertEquals((kl(up, reference) - kl(down, reference)) / (2 * h),
                    policy[v] * (Math.log(policy[v] / reference[v]) - kl), 1e-8);
            assertEquals((kl(reference, up) - kl(reference, down)) / (2 * h), policy[v] - reference[v], 1e-8);
        }
    }

    /** An estimator as the only term of a loss, each token weighed by its probability. */
    private static Loss term(Kl kl, List<Double> logits, double[] policy, double[] reference) {
        return loss(new PolicyLoss(PolicyLoss.Ratio.TOKEN, PolicyLoss.Surrogate.CLIPPED, 0.2, 0.2, kl, 1, Aggregation.SEQUENCE_MEAN),
                logits, policy, new double[policy.length], reference);
    }

    private static Loss loss(PolicyLoss loss, List<Double> logits, double[] policy, double[] advantages, double[] reference) {
        try (NDManager manager = NDManager.newBaseManager(Device.cpu());
                GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
            NDArray x = manager.create(floats(logits.size(), logits::get));
            x.setRequiresGradient(true);
            NDArray logProbs = x.logSoftmax(0);
            Objective.Terms terms = loss.of(logProbs, logProbs.stopGradient(), manager.create(floats(policy.length, v -> advantages[v])),
                    manager.create(floats(policy.length, v -> policy[v])),
                    reference == null ? null : manager.create(floats(policy.length, v -> Math.log(reference[v]))));
            collector.backward(terms.loss());
            return new Loss(terms.loss().getFloat(), x.getGradient().toFloatArray());
        }
    }

    private static void assertGradient(IntToDoubleFunction expected, Loss found, double scale) {
        assertArrayEquals(floats(found.gradient.length, expected), found.gradient, (float) (2e-6 * scale));
    }

    private static double mean(Kl kl, double[] policy, double[] reference) {
        return sum(policy.length, v -> policy[v] * kl.of(Math.log(policy[v]), Math.log(reference[v])));
    }

    private static double kl(double[] p, double[] q) {
        return sum(p.length, v -> p[v] * Math.log(p[v] / q[v]));
    }

    private static List<Double> moved(List<Double> logits, int at, double by) {
        return IntStream.range(0, logits.size()).mapToObj(v -> logits.get(v) + (v == at ? by : 0)).toList();
    }

    private static double[] softmax(List<Double> logits) {
        double sum = sum(logits.size(), v -> Math.exp(logits.get(v)));
        return logits.stream().mapToDouble(x -> Math.exp(x) / sum).toArray();
    }

    private static double sum(int length, IntToDoubleFunction of) {
        return IntStream.range(0, length).mapToDouble(of).sum();
    }

    private static float[] floats(int length, IntToDoubleFunction of) {
        float[] values = new float[length];
        for (int i = 0; i < length; i++) {
            values[i] = (float) of.applyAsDouble(i);
        }
        return values;
    }
}
