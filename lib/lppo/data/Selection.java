package lppo.data;

import java.util.List;

/** Which problems a step visits. */
@FunctionalInterface
public interface Selection {

    /** The problems of a step, counted from 0; none comes twice. */
    List<Problem> at(long step);
}
