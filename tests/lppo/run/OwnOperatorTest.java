package lppo.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import common.BadInput;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import llm.Policy;
import lppo.Hint;
import lppo.PolicyLoss;
import lppo.Stateful;
import lppo.StepCut;
import lppo.TinyPolicy;
import lppo.Weighting;
import lppo.data.Problem;
import lppo.data.Step;
import lppo.rollout.Group;
import org.junit.jupiter.api.Test;

/** Tests that a user's operators are used, saved, resumed, undone and charted like ours. */
class OwnOperatorTest extends TinyPolicy {

    /** Weighs a problem by how often it was visited, and hints the same share to all: one object, two parts. */
    private static final class Novelty implements Weighting, Stateful {
        private final Map<String, Integer> visits = new TreeMap<>();

        @Override
        public double weight(Group group) {
            return 1.0 / visits.getOrDefault(group.problem().id(), 1);
        }

        @Override
        public void observe(List<Group> groups) {
            groups.forEach(group -> visits.merge(group.problem().id(), 1, Integer::sum));
        }

        @Override
        public Map<String, double[]> state() {
            Map<String, double[]> state = new TreeMap<>();
            visits.forEach((problem, count) -> state.put(problem, new double[] {count}));
            return state;
        }

        @Override
        public void restore(Map<String, double[]> state) {
            visits.clear();
            state.forEach((problem, count) -> visits.put(problem, (int) count[0]));
        }

        @Override
        public Map<String, Double> metrics() {
            return Map.of("most_visits", visits.values().stream().mapToInt(x -> x).max().orElse(0) + 0.0);
        }
    }

    private static Recipe recipe() {
        return TinyRun.recipe("grpo").weighting(new Novelty()).cut(new StepCut()).hint((problem, step) -> step.number() % 2 == 0 ? 0.7 : 0);
    }

    @Test
    void aRunWithOwnOperatorsIsResumedExactlyAndHasTheirColumns() throws Exception {
        TinyRun tiny = new TinyRun(skeleton);
        tiny.run(recipe(), TinyRun.ENDS, folder.resolve("whole"), 6);
        tiny.runInTwo(recipe(), TinyRun.ENDS, folder.resolve("parts"), 6, Long.MAX_VALUE, 3);
        for (String file : List.of("metrics.csv", "problems.csv", "checkpoint/operators.json", "checkpoint/model.safetensors")) {
            assertEquals(-1, Files.mismatch(folder.resolve("whole").resolve(file), folder.resolve("parts").resolve(file)), file);
        }
        double[] most = TinyRun.column(folder.resolve("whole/metrics.csv"), "most_visits");
        assertEquals(1, most[0]);
        assertTrue(most[5] > 1, "it goes on counting");
        assertTrue(TinyRun.rows(folder.resolve("whole/problems.csv")).stream().allMatch(
                row -> row.get("guided").equals(Integer.parseInt(row.get("step")) % 2 == 0 && hinted(row.get("problem")) ? "1" : "0")));
    }

    private static boolean hinted(String id) {
        Problem problem = TinyRun.PROBLEMS.stream().filter(p -> p.id().equals(id)).findFirst().orElseThrow();
        return problem.hasDemonstration() && !problem.solution().startsWith(problem.answer() + " ")
                && !problem.solution().split(" ")[0].equals(problem.answer());
    }

    @Test
    void eachRunBeginsAnewWithTheSameRecipe() throws Exception {
        Recipe recipe = recipe();
        TinyRun tiny = new TinyRun(skeleton);
        tiny.run(recipe, TinyRun.ENDS, folder.resolve("a"), 3);
        tiny.run(recipe, TinyRun.ENDS, folder.resolve("b"), 3);
        assertEquals(Files.readString(folder.resolve("a/metrics.csv")), Files.readString(folder.resolve("b/metrics.csv")));
    }

    /** One object as hint, under a rule, and as weighting is told of each step once. */
    @Test
    void anOperatorWithTwoPartsIsToldOnce() {
        class Both implements Hint, Weighting, Stateful {
            private int told;

            @Override
            public double beta(Problem problem, Step step) {
                return 0.5;
            }

            @Override
            public double weight(Group group) {
                return 1;
            }

            @Override
            public void observe(List<Group> groups) {
                told++;
            }

            @Override
            public Map<String, double[]> state() {
                return Map.of("told", new double[] {told});
            }

            @Override
            public void restore(Map<String, double[]> state) {
                told = state.isEmpty() ? 0 : (int) state.get("told")[0];
            }

            @Override
            public Map<String, Double> metrics() {
                return Map.of("told", (double) told);
            }
        }
        Both both = new Both();
        try (Policy policy = policy(1)) {
            List<StepMetrics> steps = TinyRun.training(TinyRun.recipe("lppo").hint(both).weighting(both), policy, TinyRun.ENDS).run(3);
            assertEquals(3.0, steps.get(2).more().get("told"));
        }
    }

