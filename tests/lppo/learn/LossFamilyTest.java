package lppo.learn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import com.google.gson.FieldNamingPolicy;
import com.google.gson.GsonBuilder;
import com.google.gson.reflect.TypeToken;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import lppo.Advantage;
import lppo.Aggregation;
import lppo.Algorithm;
import lppo.Baseline;
import lppo.Checkout;
import lppo.Kl;
import lppo.Normalization;
import lppo.Objective;
import lppo.Overlong;
import lppo.PolicyLoss;
import lppo.PolicyLoss.Ratio;
import lppo.PolicyLoss.Surrogate;
import lppo.rollout.Group;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Compares losses, gradients, advantages and the overlong penalty with TRL and verl (tests/fixtures/loss_family.py). The tables of
 * a case are {@code [completions, width]}: completion i lies in the columns from its prefix length on, and what is before and
 * after it there must not matter.
 */
class LossFamilyTest {

    private static final double TOLERANCE = 1e-5;

    /** One case; what does not concern its kind is null or 0. */
    private record Case(String kind, String name, String source, Ratio ratio, Surrogate surrogate, double clipLow,
            double clipHigh, Kl kl, double klCoefficient, String aggregation, Integer longest, int cache, int group,
            int[] lengths, int[] prefixes, int width, String estimator, Normalization normalization,
            double[] rewards, Kl klInReward, double klInRewardCoefficient, Double cap, float[] logProbs, float[] old,
            float[] reference, float[] sampling, double[] advantages, double loss, double[] gradient, double clipFraction,
            String clipFractionOf, Double klMean, double[] penalties) {

        @Override
        public String toString() {
            return name + " (" + source + ")";
        }

        PolicyLoss policyLoss() {
            return new PolicyLoss(ratio, surrogate, clipLow, clipHigh, kl == null ? Kl.K3 : kl, klCoefficient,
                    aggregation.equals("CONSTANT") ? Aggregation.constant(longest) : Aggregation.Mean.valueOf(aggregation));
        }

        int tokens() {
            return Arrays.stream(lengths).sum();
        }

        /** Where in a table token {@code t} of completion {@code i} is. */
        int at(int i, int t) {
            return i * width + prefixes[i] + t;
        }

        /** What a table has for one completion. */
        float[] row(float[] table, int i) {
            return Arrays.copyOfRange(table, at(i, 0), at(i, lengths[i]));
        }

        /** What a table has for the completions, one after another. */
        float[] packed(float[] table) {
            float[] values = new float[tokens()];
            int to = 0;
            for (int i = 0; i < lengths.length; i++) {
                System.arraycopy(table, at(i, 0), values, to, lengths[i]);
                to += lengths[i];
            }
            return values;
        }

        /** A table with one number for each completion. */
        float[] spread(IntToDoubleFunction ofCompletion) {
            float[] table = new float[lengths.length * width];
            for (int i = 0; i < lengths.length; i++) {
                Arrays.fill(table, at(i, 0), at(i, lengths[i]), (float) ofCompletion.applyAsDouble(i));
            }
            return table;
        }

        Advantage advantage() {
            return switch (estimator) {
                case "grpo" -> Advantage.grpo(); // normalised as it is
                case "mean" -> Advantage.of(Baseline.mean(), normalization);
                case "leaveOneOut" -> Advantage.of(Baseline.leaveOneOut(), normalization);
                case "raw" -> Advantage.of(Baseline.none(), normalization);
                default -> throw new AssertionError(estimator);
            };
        }

        /** Advantages from the rewards, less a KL penalty, as we compute them. */
        double[] ours(Advantage advantage) {
            double[] less = rewards.clone();
            for (int i = 0; i < less.length && klInReward != null; i++) {
                for (int at = at(i, 0); at < at(i, lengths[i]); at++) {
                    less[i] -= klInRewardCoefficient * klInReward.of(old[at], reference[at]);
                }
            }
            List<Group> groups = IntStream.range(0, less.length / group).mapToObj(g -> Group.ofRewards(
                    Arrays.copyOfRange(less, g * group, (g + 1) * group),
                    Arrays.copyOfRange(lengths, g * group, (g + 1) * group))).toList();
            return advantage.of(groups).stream().flatMapToDouble(Arrays::stream).toArray();
        }

        /** The completions as samples, weighted by an aggregation; tokens are of no interest, and 1 is the question. */
        List<Sample> samples(Aggregation aggregation) {
            return Sample.weighted(IntStream.range(0, lengths.length).mapToObj(i -> {
                float[] behaviour = row(cap == null ? old : sampling, i);
                Sample sample = new Sample(new int[1 + prefixes[i]], new int[lengths[i]], behaviour, advantages[i], 0);
                return cap == null ? sample : sample.withOld(row(old, i), cap);
            }).toList(), aggregation);
        }
    }

