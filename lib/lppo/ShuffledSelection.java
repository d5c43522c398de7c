package lppo;

import common.BadInput;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import lppo.data.Problem;
import lppo.data.Step;

/**
 * Samples problems without replacement, in epochs: a pure function of seed and step, the same for every recipe. Each step mixes problems
 * with and without a demonstration at a fixed share, or visits all problems alike. Each of the two pools is shuffled anew in every epoch;
 * problems left over at the end of an epoch that do not fill a step are dropped, so that no problem occurs twice in a step.
 *
 * @param trustedShare share of a step's problems that have a demonstration, in [0, 1], or {@link #EVEN}; it has no effect if all or none of
 *     the problems have one
 */
public record ShuffledSelection(double trustedShare) implements Selection, Refill {

    /** The trusted share that visits all problems alike, whether they have a demonstration or not: one pool. */
    public static final double EVEN = Double.NEGATIVE_INFINITY;

    public ShuffledSelection {
        BadInput.unless(trustedShare == EVEN || trustedShare >= 0 && trustedShare <= 1, "trusted share %s: must lie in [0, 1]",
                trustedShare);
    }

    /** Creates a selection that treats problems with and without a demonstration alike. */
    public static ShuffledSelection uniform() {
        return new ShuffledSelection(EVEN);
    }

    private static void checkCount(List<Problem> problems, int count) {
        BadInput.unless(count > 0, "problems per step %d: must be positive", count);
        BadInput.unless(count <= problems.size(), "a step needs %d problems, but there are only %d; lower the problems per step", count,
                problems.size());
    }

    /** The two pools, and how many problems of each a step visits. */
    private record Pools(List<Problem> trusted, List<Problem> answered, int fromTrusted) {}

    private Pools pools(List<Problem> problems, int count) {
        if (trustedShare == EVEN) {
            return new Pools(List.of(), problems, 0);
        }
        List<Problem> trusted = problems.stream().filter(Problem::hasDemonstration).toList();
        List<Problem> answered = problems.stream().filter(p -> !p.hasDemonstration()).toList();
        int fromTrusted = trusted.isEmpty() ? 0 : answered.isEmpty() ? count : (int) Math.round(trustedShare * count);
        return new Pools(trusted, answered, fromTrusted);
    }

    @Override
    public List<Problem> select(List<Problem> problems, int count, Step step) {
        checkCount(problems, count);
        Pools pools = pools(problems, count);
        int fromTrusted = pools.fromTrusted;
        BadInput.unless(fromTrusted <= pools.trusted.size() && count - fromTrusted <= pools.answered.size(),
                "a step needs %d problems with and %d without a demonstration, but there are %d and %d; lower the problems per step",
                fromTrusted, count - fromTrusted, pools.trusted.size(), pools.answered.size());
        return Stream.concat(slice(pools.trusted, fromTrusted, step, "trusted"),
                slice(pools.answered, count - fromTrusted, step, "answered")).toList();
    }

    private static Stream<Problem> slice(List<Problem> pool, int count, Step step, String name) {
        if (count == 0) {
            return Stream.empty();
        }
        long before = step.number() - 1;
        int stepsPerEpoch = pool.size() / count;
        List<Problem> shuffled = shuffled(pool, step.seed().at("order", before / stepsPerEpoch, name, 0));
        int begin = (int) (before % stepsPerEpoch) * count;
        return shuffled.subList(begin, begin + count).stream();
    }

    /** Returns random problems that were not visited yet, in the same mixture as far as they suffice. */
    @Override
    public List<Problem> more(List<Problem> problems, int count, Set<String> taken, int round, Step step) {
        int visited = Math.max(1, step.problems().size());
        Pools pools = pools(problems, visited);
        int fromTrusted = (int) Math.round((double) count * pools.fromTrusted / visited);
        return Stream.concat(others(pools.trusted, fromTrusted, step, "more trusted", round, taken),
                others(pools.answered, count - fromTrusted, step, "more answered", round, taken)).toList();
    }

    private static Stream<Problem> others(List<Problem> pool, int count, Step step, String name, int round, Set<String> taken) {
        List<Problem> left = pool.stream().filter(p -> !taken.contains(p.id())).toList();
        return shuffled(left, step.seed().at(name, step.number() - 1, "", round)).stream().limit(count);
    }

    private static List<Problem> shuffled(List<Problem> problems, SplittableRandom random) {
        List<Problem> shuffled = new ArrayList<>(problems);
        for (int i = shuffled.size() - 1; i > 0; i--) { // Fisher-Yates
            Collections.swap(shuffled, i, random.nextInt(i + 1));
        }
        return shuffled;
    }
}
