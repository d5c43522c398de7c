package lppo.run;

import common.BadInput;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import lppo.AdaptivePrefix;
import lppo.Advantage;
import lppo.Algorithm;
import lppo.Cut;
import lppo.DifficultySelection;
import lppo.GuidanceRule;
import lppo.Hint;
import lppo.Objective;
import lppo.ProgressTracker;
import lppo.Refill;
import lppo.Selection;
import lppo.ShuffledSelection;
import lppo.Weighting;
import lppo.learn.LearnerSettings;

/**
 * What a run does, as a value made of operators: which problems, which hints, which weights, which algorithm, how large and how fast.
 * The named presets are the two ideas of LPPO over GRPO, and rivals made of the same operators. Every method that sets something
 * returns another recipe and leaves this one alone:
 *
 * <pre>  Recipe mine = Recipe.lppo().hint((problem, step) -&gt; 0.5).weighting(group -&gt; group.guided() ? 0.5 : 1);</pre>
 *
 * <p>An operator that remembers something ({@link lppo.Stateful}) begins anew with every run; use one recipe in one run at a time if it
 * has such an operator of your own.
 *
 * <p>Seen in {@code notebooks/6-lppo-against-grpo.ipynb} and {@code notebooks/7-bring-your-own-model.ipynb}.
 */
public final class Recipe implements Cloneable {

    private static final Map<String, Supplier<Recipe>> PRESETS = new LinkedHashMap<>();

    static {
        PRESETS.put("grpo", Recipe::grpo);
        PRESETS.put("pg", Recipe::pg);
        PRESETS.put("lp", Recipe::lp);
        PRESETS.put("lppo", Recipe::lppo);
        PRESETS.put("adaptive", Recipe::adaptive);
        PRESETS.put("bread", Recipe::bread);
        PRESETS.put("mopps", Recipe::mopps);
        PRESETS.put("dynamic", Recipe::dynamic);
    }

    private String title = "GRPO";
    private Algorithm algorithm = Algorithm.grpo();
    private ProgressTracker tracker = new ProgressTracker();
    private Selection selection = new ShuffledSelection(0.5);
    private Refill refill = new ShuffledSelection(0.5);
    private int refills;
    private Hint hint = Hint.none();
    private GuidanceRule rule;
    private boolean rescue;
    private Cut cut;
    private double guidedShare = 1;
    private boolean progressWeighted;
    private Weighting weighting = Weighting.none();
    private int problemsPerStep = 64;
    private int groupSize = 8;
    private int topK;
    private double topP = 1;
    private double rewardNoise;
    private LearnerSettings learning = new LearnerSettings();

    private Recipe() {}

    /** Group-relative policy optimisation alone (arXiv 2402.03300). */
    public static Recipe grpo() {
        return new Recipe();
    }

    /** GRPO with prefix-guided sampling. */
    public static Recipe pg() {
        return grpo().title("GRPO + PG").hint(Hint.random(0.3, 0.95)).when(GuidanceRule.failing(0.3));
    }

    /** GRPO with learning-progress weights. */
    public static Recipe lp() {
        return grpo().title("GRPO + LP").progressWeighted(true);
    }

    /** Both: LPPO (arXiv 2507.06573). */
    public static Recipe lppo() {
        return pg().title("LPPO").progressWeighted(true);
    }

    /** Hints whose length follows their success, the idea of G2RPO-A (arXiv 2508.13023). */
    public static Recipe adaptive() {
        return pg().title("adaptive hints").hint(new AdaptivePrefix(0.3, 0.95, 0.5, 0.3));
    }

    /** A hint in the same step where the unguided group is all zero, the idea of BREAD (arXiv 2506.17211). */
    public static Recipe bread() {
        return grpo().title("BREAD").hint(Hint.random(0.3, 0.95)).rescue(true);
    }