    private record Result(double loss, float[] gradient, double clipFraction, double kl) {}

    @TestFactory
    List<DynamicTest> lossAndGradientAreThoseOfTheReference() {
        return tests(61, c -> c.kind.equals("loss"), LossFamilyTest::loss);
    }

    @TestFactory
    List<DynamicTest> advantagesAreThoseOfTheReference() {
        return tests(61 + 35, c -> !c.kind.equals("overlong"),
                c -> assertClose(c.advantages, c.ours(c.advantage()), "advantage of completion"));
    }

    @TestFactory
    List<DynamicTest> overlongPenaltiesAreThoseOfTrl() {
        return tests(5, c -> c.kind.equals("overlong"), c -> {
            Overlong overlong = new Overlong(c.longest, c.cache);
            for (int i = 0; i < c.lengths.length; i++) {
                // No slope is no punishment here, and in TRL a step beyond the longest, which no completion of ours can reach.
                double expected = c.cache == 0 ? 0 : c.penalties[i];
                assertEquals(expected, overlong.penalty(c.lengths[i]), 1e-12, c.lengths[i] + " tokens");
                assertTrue(c.cache > 0 || c.lengths[i] > c.longest || c.penalties[i] == 0);
            }
        });
    }

    @Test
    void namedAlgorithmsAreTheComposedOnes() {
        for (Algorithm named : Algorithm.all(1)) {
            List<Case> found = cases().stream().filter(c -> c.kind.equals("loss"))
                    .filter(c -> c.name.startsWith(named.title() + ", ") && c.cap == null)
                    .filter(c -> ((PolicyLoss) named.objective()).kl(c.policyLoss().kl(), c.klCoefficient)
                            .aggregation(c.policyLoss().aggregation()).equals(c.policyLoss()))
                    .toList();
            assertFalse(found.isEmpty(), named.title() + ": no case has its ratio, surrogate and clip ranges");
            for (Case c : found) {
                Algorithm algorithm = Algorithm.named(named.id(), c.longest == null ? 1 : c.longest);
                assertEquals(c.policyLoss().aggregation(), algorithm.objective().aggregation(), c::toString);
                assertClose(c.advantages, c.ours(algorithm.advantage()), c + ", advantage of completion");
            }
        }
    }

    private static void loss(Case c) {
        PolicyLoss loss = c.policyLoss();
        Result packed = packed(c, loss, loss.aggregation());
        Result padded = padded(c, loss);
        assertClose(c.loss, packed.loss, "loss");
        assertClose(c.loss, padded.loss, "loss of the padded table");
        assertClose(c.gradient, doubles(padded.gradient), "gradient at");
        assertClose(doubles(c.packed(floats(c.gradient))), doubles(packed.gradient), "gradient at token");

        Result watched = packed(c, loss, c.clipFractionOf.equals("tokens") ? Aggregation.TOKEN_MEAN : Aggregation.SEQUENCE_MEAN);
        if (c.surrogate == Surrogate.CISPO && c.source.startsWith("TRL")) {
            return; // it counts tokens of positive advantage alone; ours, like verl's, all whose weight is bounded
        }
        assertEquals(c.clipFraction, watched.clipFraction, 1e-6, "clip fraction");
        if (c.klMean != null && c.clipFractionOf.equals("tokens")) {
            assertClose(c.klMean, watched.kl, "KL");
        }
    }

