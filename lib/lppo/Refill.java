package lppo;

import java.util.List;
import java.util.Set;
import lppo.data.Problem;
import lppo.data.Step;

/** Which further problems a step visits in place of those whose groups are silent (dynamic sampling, DAPO, arXiv 2503.14476). */
@FunctionalInterface
public interface Refill {

    /**
     * Up to {@code count} further problems.
     *
     * @param problems to choose from
     * @param taken ids of those that the step has visited already
     * @param round of refilling in this step, counted from 1
     */
    List<Problem> more(List<Problem> problems, int count, Set<String> taken, int round, Step step);
}