    /** Problems chosen by predicted difficulty, the idea of MoPPS (arXiv 2507.04632). */
    public static Recipe mopps() {
        return grpo().title("MoPPS").selection(new DifficultySelection(0.5));
    }

    /** Silent groups replaced by those of other problems, dynamic sampling (DAPO, arXiv 2503.14476), bounded. */
    public static Recipe dynamic() {
        return grpo().title("dynamic sampling").refills(3);
    }

    /** The names of the presets, GRPO first. */
    public static List<String> names() {
        return List.copyOf(PRESETS.keySet());
    }

    /**
     * The preset of this name.
     *
     * @throws BadInput listing the names, if there is none
     */
    public static Recipe named(String id) {
        BadInput.unless(PRESETS.containsKey(id), "recipe \"%s\" is unknown; choose one of %s", id, String.join(", ", names()));
        return PRESETS.get(id).get();
    }

    private Recipe with(Consumer<Recipe> change) {
        try {
            Recipe copy = (Recipe) clone();
            change.accept(copy);
            return copy;
        } catch (CloneNotSupportedException e) {
            throw new IllegalStateException(e); // it is Cloneable
        }
    }

    /** The same under another name for tables and charts. */
    public Recipe title(String value) {
        return with(r -> r.title = value);
    }

    /** The same with another algorithm: {@code Algorithm.gspo()} say. */
    public Recipe algorithm(Algorithm value) {
        return with(r -> r.algorithm = value);
    }

    /** The same with other advantages. */
    public Recipe advantage(Advantage value) {
        return with(r -> r.algorithm = algorithm.advantage(value));
    }

    /** The same with another objective. */
    public Recipe objective(Objective value) {
        return with(r -> r.algorithm = algorithm.objective(value));
    }

    /** The same with a tracker of these constants; each run has one of its own. */
    public Recipe tracker(double alpha, double kappa, double bias) {
        return with(r -> r.tracker = new ProgressTracker(alpha, kappa, bias));
    }

    /** The same with another choice of problems. */
    public Recipe selection(Selection value) {
        return with(r -> r.selection = value);
    }

    /** The same with another share of problems with a demonstration in each step, in [0, 1]. */
    public Recipe trustedShare(double share) {
        ShuffledSelection shuffled = new ShuffledSelection(share);
        return with(r -> {
            r.selection = selection instanceof ShuffledSelection ? shuffled : selection;
            r.refill = shuffled;
        });
    }

    /** The same with silent groups replaced up to so many times in a step; 0 for never, beyond what the algorithm does. */
    public Recipe refills(int times) {
        BadInput.unless(times >= 0, "refills %d: must be 0 or more", times);
        return with(r -> r.refills = times);
    }

    /** The same with another choice of the problems that replace others. */
    public Recipe refill(Refill value) {
        return with(r -> r.refill = value);
    }

    /** The same with another hint, under the same {@link #when} and {@link #rescue}. */
    public Recipe hint(Hint value) {
        return with(r -> r.hint = value);
    }

    /** The same with hints for the problems only that a rule calls challenging; null for all that the hint gives one. */
    public Recipe when(GuidanceRule value) {
        return with(r -> r.rule = value);
    }

    /** The same with hints only where the whole unguided group has failed, in the same step. */
    public Recipe rescue(boolean value) {
        return with(r -> r.rescue = value);
    }

    /** The same with another cut of the expert solution; null for the task's own. */
    public Recipe cut(Cut value) {
        return with(r -> r.cut = value);
    }

    /** The same with the hint for another share of a guided group, in (0, 1]. */
    public Recipe guidedShare(double share) {
        BadInput.unless(share > 0 && share <= 1, "guided share %s: must lie in (0, 1]", share);
        return with(r -> r.guidedShare = share);
    }

    /** The same with other weights of advantages. */
    public Recipe weighting(Weighting value) {
        return with(r -> {
            r.weighting = value;
            r.progressWeighted = false;
        });
    }

