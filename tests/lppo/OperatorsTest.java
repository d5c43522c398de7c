package lppo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.training.GradientCollector;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.IntStream;
import lppo.PolicyLoss.Aggregation;
import lppo.data.BadInput;
import lppo.data.Problem;
import lppo.data.Seed;
import lppo.rollout.Prompt;
import lppo.task.ModularChain;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The paper's operators against values worked out by hand. */
class OperatorsTest {

    @Test
    void trackerFollowsTheEquations(@TempDir Path folder) throws Exception {
        ProgressTracker tracker = new ProgressTracker(0.5, 8, 0.5);
        assertEquals(1, tracker.weight("a"), 0);
        tracker.observe("a", 0.25);
        assertEquals(1, tracker.weight("a"), 0, "first sight: no progress");
        ProgressTracker.Entry entry = tracker.observe("a", 0.75); // 0.5 * 0.75 + 0.5 * 0.25 = 0.5, Delta = 0.25
        assertEquals(0.5, entry.average(), 1e-12);
        assertEquals(0.25, entry.progress(), 1e-12);
        assertEquals(1 / (1 + Math.exp(-2)) + 0.5, tracker.weight("a"), 1e-12); // kappa Delta = 2
        tracker.visitGuided("a");
        assertEquals(0.5, tracker.entry("a").orElseThrow().average(), 0, "guided completions never count");
        tracker.observe("b", 1.0 / 3);
        tracker.save(folder.resolve("tracker.json"));
        assertEquals(tracker.entries(), ProgressTracker.load(folder.resolve("tracker.json")).entries());
        assertEquals(2, tracker.table().rowCount());
        assertThrows(IllegalArgumentException.class, () -> tracker.observe("a", Double.NaN));
        assertThrows(BadInput.class, () -> new ProgressTracker(0, 8, 0.5));
    }

