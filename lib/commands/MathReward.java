package commands;

//SOURCES ../answers/Answers.java

import answers.Gaming;
import answers.MathAnswer;
import java.util.Optional;
import lppo.data.Problem;
import lppo.judge.Reward;

/**
 * The reward of mathematics: 1 if the final answer of a response is equivalent to the reference answer, else 0. Close it to end the
 * process of computer algebra.
 *
 * @param judge what decides
 */
public record MathReward(MathAnswer judge) implements Reward, AutoCloseable {

    /** The same, which takes an answer in a box alone. The two share everything; close only one of them. */
    public MathReward boxed() {
        return new MathReward(judge.boxed());
    }

    /**
     * The same, strictly: the answer must have the form of an answer, and neither a list of candidates nor the question repeated is
     * paid, see {@link MathAnswer#strict()}. What training should ask. The two share everything; close only one of them.
     */
    public MathReward strict() {
        return new MathReward(judge.strict());
    }

    @Override
    public double score(Problem problem, String response) {
        return judge.judge(response, problem.answer(), problem.question()).correct() ? 1 : 0;
    }

    @Override
    public Optional<String> answer(String response) {
        return judge.answer(response);
    }

    @Override
    public boolean isGamed(Problem problem, String response) {
        return Gaming.of(problem.question(), response, problem.answer()).any();
    }

    @Override
    public long failures() {
        return judge.failures();
    }

    @Override
    public void close() {
        judge.close();
    }
}
