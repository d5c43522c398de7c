package lppo.run;

import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;
import lppo.PolicyLoss.Aggregation;
import lppo.ShuffledSelection;
import lppo.data.Problem;
import lppo.data.Seed;
import lppo.judge.Evaluation;
import lppo.judge.Reward;
import lppo.learn.AdamW;
import lppo.learn.Diverged;
import lppo.learn.Learner;
import lppo.learn.Sample;
import lppo.model.Policy;
import lppo.rollout.Sampling;

/** Supervised fine-tuning: maximum likelihood of expert solutions, with a warm-up and a linear decay to zero. */
public final class Imitation {

    private Imitation() {}

    /**
     * Trains a policy on demonstrations.
     *
     * @param order demonstrations of each step
     * @param learningRate largest rate, reached after a tenth of the steps
     * @param evaluateEvery steps between evaluations on {@code heldOut}, which may be empty
     * @throws Diverged if a loss is no finite number
     */
    public static void run(Policy policy, ShuffledSelection order, long steps, double learningRate, int evaluateEvery,
            List<Problem> heldOut, Options options, Reward reward, RunFolder folder, BooleanSupplier stop,
            LongConsumer progress) {
        AdamW optimizer = new AdamW(policy.parameters(), policy.manager(),
                new AdamW.Settings(0.9, 0.95, 1e-8, options.weightDecay));
        Learner plain = new Learner(policy, optimizer, 1, options.tokenBudget, options.maxNorm);
        Learner learner = options.recompute ? plain.recomputing() : plain;
        long begin = System.nanoTime();
        for (long step = 0; step <= steps; step++) {
            if (!heldOut.isEmpty() && (step % evaluateEvery == 0 || step == steps)) {
                Evaluation evaluation = Evaluation.of(policy, heldOut, reward, Sampling.plain(options.maxNewTokens),
                        options.evaluateSamples, options.rolloutRows, new Seed(0));
                Trainer.write(evaluation, folder, step, 0, policy);
                folder.row("timing.csv", RunFolder.columns("step", step, "seconds", (System.nanoTime() - begin) / 1e9));
            }
            if (step == steps || stop.getAsBoolean()) {
                break;
            }
            double rise = Math.min(1, (step + 1) / (steps * 0.1));
            double fall = Math.min(1, (steps - step) / (steps * 0.9));
            List<Sample> batch = Sample.weighted(
                    order.at(step).stream().map(p -> Sample.demonstration(p, policy)).toList(), Aggregation.TOKEN_MEAN);
            Learner.Report report;
            try {
                report = learner.update(batch, Learner.Objective.likelihood(), learningRate * Math.min(rise, fall));
            } catch (Diverged e) {
                throw new Diverged("step " + (step + 1) + ": " + e.getMessage() + ". Try a lower --learning-rate");
            }
            folder.row("metrics.csv", RunFolder.columns("step", step + 1, "loss", report.loss(), "gradient_norm",
                    report.gradientNorm()));
            progress.accept(step + 1);
        }
        folder.checkpoint(0, policy::saveLearned);
    }
}
