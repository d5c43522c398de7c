package lppo.run;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.reflect.TypeToken;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import lppo.AdaptivePrefix;
import lppo.DifficultySelection;
import lppo.PrefixSampler;
import lppo.ProgressTracker;
import lppo.Recipe;
import lppo.Selection;
import lppo.ShuffledSelection;
import lppo.data.Problem;
import lppo.data.Seed;
import lppo.judge.Evaluation;
import lppo.judge.Reward;
import lppo.model.Policy;
import lppo.rollout.Completion;
import lppo.rollout.Group;
import lppo.rollout.Prompt;
import lppo.rollout.Rollout;
import lppo.rollout.Sampling;

/**
 * The first half of a step, for every recipe: choose problems, give hints, sample, score; replace what taught nothing, if the
 * recipe does; and tell whoever keeps a record of the problems.
 */
final class Collector {

    private static final Gson GSON = new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();

    private final Recipe recipe;
    private final Options options;
    private final Policy policy;
    private final Reward reward;
    private final ShuffledSelection order;
    private final DifficultySelection difficulty; // null unless the recipe chooses by it
    private final Seed seed;
    private final Rollout rollout;
    private final Rollout again; // the same with draws of its own
    private final PrefixSampler prefixes;
    private final AdaptivePrefix adaptive;
    private ProgressTracker tracker;

    /**
     * What a step sampled.
     *
     * @param groups to learn from
     * @param visited all, in the order in which they were sampled
     */
    record Batch(List<Group> groups, List<Group> visited) {

        /** All completions. */
        List<Completion> completions() {
            return visited.stream().flatMap(g -> g.completions().stream()).toList();
        }

        /** Tokens of all completions: what a step costs. */
        long tokens() {
            return completions().stream().mapToLong(c -> c.tokens().length).sum();
        }
    }

    Collector(Recipe recipe, Options options, Policy policy, Compute compute, Reward reward, List<Problem> problems, Seed seed) {
        this.recipe = recipe;
        this.options = options;
        this.policy = policy;
        this.reward = reward;
        this.seed = seed;
        order = ShuffledSelection.mixed(problems, options.problemsPerStep, options.trustedShare, seed);
        difficulty = recipe.selective() ? new DifficultySelection(problems, options.problemsPerStep, options.fade, seed) : null;
        Sampling sampling = new Sampling(options.temperature, options.topK, options.topP, options.maxNewTokens);
        rollout = compute.rollout(sampling, seed);
        again = compute.rollout(sampling, seed.child("again"));
        prefixes = new PrefixSampler(
                new PrefixSampler.Rule(options.guideBelow, options.guideAfter, options.guideProgress, options.guideInARow),
                options.betaMin, options.betaMax, options.guidedShare, policy::encode, seed);
        adaptive = new AdaptivePrefix(options.betaMin, options.betaMax, options.hintTarget, options.hintGain);
        tracker = new ProgressTracker(options.alpha, options.kappa, options.bias);
    }

    ProgressTracker tracker() {
        return tracker;
    }

    /** Writes what is known of the problems. */
    void save(Path checkpoint) throws IOException {
        tracker.save(checkpoint.resolve("tracker.json"));
        if (recipe.hints() == Recipe.Hints.ADAPTIVE) {
            Files.writeString(checkpoint.resolve("hints.json"), GSON.toJson(adaptive.state()) + "\n");
        }
        if (recipe.selective()) {
            Files.writeString(checkpoint.resolve("difficulty.json"), GSON.toJson(difficulty.state()) + "\n");
        }
    }

    /** Reads it back. */
    void resume(Path checkpoint) throws IOException {
        tracker = ProgressTracker.load(checkpoint.resolve("tracker.json"));
        if (recipe.hints() == Recipe.Hints.ADAPTIVE) {
            adaptive.state().putAll(GSON.fromJson(Files.readString(checkpoint.resolve("hints.json")),
                    new TypeToken<Map<String, Double>>() {}));
        }
        if (recipe.selective()) {
            difficulty.state().putAll(GSON.fromJson(Files.readString(checkpoint.resolve("difficulty.json")),
                    new TypeToken<Map<String, double[]>>() {}));
        }
    }

