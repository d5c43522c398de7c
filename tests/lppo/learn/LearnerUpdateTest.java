package lppo.learn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import common.BadInput;
import common.Seed;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import llm.Lora;
import llm.Policy;
import lppo.Advantage;
import lppo.Aggregation;
import lppo.Kl;
import lppo.Objective;
import lppo.PolicyLoss;
import lppo.TinyPolicy;
import lppo.data.Problem;
import lppo.data.Step;
import lppo.rollout.Completion;
import lppo.rollout.Group;
import lppo.rollout.Prompt;
import org.junit.jupiter.api.Test;

/** Tests the update from scored groups: weighting, parts of the batch, and rejected inputs. */
class LearnerUpdateTest extends TinyPolicy {

    private static final Step STEP = new Step(1, new Seed(1));

    /** A sample cannot come without its weight: the update gives it, whatever the sample says. */
    @Test
    void samplesNeedNoWeighing() {
        List<Sample> bare = samples(0);
        List<Sample> heavy = samples(123);
        try (Policy a = policy(); Policy b = policy()) {
            UpdateMetrics metrics = Learner.of(a).update(bare, PolicyLoss.grpo(), 1e-3).orElseThrow();
            assertEquals(metrics, Learner.of(b).update(heavy, PolicyLoss.grpo(), 1e-3).orElseThrow());
            assertTrue(Math.abs(metrics.loss()) > 1e-3, metrics::toString);
            assertTrue(metrics.gradientNorm() > 1e-3 && metrics.ratio() > 0 && metrics.entropy() > 0, metrics::toString);
            assertSame(weights(a.parameters()), weights(b.parameters()));
        }
    }

    /** The weights of tokens are those of the objective's aggregation over the whole batch, its silent samples included. */
    @Test
    void theObjectiveSeesTheWeightsOfItsAggregation() {
        List<Sample> samples = samples(0); // completions of 1 to 6 tokens, 21 in all; every third has no advantage
        for (Aggregation aggregation : List.of(Aggregation.TOKEN_MEAN, Aggregation.SEQUENCE_MEAN, Aggregation.constant(14))) {
            Watching watching = new Watching(aggregation);
            try (Policy policy = policy()) {
                Learner.of(policy, new LearnerSettings().recompute(true).tokenBudget(1)).update(samples, watching, 1e-3);
            }
            List<Double> expected = samples.stream().filter(s -> s.advantage() != 0).flatMap(s -> IntStream.range(0, s.completion().length)
                    .mapToObj(i -> (double) (float) aggregation.weight(s.completion().length, 21, 6))).sorted().toList();
            assertEquals(expected, watching.weights.stream().sorted().toList());
        }
    }

    /** Dr. GRPO: the same completion weighs the same, whatever the longest of its batch is. */
    @Test
    void theConstantAggregationDoesNotKnowTheLongestOfTheBatch() {
        List<Sample> samples = samples(0);
        List<Double> weights = new ArrayList<>();
        for (int longest : new int[] {2, 6}) { // tokens of the third completion; the others have 1 and 2
            Watching watching = new Watching(Aggregation.constant(14));
            try (Policy policy = policy()) {
                Learner.of(policy).update(List.of(samples.get(0), samples.get(1), samples.get(longest - 1)), watching, 1e-3);
            }
            assertEquals(1, watching.weights.stream().distinct().count());
            weights.add(watching.weights.get(0));
        }
        assertEquals((double) (float) (1 / (3 * 14.0)), weights.get(0), 0);
        assertEquals(weights.get(0), weights.get(1), 0);
    }

    @Test
    void whatLearnsAreTheAdaptersWhereThereAreSome() {
        try (Policy base = policy()) {
            List<float[]> frozen = weights(base.weights().parameters());
            Lora lora = Lora.fresh(base.config(), Lora.Settings.of(2), new Seed(1), base.manager());
            List<float[]> before = weights(lora.parameters());
            Learner learner = Learner.of(base.adapted(lora));
            for (int i = 0; i < 2; i++) { // B begins at zero, so that A has a gradient from the second step on
                assertTrue(learner.update(samples(0), PolicyLoss.grpo(), 1e-3).orElseThrow().gradientNorm() > 0);
            }
            assertSame(frozen, weights(base.weights().parameters()));
            List<float[]> after = weights(lora.parameters());
            for (int i = 0; i < before.size(); i++) {
                assertFalse(Arrays.equals(before.get(i), after.get(i)), "adapter " + i);
            }
        }
        try (Policy policy = policy()) {
            List<float[]> before = weights(policy.weights().parameters());
            Learner.of(policy).update(samples(0), PolicyLoss.grpo(), 1e-3);
            assertFalse(Arrays.equals(before.get(0), weights(policy.weights().parameters()).get(0)), "without adapters the weights learn");
        }
    }

