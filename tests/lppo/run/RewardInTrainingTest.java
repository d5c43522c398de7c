package lppo.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import common.BadInput;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import llm.Policy;
import lppo.TinyPolicy;
import lppo.data.Problem;
import lppo.data.PromptFormat;
import lppo.judge.Reward;
import lppo.learn.LearnerSettings;
import lppo.task.SimpleTask;
import lppo.task.Task;
import org.junit.jupiter.api.Test;

/** Tests the inputs of a reward in a run, and rewards that throw or return invalid numbers. */
class RewardInTrainingTest extends TinyPolicy {

    private static final Reward BROKEN = (problem, response) -> {
        throw new IllegalStateException("no idea");
    };

    /** With and without hints, in steps and in evaluations; the policy reads the question with the chat's tokens around it. */
    @Test
    void aRewardSeesTheQuestionAsAPersonWroteIt() {
        Set<String> read = new LinkedHashSet<>();
        PromptFormat chat = question -> {
            String text = "9 9 " + question + " 9";
            read.add(text);
            return text;
        };
        Set<Problem> seen = new LinkedHashSet<>();
        Reward watching = (problem, response) -> {
            seen.add(problem);
            return response.length() % 2;
        };
        Task task = new SimpleTask("chat", TinyRun.PROBLEMS, List.of(), List.of(), chat, watching, 14);
        try (Policy policy = policy(1)) {
            List<StepMetrics> steps = Training.of(policy, task).recipe(TinyRun.recipe("pg").when(null))
                    .evaluate(TinyRun.PROBLEMS.subList(0, 4), 2, 2).run(4);
            assertTrue(steps.stream().anyMatch(step -> step.guidedShare() > 0), "with hints too");
        }
        assertTrue(seen.size() > 6, seen.toString());
        assertTrue(TinyRun.PROBLEMS.containsAll(seen), seen.toString());
        assertEquals(12, read.size(), "the format was asked about questions alone: " + read);
    }

    @Test
    void aRewardThatThrowsIsCountedInEachStepAndToldOnceWithItsProblem() {
        List<String> told = new ArrayList<>();
        try (Policy policy = policy(1)) {
            List<StepMetrics> steps = training(policy, BROKEN).telling(told::add).run(3);
            for (StepMetrics step : steps) {
                assertEquals(Math.round((1 - step.truncatedShare()) * 48), step.undecided(), "each completion that ended by itself");
                assertTrue(step.undecided() > 0 && step.trouble().contains("undecided"), step.toString());
            }
        }
        List<String> thrown = told.stream().filter(line -> line.contains("the reward throws")).toList();
        assertEquals(1, thrown.size(), told.toString());
        assertTrue(thrown.get(0).matches("problem t-\\S+: the reward throws java.lang.IllegalStateException: no idea; such answers .*"),
                thrown.get(0));
    }

    /** The last evaluation comes after the last step. */
    @Test
    void aRewardThatThrowsInAnEvaluationAloneIsToldToo() {
        for (int steps : new int[] {0, 1}) {
            List<String> told = new ArrayList<>();
            long[] done = {-1};
            Reward broken = (problem, response) -> {
                if (done[0] == steps) {
                    throw new IllegalStateException("no idea");
                }
                return 1;
            };
            try (Policy policy = policy(1)) {
                done[0] = 0;
                training(policy, broken).evaluate(TinyRun.PROBLEMS, 1, 8).telling(told::add).listener(new RunListener() {
                    @Override
                    public void stepped(StepMetrics metrics, List<Visit> visits, StepTiming timing) {
                        done[0] = metrics.step();
                    }
                }).run(steps);
            }
            assertEquals(1, told.stream().filter(line -> line.contains("the reward throws")).count(), steps + " steps: " + told);
        }
    }

    @Test
    void aRewardOutsideItsRangeEndsTheRun() {
        try (Policy policy = policy(1)) {
            BadInput refused = assertThrows(BadInput.class, () -> training(policy, (problem, response) -> 2).run(1));
            assertTrue(refused.getMessage().matches("problem t-\\S+: the reward gives 2.0; it must lie in \\[0, 1]"), refused.getMessage());
        }
    }

    @Test
    void fineTuningTellsItOnceToo() {
        List<String> told = new ArrayList<>();
        try (Policy policy = policy(1)) {
            FineTuning plain = FineTuning.of(policy, TinyRun.task(BROKEN), 2);
            new FineTuning(policy, plain.task(), new LearnerSettings(), 2, 4, plain.seed(), 1024,
                    new Training.EvaluationPlan(TinyRun.PROBLEMS, 1, 8), new FineTuning.Listener() {
                        @Override
                        public void rewardThrows(String trouble) {
                            told.add(trouble);
                        }
                    }).run(() -> false, step -> {});
        }
        assertEquals(1, told.size(), told.toString());
        assertTrue(told.get(0).contains("the reward throws java.lang.IllegalStateException: no idea"), told.get(0));
    }

    private static Training training(Policy policy, Reward reward) {
        return Training.of(policy, TinyRun.task(reward)).recipe(TinyRun.recipe("grpo"));
    }
}
