package spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static spark.SparkRuns.MODEL;

import ai.djl.Device;
import common.BadInput;
import common.Seed;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import llm.Policy;
import lppo.Advantage;
import lppo.Objective;
import lppo.PolicyLoss;
import lppo.data.Problem;
import lppo.data.Step;
import lppo.learn.Learner;
import lppo.learn.LearnerSettings;
import lppo.rollout.Group;
import lppo.rollout.Prompt;
import lppo.rollout.Sampling;
import lppo.run.Backend;
import lppo.run.Recipe;
import lppo.task.Task;
import org.junit.jupiter.api.Test;

/** Tests that executors compute the gradient of the learner's objective, whatever recipe their setup was created from. */
class SparkObjectiveTest {

    /** The weights after two optimiser steps; {@code master} null for one process. */
    static float[] learned(String master, Map<String, String> settings, LearnerSettings learning, Objective objective) {
        try (Policy policy = Policy.load(MODEL, Device.cpu());
                Backend backend = SparkRuns.open(master, settings, SparkRuns.setup(MODEL, Recipe.grpo()), policy)) {
            Step step = new Step(1, Task.builtIn().problems().subList(0, 8), new Seed(1));
            List<Prompt> prompts = new ArrayList<>();
            for (Problem problem : step.problems()) {
                prompts.addAll(Collections.nCopies(4, Prompt.unguided(problem, policy.encode(problem.question()))));
            }
            List<Group> groups = backend.rollout(Sampling.plain(14)).scored(c -> policy.decode(c.tokens()).length() % 2)
                    .sample(prompts, step);
            Learner learner = backend.learner(Learner.of(policy, learning));
            assertEquals(2, learner.update(groups, Advantage.grpo(), objective, step).size());
            List<float[]> all = policy.parameters().stream().map(p -> p.toFloatArray()).toList();
            float[] flat = new float[all.stream().mapToInt(values -> values.length).sum()];
            int at = 0;
            for (float[] values : all) {
                System.arraycopy(values, 0, flat, at, values.length);
                at += values.length;
            }
            return flat;
        }
    }

    static LearnerSettings learning() {
        return new LearnerSettings().learningRate(1e-3).warmUp(0).tokenBudget(128);
    }

    @Test
    void anObjectiveOfOnesOwnLearnsTheSameOnSparkToTheLastBit() {
        float[] alone = learned(null, Map.of(), learning(), OwnObjective.reinforce(-0.5));
        assertArrayEquals(alone, learned("local[2]", Map.of(), learning(), OwnObjective.reinforce(-0.5)));
        assertFalse(Arrays.equals(alone, learned("local[2]", Map.of(), learning(), PolicyLoss.grpo())), "that of the setup's recipe");
        assertFalse(Arrays.equals(alone, learned("local[2]", Map.of(), learning(), OwnObjective.reinforce(-1))),
                "what the lambda captures");
    }

    @Test
    void soDoTheSettingsOfTheLearner() {
        LearnerSettings cooler = learning().temperature(0.8);
        float[] alone = learned(null, Map.of(), cooler, PolicyLoss.grpo());
        assertArrayEquals(alone, learned("local[2]", Map.of(), cooler, PolicyLoss.grpo()));
        assertFalse(Arrays.equals(alone, learned("local[2]", Map.of(), learning(), PolicyLoss.grpo())), "the default temperature");
    }

    @Test
    void anObjectiveThatCannotBeSentIsRefused() {
        Object counter = new Object();
        Objective counting = (logProbs, tokens) -> counter.hashCode() == 0 ? null : OwnObjective.reinforce(0).of(logProbs, tokens);
        refused(counting, "the objective cannot be sent to executors: it refers to java.lang.Object, which is not Serializable");
    }

    @Test
    void anObjectiveThatNeedsAReferenceIsRefusedWhereExecutorsHaveNone() {
        Objective needy = new NeedsReference();
        try (Policy policy = Policy.load(MODEL, Device.cpu());
                Policy reference = Policy.load(MODEL, Device.cpu());
                Cluster cluster = new Cluster("local[1]", Map.of(), SparkRuns.setup(MODEL, Recipe.grpo()), policy)) {
            Learner learner = cluster.learner(Learner.of(policy, learning().updates(1))).reference(reference);
            BadInput refused = assertThrows(BadInput.class, () -> learner.update(List.of(Group.ofRewards(1, 0)), Advantage.grpo(), needy,
                    new Step(1, new Seed(1))));
            assertTrue(refused.getMessage().startsWith("the objective needs a reference policy, but the executors' setup has none"),
                    refused.getMessage());
        }
    }

    private record NeedsReference() implements Objective {
        @Override
        public Terms of(ai.djl.ndarray.NDArray logProbs, Tokens tokens) {
            return Objective.loss(logProbs.sub(tokens.reference()).mul(tokens.weights()).sum());
        }

        @Override
        public boolean needsReference() {
            return true;
        }
    }

    private static void refused(Objective objective, String told) {
        BadInput refused = assertThrows(BadInput.class, () -> learned("local[1]", Map.of(), learning(), objective));
        assertEquals(1, refused.getMessage().lines().count());
        assertTrue(refused.getMessage().startsWith(told), refused.getMessage());
    }
}
