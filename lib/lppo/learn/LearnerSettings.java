package lppo.learn;

import common.BadInput;
import java.io.Serializable;

/**
 * How a {@link Learner} learns.
 *
 * @param learningRate AdamW's learning rate, positive
 * @param warmUp steps in which the learning rate rises linearly, 0 or more
 * @param weightDecay AdamW's decoupled weight decay, 0 or more
 * @param maxNorm gradients of a larger global norm are scaled down to it
 * @param updates parts that the groups of a step are learned in, an optimiser step each
 * @param epochs how often all groups of a step are learned from
 * @param tokenBudget most padded tokens of a micro-batch; bounds the memory, changes no gradient but by rounding. A large model on a
 *     CPU takes fewer, see {@link llm.Backpropagation#ACTIVATIONS}
 * @param recompute whether activations are computed again in the backward pass, for less memory
 * @param importanceCap truncated importance sampling, see {@link Sample#withOld}: largest factor; 0 for off
 * @param temperature of the sampling that is learned from, so that log-probabilities mean the same here and there
 * @param maxDifference an update is refused if the log-probabilities of rollout and learner differ by more, in nats, mean absolute
 */
public record LearnerSettings(double learningRate, int warmUp, double weightDecay, double maxNorm, int updates, int epochs,
        int tokenBudget, boolean recompute, double importanceCap, double temperature, double maxDifference) implements Serializable {

    /** The usual importance cap where rollout and learner compute in different precisions. */
    public static final double CAP = 2;

    public LearnerSettings {
        BadInput.unless(learningRate > 0 && Double.isFinite(learningRate), "learning rate %s: must be positive", learningRate);
        BadInput.unless(warmUp >= 0, "warm-up %d: must be 0 or more steps", warmUp);
        BadInput.unless(maxNorm > 0 && Double.isFinite(maxNorm), "gradient norm %s: must be positive", maxNorm);
        BadInput.unless(updates > 0, "updates %d: must be positive", updates);
        BadInput.unless(epochs > 0, "epochs %d: must be positive", epochs);
        BadInput.unless(tokenBudget > 0, "token budget %d: must be positive", tokenBudget);
        BadInput.unless(importanceCap >= 0 && Double.isFinite(importanceCap), "importance cap %s: must be 0 (off) or more", importanceCap);
        BadInput.unless(temperature > 0 && Double.isFinite(temperature), "temperature %s: training needs a positive one", temperature);
        BadInput.unless(maxDifference > 0, "difference %s of rollout and learner: must be positive", maxDifference);
        new AdamW.Settings(0.9, 0.95, 1e-8, weightDecay); // checks it
    }

    /** The defaults: learningRate 2e-4, warmUp 5, maxNorm 1, updates 2, epochs 1, tokenBudget 8192. */
    public LearnerSettings() {
        this(2e-4, 5, 0, 1, 2, 1, 8192, false, 0, 1, 2);
    }

    /** The learning rate of a step, counted from 1: it rises linearly during warm-up. */
    public double rateAt(long step) {
        return learningRate * Math.min(1, (double) step / Math.max(1, warmUp));
    }

    /** Returns a copy with another learning rate. */
    public LearnerSettings learningRate(double value) {
        return new LearnerSettings(value, warmUp, weightDecay, maxNorm, updates, epochs, tokenBudget, recompute, importanceCap, temperature,
                maxDifference);
    }

    /** Returns a copy with another warm-up. */
    public LearnerSettings warmUp(int value) {
        return new LearnerSettings(learningRate, value, weightDecay, maxNorm, updates, epochs, tokenBudget, recompute, importanceCap,
                temperature, maxDifference);
    }

    /** Returns a copy with another weight decay. */
    public LearnerSettings weightDecay(double value) {
        return new LearnerSettings(learningRate, warmUp, value, maxNorm, updates, epochs, tokenBudget, recompute, importanceCap,
                temperature, maxDifference);
    }

    /** Returns a copy with another largest norm. */
    public LearnerSettings maxNorm(double value) {
        return new LearnerSettings(learningRate, warmUp, weightDecay, value, updates, epochs, tokenBudget, recompute, importanceCap,
                temperature, maxDifference);
    }

    /** Returns a copy with another number of parts. */
    public LearnerSettings updates(int value) {
        return new LearnerSettings(learningRate, warmUp, weightDecay, maxNorm, value, epochs, tokenBudget, recompute, importanceCap,
                temperature, maxDifference);
    }

    /** Returns a copy with another number of epochs. */
    public LearnerSettings epochs(int value) {
        return new LearnerSettings(learningRate, warmUp, weightDecay, maxNorm, updates, value, tokenBudget, recompute, importanceCap,
                temperature, maxDifference);
    }

    /** Returns a copy with another token budget. */
    public LearnerSettings tokenBudget(int value) {
        return new LearnerSettings(learningRate, warmUp, weightDecay, maxNorm, updates, epochs, value, recompute, importanceCap,
                temperature, maxDifference);
    }

    /** Returns a copy with recomputation on or off. */
    public LearnerSettings recompute(boolean value) {
        return new LearnerSettings(learningRate, warmUp, weightDecay, maxNorm, updates, epochs, tokenBudget, value, importanceCap,
                temperature, maxDifference);
    }

    /** Returns a copy with another importance cap. */
    public LearnerSettings importanceCap(double value) {
        return new LearnerSettings(learningRate, warmUp, weightDecay, maxNorm, updates, epochs, tokenBudget, recompute, value, temperature,
                maxDifference);
    }

    /** Returns a copy with another temperature. */
    public LearnerSettings temperature(double value) {
        return new LearnerSettings(learningRate, warmUp, weightDecay, maxNorm, updates, epochs, tokenBudget, recompute, importanceCap,
                value, maxDifference);
    }

    /** Returns a copy with another largest difference. */
    public LearnerSettings maxDifference(double value) {
        return new LearnerSettings(learningRate, warmUp, weightDecay, maxNorm, updates, epochs, tokenBudget, recompute, importanceCap,
                temperature, value);
    }
}
