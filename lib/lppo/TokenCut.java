package lppo;

import java.util.Arrays;
import java.util.function.ToIntFunction;
import lppo.data.Problem;

/**
 * Cuts a solution by tokens, as in the paper: after floor(beta L) of its L tokens, moved to the nearest place that splits no token,
 * formula or number, does not reveal the answer, and is not the end of a sentence within a line, where a chat model tends to end its
 * turn. After a line break or within a sentence it continues.
 *
 * @param leak rule for what may not be shown
 */
public record TokenCut(LeakRule leak) implements Cut {

    /** Cuts before the conclusion. */
    public TokenCut() {
        this(new ConclusionLeak());
    }

    @Override
    public String demonstration(Problem problem) {
        return leak.demonstration(problem);
    }

    @Override
    public String showable(Problem problem) {
        return leak.showable(problem);
    }

    @Override
    public String prefix(Problem problem, double beta, ToIntFunction<String> length) {
        String demonstration = leak.demonstration(problem);
        int wanted = (int) Math.floor(beta * length.applyAsInt(demonstration));
        if (wanted == 0) {
            return "";
        }
        String solution = problem.solution();
        int[] places = Arrays.stream(CutPlaces.of(solution, end -> leak.reveals(problem, solution.substring(0, end))))
                .filter(place -> place < demonstration.length()).toArray();
        int after = atLeast(wanted, places, solution, length);
        int before = after - 1;
        while (before >= 0 || after < places.length) {
            int less = before < 0 ? Integer.MAX_VALUE : wanted - length.applyAsInt(solution.substring(0, places[before]));
            int more = after == places.length ? Integer.MAX_VALUE : length.applyAsInt(solution.substring(0, places[after])) - wanted;
            int place = places[more <= less ? after++ : before--];
            String prefix = solution.substring(0, place);
            if (!CutPlaces.endsSentence(prefix) && !leak.reveals(problem, prefix) && CutPlaces.isWhole(solution, place, length)) {
                return prefix;
            }
        }
        return "";
    }

    /** The index of the first place with so many tokens before it. */
    private static int atLeast(int wanted, int[] places, String solution, ToIntFunction<String> length) {
        int low = 0;
        int high = places.length;
        while (low < high) {
            int middle = (low + high) / 2;
            if (length.applyAsInt(solution.substring(0, places[middle])) < wanted) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }
}
