package lppo;

import java.util.Arrays;
import java.util.function.ToIntFunction;
import lppo.data.Problem;

/**
 * A cut by tokens, as the paper's prefix is: at floor(beta L) of the L tokens of a solution, moved to the nearest place where no token,
 * formula or number is torn, the answer is not given away, and the policy does not stop. Behind the full stop of a sentence within a
 * line a chat model ends its turn (SmolLM2-135M-Instruct with probability 0.29 in sums), behind a line break or within a sentence it
 * does not.
 *
 * @param leak what may not be shown
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
    public String prefix(Problem problem, double beta, ToIntFunction<String> length) {
        String demonstration = leak.demonstration(problem);
        int wanted = (int) Math.floor(beta * length.applyAsInt(demonstration));
        if (wanted == 0) {
            return "";
        }
        String solution = problem.solution();
        int[] places = Arrays.stream(CutPlaces.of(solution)).filter(place -> place < demonstration.length()).toArray();
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
