package lppo;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import lppo.data.BadInput;
import lppo.data.Problem;
import lppo.data.Seed;
import org.apache.commons.math3.distribution.BetaDistribution;
import org.apache.commons.math3.random.RandomGeneratorFactory;

/**
 * Choice of problems by predicted difficulty, the idea of MoPPS (arXiv 2507.04632): the pass rate of each problem has a Beta
 * posterior, whose counts fade,
 *
 * <pre>  a(t) = fade a(t-1) + (1 - fade) + passes,   b(t) = fade b(t-1) + (1 - fade) + failures,   a(0) = b(0) = 1,</pre>
 *
 * one pass rate is drawn from each posterior, and the problems whose draw is nearest to one half are visited: what is
 * neither solved nor hopeless, and what is not known yet.
 */
public final class DifficultySelection implements Selection {

    private static final double TARGET = 0.5;

    private final List<Problem> problems;
    private final int perStep;
    private final double fade;
    private final Seed seed;
    private final Map<String, double[]> counts = new LinkedHashMap<>();

    /**
     * Nothing known yet.
     *
     * @param fade share of what is known that is kept at each visit, in [0, 1]
     */
    public DifficultySelection(List<Problem> problems, int perStep, double fade, Seed seed) {
        BadInput.unless(perStep > 0 && perStep <= problems.size(), "a step wants %d problems, but there are %d", perStep, problems.size());
        BadInput.unless(fade >= 0 && fade <= 1, "fading %s of the posterior: must lie in [0, 1]", fade);
        this.problems = problems;
        this.perStep = perStep;
        this.fade = fade;
        this.seed = seed;
    }

    @Override
    public List<Problem> at(long step) {
        Map<String, Double> distance = new TreeMap<>();
        problems.forEach(p -> distance.put(p.id(), Math.abs(draw(p, step) - TARGET)));
        return problems.stream().sorted(Comparator.comparingDouble(p -> distance.get(p.id()))).limit(perStep).toList();
    }

    private double draw(Problem problem, long step) {
        double[] ab = counts.getOrDefault(problem.id(), new double[] {1, 1});
        Random random = new Random(seed.at("difficulty", step, problem.id(), 0).nextLong());
        return new BetaDistribution(RandomGeneratorFactory.createRandomGenerator(random), ab[0], ab[1]).sample();
    }

    /** Takes in the unguided completions of one visit. */
    public void observe(String problem, double passes, double failures) {
        double[] ab = counts.getOrDefault(problem, new double[] {1, 1});
        counts.put(problem, new double[] {fade * ab[0] + (1 - fade) + passes, fade * ab[1] + (1 - fade) + failures});
    }

    /** The counts so far, to be saved and put back; a live view. */
    public Map<String, double[]> state() {
        return counts;
    }
}
