package lppo.data;

import java.io.Serializable;
import java.util.Objects;

/**
 * One question with a verifiable answer and, if it is among the trusted ones, a worked expert solution.
 *
 * @param id unique within a file
 * @param question what the policy reads
 * @param answer the reference answer that a completion is checked against
 * @param solution the expert's demonstration, ending in the answer; null where there is none
 * @param level difficulty, for reports by level; null where unknown
 * @param source where the problem is from; null where unknown
 */
public record Problem(String id, String question, String answer, String solution, String level, String source) implements Serializable {

    public Problem {
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(question, "question");
        Objects.requireNonNull(answer, "answer");
    }

    /** The same problem with another text to read. */
    public Problem withQuestion(String text) {
        return new Problem(id, text, answer, solution, level, source);
    }

    /** The same problem with its answer only. */
    public Problem withoutSolution() {
        return new Problem(id, question, answer, null, level, source);
    }

    /** Whether an expert solution is at hand; without one a problem is never guided. */
    public boolean hasDemonstration() {
        return solution != null && !solution.isBlank();
    }
}