    @Test
    void aStepThatFailsIsTakenBack() {
        Novelty novelty = new Novelty();
        List<Integer> seen = new ArrayList<>();
        try (Policy policy = policy(1)) {
            Recipe failing = TinyRun.recipe("grpo").weighting(novelty).advantage(groups -> {
                seen.add(novelty.visits.values().stream().mapToInt(x -> x).sum());
                if (seen.size() == 3) {
                    throw new OutOfMemoryError("Java heap space");
                }
                return groups.stream().map(Group::rewards).toList();
            });
            assertThrows(OutOfMemory.class, () -> TinyRun.training(failing, policy, TinyRun.ENDS).run(5));
        }
        assertEquals(List.of(6, 12, 18), seen);
        assertEquals(12, novelty.visits.values().stream().mapToInt(x -> x).sum(), "as before the third step");
    }

    @Test
    void aCheckpointOfOtherOperatorsIsRefused() {
        TinyRun tiny = new TinyRun(skeleton);
        tiny.run(recipe(), TinyRun.ENDS, folder.resolve("own"), 1);
        try (Policy policy = Policy.load(folder.resolve("own/checkpoint"), ai.djl.Device.cpu())) {
            BadInput refused = assertThrows(BadInput.class,
                    () -> TinyRun.resumed(TinyRun.recipe("grpo"), policy, TinyRun.ENDS, folder.resolve("own")));
            assertTrue(refused.getMessage().contains("operators.json: has the state of tracker, weighting, but the run has tracker"),
                    refused.getMessage());
        }
    }

    @Test
    void aHintOutsideItsRangeIsRefusedWithItsProblem() {
        Hint wrong = (Problem problem, Step step) -> 1.5;
        try (Policy policy = policy(1)) {
            BadInput refused = assertThrows(BadInput.class,
                    () -> TinyRun.training(TinyRun.recipe("grpo").hint(wrong), policy, TinyRun.ENDS).run(1));
            assertTrue(refused.getMessage().contains("the hint's beta is 1.5"), refused.getMessage());
        }
    }

    @Test
    void aFolderAlwaysHasItsConfigurationAndOtherContentsAreNotResumed() throws Exception {
        Path out = folder.resolve("run");
        try (Policy policy = policy(1)) {
            TinyRun.training(TinyRun.recipe("lppo"), policy, TinyRun.ENDS).into(out).run(2);
        }
        String config = Files.readString(out.resolve("config.json"));
        assertTrue(config.contains("\"seed\": 1") && config.contains("RandomPrefix[betaMin=0.3, betaMax=0.95]")
                && config.contains("\"problems\""), config);
        try (Policy policy = Policy.load(out.resolve("checkpoint"), ai.djl.Device.cpu())) {
            Training same = TinyRun.training(TinyRun.recipe("lppo"), policy, TinyRun.ENDS);
            assertEquals(2, same.resume(out).done());
            Problem first = TinyRun.PROBLEMS.get(0);
            List<Problem> other = new ArrayList<>(TinyRun.PROBLEMS);
            other.set(0, new Problem(first.id(), first.question(), "60", null, first.level(), first.source()));
            Training changed = Training.of(policy, lppo.task.Task.of("tiny", other, TinyRun.PROBLEMS.subList(0, 4), TinyRun.ENDS, 14))
                    .recipe(TinyRun.recipe("lppo")).evaluate(TinyRun.PROBLEMS.subList(0, 4), 50, 8);
            BadInput refused = assertThrows(BadInput.class, () -> changed.resume(out));
            assertTrue(refused.getMessage().contains("different contents of the problems"), refused.getMessage());
            BadInput loss = assertThrows(BadInput.class, () -> TinyRun.training(
                    TinyRun.recipe("lppo").objective(PolicyLoss.grpo().clip(0.1, 0.1)), policy, TinyRun.ENDS).resume(out));
            assertTrue(loss.getMessage().contains("objective"), loss.getMessage());
        }
        assertNotEquals(0, Files.size(out.resolve("metrics.csv")));
    }
}
