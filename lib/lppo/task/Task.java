package lppo.task;

import common.Seed;
import java.util.List;
import llm.Policy;
import lppo.Cut;
import lppo.TokenCut;
import lppo.data.Problem;
import lppo.data.PromptFormat;
import lppo.judge.Evaluation;
import lppo.judge.Reward;

/**
 * What a policy is to learn: problems, how they are asked, how answers are judged, and how long an answer may be. A task of your own is
 * one class, or {@link #of}.
 */
public interface Task {

    /** Which problems. */
    enum Split {
        /** To train on. */
        TRAIN,
        /** To choose settings by. */
        VALIDATION,
        /** To report. */
        HELD_OUT
    }

    /** The name for tables and charts. */
    String name();

    /** The problems of a split, the same at every call; empty if there are none. */
    List<Problem> problems(Split split);

    /** How a response is judged. */
    Reward reward();

    /** Tokens that a completion may have, the end token included. */
    int longest();

    /** How a question becomes the text of a prompt. */
    default PromptFormat format() {
        return PromptFormat.plain();
    }

    /** Where its solutions are cut for hints: by tokens, unless they are lists of steps. */
    default Cut cut() {
        return new TokenCut();
    }

    /** The problems to train on. */
    default List<Problem> problems() {
        return problems(Split.TRAIN);
    }

    /** What a policy answers to the problems of a split, greedily: {@code task.evaluate(policy, VALIDATION).all().greedy()}. */
    default Evaluation evaluate(Policy policy, Split split) {
        return evaluate(policy, split, 0, new Seed(0));
    }

    /** The same with so many samples of each problem at temperature 1, for avg@k. */
    default Evaluation evaluate(Policy policy, Split split, int samples, Seed seed) {
        return Evaluation.of(policy, problems(split), format(), reward(), longest(), samples, seed);
    }

    /** The built-in task as it is checked in, chains of modular arithmetic. */
    static Task builtIn() {
        return new ModularChainTask(new Seed(1));
    }

    /**
     * A task from its parts.
     *
     * @param longest tokens that a completion may have
     */
    static Task of(String name, List<Problem> train, List<Problem> validation, Reward reward, int longest) {
        return new SimpleTask(name, train, validation, List.of(), PromptFormat.plain(), reward, longest);
    }
}
