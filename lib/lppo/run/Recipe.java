package lppo.run;

import common.BadInput;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
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
import lppo.PrefixSampler;
import lppo.ProgressTracker;
import lppo.Refill;
import lppo.RescuedRollout;
import lppo.Selection;
import lppo.ShuffledSelection;
import lppo.Weighting;
import lppo.learn.LearnerSettings;
import lppo.rollout.Rollout;

/**
 * The settings of a run as a value made of operators: selection, hints, weighting, algorithm, batch sizes and learning rate. The named
 * presets are LPPO, its two parts added to GRPO alone, and rival methods built from the same operators.
 * Methods that change a setting return a modified copy:
 *
 * <pre>  Recipe mine = Recipe.lppo().hint((problem, step) -&gt; 0.5).weighting(group -&gt; group.guided() ? 0.5 : 1);</pre>
 *
 * <p>A {@linkplain lppo.Stateful stateful} operator is reset at the start of every run; a recipe with a custom stateful operator must not
 * be used in two runs at a time.
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
    private Hint hint = Hint.NONE;
    private GuidanceRule rule;
    private BiFunction<Rollout, PrefixSampler, Rollout> rescue;
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

    /** Group-relative policy optimisation (arXiv 2402.03300). */
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

    /** Hints whose length adapts to the guided pass rate, after G2RPO-A (arXiv 2508.13023). */
    public static Recipe adaptive() {
        return pg().title("adaptive hints").hint(new AdaptivePrefix(0.3, 0.95, 0.5, 0.3));
    }

    /** A hint in the same step if the whole unguided group fails, after BREAD (arXiv 2506.17211). */
    public static Recipe bread() {
        return grpo().title("BREAD").hint(Hint.random(0.3, 0.95)).rescue(true);
    }

    /** Problems selected by predicted difficulty, after MoPPS (arXiv 2507.04632). */
    public static Recipe mopps() {
        return grpo().title("MoPPS").selection(new DifficultySelection(0.5));
    }

    /** Dynamic sampling (DAPO, arXiv 2503.14476), bounded: silent groups are replaced with groups of other problems. */
    public static Recipe dynamic() {
        return grpo().title("dynamic sampling").refills(3);
    }

    /** Returns the names of the presets, GRPO first. */
    public static List<String> names() {
        return List.copyOf(PRESETS.keySet());
    }

    /**
     * Returns the preset of this name.
     *
     * @throws BadInput listing the names if there is none
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

    /** Returns a copy with another title for tables and charts. */
    public Recipe title(String value) {
        return with(r -> r.title = value);
    }

    /** Returns a copy with another algorithm, for example {@code Algorithm.gspo()}. */
    public Recipe algorithm(Algorithm value) {
        return with(r -> r.algorithm = value);
    }

    /** Returns a copy with other advantages. */
    public Recipe advantage(Advantage value) {
        return with(r -> r.algorithm = algorithm.advantage(value));
    }

    /** Returns a copy with another objective. */
    public Recipe objective(Objective value) {
        return with(r -> r.algorithm = algorithm.objective(value));
    }

    /** Returns a copy with a tracker of these constants; each run has its own tracker. */
    public Recipe tracker(double alpha, double kappa, double bias) {
        return with(r -> r.tracker = new ProgressTracker(alpha, kappa, bias));
    }

    /** Returns a copy with another selection of problems. */
    public Recipe selection(Selection value) {
        return with(r -> r.selection = value);
    }

    /** Returns a copy with another share of problems with a demonstration in each step, in [0, 1] or {@link ShuffledSelection#EVEN}. */
    public Recipe trustedShare(double share) {
        ShuffledSelection shuffled = new ShuffledSelection(share);
        return with(r -> {
            r.selection = selection instanceof ShuffledSelection ? shuffled : selection;
            r.refill = shuffled;
        });
    }

    /** Returns a copy that replaces silent groups up to this many times in a step, or as often as the algorithm does if that is more. */
    public Recipe refills(int times) {
        BadInput.unless(times >= 0, "refills %d: must be 0 or more", times);
        return with(r -> r.refills = times);
    }

    /** Returns a copy with another choice of replacement problems. */
    public Recipe refill(Refill value) {
        return with(r -> r.refill = value);
    }

    /** Returns a copy with another hint, under the same {@link #when} and {@link #rescue}. */
    public Recipe hint(Hint value) {
        return with(r -> r.hint = value);
    }

    /** Returns a copy that gives hints only to problems that are challenging by a rule; null for all problems. */
    public Recipe when(GuidanceRule value) {
        return with(r -> r.rule = value);
    }

    /** Returns a copy that gives hints only to problems whose whole unguided group failed, in the same step. */
    public Recipe rescue(boolean value) {
        return rescue(value ? RescuedRollout::new : null);
    }

    /** Returns a copy that gives hints by a rollout made of the scored rollout and the hints; null for hints before the first sampling. */
    public Recipe rescue(BiFunction<Rollout, PrefixSampler, Rollout> value) {
        return with(r -> r.rescue = value);
    }

    /** Returns a copy with another cut of the expert solution; null for the task's. */
    public Recipe cut(Cut value) {
        return with(r -> r.cut = value);
    }

    /** Returns a copy that gives the hint to another share of a guided group, in (0, 1]. */
    public Recipe guidedShare(double share) {
        BadInput.unless(share > 0 && share <= 1, "guided share %s: must lie in (0, 1]", share);
        return with(r -> r.guidedShare = share);
    }

    /** Returns a copy with another weighting of advantages. */
    public Recipe weighting(Weighting value) {
        return with(r -> {
            r.weighting = value;
            r.progressWeighted = false;
        });
    }

    /** Returns a copy with or without learning-progress weights from the run's tracker. */
    public Recipe progressWeighted(boolean value) {
        return with(r -> r.progressWeighted = value);
    }

    /** Returns a copy with another number of problems per step. */
    public Recipe problemsPerStep(int value) {
        BadInput.unless(value > 0, "problems per step %d: must be positive", value);
        return with(r -> r.problemsPerStep = value);
    }

    /** Returns a copy with another number of completions per problem. */
    public Recipe groupSize(int value) {
        BadInput.unless(value > 1, "group size %d: a group needs at least 2 completions to compare", value);
        return with(r -> r.groupSize = value);
    }

    /** Returns a copy with another sampling temperature, positive. */
    public Recipe temperature(double value) {
        return learning(learning.temperature(value));
    }

    /** Returns a copy that samples from the {@code topK} most probable tokens, 0 for all, and the nucleus of mass {@code topP}. */
    public Recipe truncated(int topK, double topP) {
        return with(r -> {
            r.topK = topK;
            r.topP = topP;
        });
    }

    /** Returns a copy that flips a share of the rewards, to study the effect of noise. */
    public Recipe rewardNoise(double share) {
        BadInput.unless(share >= 0 && share < 0.5, "reward noise %s: must lie in [0, 0.5)", share);
        return with(r -> r.rewardNoise = share);
    }

    /** Returns a copy with other learner settings. */
    public Recipe learning(LearnerSettings value) {
        return with(r -> r.learning = value);
    }

    /** Returns a copy with another learning rate. */
    public Recipe learningRate(double value) {
        return learning(learning.learningRate(value));
    }

    /** Returns the title for tables and charts. */
    public String title() {
        return title;
    }

    /** Returns the algorithm. */
    public Algorithm algorithm() {
        return algorithm;
    }

    /** Returns an empty tracker for a run. */
    public ProgressTracker tracker() {
        return tracker.fresh();
    }

    /** Returns the selection of problems. */
    public Selection selection() {
        return selection;
    }

    /** Returns the choice of replacement problems. */
    public Refill refill() {
        return refill;
    }

    /** Returns the maximum number of times a step replaces silent groups: that of this recipe, or of the algorithm if it is larger. */
    public int refills() {
        return Math.max(refills, algorithm.refills());
    }

    /** Returns the hint, without the rule that restricts it. */
    public Hint hint() {
        return hint;
    }

    /** Returns the rule that restricts hints; null for none. */
    public GuidanceRule rule() {
        return rule;
    }

    /** Returns whether hints are given in the same step, to failed groups. */
    public boolean rescue() {
        return rescue != null;
    }

    /** Returns the rollout of a run: the scored rollout, or with hints for failed groups if there is a {@link #rescue}. */
    Rollout rescued(Rollout scored, PrefixSampler hints) {
        return rescue == null ? scored : rescue.apply(scored, hints);
    }

    /** Returns the cut of expert solutions; null for the task's. */
    public Cut cut() {
        return cut;
    }

    /** Returns the share of a guided group that gets the hint. */
    public double guidedShare() {
        return guidedShare;
    }

    /** Returns whether any problem may get a hint. */
    public boolean guided() {
        return hint != Hint.NONE;
    }

    /** Returns whether advantages are weighted by learning progress from the run's tracker. */
    public boolean progressWeighted() {
        return progressWeighted;
    }

    /** Returns the weighting of advantages in a run with this tracker. */
    public Weighting weighting(ProgressTracker of) {
        return progressWeighted ? of : weighting;
    }

    /** Returns the number of problems per step. */
    public int problemsPerStep() {
        return problemsPerStep;
    }

    /** Returns the number of completions per problem. */
    public int groupSize() {
        return groupSize;
    }

    /** Returns the number of most probable tokens to sample from; 0 for all. */
    public int topK() {
        return topK;
    }

    /** Returns the mass of the nucleus to sample from; 1 for all tokens. */
    public double topP() {
        return topP;
    }

    /** Returns the share of rewards that are flipped. */
    public double rewardNoise() {
        return rewardNoise;
    }

    /** Returns the learner settings. */
    public LearnerSettings learning() {
        return learning;
    }

    @Override
    public String toString() {
        return "Recipe[%s, %s, %d x %d]".formatted(title, algorithm.id(), problemsPerStep, groupSize);
    }
}
