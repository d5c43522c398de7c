package lppo.judge;

import common.BadInput;
import java.util.List;
import java.util.Optional;
import lppo.data.Problem;

/**
 * A verifiable reward: a pure function of a problem and the text of a response, bounded in time. A response is the
 * expert prefix, if one was given, and the completion. Rewards lie in [0, 1].
 *
 * <p>Seen in {@code notebooks/1-what-is-a-rollout.ipynb} and {@code notebooks/7-bring-your-own-model.ipynb}.
 */
@FunctionalInterface
public interface Reward {

    /** The score of a response that ended by itself. Truncated completions are not asked about: they score 0. */
    double score(Problem problem, String response);

    /**
     * What a response answers, as a text that is equal where answers are: what a majority is counted by. Empty if it
     * answers nothing; this default never finds an answer.
     */
    default Optional<String> answer(String response) {
        return Optional.empty();
    }

    /**
     * Whether a response that was paid shows signs of going for the reward rather than for the answer: the question repeated as the
     * answer, several answers. It changes no score; the share of such responses is a metric of training. By default none does.
     */
    default boolean isGamed(Problem problem, String response) {
        return false;
    }

    /** How many responses so far could not be judged, for a reason that is not the response's, and scored 0. */
    default long failures() {
        return 0;
    }

    /** 1 if the last word of the response is the reference answer, else 0: the reward of the built-in task. */
    static Reward lastWord() {
        return new Reward() {
            @Override
            public double score(Problem problem, String response) {
                return lastWordOf(response).equals(problem.answer()) ? 1 : 0;
            }

            @Override
            public Optional<String> answer(String response) {
                return Optional.of(lastWordOf(response)).filter(word -> !word.isEmpty());
            }

            private static String lastWordOf(String response) {
                String text = response.strip();
                return text.substring(text.lastIndexOf(' ') + 1);
            }
        };
    }

    /**
     * Checks that demonstrations demonstrate.
     *
     * @param where the file, for the message
     * @throws BadInput naming the first problem whose solution does not reach its answer
     */
    default void check(List<Problem> problems, Object where) {
        for (Problem problem : problems) {
            BadInput.unless(!problem.hasDemonstration() || score(problem, problem.solution()) == 1,
                    "%s: the solution of problem %s does not end in its answer %s", where, problem.id(), problem.answer());
        }
    }
}
