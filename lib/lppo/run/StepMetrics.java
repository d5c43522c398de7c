package lppo.run;

import java.util.Map;

/**
 * What one training step did: a row of {@code metrics.csv}. Nothing in it depends on the clock. Means over nothing are NaN.
 *
 * @param step counted from 1
 * @param sampledTokens completion tokens sampled so far in the run
 * @param passRate mean over the groups with unguided completions of their pass rate
 * @param guidedPassRate the same of the guided completions
 * @param guidedShare share of the groups with guided completions
 * @param silentShare share of the groups whose rewards are all equal
 * @param truncatedShare share of the completions that were cut at the longest length
 * @param guidedEndedShare share of the guided completions that ended at once, with their first token
 * @param gamedShare share of the completions with reward 1 that show signs of going for the reward rather than for the answer
 * @param meanLength tokens of a completion
 * @param loss mean over the optimiser steps, as are the ratio, clip fraction, KL, entropy and gradient norm
 * @param ratio importance ratio
 * @param clipFraction share of tokens whose gradient was clipped away
 * @param kl to the reference policy; 0 without one
 * @param entropy of the policy at the tokens that were learned from, in nats
 * @param sampledEntropy mean negative log-probability of all sampled tokens, in nats
 * @param firstDifference mean absolute difference of log-probabilities between rollout and learner before the first update, in nats
 * @param gradientNorm before clipping
 * @param learningRate of the step
 * @param undecided answers that could not be judged and count as wrong
 * @param trouble what goes wrong without an error, joined by {@code +}; empty for nothing
 * @param more the metrics of operators of your own, by name
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
