package lppo.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonParser;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import lppo.Advantage;
import lppo.Kl;
import lppo.Recipe;
import lppo.data.Seed;
import lppo.learn.AdamW;
import lppo.learn.Learner;
import lppo.learn.Sample;
import lppo.model.Policy;
import lppo.rollout.Group;
import lppo.task.ModularChain;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From rewards to what a token is worth: overlong completions, KL in the reward, importance. */
class CreditTest {

    @TempDir
    static Path skeleton;
    @TempDir
    Path folder;

    @BeforeAll
    static void write() throws Exception {
        ModularChain.writeSkeleton(skeleton);
    }

    @Test
    void klInTheRewardLowersTheAdvantageOfWhatIsFarFromTheReference() {
        Options options = TinyRun.options();
        options.loss = "rloo";
        try (Policy policy = new TinyRun(skeleton).policy(1); Policy other = new TinyRun(skeleton).policy(3)) {
            List<Group> groups = groups(policy, options);
            Learner learner = learner(policy);
            List<double[]> without = advantages(new Credit(options, learner, null).of(groups, problem -> 1));
            options.kl = 0;
            assertEqual(without, advantages(new Credit(options, learner, other).of(groups, problem -> 1)), 0);
            options.kl = 0.5;
            assertEqual(without, advantages(new Credit(options, learner, policy).of(groups, problem -> 1)), 1e-4); // to itself: none
            List<double[]> with = advantages(new Credit(options, learner, other).of(groups, problem -> 1));
            for (int g = 0; g < groups.size(); g++) {
                List<Sample> samples = groups.get(g).completions().stream().map(c -> Sample.of(c, 0)).toList();
                List<float[]> reference = learner.logProbs(other, samples);
                double[] kl = IntStream.range(0, samples.size()).mapToDouble(i -> IntStream.range(0, reference.get(i).length)
                        .mapToDouble(t -> samples.get(i).behaviour()[t] - reference.get(i)[t]).sum()).toArray();
                double[] lowered = with.get(g);
                double[] plain = without.get(g);
                double[] change = Advantage.leaveOneOut().of(Arrays.stream(kl).map(k -> -0.5 * k).toArray());
                int farthest = IntStream.range(0, kl.length).reduce((a, b) -> kl[a] >= kl[b] ? a : b).orElseThrow();
                assertTrue(lowered[farthest] < plain[farthest] - 1e-3, lowered[farthest] + " from " + plain[farthest]);
                for (int i = 0; i < kl.length; i++) {
                    assertEquals(plain[i] + change[i], lowered[i], 1e-6);
                }
            }
        }
    }

    @Test
    void theWeightMultipliesWhatWasNormalised() {
        for (String loss : List.of("grpo", "dr-grpo", "rloo", "reinforce++")) {
            Options options = TinyRun.options();
            options.loss = loss;
            try (Policy policy = new TinyRun(skeleton).policy(1)) {
                List<Group> groups = groups(policy, options);
                Credit credit = new Credit(options, learner(policy), null);
                List<double[]> plain = advantages(credit.of(groups, problem -> 1));
                List<double[]> weighted = advantages(credit.of(groups, problem -> problem.equals(groups.get(1).problem().id()) ? 1.5 : 1));
                assertTrue(Arrays.stream(plain.get(1)).anyMatch(a -> a != 0), "something to weigh");
                for (int g = 0; g < groups.size(); g++) {
                    int group = g;
                    assertArrayEquals(Arrays.stream(plain.get(g)).map(a -> group == 1 ? 1.5 * a : a).toArray(), weighted.get(g), 1e-12);
                }
            }
        }
    }

    @Test
    void overlongCompletionsLoseInTheAdvantageAndNotInThePassRate() {
        Options options = TinyRun.options();
        options.loss = "dr-grpo"; // the plain difference to the mean
        options.overlong = 10;
        try (Policy policy = new TinyRun(skeleton).policy(1)) {
            List<Group> groups = groups(policy, options);
            List<double[]> found = advantages(new Credit(options, learner(policy), null).of(groups, problem -> 1));
            for (int g = 0; g < groups.size(); g++) {
                double[] shaped = groups.get(g).completions().stream()
                        .mapToDouble(c -> c.reward() - Math.max(0, c.tokens().length - 4) / 10.0).toArray();
                assertArrayEquals(Advantage.mean().of(shaped), found.get(g), 1e-12);
            }
            assertTrue(groups.stream().flatMap(g -> g.completions().stream()).allMatch(c -> c.reward() == 0 || c.reward() == 1));
        }
    }