    @Test
    void advantagesAreRelativeToTheGroup() {
        // rewards 1 0 0 0: mean 0.25, sample deviation 0.5
        assertArrayEquals(new double[] {1.5, -0.5, -0.5, -0.5}, Advantage.grpo().of(new double[] {1, 0, 0, 0}), 1e-3);
        assertArrayEquals(new double[] {0.75, -0.25, -0.25, -0.25}, Advantage.drGrpo().of(new double[] {1, 0, 0, 0}), 0);
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < 1000; i++) {
            double[] rewards = random.doubles(2 + i % 7).toArray();
            assertEquals(0, Arrays.stream(Advantage.grpo().of(rewards)).sum(), 1e-9);
            double[] equal = new double[rewards.length];
            Arrays.fill(equal, rewards[0]);
            assertArrayEquals(new double[equal.length], Advantage.grpo().of(equal), 0, "a silent group teaches nothing");
        }
    }

    @Test
    void aPrefixNeverGivesTheAnswerAwayAndEndsOnAStep() {
        List<Problem> problems = ModularChain.problems(
                new ModularChain.Counts("t", new TreeMap<>(Map.of(9, 300)), Map.of(9, 300), 1), new Seed(5), java.util.Set.of(), true);
        SplittableRandom random = new SplittableRandom(2);
        int shown = 0;
        for (Problem problem : problems) {
            double beta = random.nextDouble();
            String prefix = PrefixSampler.prefix(problem, beta);
            List<String> words = prefix.isBlank() ? List.of() : List.of(prefix.strip().split(" "));
            assertFalse(words.contains(problem.answer()), problem + " " + prefix);
            assertTrue(problem.solution().startsWith(prefix));
            assertTrue(words.size() <= Math.min(8, (int) Math.floor(beta * 9)));
            shown += words.size();
        }
        assertTrue(shown > 300, "hints must be shown at all");
        Problem text = new Problem("x", "?", "12", "First 3 + 4 is 7. Then 7 + 5 is 12. So 12.", null, null);
        assertEquals("First 3 + 4 is 7. ", PrefixSampler.prefix(text, 1));
    }

    @Test
    void onlyFailingProblemsWithADemonstrationAreGuided() {
        PrefixSampler sampler = new PrefixSampler(new PrefixSampler.Rule(0.2, 1, 1, 1), 0.5, 0.5, 0.5,
                text -> Arrays.stream(text.strip().split("\\s+")).mapToInt(String::hashCode).toArray(), new Seed(1));
        Problem hard = new Problem("hard", "q =", "9", "1 2 3 9", null, null);
        Problem bare = new Problem("bare", "q =", "9", null, null, null);
        ProgressTracker tracker = new ProgressTracker();
        assertTrue(sampler.prompts(hard, tracker, 8, 1).stream().noneMatch(Prompt::guided), "never seen");
        tracker.observe("hard", 0);
        tracker.observe("bare", 0);
        List<Prompt> prompts = sampler.prompts(hard, tracker, 8, 1);
        assertEquals(4, prompts.stream().filter(Prompt::guided).count(), "half the group");
        assertEquals(2, prompts.get(7).prefixLength(), "half of four steps");
        assertEquals(4, prompts.get(7).tokens().length, "question, then prefix");
        assertTrue(sampler.prompts(bare, tracker, 8, 1).stream().noneMatch(Prompt::guided));
        tracker.visitGuided("hard");
        assertTrue(sampler.prompts(hard, tracker, 8, 1).stream().noneMatch(Prompt::guided), "an honest visit in between");
        tracker.observe("hard", 1);
        assertTrue(sampler.prompts(hard, tracker, 8, 1).stream().noneMatch(Prompt::guided), "no longer failing");
        assertThrows(BadInput.class, () -> new PrefixSampler(new PrefixSampler.Rule(0.2, 1, 1, 1), 0.8, 0.3, 1, null, null));
    }

    @Test
    void theLossIsTheClippedSurrogateAndItsGradientIsThatOfFiniteDifferences() {
        float[] logProbs = {-1f, -0.5f, -2f, -1.2f, -0.3f};
        float[] behaviour = {-1f, -1.0f, -1.5f, -1.25f, -0.3f};
        float[] advantages = {1, 1, -1, -0.7f, 2};
        float[] weights = {0.2f, 0.3f, 0.1f, 0.4f, 0}; // the last token is masked
        float[] reference = {-1.1f, -0.4f, -2.2f, -1.2f, -3f};
        PolicyLoss loss = new PolicyLoss(0.2, 0.28, 0.05);
        double expected = byHand(logProbs, behaviour, advantages, weights, reference);
        try (NDManager manager = NDManager.newBaseManager();
                GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
            NDArray x = manager.create(logProbs);
            x.setRequiresGradient(true);
            PolicyLoss.Terms terms = loss.of(x, manager.create(behaviour), manager.create(advantages),
                    manager.create(weights), manager.create(reference));
            assertEquals(expected, terms.loss().getFloat(), 1e-5);
            // ratio 1.65 with A > 0 and ratio 0.61 with A < 0 are clipped: weights 0.3 and 0.1
            assertEquals(0.4, terms.clipFraction().getFloat(), 1e-6);
            collector.backward(terms.loss());
            float[] gradient = x.getGradient().toFloatArray();
            for (int i = 0; i < logProbs.length; i++) {
                float[] up = logProbs.clone();
                float[] down = logProbs.clone();
                up[i] += 1e-3f;
                down[i] -= 1e-3f;
                double slope = (byHand(up, behaviour, advantages, weights, reference)
                        - byHand(down, behaviour, advantages, weights, reference)) / (up[i] - down[i]);
                assertEquals(slope, gradient[i], 2e-3, "token " + i);
            }
        }
    }

    @Test
    void weightsOfABatchAddUpToOne() {
        int[] lengths = {3, 1, 6};
        for (Aggregation aggregation : List.of(Aggregation.TOKEN_MEAN, Aggregation.SEQUENCE_MEAN)) {
            assertEquals(1, IntStream.of(lengths).mapToDouble(n -> n * aggregation.weight(n, 10, 3, 6)).sum(), 1e-12);
        }
        assertEquals(0.1, Aggregation.TOKEN_MEAN.weight(3, 10, 3, 6), 1e-12);
        assertEquals(1.0 / 9, Aggregation.SEQUENCE_MEAN.weight(3, 10, 3, 6), 1e-12);
        assertEquals(1.0 / 18, Aggregation.CONSTANT.weight(3, 10, 3, 6), 1e-12, "3 completions of at most 6 tokens");
    }

    /** The formula of {@link PolicyLoss} in double precision: clip 0.2 below, 0.28 above, KL 0.05. */
    private static double byHand(float[] logProbs, float[] behaviour, float[] advantages, float[] weights, float[] reference) {
        double sum = 0;
        for (int i = 0; i < logProbs.length; i++) {
            double ratio = Math.exp((double) logProbs[i] - behaviour[i]);
            double clipped = Math.max(0.8, Math.min(1.28, ratio));
            double difference = (double) reference[i] - logProbs[i];
            sum += weights[i] * (-Math.min(ratio * advantages[i], clipped * advantages[i])
                    + 0.05 * (Math.exp(difference) - difference - 1));
        }
        return sum;
    }
}
