package lppo;

import java.util.List;
import lppo.data.Problem;

/** Which problems a step visits. */
@FunctionalInterface
public interface Selection {

    /** The problems of a step, counted from 0; none comes twice. */
    List<Problem> at(long step);
}
