package lppo;

import common.BadInput;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import lppo.data.Problem;
import lppo.data.Step;
import lppo.rollout.Group;
import org.apache.commons.math3.distribution.BetaDistribution;
import org.apache.commons.math3.random.RandomGeneratorFactory;

/**
 * Selects problems by predicted difficulty, after MoPPS (arXiv 2507.04632): the pass rate of each problem has a Beta posterior with
 * decaying counts,
 *
 * <pre>  a(t) = fade a(t-1) + (1 - fade) + passes,   b(t) = fade b(t-1) + (1 - fade) + failures,   a(0) = b(0) = 1,</pre>
 *
 * one pass rate is sampled from each posterior, and the problems whose sample is nearest to one half are visited: those that are neither
 * solved nor hopeless, and those not yet known.
 */
public final class DifficultySelection implements Selection, Stateful {

    private static final double TARGET = 0.5;

    private final PassRatePosterior posterior;

    /**
     * Creates a selection with no observations.
     *
     * @param fade share of the counts that is kept at each visit, in [0, 1]
     */
    public DifficultySelection(double fade) {
        posterior = new PassRatePosterior(fade);
    }

    @Override
    public List<Problem> select(List<Problem> problems, int count, Step step) {
        BadInput.unless(count > 0 && count <= problems.size(), "a step needs %d problems, but there are only %d", count, problems.size());
        Map<String, Double> distance = new TreeMap<>();
        problems.forEach(p -> distance.put(p.id(), Math.abs(draw(p, step) - TARGET)));
        return problems.stream().sorted(Comparator.comparingDouble(p -> distance.get(p.id()))).limit(count).toList();
    }

    private double draw(Problem problem, Step step) {
        double[] ab = posterior.of(problem.id());
        Random random = new Random(step.seed().at("difficulty", step.number() - 1, problem.id(), 0).nextLong());
        return new BetaDistribution(RandomGeneratorFactory.createRandomGenerator(random), ab[0], ab[1]).sample();
    }

    @Override
    public void observe(List<Group> groups) {
        for (Group group : groups) {
            double passes = Arrays.stream(group.rewards()).sum();
            observe(group.problem().id(), passes, group.completions().size() - passes);
        }
    }

    /** Updates a problem's posterior with the completions of one visit. */
    public void observe(String problem, double passes, double failures) {
        posterior.observe(problem, passes, failures);
    }

    /** The posterior parameters a and b of each problem visited so far. */
    @Override
    public Map<String, double[]> state() {
        return posterior.state();
    }

    @Override
    public void restore(Map<String, double[]> state) {
        posterior.restore(state);
    }
}