    @Test
    void whatIsSilentTeachesNothingAndMovesNothing() {
        List<Group> silent = List.of(group("a", 1, 1, 1, 1), group("b", 0, 0, 0, 0));
        try (Policy policy = policy()) {
            List<float[]> before = weights(policy.parameters());
            Learner learner = Learner.of(policy);
            assertEquals(List.of(), learner.update(silent, Advantage.grpo(), PolicyLoss.grpo(), STEP));
            assertEquals(List.of(), learner.update(List.of(), Advantage.grpo(), PolicyLoss.grpo(), STEP));
            assertEquals(Optional.empty(), learner.update(List.of(), PolicyLoss.grpo(), 1e-3));
            assertEquals(0, learner.optimizer().steps());
            assertSame(before, weights(policy.parameters()));
        }
    }

    /** With a KL term they have a gradient too. */
    @Test
    void silentGroupsAreLearnedFromWhereTheObjectiveNeedsThem() {
        try (Policy policy = policy(); Policy reference = policy(9)) {
            Learner learner = Learner.of(policy).reference(reference);
            List<UpdateMetrics> metrics = learner.update(List.of(group("a", 1, 1), group("b", 0, 0)), Advantage.grpo(),
                    PolicyLoss.grpo().kl(Kl.K3, 0.1), STEP);
            assertEquals(2, metrics.size());
            assertTrue(metrics.stream().allMatch(m -> m.gradientNorm() > 0 && m.kl() > 0), metrics::toString);
        }
    }

    @Test
    void eachUpdateLearnsFromItsPartOfTheGroups() {
        List<Group> groups = List.of(group("a", 1, 0), group("b", 1, 1), group("c", 0, 1), group("d", 1, 0), group("e", 0, 0));
        List<List<Integer>> learned = new ArrayList<>();
        try (Policy policy = policy()) {
            Learner learner = Learner.of(policy, new LearnerSettings().updates(2).epochs(2)).gradientsFrom((l, samples, objective) -> {
                learned.add(samples.stream().map(s -> s.prompt()[0]).distinct().toList());
                return l.gradients(samples, objective);
            });
            assertEquals(4, learner.update(groups, Advantage.grpo(), PolicyLoss.grpo(), STEP).size());
            assertEquals(4, learner.optimizer().steps());
        }
        List<Integer> first = List.of(10); // of a and b
        List<Integer> second = List.of(12, 13); // of c, d and e
        assertEquals(List.of(first, second, first, second), learned);
    }

    @Test
    void theLearningRateRisesDuringWarmUp() {
        LearnerSettings settings = new LearnerSettings().learningRate(1e-3).warmUp(4);
        assertArrayEquals(new double[] {2.5e-4, 5e-4, 7.5e-4, 1e-3, 1e-3},
                IntStream.rangeClosed(1, 5).mapToDouble(settings::rateAt).toArray(), 1e-15);
        assertEquals(1e-3, settings.warmUp(0).rateAt(1), 0);
        double[] moved = new double[2];
        for (int i = 0; i < 2; i++) {
            try (Policy policy = policy()) { // the first step of AdamW moves a parameter by the learning rate
                float before = policy.parameters().get(0).getFloat(5, 0);
                Learner.of(policy, settings.updates(1)).update(List.of(group("e", 1, 0)), Advantage.grpo(), PolicyLoss.grpo(),
                        new Step(i == 0 ? 1 : 4, new Seed(1)));
                moved[i] = Math.abs(policy.parameters().get(0).getFloat(5, 0) - before);
            }
        }
        assertTrue(moved[0] > 0, "the parameter learns");
        assertEquals(4, moved[1] / moved[0], 0.01);
    }

    /** The weighting of a group reaches the gradient. */
    @Test
    void aWeightedAdvantageScalesTheLoss() {
        List<Group> groups = List.of(group("a", 1, 0, 0, 1, 0));
        double[] losses = new double[2];
        for (int i = 0; i < 2; i++) {
            double weight = i + 0.5;
            try (Policy policy = policy()) {
                losses[i] = Learner.of(policy, new LearnerSettings().updates(1))
                        .update(groups, Advantage.grpo().weighted(group -> weight), PolicyLoss.grpo(), STEP).get(0).loss();
            }
        }
        assertTrue(Math.abs(losses[0]) > 1e-3);
        assertEquals(3, losses[1] / losses[0], 1e-4);
    }

    @Test
    void impossibleAdvantagesAreRefusedWithTheProblem() {
        Advantage few = groups -> List.of(new double[] {1});
        Advantage none = groups -> List.of();
        try (Policy policy = policy()) {
            refused(policy, "problem q: 1 advantages for 2 completions", few, 1, 0);
            refused(policy, "the advantage gives 0 arrays for 1 groups", none, 1, 0);
            refused(policy, "problem q: an advantage is NaN; are all completions scored?", Advantage.grpo(), 1, Double.NaN);
            refused(policy, "problem q: an advantage is NaN; are all completions scored?",
                    Advantage.grpo().weighted(group -> Double.NaN), 1, 0);
        }
    }