    @Test
    void anEmptyBatchHasNoSamples() {
        for (String loss : List.of("grpo", "reinforce++", "rloo")) {
            Options options = TinyRun.options();
            options.loss = loss;
            options.kl = 0.1;
            try (Policy policy = new TinyRun(skeleton).policy(1)) {
                assertEquals(List.of(), new Credit(options, learner(policy), policy).of(List.of(), problem -> 1));
            }
        }
    }

    @Test
    void theImportanceOfWhatWasJustSampledIsOne() {
        try (Policy policy = new TinyRun(skeleton).policy(1)) {
            List<Sample> samples = groups(policy, TinyRun.options()).stream().flatMap(g -> g.completions().stream())
                    .map(c -> Sample.of(c, 1)).toList();
            List<float[]> own = learner(policy).logProbs(policy, samples);
            for (int i = 0; i < samples.size(); i++) {
                Sample sample = samples.get(i).withOld(own.get(i), 2);
                assertArrayEquals(own.get(i), sample.old(), 0);
                assertArrayEquals(samples.get(i).behaviour(), sample.behaviour(), 0);
                for (float factor : sample.importance()) {
                    assertEquals(1, factor, 1e-4);
                }
            }
        }
        Sample drifted = new Sample(new int[] {2}, new int[] {3, 4, 1}, new float[] {-1, -1, -1}, 1, 0)
                .withOld(new float[] {-1, 0, -3}, 2);
        assertArrayEquals(new float[] {1, 2, (float) Math.exp(-2)}, drifted.importance(), 1e-6f, "cut above, never below");
    }

    @Test
    void severalEpochsLearnFromARolloutAgain() throws Exception {
        Options options = TinyRun.options();
        options.updates = 1;
        options.importanceCap = 2;
        TinyRun tiny = new TinyRun(skeleton);
        tiny.run(Recipe.LPPO, options, TinyRun.ENDS, folder.resolve("once"), 3);
        options.epochs = 2;
        tiny.run(Recipe.LPPO, options, TinyRun.ENDS, folder.resolve("twice"), 3);
        for (int step = 0; step < 3; step++) {
            assertEquals(1, TinyRun.column(folder.resolve("once/metrics.csv"), "ratio")[step], 1e-5, "to the learner's own: one");
            assertNotEquals(1, TinyRun.column(folder.resolve("twice/metrics.csv"), "ratio")[step], 1e-5, "the second epoch is off it");
        }
        for (String run : List.of("once", "twice")) {
            assertTrue(Arrays.stream(TinyRun.column(folder.resolve(run).resolve("metrics.csv"), "first_difference")).allMatch(d -> d < 1e-4));
            assertEquals(run.equals("once") ? 3 : 6, JsonParser.parseString(Files.readString(folder.resolve(run).resolve(
                    "checkpoint/state.json"))).getAsJsonObject().get("optimizer_steps").getAsInt());
        }
    }

    @Test
    void theDefaultEstimatorIsThatOfThePlace() {
        Options options = new Options();
        assertEquals(Kl.K3, options.klEstimator());
        options.loss = "rloo";
        assertTrue(options.klInReward());
        assertEquals(Kl.K1, options.klEstimator());
        options.kl = 0.1;
        assertEquals(0, options.policyLoss().klCoefficient(), "not twice");
        options.klIn = Options.KlPlace.LOSS;
        assertEquals(Kl.K3, options.klEstimator());
        assertEquals(0.1, options.policyLoss().klCoefficient());
        options.klEstimator = Kl.K2;
        assertEquals(Kl.K2, options.policyLoss().kl());
    }

    private static List<Group> groups(Policy policy, Options options) {
        return new Collector(Recipe.GRPO, options, policy, Compute.here(policy, options.rolloutRows), TinyRun.ENDS, TinyRun.PROBLEMS, new Seed(1)).collect(1).groups();
    }

    private static Learner learner(Policy policy) {
        return new Learner(policy, new AdamW(policy.parameters(), policy.manager(), new AdamW.Settings(0.9, 0.95, 1e-8, 0)), 1, 300, 1);
    }

    private static List<double[]> advantages(List<List<Sample>> groups) {
        return groups.stream().map(g -> g.stream().mapToDouble(Sample::advantage).toArray()).toList();
    }

    private static void assertEqual(List<double[]> expected, List<double[]> actual, double tolerance) {
        assertEquals(expected.size(), actual.size());
        for (int g = 0; g < expected.size(); g++) {
            assertArrayEquals(expected.get(g), actual.get(g), tolerance);
        }
    }
}