    /** The same with or without weights by the learning progress that the run's tracker sees. */
    public Recipe progressWeighted(boolean value) {
        return with(r -> r.progressWeighted = value);
    }

    /** The same with so many problems in a step. */
    public Recipe problemsPerStep(int value) {
        BadInput.unless(value > 0, "problems per step %d: must be positive", value);
        return with(r -> r.problemsPerStep = value);
    }

    /** The same with so many completions of each problem. */
    public Recipe groupSize(int value) {
        BadInput.unless(value > 1, "group size %d: a group needs at least 2 completions to compare", value);
        return with(r -> r.groupSize = value);
    }

    /** The same sampled at another temperature, positive. */
    public Recipe temperature(double value) {
        return learning(learning.temperature(value));
    }

    /** The same sampled from the {@code topK} most probable tokens, 0 for all, and the most probable mass {@code topP}. */
    public Recipe truncated(int topK, double topP) {
        return with(r -> {
            r.topK = topK;
            r.topP = topP;
        });
    }

    /** The same with a share of the rewards turned round, to study what that does. */
    public Recipe rewardNoise(double share) {
        BadInput.unless(share >= 0 && share < 0.5, "reward noise %s: must lie in [0, 0.5)", share);
        return with(r -> r.rewardNoise = share);
    }

    /** The same with other settings of the learner. */
    public Recipe learning(LearnerSettings value) {
        return with(r -> r.learning = value);
    }

    /** The same with another learning rate. */
    public Recipe learningRate(double value) {
        return learning(learning.learningRate(value));
    }

    /** The name for tables and charts. */
    public String title() {
        return title;
    }

    /** The algorithm. */
    public Algorithm algorithm() {
        return algorithm;
    }

    /** An empty tracker for a run. */
    public ProgressTracker tracker() {
        return tracker.fresh();
    }

    /** Which problems a step visits. */
    public Selection selection() {
        return selection;
    }

    /** Which problems replace others. */
    public Refill refill() {
        return refill;
    }

    /** How often at most a step replaces its silent groups: what is set here, or what the algorithm does if that is more. */
    public int refills() {
        return Math.max(refills, algorithm.refills());
    }

    /** How much of its solution a problem is shown, without the rule when. */
    public Hint hint() {
        return hint;
    }

    /** When hints are given; null for whenever the hint says so. */
    public GuidanceRule rule() {
        return rule;
    }

    /** Whether hints are given in the same step, to groups that failed. */
    public boolean rescue() {
        return rescue;
    }

    /** Where solutions are cut; null for where the task says. */
    public Cut cut() {
        return cut;
    }

    /** Share of a guided group that gets the hint. */
    public double guidedShare() {
        return guidedShare;
    }

    /** Whether any problem may get a hint. */
    public boolean guided() {
        return hint != Hint.NONE;
    }

    /** Whether advantages are weighted by the learning progress that the run's tracker sees. */
    public boolean progressWeighted() {
        return progressWeighted;
    }

    /** What advantages are multiplied by, in a run with this tracker. */
    public Weighting weighting(ProgressTracker of) {
        return progressWeighted ? of : weighting;
    }

    /** Problems of a step. */
    public int problemsPerStep() {
        return problemsPerStep;
    }

    /** Completions of a problem. */
    public int groupSize() {
        return groupSize;
    }

    /** Sample from so many most probable tokens; 0 for all. */
    public int topK() {
        return topK;
    }

    /** Sample from this most probable mass; 1 for all. */
    public double topP() {
        return topP;
    }

    /** Share of rewards that are turned round. */
    public double rewardNoise() {
        return rewardNoise;
    }

    /** How the learner learns. */
    public LearnerSettings learning() {
        return learning;
    }

    @Override
    public String toString() {
        return "Recipe[%s, %s, %d x %d]".formatted(title, algorithm.id(), problemsPerStep, groupSize);
    }
}
