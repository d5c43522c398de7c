package lppo.run;

import java.util.Map;

/**
 * The metrics of a training step: a row of {@code metrics.csv}. They do not depend on the clock. The mean of an empty set is NaN.
 *
 * @param step counted from 1
 * @param sampledTokens completion tokens sampled so far in the run
 * @param passRate mean pass rate of the unguided completions, over the groups that have some
 * @param guidedPassRate mean pass rate of the guided completions, over the groups that have some
 * @param guidedShare share of the groups with guided completions
 * @param silentShare share of the groups whose rewards are all equal
 * @param truncatedShare share of the completions that were truncated at the maximum length
 * @param guidedEndedShare share of the guided completions that ended at once, with their first token
 * @param gamedShare share of the completions with reward 1 that show signs of gaming the reward
 * @param meanLength mean length of a completion, in tokens
 * @param loss mean loss over the optimiser steps; ratio, clip fraction, KL, entropy and gradient norm are such means too
 * @param ratio importance ratio
 * @param clipFraction share of tokens whose ratio was clipped
 * @param kl estimated KL divergence to the reference policy; 0 without one
 * @param entropy of the policy at the tokens of the update, in nats
 * @param sampledEntropy mean negative log-probability of all sampled tokens, in nats
 * @param firstDifference mean absolute difference of log-probabilities between rollout and learner before the first update, in nats
 * @param gradientNorm before clipping
 * @param learningRate learning rate of the step
 * @param undecided number of answers that could not be judged and count as wrong
 * @param trouble symptoms of silent failures, joined by {@code +}; empty for none
 * @param more metrics of custom operators, by name
 */
public record StepMetrics(long step, long sampledTokens, double passRate, double guidedPassRate, double guidedShare, double silentShare,
        double truncatedShare, double guidedEndedShare, double gamedShare, double meanLength, double loss, double ratio,
        double clipFraction, double kl, double entropy, double sampledEntropy, double firstDifference, double gradientNorm,
        double learningRate, long undecided, String trouble, Map<String, Double> more) {

    StepMetrics withTrouble(String told) {
        return new StepMetrics(step, sampledTokens, passRate, guidedPassRate, guidedShare, silentShare, truncatedShare,
                guidedEndedShare, gamedShare, meanLength, loss, ratio, clipFraction, kl, entropy, sampledEntropy, firstDifference,
                gradientNorm, learningRate, undecided, told, more);
    }
}
