package lppo.run;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDManager;
import com.google.gson.Gson;
import com.google.gson.JsonObject;
import common.BadInput;
import common.Checksums;
import common.Json;
import common.Seed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import llm.Safetensors;
import llm.Scopes;
import lppo.Advantage;
import lppo.Algorithm;
import lppo.Hint;
import lppo.PrefixSampler;
import lppo.ProgressTracker;
import lppo.RefilledRollout;
import lppo.Weighting;
import lppo.data.Problem;
import lppo.data.Step;
import lppo.judge.Evaluation;
import lppo.judge.Scoring;
import lppo.learn.Diverged;
import lppo.learn.Learner;
import lppo.learn.UpdateMetrics;
import lppo.rollout.Group;
import lppo.rollout.Rollout;
import lppo.rollout.Sampling;

/**
 * The training loop of all recipes: select, hint, sample, score, observe, weight, update, report. {@link #step} is all of LPPO in one
 * method; {@link Training} sets it up.
 */
public final class Trainer {

    private final Training training;
    private final Recipe recipe;
    private final Steps steps;
    private final ProgressTracker tracker;
    private final Memory memory;
    private final PrefixSampler hints;
    private final Scoring scoring;
    private final Rollout rollout;
    private final List<Group> visited = new ArrayList<>(); // in this step, in the order in which they were sampled
    private final Weighting weighting;
    private final Learner learner;
    private final Advantage advantage;
    private final Health health;
    private long done;
    private boolean resumed;
    private long sampledTokens;
    private double best = Double.NEGATIVE_INFINITY;
    private long bestStep = -1;

    Trainer(Training training) {
        this.training = training;
        recipe = training.recipe();
        steps = new Steps(training.task().problems(), recipe.selection(), recipe.problemsPerStep(), training.seed());
        Algorithm algorithm = recipe.algorithm();
        BadInput.unless(training.reference() != null || !algorithm.needsReference(), "a KL coefficient: needs a reference policy");
        BadInput.unless(recipe.learning().updates() <= recipe.problemsPerStep(), "updates %d: must lie in 1 to the problems per step",
                recipe.learning().updates());
        tracker = recipe.tracker();
        weighting = recipe.weighting(tracker);
        Hint hint = recipe.rule() == null ? recipe.hint() : recipe.hint().when(tracker.failing(recipe.rule()));
        memory = new Memory().add("tracker", tracker).add("selection", recipe.selection()).add("refill", recipe.refill())
                .add("hint", hint).add("weighting", weighting).add("advantage", algorithm.advantage())
                .add("objective", algorithm.objective());
        memory.forget();
        steps.at(1); // checks that there are enough problems

        PrefixSampler plain = PrefixSampler.of(training.policy()).format(training.task().format()).cut(training.cut())
                .share(recipe.guidedShare());
        hints = recipe.rescue() ? plain : plain.hint(hint);
        scoring = new Scoring(training.policy(), training.task().reward());
        Sampling sampling = new Sampling(recipe.learning().temperature(), recipe.topK(), recipe.topP(), training.task().longest());
        Rollout scored = training.backend().rollout(sampling, this::sampling).scored(scoring).noisy(recipe.rewardNoise())
                .watched(visited::addAll);
        Rollout rescued = recipe.rescued(scored, plain.hint(hint));
        rollout = recipe.refills() == 0 ? rescued : (prompts, step) -> new RefilledRollout(rescued, recipe.refills(), steps.from(),
                recipe.refill(), problem -> hints.prompts(problem, step, recipe.groupSize())).sample(prompts, step);

        learner = training.backend().learner(Learner.of(training.policy(), recipe.learning()).reference(training.reference()));
        learner.optimizer(); // from now on the parameters record gradients
        advantage = learner.penalised(algorithm.advantage(), algorithm.rewardKl()).shaped(algorithm.overlong()::reward)
                .weighted(weighting);
        health = new Health(training.tell());
    }

