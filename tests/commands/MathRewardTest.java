package commands;

import static org.junit.jupiter.api.Assertions.assertEquals;

import answers.MathAnswer;
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
}
