package lppo.learn;

import java.util.Locale;

/**
 * What one optimiser step did; all but the loss and the norm are means over the tokens that were learned from.
 *
 * @param loss the objective
 * @param ratio importance ratio
 * @param clipFraction share of tokens whose gradient was clipped away
 * @param kl to the reference; 0 without one
 * @param entropy of the policy at the completion tokens, in nats
 * @param difference mean absolute difference of log-probabilities between rollout and this forward pass, in nats; means
 *     nothing for demonstrations
 * @param gradientNorm global norm before clipping
 */
public record UpdateMetrics(double loss, double ratio, double clipFraction, double kl, double entropy, double difference,
        double gradientNorm) {

    /** In one short line, for people. */
    @Override
    public String toString() {
        double rounded = Math.round(1e4 * loss) / 1e4; // 0.0000, not -0.0000
        return String.format(Locale.ROOT, "loss %.4f, ratio %.3f, clipped %.3f, KL %.3f, entropy %.3f, gradient norm %.3f", rounded, ratio,
                clipFraction, kl, entropy, gradientNorm);
    }
}