    /** Runs one step: selects problems, samples groups from prompts with hints, observes them, and updates the policy. */
    private void step() {
        Step step = steps.at(done + 1);
        Map<String, Map<String, double[]>> before = memory.state();
        long failed = scoring.failures();
        long paid = scoring.paid();
        long gamed = scoring.gamed();
        visited.clear();

        long begin = System.nanoTime();
        List<Group> groups = within(() -> rollout.sample(hints.prompts(step, recipe.groupSize()), step), before, "sampling",
                "Lower the rollout rows to "
                        + Math.max(1, Math.min(training.backend().rows(), recipe.problemsPerStep() * recipe.groupSize()) / 2));
        memory.observe(visited);
        long sampled = System.nanoTime();
        health.check(visited, step.number(), lastCheckpoint());
        List<UpdateMetrics> updates = within(() -> learn(groups, step), before, "learning",
                "Lower the token budget to "
                        + Math.max(1, recipe.learning().tokenBudget() / 2) + (recipe.learning().recompute() ? "" : " or recompute"));
        long learned = System.nanoTime();

        done = step.number();
        tell(updates, scoring.failures() - failed, Metrics.counts(scoring.paid() - paid, scoring.gamed() - gamed, visited),
                (sampled - begin) / 1e9, (learned - sampled) / 1e9);
    }

    private void sampling(double share) {
        training.listeners().forEach(listener -> listener.sampling(done + 1, share));
    }

    private List<UpdateMetrics> learn(List<Group> groups, Step step) {
        try {
            return learner.update(groups, advantage, recipe.algorithm().objective(), step);
        } catch (Diverged e) {
            throw new Diverged("step " + step.number() + ": " + e.getMessage() + "; stopped before the update" + lastCheckpoint()
                    .map(path -> ", the last good checkpoint is " + path).orElse("") + ". Try a lower learning rate");
        }
    }

    /** Runs a part of a step. If memory runs out, the previous steps are saved, unless the weights have changed since. */
    private <T> T within(Supplier<T> part, Map<String, Map<String, double[]>> before, String what, String remedy) {
        long moved = learner.optimizer().steps();
        try {
            return part.get();
        } catch (EngineException | OutOfMemoryError e) {
            if (!OutOfMemory.is(e)) {
                throw e;
            }
            learner.optimizer().zeroGradients();
            boolean whole = learner.optimizer().steps() == moved;
            if (whole) {
                memory.restore(before);
                checkpoint();
            }
            String kept = lastCheckpoint().map(path -> (whole ? "saved in " : "the last checkpoint is ") + path + ". ").orElse("");
            throw new OutOfMemory("step %d: out of memory while %s; %s%s, and resume the run%s".formatted(done + 1, what, kept, remedy,
                    OutOfMemory.heap(e)), e);
        }
    }

    private void tell(List<UpdateMetrics> updates, long undecided, Health.Counts counts, double sampling, double learning) {
        long tokens = visited.stream().flatMap(g -> g.completions().stream()).mapToLong(c -> c.tokens().length).sum();
        sampledTokens += tokens;
        double difference = updates.isEmpty() ? Metrics.difference(learner, training.policy(), visited.get(0))
                : updates.get(0).difference();
        StepMetrics plain = Metrics.of(done, sampledTokens, visited, updates, difference, recipe.learning().rateAt(done), undecided,
                counts, memory.metrics());
        int completions = visited.stream().mapToInt(g -> g.completions().size()).sum();
        StepMetrics metrics = plain.withTrouble(health.see(plain, completions, counts));
        scoring.trouble().ifPresent(health::rewardThrows);
        List<Visit> visits = visited.stream().map(group -> Visit.of(done, group, tracker, weighting.weight(group))).toList();
        StepTiming timing = new StepTiming(done, sampling, learning, tokens / sampling, Metrics.residentMegabytes());
        List<Group> sampled = List.copyOf(visited);
        training.listeners().forEach(listener -> {
            listener.sampled(done, sampled);
            listener.stepped(metrics, visits, timing);
        });
    }

