package lppo;

import java.util.function.ToIntFunction;
import lppo.data.Problem;

/** Where the expert solution is cut for a hint. It never shows the conclusion. */
@FunctionalInterface
public interface Cut {

    /**
     * The part of a demonstration that a share beta of its length shows; empty if nothing may be shown.
     *
     * @param beta in [0, 1]
     * @param length of a text, in tokens
     */
    String prefix(Problem problem, double beta, ToIntFunction<String> length);
}
