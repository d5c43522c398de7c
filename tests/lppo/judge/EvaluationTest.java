package lppo.judge;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import common.BadInput;
import common.Seed;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import llm.Policy;
import lppo.Checkout;
import lppo.data.Problem;
import lppo.data.Problems;
import lppo.data.PromptFormat;
import lppo.rollout.GpuRollout;
import lppo.rollout.Sampling;
import lppo.task.SimpleTask;
import lppo.task.Task;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tech.tablesaw.api.Table;
import view.Tables;

/** Tests evaluations of the base policy. */
class EvaluationTest {

    private static Policy policy;
    private static List<Problem> problems;

    @BeforeAll
    static void load() {
        policy = Policy.load(Checkout.ROOT.resolve("data/base"), Device.cpu());
        List<Problem> all = Problems.read(Checkout.ROOT.resolve("data/validation.jsonl"));
        problems = new ArrayList<>(all.subList(190, 200)); // level 11
        problems.addAll(all.subList(0, 10)); // level 3
        problems.add(new Problem("x", all.get(40).question(), all.get(40).answer(), null, null, null));
    }

    @AfterAll
    static void close() {
        policy.close();
    }

    @Test
    void partsGiveWhatTheWholeGives() {
        Evaluation whole = Evaluation.of(policy, problems, Reward.lastWord(), 14, 4, new Seed(0));
        List<Evaluation> parts = new ArrayList<>();
        for (int from = 0; from < problems.size(); from += 4) {
            List<Problem> some = problems.subList(from, Math.min(from + 4, problems.size()));
            parts.add(Evaluation.of(Evaluation.prompts(some, PromptFormat.plain(), policy), scoring(Reward.lastWord()),
                    Sampling.plain(14), 4, new Seed(0), sampling -> new GpuRollout(policy, sampling, 7)));
        }
        Evaluation joined = Evaluation.joined(parts);
        assertEquals(whole.rows(), joined.rows());
        for (int i = 0; i < problems.size(); i++) {
            assertEquals(problems.get(i), joined.greedy().get(i).prompt().problem());
            assertEquals(problems.get(i), joined.sampled().get(i).problem());
            assertArrayEquals(whole.greedy().get(i).tokens(), joined.greedy().get(i).tokens());
            assertArrayEquals(whole.sampled().get(i).rewards(), joined.sampled().get(i).rewards());
        }
    }

    @Test
    void levelsAreInNumericOrderAndThenAll() {
        Evaluation evaluation = Evaluation.of(policy, problems, Reward.lastWord(), 14, 0, new Seed(0));
        assertEquals(List.of("3", "11", "all"), evaluation.rows().stream().map(Evaluation.Accuracy::level).toList());
        assertEquals(List.of(10, 10, 21), evaluation.rows().stream().map(Evaluation.Accuracy::problems).toList());
        assertEquals(evaluation.all(), evaluation.rows().get(2));
        assertTrue(Double.isNaN(evaluation.all().average()), "no samples, no average");
    }

    @Test
    void whatIsCutAnswersNothing() {
        Evaluation cut = Evaluation.of(policy, problems, Reward.lastWord(), 1, 4, new Seed(0));
        assertEquals(1, cut.truncated());
        assertEquals(0, cut.all().greedy());
        cut.greedy().forEach(c -> assertEquals(Optional.empty(), scoring(Reward.lastWord()).answer(c)));
        assertEquals(0, Evaluation.of(policy, problems, Reward.lastWord(), 14, 4, new Seed(0)).truncated());
    }

    @Test
    void theMajorityCountsWhatTheRewardExtracts() {
        Evaluation evaluation = Evaluation.of(policy, problems, Reward.lastWord(), 14, 8, new Seed(0));
        List<Score> scores = Score.of(evaluation, List.of(8), scoring(Reward.lastWord())::answer);
        assertEquals(List.of("greedy", "avg@8", "pass@8", "maj@8"), scores.stream().map(Score::name).toList());
        assertTrue(scores.get(1).mean() < scores.get(3).mean(), "the majority of samples is better than a sample");
        assertTrue(scores.get(3).mean() < scores.get(2).mean(), "and worse than the best of them");
        assertEquals(Optional.of("7"), Reward.lastWord().answer(" 3 7\n"));
        assertEquals(Optional.empty(), Reward.lastWord().answer(" "));
        Reward lambda = (problem, response) -> 1;
        assertEquals(Optional.empty(), lambda.answer("7"));
    }

