package lppo;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.types.DataType;
import common.BadInput;

/**
 * The policy-gradient loss of a batch, per completion token
 *
 * <pre>  l = -min(rho A, clip(rho, 1 - clipLow, 1 + clipHigh) A) + klCoefficient KL      (clipped: PPO, GRPO, DAPO, GSPO, RLOO)
 *   l = -sg[clip(rho, 1 - clipLow, 1 + clipHigh)] A logp + klCoefficient KL          (CISPO)</pre>
 *
 * where rho is an importance {@link Ratio} of the policy being trained to an older one, A the advantage (progress weight included), sg
 * stop-gradient. The loss is the sum of l times the token's weight, so that the losses of micro-batches add up to that of the batch:
 * {@link Aggregation} gives the weights. {@link Algorithm} has the named compositions.
 *
 * <p>Seen in {@code notebooks/5-the-weighted-loss.ipynb}.
 *
 * @param ratio what one importance ratio covers
 * @param surrogate how a ratio outside the clip range is treated
 * @param clipLow how far below 1 a ratio may fall, in (0, 1]
 * @param clipHigh how far above 1 a ratio may rise, positive
 * @param kl estimator of the KL term to the reference policy
 * @param klCoefficient beta of that term; 0 disables it
 * @param aggregation how token losses are aggregated into the loss of a batch
 */
public record PolicyLoss(Ratio ratio, Surrogate surrogate, double clipLow, double clipHigh, Kl kl, double klCoefficient,
        Aggregation aggregation) implements Objective {

    /** Log-ratios are clamped to this, where the exponential is finite and the ratio is clipped, or the run stopped, in any case. */
    private static final double MAX_LOG_RATIO = 20;

    public PolicyLoss {
        BadInput.unless(clipLow > 0 && clipLow <= 1, "clip range %s below: must lie in (0, 1]", clipLow);
        BadInput.unless(clipHigh > 0 && Double.isFinite(clipHigh), "clip range %s above: must be positive", clipHigh);
        BadInput.unless(klCoefficient >= 0 && Double.isFinite(klCoefficient), "KL coefficient %s: must be 0 or more",
                klCoefficient);
    }

    /** GRPO's loss with these clip ranges: the clipped surrogate, a ratio per token, k3, the mean of sequence means. */
    public PolicyLoss(double clipLow, double clipHigh, double klCoefficient) {
        this(Ratio.TOKEN, Surrogate.CLIPPED, clipLow, clipHigh, Kl.K3, klCoefficient, Aggregation.SEQUENCE_MEAN);
    }

    /** GRPO's loss (arXiv 2402.03300): clip range 0.2, no KL term. */
    public static PolicyLoss grpo() {
        return new PolicyLoss(0.2, 0.2, 0);
    }

    /** Returns a copy with other clip ranges. */
    public PolicyLoss clip(double low, double high) {
        return new PolicyLoss(ratio, surrogate, low, high, kl, klCoefficient, aggregation);
    }

    /** Returns a copy with another KL term. */
    public PolicyLoss kl(Kl estimator, double coefficient) {
        return new PolicyLoss(ratio, surrogate, clipLow, clipHigh, estimator, coefficient, aggregation);
    }

    /** Returns a copy with another aggregation. */
    public PolicyLoss aggregation(Aggregation other) {
        return new PolicyLoss(ratio, surrogate, clipLow, clipHigh, kl, klCoefficient, other);
    }

    /** What one importance ratio covers; means and sums run over the tokens of a completion. */
    public enum Ratio {
        /** exp(logp - logp_old), one per token (GRPO). */
        TOKEN,
        /** exp(mean(logp - logp_old)), one per completion (GSPO, arXiv 2507.18071, eq. 7). */
        SEQUENCE,
        /** exp(sum(logp - logp_old)), the whole completion as one action (RLOO, arXiv 2402.14740). */
        TRAJECTORY;

        /**
         * Returns the log-ratio that applies to each token, {@code [N]}; {@code members} {@code [B, N]} says which tokens belong to which
         * completion.
         */
        NDArray of(NDArray logRatios, NDArray members) {
            if (this == TOKEN) {
                return logRatios;
            }
            NDArray sums = members.matMul(logRatios.expandDims(1)); // [B, 1]
            NDArray each = this == TRAJECTORY ? sums : sums.div(members.sum(new int[] {1}, true));
            return members.transpose().matMul(each).squeeze(1);
        }
    }

    /** How a ratio outside the clip range is treated. */
    public enum Surrogate {
        /** A token that would move the ratio further out has no gradient (PPO, arXiv 1707.06347, eq. 7). */
        CLIPPED,
        /** The ratio is clipped as a weight, and the gradient is kept (CISPO, arXiv 2506.13585, eq. 4 and 5). */
        CISPO
    }

    @Override
    public boolean needsReference() {
        return klCoefficient > 0;
    }

    @Override
    public Terms of(NDArray logProbs, Tokens tokens) {
        return of(logProbs, tokens.old(), tokens.advantages(), tokens.weights(), tokens.reference(),
                ratio == Ratio.TOKEN ? null : tokens.members().get());
    }

    /** The loss with a ratio per token: {@link #of(NDArray, NDArray, NDArray, NDArray, NDArray, NDArray)} without members. */
    public Terms of(NDArray logProbs, NDArray old, NDArray advantages, NDArray weights, NDArray reference) {
        return of(logProbs, old, advantages, weights, reference, null);
    }

    /**
     * Returns the loss of some tokens. All arrays but the last have the same shape, {@code [N]}, or {@code [batch, time]} if the ratio is
     * per token.
     *
     * @param logProbs log-probabilities under the policy being trained
     * @param old log-probabilities in the denominator of the ratios: under the policy that sampled, or before the first update
     * @param advantages of the token's completion, progress weight included
     * @param weights of the token in the loss, 0 where masked
     * @param reference log-probabilities under the reference policy; may be null if {@code klCoefficient} is 0
     * @param members {@code [B, N]}, 1 where a token belongs to a completion, else 0; may be null if the ratio is per token
     */
    public Terms of(NDArray logProbs, NDArray old, NDArray advantages, NDArray weights, NDArray reference, NDArray members) {
        NDArray rho = ratio.of(logProbs.sub(old), members).clip(-MAX_LOG_RATIO, MAX_LOG_RATIO).exp();
        NDArray clipped = rho.clip(1 - clipLow, 1 + clipHigh);
        NDArray perToken;
        NDArray removed;
        if (surrogate == Surrogate.CISPO) {
            perToken = clipped.stopGradient().mul(advantages).mul(logProbs).neg();
            removed = clipped.neq(rho);
        } else {
            NDArray unbounded = rho.mul(advantages);
            NDArray bounded = clipped.mul(advantages);
            perToken = NDArrays.minimum(unbounded, bounded).neg();
            removed = bounded.lt(unbounded);
        }
        NDArray watchedKl = logProbs.getManager().create(0f);
        if (klCoefficient > 0) {
            NDArray estimate = kl.of(logProbs, reference);
            perToken = perToken.add(estimate.mul(estimate.getManager().create((float) klCoefficient)));
            watchedKl = sum(estimate, weights);
        }
        return new Terms(perToken.mul(weights).sum(), sum(rho, weights), sum(removed.toType(DataType.FLOAT32, false), weights),
                watchedKl);
    }

    private static NDArray sum(NDArray values, NDArray weights) {
        return values.stopGradient().mul(weights).sum();
    }
}
