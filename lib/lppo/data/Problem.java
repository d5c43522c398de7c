package lppo.data;

import java.io.Serializable;
import java.util.Objects;

/**
 * A question with a verifiable answer and, for trusted problems, a worked expert solution.
 *
 * @param id unique within a file
 * @param question the question as the policy reads it
 * @param answer the reference answer that a completion is checked against
 * @param solution the expert's demonstration, ending in the answer; null if there is none
 * @param level difficulty, for reports by level; null if unknown
 * @param source where the problem is from; null if unknown
 */
public record Problem(String id, String question, String answer, String solution, String level, String source) implements Serializable {

    public Problem {
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(question, "question");
        Objects.requireNonNull(answer, "answer");
    }

    /** Returns a copy with another question text. */
    public Problem withQuestion(String text) {
        return new Problem(id, text, answer, solution, level, source);
    }

    /** Returns a copy without the solution. */
    public Problem withoutSolution() {
        return new Problem(id, question, answer, null, level, source);
    }

    /** Returns whether there is an expert solution; a problem without one is never guided. */
    public boolean hasDemonstration() {
        return solution != null && !solution.isBlank();
    }
}
