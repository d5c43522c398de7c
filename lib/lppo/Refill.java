package lppo;

import java.util.List;
import java.util.Set;
import lppo.data.Problem;
import lppo.data.Step;

/** Chooses the problems that a step visits in place of those whose groups are silent (dynamic sampling, DAPO, arXiv 2503.14476). */
@FunctionalInterface
public interface Refill {

    /**
     * Returns up to {@code count} further problems.
     *
     * @param problems to choose from
     * @param taken ids of the problems that the step has already visited
     * @param round number of the refill in this step, counted from 1
     */
    List<Problem> more(List<Problem> problems, int count, Set<String> taken, int round, Step step);
}