    /** What forgets all that is observed from now on. */
    Runnable undo() {
        ProgressTracker before = tracker.copy();
        Map<String, Double> hints = Map.copyOf(adaptive.state());
        Map<String, double[]> counts = new HashMap<>();
        if (difficulty != null) {
            difficulty.state().forEach((problem, count) -> counts.put(problem, count.clone()));
        }
        return () -> {
            tracker = before;
            adaptive.state().clear();
            adaptive.state().putAll(hints);
            if (difficulty != null) {
                difficulty.state().clear();
                difficulty.state().putAll(counts);
            }
        };
    }

    /** Samples the groups of a step, counted from 1. */
    Batch collect(long step) {
        int refills = options.refills(recipe);
        Selection selection = recipe.selective() ? difficulty : order;
        List<Group> visited = new ArrayList<>();
        List<Group> kept = new ArrayList<>();
        Set<String> taken = new HashSet<>();
        List<Problem> problems = selection.at(step - 1);
        for (int round = 1; !problems.isEmpty(); round++) {
            problems.forEach(p -> taken.add(p.id()));
            List<Group> sampled = scored(rollout, seed, problems.stream().flatMap(p -> prompts(p, step).stream()).toList(), step);
            visited.addAll(sampled);
            List<Group> learned = recipe.hints() == Recipe.Hints.RESCUE ? rescued(sampled, step, visited) : sampled;
            kept.addAll(refills == 0 ? learned : learned.stream().filter(g -> !g.silent()).toList());
            int missing = options.problemsPerStep - kept.size();
            problems = round > refills ? List.of() : order.more(step - 1, round, missing, taken);
        }
        visited.forEach(this::observe);
        return new Batch(kept, visited);
    }

    private List<Prompt> prompts(Problem problem, long step) {
        return switch (recipe.hints()) {
            case NONE, RESCUE -> prefixes.plain(problem, options.groupSize);
            case RANDOM -> prefixes.prompts(problem, tracker, options.groupSize, step);
            case ADAPTIVE -> prefixes.guides(problem, tracker)
                    ? prefixes.prompts(problem, adaptive.beta(problem.id()), options.groupSize) : prefixes.plain(problem, options.groupSize);
        };
    }

    /** The groups, each that failed as a whole sampled again with a hint, where there is one. */
    private List<Group> rescued(List<Group> groups, long step, List<Group> visited) {
        List<Prompt> prompts = groups.stream().filter(g -> g.problem().hasDemonstration() && g.passRate().orElse(1) == 0)
                .map(g -> prefixes.prompts(g.problem(), prefixes.beta(g.problem(), step), options.groupSize))
                .filter(group -> group.stream().anyMatch(Prompt::guided)).flatMap(List::stream).toList();
        List<Group> rescued = prompts.isEmpty() ? List.of() : scored(again, seed.child("again"), prompts, step);
        visited.addAll(rescued);
        List<Group> result = new ArrayList<>(groups);
        result.replaceAll(g -> rescued.stream().filter(r -> r.problem().id().equals(g.problem().id())).findFirst().orElse(g));
        return result;
    }

    private List<Group> scored(Rollout sampler, Seed own, List<Prompt> prompts, long step) {
        return Group.of(sampler.sample(prompts, step)).stream().map(group -> noisy(
                group.scored(c -> Evaluation.score(c, policy, reward)), own, step)).toList();
    }

    /** The group with some of its rewards turned round, to study what that does. */
    private Group noisy(Group group, Seed own, long step) {
        int[] index = {0};
        return options.rewardNoise == 0 ? group : group.scored(c ->
                own.at("noise", step, group.problem().id(), index[0]++).nextDouble() < options.rewardNoise ? 1 - c.reward() : c.reward());
    }

    private void observe(Group group) {
        String id = group.problem().id();
        group.passRate().ifPresentOrElse(rate -> tracker.observe(id, rate), () -> tracker.visitGuided(id));
        group.guidedPassRate().ifPresent(rate -> adaptive.observe(id, rate));
        if (difficulty != null) {
            double passes = Arrays.stream(group.rewards()).sum();
            difficulty.observe(id, passes, group.completions().size() - passes);
        }
    }
}