    /** The way of a training step: samples to arrays, completion tokens one after another. */
    private static Result packed(Case c, PolicyLoss loss, Aggregation aggregation) {
        try (NDManager manager = NDManager.newBaseManager(Device.cpu());
                GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
            TokenBatch batch = TokenBatch.of(c.samples(aggregation), manager);
            NDArray logProbs = manager.create(c.packed(c.logProbs));
            logProbs.setRequiresGradient(true);
            Objective objective = loss;
            return result(objective.of(logProbs, (c.kl == null ? batch
                    : batch.withReference(manager.create(c.packed(c.reference)))).scored()),
                    logProbs, collector);
        }
    }

    /** The whole tables, flat, with weight 0 and no member where no completion is. */
    private static Result padded(Case c, PolicyLoss loss) {
        List<Sample> samples = c.samples(loss.aggregation());
        int rows = c.lengths.length;
        float[] advantages = c.spread(i -> c.advantages[i]);
        float[] members = new float[rows * rows * c.width];
        for (int i = 0; i < rows; i++) {
            for (int t = 0; t < c.lengths[i]; t++) {
                members[i * rows * c.width + c.at(i, t)] = 1;
                advantages[c.at(i, t)] *= c.cap == null ? 1 : samples.get(i).importance()[t];
            }
        }
        try (NDManager manager = NDManager.newBaseManager(Device.cpu());
                GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
            NDArray logProbs = manager.create(c.logProbs);
            logProbs.setRequiresGradient(true);
            return result(loss.of(logProbs, manager.create(c.old), manager.create(advantages),
                    manager.create(c.spread(i -> samples.get(i).weight())), c.kl == null ? null : manager.create(c.reference),
                    manager.create(members, new Shape(rows, (long) rows * c.width))), logProbs, collector);
        }
    }

    private static Result result(Objective.Terms terms, NDArray logProbs, GradientCollector collector) {
        collector.backward(terms.loss());
        return new Result(terms.loss().getFloat(), logProbs.getGradient().toFloatArray(), terms.clipFraction().getFloat(),
                terms.kl().getFloat());
    }

    private interface Check {
        void of(Case c);
    }

    private static List<DynamicTest> tests(int count, Predicate<Case> which, Check check) {
        List<DynamicTest> tests = cases().stream().filter(which)
                .map(c -> DynamicTest.dynamicTest(c.toString(), () -> check.of(c))).toList();
        assertEquals(count, tests.size());
        return tests;
    }

    private static List<Case> cases() {
        try {
            return new GsonBuilder().setFieldNamingPolicy(FieldNamingPolicy.LOWER_CASE_WITH_UNDERSCORES).create().fromJson(
                    Files.readString(Checkout.ROOT.resolve("tests/fixtures/loss_family.json")),
                    new TypeToken<List<Case>>() {}.getType());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void assertClose(double expected, double actual, String what) {
        assertEquals(expected, actual, TOLERANCE * Math.max(1, Math.abs(expected)), what);
    }

    private static void assertClose(double[] expected, double[] actual, String what) {
        assertEquals(expected.length, actual.length, what);
        for (int i = 0; i < expected.length; i++) {
            assertClose(expected[i], actual[i], what + " " + i);
        }
    }

    private static double[] doubles(float[] values) {
        return IntStream.range(0, values.length).mapToDouble(i -> values[i]).toArray();
    }

    private static float[] floats(double[] values) {
        float[] rounded = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            rounded[i] = (float) values[i];
        }
        return rounded;
    }
}