    /** A chat template is around the question that the policy reads, and not around the one that the reward sees. */
    @Test
    void aRewardSeesTheQuestionAsAPersonWroteIt() {
        PromptFormat chat = question -> "9 9 " + question + " 9";
        List<Problem> seen = new ArrayList<>();
        Reward watching = (problem, response) -> {
            seen.add(problem);
            return 1;
        };
        List<Problem> few = problems.subList(10, 14);
        Evaluation evaluation = Evaluation.of(policy, few, chat, watching, 14, 2, new Seed(0));
        assertTrue(seen.size() > 4, seen::toString);
        assertTrue(few.containsAll(seen), seen::toString);
        for (int i = 0; i < few.size(); i++) {
            assertArrayEquals(policy.encode(chat.of(few.get(i).question())), evaluation.greedy().get(i).prompt().tokens());
            assertEquals(few.get(i), evaluation.greedy().get(i).prompt().problem());
        }
        Task task = new SimpleTask("chat", List.of(), few, List.of(), chat, watching, 14);
        seen.clear();
        Evaluation same = task.evaluate(policy, Task.Split.VALIDATION, 2, new Seed(0));
        assertArrayEquals(evaluation.sampled().get(3).lengths(), same.sampled().get(3).lengths());
        assertTrue(!seen.isEmpty() && few.containsAll(seen), seen::toString);
    }

    /** Nobody is there to be told, and a zero would be taken for an answer. */
    @Test
    void aRewardThatThrowsIsNoAccuracyOfZero() {
        Reward broken = (problem, response) -> {
            throw new ArithmeticException("/ by zero");
        };
        BadInput refused = assertThrows(BadInput.class, () -> Evaluation.of(policy, problems, broken, 14, 0, new Seed(0)));
        assertTrue(refused.getMessage().startsWith("problem " + problems.get(0).id()
                + ": the reward throws java.lang.ArithmeticException: / by zero;"),
                refused.getMessage());
        assertTrue(refused.getMessage().endsWith("; 21 answers could not be judged"), refused.getMessage());
    }

    @Test
    void tablesSayWhatTheScoresAre() {
        Evaluation evaluation = Evaluation.of(policy, problems, Reward.lastWord(), 14, 2, new Seed(0));
        List<Score> scores = Score.of(evaluation, List.of(2), c -> Optional.empty());
        Table table = Tables.scores("validation", evaluation, scores);
        assertEquals(List.of("level", "problems", "greedy", "avg@2", "pass@2"), table.columnNames());
        assertEquals(List.of("3", "11", "all", "95 %"), table.stringColumn("level").asList());
        assertEquals(String.format(Locale.ROOT, "%.3f", evaluation.all().greedy()), table.getString(2, "greedy"));
        assertTrue(table.getString(3, "pass@2").matches("0\\.\\d{3} to [01]\\.\\d{3}"), table.getString(3, "pass@2"));

        Map<String, List<Score>> both = new LinkedHashMap<>();
        both.put("A", List.of(new Score("greedy", new double[] {0, 1}), new Score("maj@8", new double[] {1, 1})));
        both.put("B", List.of(new Score("greedy", new double[] {1})));
        Table summary = Tables.summary(both);
        assertEquals(List.of("A", "B", "average"), summary.stringColumn("benchmark").asList());
        assertEquals(List.of("0.500", "1.000", "0.750"), summary.stringColumn("greedy").asList(), "benchmarks weigh alike");
        assertEquals(List.of("1.000", "", ""), summary.stringColumn("maj@8").asList(), "no average of some");

        Table rows = Tables.rows("A", evaluation, scores);
        assertEquals(9, rows.rowCount());
        assertEquals(scores.get(2).mean(), rows.doubleColumn("value").get(8), 1e-12);
        assertEquals(scores.get(2).interval().high(), rows.doubleColumn("high").get(8), 1e-12);
        assertTrue(rows.doubleColumn("low").isMissing(0), "of levels there is no interval");
    }

    private static Scoring scoring(Reward reward) {
        return new Scoring(policy, reward);
    }
}
