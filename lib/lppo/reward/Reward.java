package lppo.reward;

import lppo.data.Problem;

/**
 * A verifiable reward: a pure function of a problem and the text of a response, bounded in time. A response is the
 * expert prefix, if one was given, and the completion. Rewards lie in [0, 1].
 */
@FunctionalInterface
public interface Reward {

    /** The score of a response that ended by itself. Truncated completions are not asked about: they score 0. */
    double score(Problem problem, String response);

    /** 1 if the last word of the response is the reference answer, else 0: the reward of the built-in task. */
    static Reward lastWord() {
        return (problem, response) -> {
            String text = response.strip();
            return text.substring(text.lastIndexOf(' ') + 1).equals(problem.answer()) ? 1 : 0;
        };
    }
}
