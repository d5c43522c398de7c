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

    /** Returns the score of a response that ended with a stop token. Truncated completions are not judged; they score 0. */
    double score(Problem problem, String response);

    /**
     * Returns the answer of a response in a canonical form, equal for equal answers, for majority voting. Empty if there is none; the
     * default never finds an answer.
     */
    default Optional<String> answer(String response) {
        return Optional.empty();
    }

    /**
     * Returns whether a rewarded response shows signs of gaming the reward, such as the question repeated as the answer, or several
     * answers. It changes no score; the share of such responses is a metric of training. The default is false.
     */
    default boolean isGamed(Problem problem, String response) {
        return false;
    }

    /** Returns how many responses so far scored 0 because they could not be judged, for reasons other than the response itself. */
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
     * Checks that the solutions of problems earn the reward.
     *
     * @param where the file name, for the message
     * @throws BadInput naming the first problem whose solution does not reach its answer
     */
    default void check(List<Problem> problems, Object where) {
        for (Problem problem : problems) {
            BadInput.unless(!problem.hasDemonstration() || score(problem, problem.solution()) == 1,
                    "%s: the solution of problem %s does not end in its answer %s", where, problem.id(), problem.answer());
        }
    }
}
