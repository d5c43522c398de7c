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
 * What a policy learns: problems, prompt format, reward and maximum length of an answer. A custom task is one class, or {@link #of}.
 */
public interface Task {

    /** A set of problems. */
    enum Split {
        /** For training. */
        TRAIN,
        /** For choosing settings. */
        VALIDATION,
        /** For reporting. */
        HELD_OUT
    }

    /** Returns the name for tables and charts. */
    String name();

    /** Returns the problems of a split, the same at every call; empty if there are none. */
    List<Problem> problems(Split split);

    /** Returns the reward that judges responses. */
    Reward reward();

    /** Returns the maximum length of a completion in tokens, the end token included. */
    int longest();

    /** Returns the prompt format. */
    default PromptFormat format() {
        return PromptFormat.plain();
    }

    /** Returns the cut of its solutions for hints: by tokens, unless they are lists of steps. */
    default Cut cut() {
        return new TokenCut();
    }

    /** Returns the problems for training. */
    default List<Problem> problems() {
        return problems(Split.TRAIN);
    }

    /** Evaluates a policy greedily on a split: {@code task.evaluate(policy, VALIDATION).all().greedy()}. */
    default Evaluation evaluate(Policy policy, Split split) {
        return evaluate(policy, split, 0, new Seed(0));
    }

    /** Evaluates a policy on a split, greedily and with {@code samples} completions per problem at temperature 1, for avg@k. */
    default Evaluation evaluate(Policy policy, Split split, int samples, Seed seed) {
        return Evaluation.of(policy, problems(split), format(), reward(), longest(), samples, seed);
    }

    /** Returns the built-in task, chains of modular arithmetic with seed 1. */
    static Task builtIn() {
        return new ModularChainTask(new Seed(1));
    }

    /**
     * Creates a task from its parts.
     *
     * @param longest maximum length of a completion, in tokens
     */
    static Task of(String name, List<Problem> train, List<Problem> validation, Reward reward, int longest) {
        return new SimpleTask(name, train, validation, List.of(), PromptFormat.plain(), reward, longest);
    }
}