    /**
     * Trains up to {@code steps} steps in total, with evaluations and checkpoints at the beginning, at the configured interval, and at the
     * end.
     *
     * @param tokens maximum number of sampled tokens, positive; the step that reaches it is the last
     * @param stop checked before each step; true ends the run early, with a checkpoint
     * @param progress receives the number of finished steps
     * @return whether all steps were run or all tokens sampled
     * @throws Diverged before the weights are changed, if the loss, a gradient or a log-probability is NaN or infinite
     * @throws OutOfMemory if memory runs out; the previous steps are saved
     */
    public boolean run(long steps, long tokens, BooleanSupplier stop, LongConsumer progress) {
        if (done == 0 && !resumed) {
            evaluate();
            checkpoint();
        }
        while (done < steps && sampledTokens < tokens && !stop.getAsBoolean()) {
            step();
            if (done % training.evaluation().every() == 0 || done == steps || sampledTokens >= tokens) {
                evaluate();
                checkpoint();
            }
            progress.accept(done);
        }
        boolean finished = done >= steps || sampledTokens >= tokens;
        if (!finished) {
            checkpoint();
        }
        return finished;
    }

    private void evaluate() {
        List<Problem> asked = training.evaluation().problems();
        if (asked.isEmpty()) {
            return;
        }
        Evaluation evaluation = Evaluation.of(Evaluation.prompts(asked, training.task().format(), training.policy()), scoring,
                Sampling.plain(training.task().longest()), training.evaluation().samples(), new Seed(0), // the same draws for every run
                training.backend()::rollout);
        scoring.trouble().ifPresent(health::rewardThrows);
        training.listeners().forEach(listener -> listener.evaluated(done, sampledTokens, evaluation));
        double accuracy = evaluation.all().greedy();
        if (accuracy > best) {
            best = accuracy;
            bestStep = done;
        }
    }

    private void checkpoint() {
        training.listeners().forEach(listener -> listener.checkpoint(this::save, bestStep == done));
    }

    private Optional<Path> lastCheckpoint() {
        return training.listeners().stream().map(RunListener::saved).flatMap(Optional::stream).findFirst();
    }

    private void save(Path checkpoint) throws IOException {
        training.policy().saveLearned(checkpoint);
        Safetensors.write(checkpoint.resolve("optimizer.safetensors"), learner.optimizer().state());
        memory.save(checkpoint.resolve("operators.json"));
        JsonObject state = new JsonObject();
        state.addProperty("step", done);
        state.addProperty("sampled_tokens", sampledTokens);
        state.addProperty("optimizer_steps", learner.optimizer().steps());
        state.add("recent", new Gson().toJsonTree(health.recent()));
        if (bestStep >= 0) {
            state.addProperty("best_step", bestStep);
            state.addProperty("best_accuracy", best);
        }
        Files.writeString(checkpoint.resolve("state.json"), state + "\n");
    }

    /**
     * Restores the state of a checkpoint; the policy must already have its weights or adapters.
     *
     * @throws BadInput if it is not a complete checkpoint of such a run
     */
    public void resume(Path checkpoint) {
        Checksums.require(checkpoint);
        try (NDManager scratch = training.policy().manager().newSubManager()) {
            JsonObject state = Json.object(checkpoint.resolve("state.json"));
            Scopes.run(() -> learner.optimizer().restore(Safetensors.read(checkpoint.resolve("optimizer.safetensors"), scratch),
                    state.get("optimizer_steps").getAsLong()));
            memory.load(checkpoint.resolve("operators.json"));
            done = state.get("step").getAsLong();
            sampledTokens = state.get("sampled_tokens").getAsLong();
            if (state.has("recent")) { // checkpoints of earlier versions lack it
                health.restore(new Gson().fromJson(state.get("recent"), long[][].class));
            }
            if (state.has("best_step")) {
                bestStep = state.get("best_step").getAsLong();
                best = state.get("best_accuracy").getAsDouble();
            }
            resumed = true;
        } catch (BadInput e) {
            throw e;
        } catch (RuntimeException e) {
            throw new BadInput(checkpoint + ": is not a complete checkpoint (" + e.getMessage() + ")", e);
        }
    }

    /** Returns the number of finished steps. */
    public long done() {
        return done;
    }

    /** Returns whether the last evaluation has the best greedy accuracy so far. */
    public boolean atBest() {
        return bestStep == done;
    }

    /** Returns the progress of the problems so far. */
    public ProgressTracker tracker() {
        return tracker;
    }
}
