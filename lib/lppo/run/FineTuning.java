package lppo.run;

import ai.djl.ndarray.NDManager;
import com.google.gson.JsonObject;
import common.BadInput;
import common.Checksums;
import common.Json;
import common.Seed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;
import llm.Policy;
import llm.Safetensors;
import llm.Scopes;
import lppo.Objective;
import lppo.ShuffledSelection;
import lppo.data.Problem;
import lppo.data.Step;
import lppo.judge.Evaluation;
import lppo.judge.Scoring;
import lppo.learn.Diverged;
import lppo.learn.Learner;
import lppo.learn.LearnerSettings;
import lppo.learn.Sample;
import lppo.learn.UpdateMetrics;
import lppo.rollout.GpuRollout;
import lppo.rollout.Sampling;
import lppo.task.Task;

/**
 * Supervised fine-tuning: maximises the likelihood of the expert solutions of a task. The learning rate warms up over the first tenth of
 * the steps and decays linearly to zero.
 *
 * <p>Seen in {@code notebooks/10-a-real-language-model-learns-to-add.ipynb}.
 *
 * @param policy to train
 * @param task whose problems with a demonstration are the training data
 * @param learning peak learning rate, weight decay, maximum norm, token budget and recomputation; the rest is ignored
 * @param steps number of optimiser steps, positive
 * @param batch demonstrations per step, at most all of them
 * @param seed root of all random draws
 * @param rows maximum number of completions decoded at a time in an evaluation
 * @param evaluation what to evaluate, and when
 * @param listener receives events
 */