    @Test
    void aKlTermWithoutAReferenceIsRefused() {
        Objective kl = PolicyLoss.grpo().kl(Kl.K3, 0.1);
        try (Policy policy = policy()) {
            for (BadInput refused : List.of(
                    assertThrows(BadInput.class, () -> Learner.of(policy).update(List.of(group("q", 1, 0)), Advantage.grpo(), kl, STEP)),
                    assertThrows(BadInput.class, () -> Learner.of(policy).update(samples(0), kl, 1e-3)))) {
                assertTrue(refused.getMessage().contains("needs a reference policy"), refused.getMessage());
            }
        }
    }

    @Test
    void aRolloutFarFromTheLearnerStopsBeforeTheWeightsMove() {
        List<Sample> far = samples(0).stream().map(s -> {
            float[] behaviour = new float[s.completion().length];
            Arrays.fill(behaviour, -0.1f); // the policy says about log(1 / 74) = -4.3
            return new Sample(s.prompt(), s.completion(), behaviour, s.advantage(), 0);
        }).toList();
        try (Policy policy = policy()) {
            List<float[]> before = weights(policy.parameters());
            Learner learner = Learner.of(policy);
            Diverged stopped = assertThrows(Diverged.class, () -> learner.update(far, PolicyLoss.grpo(), 1e-3));
            assertTrue(stopped.getMessage().contains("differ by 4."), stopped.getMessage());
            assertSame(before, weights(policy.parameters()));
            assertEquals(0, learner.optimizer().gradientNorm(), 0);
            assertTrue(Learner.of(policy, new LearnerSettings().maxDifference(5)).update(far, PolicyLoss.grpo(), 1e-3).isPresent());
        }
    }

    @Test
    void whatIsSetMakesAnotherLearner() {
        Learner learner = Learner.of(null);
        assertEquals(new LearnerSettings(), learner.settings());
        assertEquals(new LearnerSettings().learningRate(3e-4), learner.learningRate(3e-4).settings());
        assertEquals(new LearnerSettings(), learner.settings());
        LearnerSettings settings = new LearnerSettings(1, 2, 3, 4, 5, 6, 7, true, 8, 9, 10);
        assertEquals(settings, new LearnerSettings().learningRate(1).warmUp(2).weightDecay(3).maxNorm(4).updates(5).epochs(6).tokenBudget(7)
                .recompute(true).importanceCap(8).temperature(9).maxDifference(10));
    }

    private static void refused(Policy policy, String message, Advantage advantage, double... rewards) {
        assertEquals(message, assertThrows(BadInput.class, () -> Learner.of(policy).update(List.of(group("q", rewards)), advantage,
                PolicyLoss.grpo(), STEP)).getMessage());
    }

    /** REINFORCE that writes down the weights it is given. */
    private static final class Watching implements Objective {

        private final transient List<Double> weights = new ArrayList<>();
        private final Aggregation aggregation;

        Watching(Aggregation aggregation) {
            this.aggregation = aggregation;
        }

        @Override
        public Terms of(NDArray logProbs, Tokens tokens) {
            for (float weight : tokens.weights().toFloatArray()) {
                weights.add((double) weight);
            }
            return Objective.loss(logProbs.mul(tokens.advantages()).mul(tokens.weights()).sum().neg());
        }

        @Override
        public Aggregation aggregation() {
            return aggregation;
        }
    }

    /** Six completions of 1 to 6 tokens with advantages -1, 0 and 1, which say that they weigh {@code weight}. */
    private static List<Sample> samples(double weight) {
        return IntStream.rangeClosed(1, 6).mapToObj(length -> {
            float[] behaviour = new float[length];
            Arrays.fill(behaviour, -4.3f);
            return new Sample(new int[] {2, 20 + length}, IntStream.range(30, 30 + length).toArray(), behaviour, length % 3 - 1, weight);
        }).toList();
    }

    /** Completions of one to so many tokens; the first token of the prompt is 10 for problem a, 11 for b and so on. */
    private static Group group(String id, double... rewards) {
        Problem problem = new Problem(id, "?", "1", null, null, null);
        Prompt prompt = Prompt.unguided(problem, new int[] {id.charAt(0) - 'a' + 10, 5});
        return new Group(problem, IntStream.range(0, rewards.length).mapToObj(i -> {
            float[] behaviour = new float[i + 1];
            Arrays.fill(behaviour, -4.3f);
            return new Completion(prompt, IntStream.rangeClosed(30, 30 + i).toArray(), behaviour, Completion.Finish.STOP, rewards[i]);
        }).toList());
    }

    private static List<float[]> weights(List<NDArray> parameters) {
        return parameters.stream().map(NDArray::toFloatArray).toList();
    }

    private static void assertSame(List<float[]> expected, List<float[]> actual) {
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(expected.get(i), actual.get(i), 0, "parameter " + i);
        }
    }
}
