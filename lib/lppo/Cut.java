package lppo;

import java.util.function.ToIntFunction;
import lppo.data.Problem;

/** A rule that cuts the expert solution for a hint: {@link TokenCut} by tokens, {@link StepCut} at steps, or your own lambda. */
@FunctionalInterface
public interface Cut {

    /**
     * Returns the part of a demonstration that a share beta of its length reveals; empty if nothing may be revealed.
     *
     * @param beta in [0, 1]
     * @param length of a text, in tokens
     */
    String prefix(Problem problem, double beta, ToIntFunction<String> length);

    /** The part of the solution that beta is a share of. */
    default String demonstration(Problem problem) {
        return problem.solution();
    }

    /** The longest part of the solution that any beta could show. */
    default String showable(Problem problem) {
        return demonstration(problem);
    }
}