public record FineTuning(Policy policy, Task task, LearnerSettings learning, long steps, int batch, Seed seed, int rows,
        Training.EvaluationPlan evaluation, Listener listener) {

    /** Receives the events of fine-tuning; by default, its methods do nothing. */
    public interface Listener {

        /** Called after a step, counted from 1. */
        default void stepped(long step, UpdateMetrics metrics) {}

        /** Called after an evaluation; step 0 is before the first step. */
        default void evaluated(long step, Evaluation evaluation) {}

        /**
         * Called when fine-tuning can be saved: before the first step, at the interval of the evaluations, and at the end.
         *
         * @param state writes everything needed to resume into a folder
         * @param best whether the greedy accuracy is the best so far; false without evaluation problems
         */
        default void checkpoint(RunListener.Checkpoint state, boolean best) {}

        /** Called once, after the first evaluation in which the reward threw, with the exception and its problem. */
        default void rewardThrows(String trouble) {}
    }

    public FineTuning {
        BadInput.unless(steps > 0, "steps %d: must be positive", steps);
        BadInput.unless(batch > 0, "batch %d: must be positive", batch);
    }

    /** Creates fine-tuning with a peak learning rate of 1e-3 and without evaluations. */
    public static FineTuning of(Policy policy, Task task, long steps) {
        return new FineTuning(policy, task, new LearnerSettings().learningRate(1e-3), steps, 64, new Seed(1), 1024,
                new Training.EvaluationPlan(List.of(), 50, 0), new Listener() {});
    }

    /**
     * Trains the policy.
     *
     * @param stop checked before each step; true ends training early, with a checkpoint
     * @param progress receives the number of finished steps
     * @return whether all steps were run
     * @throws Diverged if a loss is NaN or infinite
     * @throws BadInput if the task has no demonstration
     */
    public boolean run(BooleanSupplier stop, LongConsumer progress) {
        return run(null, stop, progress);
    }

    /**
     * Continues from a checkpoint, exactly as if training had never stopped.
     *
     * @param from the checkpoint, whose weights or adapters the policy must already have; null to start from the beginning
     * @param stop as above
     * @param progress as above
     * @return whether all steps were run
     * @throws BadInput if it is not a checkpoint of such a fine-tuning with as many steps
     */
    public boolean run(Path from, BooleanSupplier stop, LongConsumer progress) {
        List<Problem> demonstrations = task.problems().stream().filter(Problem::hasDemonstration).toList();
        BadInput.unless(!demonstrations.isEmpty(), "%s: no problem has a solution to imitate", task.name());
        int perStep = Math.min(batch, demonstrations.size());
        Learner learner = Learner.of(policy, learning.temperature(1));
        Scoring scoring = new Scoring(policy, task.reward());
        Best best = from == null ? new Best(-1, Double.NEGATIVE_INFINITY) : restored(from, learner);
        long begin = from == null ? 0 : doneAt(from);
        for (long done = begin;; done++) {
            boolean due = done % evaluation.every() == 0 || done == steps;
            boolean stopped = done < steps && stop.getAsBoolean();
            if (due && (from == null || done > begin)) { // what was evaluated before is not evaluated again
                best = best.or(done, evaluate(scoring, done));
            }
            if (due || stopped) {
                Best soFar = best;
                long now = done;
                listener.checkpoint(folder -> save(folder, learner, now, soFar), soFar.step == now);
            }
            if (done == steps || stopped) {
                return done == steps;
            }
            double rise = Math.min(1, (done + 1) / (steps * 0.1));
            double fall = Math.min(1, (steps - done) / (steps * 0.9));
            List<Sample> samples = ShuffledSelection.uniform().select(demonstrations, perStep, new Step(done + 1, seed)).stream()
                    .map(p -> Sample.demonstration(p, policy, task.format())).toList();
            try {
                UpdateMetrics metrics = learner.update(samples, Objective.likelihood(), learning.learningRate() * Math.min(rise, fall))
                        .orElseThrow();
                listener.stepped(done + 1, metrics);
            } catch (Diverged e) {
                throw new Diverged("step " + (done + 1) + ": " + e.getMessage() + ". Try a lower learning rate");
            }
            progress.accept(done + 1);
        }
    }

    /** Evaluates and returns the greedy accuracy; NaN without problems. */
    private double evaluate(Scoring scoring, long done) {
        if (evaluation.problems().isEmpty()) {
            return Double.NaN;
        }
        boolean told = scoring.trouble().isPresent();
        Evaluation measured = Evaluation.of(Evaluation.prompts(evaluation.problems(), task.format(), policy),
                scoring, Sampling.plain(task.longest()), evaluation.samples(), new Seed(0),
                sampling -> new GpuRollout(policy, sampling, rows));
        listener.evaluated(done, measured);
        if (!told) {
            scoring.trouble().ifPresent(listener::rewardThrows);
        }
        return measured.all().greedy();
    }

    /** The best evaluation so far; the first one of equals. */
    private record Best(long step, double accuracy) {

        Best or(long other, double greedy) {
            return greedy > accuracy ? new Best(other, greedy) : this;
        }
    }

    private void save(Path checkpoint, Learner learner, long done, Best best) throws IOException {
        policy.saveLearned(checkpoint);
        Safetensors.write(checkpoint.resolve("optimizer.safetensors"), learner.optimizer().state());
        JsonObject state = new JsonObject();
        state.addProperty("step", done);
        state.addProperty("steps", steps); // on which the learning rate depends
        state.addProperty("optimizer_steps", learner.optimizer().steps());
        if (best.step >= 0) {
            state.addProperty("best_step", best.step);
            state.addProperty("best_accuracy", best.accuracy);
        }
        Files.writeString(checkpoint.resolve("state.json"), state + "\n");
    }

    /** Returns the number of steps after which a checkpoint was written. */
    public static long doneAt(Path checkpoint) {
        return Json.object(checkpoint.resolve("state.json")).get("step").getAsLong();
    }

    private Best restored(Path checkpoint, Learner learner) {
        Checksums.require(checkpoint);
        try (NDManager scratch = policy.manager().newSubManager()) {
            JsonObject state = Json.object(checkpoint.resolve("state.json"));
            BadInput.unless(state.get("steps").getAsLong() == steps,
                    "%s: was to take %d steps, and the learning rate falls until then; resume the run with as many", checkpoint,
                    state.get("steps").getAsLong());
            Scopes.run(() -> learner.optimizer().restore(Safetensors.read(checkpoint.resolve("optimizer.safetensors"), scratch),
                    state.get("optimizer_steps").getAsLong()));
            return state.has("best_step") ? new Best(state.get("best_step").getAsLong(), state.get("best_accuracy").getAsDouble())
                    : new Best(-1, Double.NEGATIVE_INFINITY);
        } catch (BadInput e) {
            throw e;
        } catch (RuntimeException e) {
            throw new BadInput(checkpoint + ": is not a complete checkpoint of fine-tuning (" + e.getMessage() + ")", e);
        }
    }
}
