package commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import answers.MathAnswer;
import common.BadInput;
import java.util.List;
import lppo.data.Problem;
import org.junit.jupiter.api.Test;

class MathRewardTest {

    @Test
    void theScoreIsOneForACorrectAnswer() {
        Problem problem = new Problem("1", "1/3 + 1/6?", "\\frac{1}{2}", null, null, null);
        try (MathReward reward = new MathReward(new MathAnswer())) {
            assertEquals(1, reward.score(problem, "It is $\\boxed{0.5}$."));
            assertEquals(0, reward.score(problem, "It is $\\boxed{0.6}$."));
            assertEquals(0, reward.score(problem, "First 0.5, then $\\boxed{0."), "cut off");
            assertEquals(0, reward.boxed().score(problem, "The answer is 0.5."), "no box");
            assertEquals(1, reward.strict().score(problem, "It is $\\boxed{0.5}$."));
            assertEquals(0, reward.strict().score(problem, "It is $\\boxed{1/3 + 1/6}$."), "the question");
            assertEquals(1, reward.score(problem, "It is $\\boxed{1/3 + 1/6}$."), "equivalent all the same");
            assertEquals(0, reward.strict().boxed().score(problem, "The answer is 0.5."), "no box");
        }
    }

    @Test
    void signsOfGamingAreSeenBesideTheScore() {
        Problem problem = new Problem("1", "What is 7 + 3 + 2? Add step by step.", "12", null, null, null);
        try (MathReward reward = new MathReward(new MathAnswer())) {
            for (String gamed : new String[] {"The answer is 7 + 3 + 2.", "\\boxed{12} \\boxed{12} \\boxed{12} \\boxed{12}",
                "What is 7 + 3 + 2? Add step by step. The answer is 12."}) {
                assertEquals(true, reward.isGamed(problem, gamed), gamed);
            }
            assertEquals(false, reward.isGamed(problem, "7 + 3 = 10. 10 + 2 = 12. The answer is 12."));
        }
    }

    @Test
    void trainingIsStrictAndEvaluationLenientUnlessAskedOtherwise() {
        Problem problem = new Problem("1", "What is 7 + 3 + 2?", "12", null, null, null);
        String restated = "The answer is \\boxed{7 + 3 + 2}";
        for (String kind : new String[] {"math", "boxed"}) {
            for (boolean byDefault : new boolean[] {true, false}) {
                assertEquals(byDefault ? 0 : 1, score(kind, byDefault, false, false, problem, restated));
                assertEquals(0, score(kind, byDefault, true, false, problem, restated));
                assertEquals(1, score(kind, byDefault, false, true, problem, restated));
            }
        }
        assertEquals("--strict and --lenient: choose one", assertThrows(BadInput.class,
                () -> score("math", true, true, true, problem, restated)).getMessage());
        assertEquals("--lenient: is for --reward math or boxed; last-word judges in its own way", assertThrows(BadInput.class,
                () -> score("last-word", true, false, true, problem, restated)).getMessage());
    }

    /** What a person wrote need not have the form that a policy is paid for. */
    @Test
    void demonstrationsAreCheckedLeniently() {
        ProblemOptions options = new ProblemOptions();
        options.reward = "math";
        Problem problem = new Problem("1", "?", "3/4", "So it is 6/8.", null, null);
        try (ProblemOptions.Judge judge = options.judge(true)) {
            assertEquals(0, judge.reward().score(problem, problem.solution()));
            assertEquals(true, judge.trusted(List.of(problem), "here").get(0).hasDemonstration());
        }
    }

    private static double score(String kind, boolean byDefault, boolean strict, boolean lenient, Problem problem, String response) {
        ProblemOptions options = new ProblemOptions();
        options.reward = kind;
        options.strict = strict;
        options.lenient = lenient;
        assertEquals(strict || byDefault && !lenient ? "strict" : "lenient", options.values(byDefault).get("judging"));
        try (ProblemOptions.Judge judge = options.judge(byDefault)) {
            return judge.reward().score(problem, response);
        }
    }
}
