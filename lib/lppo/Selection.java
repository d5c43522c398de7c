package lppo;

import java.util.List;
import lppo.data.Problem;
import lppo.data.Step;

/** Selects the problems that a step visits. */
@FunctionalInterface
public interface Selection {

    /**
     * Returns the problems of a step.
     *
     * @param problems to choose from
     * @param count how many the step visits
     * @param step its number and its random streams; its own problems are ignored
     * @return {@code count} different problems
     * @throws common.BadInput if there are too few
     */
    List<Problem> select(List<Problem> problems, int count, Step step);
}
