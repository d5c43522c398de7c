package lppo;

import java.util.List;
import lppo.data.Problem;
import lppo.data.Step;

/** Which problems a step visits. */
@FunctionalInterface
public interface Selection {

    /**
     * The problems of a step.
     *
     * @param problems to choose from
     * @param count how many the step visits
     * @param step its number and its random streams; the problems that it names are not looked at
     * @return {@code count} different problems
     * @throws common.BadInput if there are too few
     */
    List<Problem> select(List<Problem> problems, int count, Step step);
}
