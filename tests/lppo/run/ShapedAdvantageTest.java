package lppo.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonParser;
import common.BadInput;
import common.Seed;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import llm.Policy;
import lppo.Advantage;
import lppo.Algorithm;
import lppo.Baseline;
import lppo.Kl;
import lppo.Overlong;
import lppo.PolicyLoss;
import lppo.PrefixSampler;
import lppo.TinyPolicy;
import lppo.data.Step;
import lppo.judge.Scoring;
import lppo.learn.Learner;
import lppo.learn.LearnerSettings;
import lppo.learn.Sample;
import lppo.rollout.GpuRollout;
import lppo.rollout.Group;
import org.junit.jupiter.api.Test;

/** Tests the advantage of a token from its reward: overlong penalty, KL in the reward, importance weights. */
class ShapedAdvantageTest extends TinyPolicy {

    @Test
    void klInTheRewardLowersTheAdvantageOfWhatIsFarFromTheReference() {
        Advantage rloo = Algorithm.rloo().advantage();
        try (Policy policy = policy(1); Policy other = policy(3)) {
            List<Group> groups = groups(policy);
            Learner learner = Learner.of(policy, new LearnerSettings().tokenBudget(300));
            List<double[]> without = rloo.of(groups);
            assertEqual(without, penalised(learner.reference(other), rloo, 0).of(groups), 0);
            assertEqual(without, penalised(learner.reference(policy), rloo, 0.5).of(groups), 1e-4); // to itself: none
            List<double[]> with = penalised(learner.reference(other), rloo, 0.5).of(groups);
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
    void aKlTermWithoutAReferenceIsRefused() {
        try (Policy policy = policy(1)) {
            assertThrows(BadInput.class, () -> penalised(Learner.of(policy), Advantage.grpo(), 0.1));
            assertThrows(BadInput.class, () -> Learner.of(policy).update(groups(policy), Advantage.grpo(), PolicyLoss.grpo().kl(Kl.K3, 0.1),
                    new Step(1, new Seed(1))));
        }
    }

    @Test
    void theWeightMultipliesWhatWasNormalised() {
        for (Algorithm loss : Algorithm.all(14)) {
            try (Policy policy = policy(1)) {
                List<Group> groups = groups(policy);
                List<double[]> plain = loss.advantage().of(groups);
                List<double[]> weighted = loss.advantage().weighted(g -> g == groups.get(1) ? 1.5 : 1).of(groups);
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
        Overlong overlong = new Overlong(14, 10);
        try (Policy policy = policy(1)) {
            List<Group> groups = groups(policy);
            List<double[]> found = Advantage.drGrpo().shaped(overlong::reward).of(groups); // the plain difference to the mean
            for (int g = 0; g < groups.size(); g++) {
                double[] shaped = groups.get(g).completions().stream()
                        .mapToDouble(c -> c.reward() - Math.max(0, c.tokens().length - 4) / 10.0).toArray();
                assertArrayEquals(Baseline.mean().of(shaped), found.get(g), 1e-12);
            }
            assertTrue(groups.stream().flatMap(g -> g.completions().stream()).allMatch(c -> c.reward() == 0 || c.reward() == 1));
        }
    }

    @Test
    void anEmptyBatchTeachesNothing() {
        for (Algorithm loss : Algorithm.all(14)) {
            try (Policy policy = policy(1)) {
                Learner learner = Learner.of(policy).reference(policy);
                assertEquals(List.of(), learner.update(List.of(), penalised(learner, loss.advantage(), 0.1), loss.objective(),
                        new Step(1, new Seed(1))));
            }
        }
    }

    @Test
    void theImportanceOfWhatWasJustSampledIsOne() {
        try (Policy policy = policy(1)) {
            List<Sample> samples = groups(policy).stream().flatMap(g -> g.completions().stream())
                    .map(c -> Sample.of(c, 1)).toList();
            List<float[]> own = Learner.of(policy).logProbs(policy, samples);
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
        Recipe once = TinyRun.recipe("lppo");
        once = once.learning(once.learning().updates(1).importanceCap(2));
        TinyRun tiny = new TinyRun(skeleton);
        tiny.run(once, TinyRun.ENDS, folder.resolve("once"), 3);
        tiny.run(once.learning(once.learning().epochs(2)), TinyRun.ENDS, folder.resolve("twice"), 3);
        for (int step = 0; step < 3; step++) {
            assertEquals(1, TinyRun.column(folder.resolve("once/metrics.csv"), "ratio")[step], 1e-5, "to the learner's own: one");
            assertNotEquals(1, TinyRun.column(folder.resolve("twice/metrics.csv"), "ratio")[step], 1e-5, "the second epoch is off it");
        }
        for (String run : List.of("once", "twice")) {
            assertTrue(
                    Arrays.stream(TinyRun.column(folder.resolve(run).resolve("metrics.csv"), "first_difference")).allMatch(d -> d < 1e-4));
            assertEquals(run.equals("once") ? 3 : 6, JsonParser.parseString(Files.readString(folder.resolve(run).resolve(
                    "checkpoint/state.json"))).getAsJsonObject().get("optimizer_steps").getAsInt());
        }
    }

    private static Advantage penalised(Learner learner, Advantage advantage, double coefficient) {
        return learner.penalised(advantage, new Algorithm.KlPenalty(Kl.K1, coefficient));
    }

    private static List<Group> groups(Policy policy) {
        Step step = new Step(1, TinyRun.PROBLEMS.subList(0, 6), new Seed(1));
        return GpuRollout.of(policy, 14).scored(new Scoring(policy, TinyRun.ENDS)).sample(PrefixSampler.of(policy).prompts(step, 8), step);
    }

    private static void assertEqual(List<double[]> expected, List<double[]> actual, double tolerance) {
        assertEquals(expected.size(), actual.size());
        for (int g = 0; g < expected.size(); g++) {
            assertArrayEquals(expected.get(g), actual.get(g), tolerance);
        }
    }
}
