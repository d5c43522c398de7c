package lppo;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import lppo.data.BadInput;
import lppo.data.Problem;
import lppo.data.Seed;

/**
 * Which problems a step visits: a pure function of seed and step, the same for every recipe. Each pool is walked in
 * epochs, every epoch in a new random order; what does not fill a step at the end of an epoch is left out of it, so that
 * no problem comes twice in a step.
 *
 * @param trusted problems with a demonstration
 * @param answered problems with an answer only
 * @param trustedPerStep how many of the first come in each step
 * @param answeredPerStep how many of the second
 * @param seed root of the draws
 */
public record ShuffledSelection(List<Problem> trusted, List<Problem> answered, int trustedPerStep, int answeredPerStep, Seed seed)
        implements Selection {

    /** A share of each step from the problems with a demonstration, the rest from the others. */
    public static ShuffledSelection mixed(List<Problem> problems, int perStep, double trustedShare, Seed seed) {
        BadInput.unless(perStep > 0, "problems per step %d: must be positive", perStep);
        BadInput.unless(trustedShare >= 0 && trustedShare <= 1, "trusted share %s: must lie in [0, 1]", trustedShare);
        List<Problem> trusted = problems.stream().filter(Problem::hasDemonstration).toList();
        List<Problem> answered = problems.stream().filter(p -> !p.hasDemonstration()).toList();
        int fromTrusted = (int) Math.round(trustedShare * perStep);
        if (trusted.isEmpty() || answered.isEmpty()) { // one kind only: there is nothing to mix
            fromTrusted = trusted.isEmpty() ? 0 : perStep;
        }
        BadInput.unless(fromTrusted <= trusted.size() && perStep - fromTrusted <= answered.size(),
                "a step wants %d problems with and %d without a demonstration, but there are %d and %d; lower the problems per step",
                fromTrusted, perStep - fromTrusted, trusted.size(), answered.size());
        return new ShuffledSelection(trusted, answered, fromTrusted, perStep - fromTrusted, seed);
    }

    /** All problems alike. */
    public static ShuffledSelection uniform(List<Problem> problems, int perStep, Seed seed) {
        BadInput.unless(perStep > 0, "problems per step %d: must be positive", perStep);
        BadInput.unless(perStep <= problems.size(), "a step wants %d problems, but there are %d", perStep, problems.size());
        return new ShuffledSelection(List.of(), problems, 0, perStep, seed);
    }

    @Override
    public List<Problem> at(long step) {
        return Stream.concat(slice(trusted, trustedPerStep, step, "trusted"),
                slice(answered, answeredPerStep, step, "answered")).toList();
    }

    /**
     * Up to {@code count} further problems of a step, in the same mixture as far as they go, for a sampler that threw some of
     * them away: random ones that are not in {@code taken}.
     *
     * @param round counts the calls in this step
     */
    public List<Problem> more(long step, int round, int count, Set<String> taken) {
        int fromTrusted = (int) Math.round((double) count * trustedPerStep / (trustedPerStep + answeredPerStep));
        return Stream.concat(others(trusted, fromTrusted, step, "more trusted", round, taken),
                others(answered, count - fromTrusted, step, "more answered", round, taken)).toList();
    }

    private Stream<Problem> others(List<Problem> pool, int count, long step, String name, int round, Set<String> taken) {
        List<Problem> left = new ArrayList<>(pool.stream().filter(p -> !taken.contains(p.id())).toList());
        shuffle(left, seed.at(name, step, "", round));
        return left.stream().limit(count);
    }

    private static void shuffle(List<Problem> problems, SplittableRandom random) {
        for (int i = problems.size() - 1; i > 0; i--) { // Fisher-Yates
            Collections.swap(problems, i, random.nextInt(i + 1));
        }
    }

    private Stream<Problem> slice(List<Problem> pool, int count, long step, String name) {
        if (count == 0) {
            return Stream.empty();
        }
        int stepsPerEpoch = pool.size() / count;
        List<Problem> shuffled = new ArrayList<>(pool);
        shuffle(shuffled, seed.at("order", step / stepsPerEpoch, name, 0));
        int begin = (int) (step % stepsPerEpoch) * count;
        return shuffled.subList(begin, begin + count).stream();
    }
}
