package lppo;

import java.util.function.ToIntFunction;
import lppo.data.Problem;

/** Where the expert solution is cut for a hint: {@link TokenCut} by tokens, {@link StepCut} at steps, or a lambda of your own. */
@FunctionalInterface
public interface Cut {

    /**
     * The part of a demonstration that a share beta of its length shows; empty if nothing may be shown.
     *
     * @param beta in [0, 1]
     * @param length of a text, in tokens
     */
    String prefix(Problem problem, double beta, ToIntFunction<String> length);

    /** The part of the solution that beta is a share of. */
    default String demonstration(Problem problem) {
        return problem.solution();
    }
}
