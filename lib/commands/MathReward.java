package commands;

//SOURCES ../answers/Answers.java

import answers.Gaming;
import answers.MathAnswer;
import java.util.Optional;
import lppo.data.Problem;
import lppo.judge.Reward;

/**
 * The reward of mathematics: 1 if the final answer of a response is equivalent to the reference answer, else 0. Closing it ends the
 * computer-algebra process.
 *
 * @param judge decides whether an answer is correct
 */
public record MathReward(MathAnswer judge) implements Reward, AutoCloseable {

    /** Returns a copy that accepts only boxed answers. The two share everything; close only one of them. */
    public MathReward boxed() {
        return new MathReward(judge.boxed());
    }

    /**
     * Returns a strict copy, for training: the answer must be in final form, and neither a list of candidates nor a repetition of the
     * question is rewarded, see {@link MathAnswer#strict()}. The two share everything; close only one of them.
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
