package llm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import common.Seed;
import java.util.ArrayList;
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
            same(policy, new Sampling(temperature, 0, 1, 40), prompts, 1e-5f);
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {1, 0, 0.6})
    void equalsPlainSamplingOnTheBuiltInPolicy(double temperature) {
        try (Policy policy = base()) {
            same(policy, new Sampling(temperature, 0, 1, 5), questions(policy), 1e-5f);
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

    private static void same(Policy policy, Sampling sampling, List<Prompt> prompts, float tolerance) {
        List<Completion> plain = sample(new GpuRollout(policy, sampling, 1024, true), prompts);
        List<Completion> fast = sample(new GpuRollout(policy, sampling, 1024, false), prompts);
        assertEquals(2, sampling.temperature() == 0 ? 2 : plain.stream().map(Completion::finish).distinct().count(), "both ways to end");
        for (int i = 0; i < prompts.size(); i++) {
            assertArrayEquals(plain.get(i).tokens(), fast.get(i).tokens());
            assertArrayEquals(plain.get(i).logProbs(), fast.get(i).logProbs(), tolerance);
            assertEquals(plain.get(i).finish(), fast.get(i).finish());
        }
        assertTrue(plain.stream().mapToInt(c -> c.tokens().length).sum() > prompts.size());
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
