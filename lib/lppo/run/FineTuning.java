package lppo.run;

import common.BadInput;
import common.Seed;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;
import llm.Policy;
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
     * @param stop checked before each step; true ends training early
     * @param progress receives the number of finished steps
     * @throws Diverged if a loss is NaN or infinite
     * @throws BadInput if the task has no demonstration
     */
    public void run(BooleanSupplier stop, LongConsumer progress) {
        List<Problem> demonstrations = task.problems().stream().filter(Problem::hasDemonstration).toList();
        BadInput.unless(!demonstrations.isEmpty(), "%s: no problem has a solution to imitate", task.name());
        int perStep = Math.min(batch, demonstrations.size());
        Learner learner = Learner.of(policy, learning.temperature(1));
        Scoring scoring = new Scoring(policy, task.reward());
        for (long done = 0; done <= steps; done++) {
            evaluate(done, scoring);
            if (done == steps || stop.getAsBoolean()) {
                break;
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

    private void evaluate(long done, Scoring scoring) {
        boolean told = scoring.trouble().isPresent();
        if (!evaluation.problems().isEmpty() && (done % evaluation.every() == 0 || done == steps)) {
            listener.evaluated(done, Evaluation.of(Evaluation.prompts(evaluation.problems(), task.format(), policy),
                    scoring, Sampling.plain(task.longest()), evaluation.samples(), new Seed(0),
                    sampling -> new GpuRollout(policy, sampling, rows)));
        }
        if (!told) {
            scoring.trouble().ifPresent(listener::rewardThrows);
        }
    }
}
