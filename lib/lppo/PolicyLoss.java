package lppo;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.types.DataType;
import lppo.data.BadInput;

/**
 * The clipped surrogate of GRPO (arXiv 2402.03300, eq. 3) with separate clip ranges (DAPO, arXiv 2503.14476, eq. 10) and
 * an optional KL term to a reference policy. Per token
 *
 * <pre>  l = -min(ratio * A, clip(ratio, 1 - clipLow, 1 + clipHigh) * A) + klCoefficient * k3,   ratio = exp(logp - logp_b),</pre>
 *
 * with k3 = exp(logp_ref - logp) - (logp_ref - logp) - 1, an unbiased estimate of KL(policy || reference). The loss is the
 * sum of l times the token's weight, so that the losses of micro-batches add up to that of the batch:
 * {@link Aggregation} gives the weights, and zero where nothing is learned (prompt, prefix, padding).
 *
 * <p>Seen in {@code notebooks/5-the-weighted-loss.ipynb}.
 *
 * @param clipLow how far below 1 a ratio may fall and still be rewarded for it, in (0, 1]
 * @param clipHigh how far above 1 it may rise, positive
 * @param klCoefficient beta of the KL term; 0 leaves it out
 */
public record PolicyLoss(double clipLow, double clipHigh, double klCoefficient) {

    /** Log-ratios are cut at this, where the exponential is finite and a clip or a stop is due anyhow. */
    private static final double MAX_LOG_RATIO = 20;

    public PolicyLoss {
        BadInput.unless(clipLow > 0 && clipLow <= 1, "clip range %s below: must lie in (0, 1]", clipLow);
        BadInput.unless(clipHigh > 0 && Double.isFinite(clipHigh), "clip range %s above: must be positive", clipHigh);
        BadInput.unless(klCoefficient >= 0 && Double.isFinite(klCoefficient), "KL coefficient %s: must be 0 or more",
                klCoefficient);
    }

    /** How tokens make up the loss of a batch. */
    public enum Aggregation {
        /** Every completion token weighs the same (DAPO). */
        TOKEN_MEAN,
        /** Every completion weighs the same, and its tokens share that (GRPO). */
        SEQUENCE_MEAN;

        /**
         * The weight of each token of one completion.
         *
         * @param length tokens of the completion
         * @param batchTokens completion tokens of the whole batch
         * @param batchCompletions completions of the whole batch
         */
        public double weight(int length, long batchTokens, long batchCompletions) {
            return this == TOKEN_MEAN ? 1.0 / batchTokens : 1.0 / ((double) batchCompletions * length);
        }
    }

    /**
     * The loss, a scalar to call backward on, and what to watch, each a scalar averaged with the same weights.
     *
     * @param loss surrogate plus KL term
     * @param ratio mean importance ratio
     * @param clipFraction share of tokens whose gradient the clip removed
     * @param kl mean k3 to the reference; 0 without one
     */
    public record Terms(NDArray loss, NDArray ratio, NDArray clipFraction, NDArray kl) {}

    /**
     * The loss of some tokens. All arrays have one shape, {@code [batch, time]} or {@code [tokens]}.
     *
     * @param logProbs log-probabilities under the policy that learns
     * @param behaviour log-probabilities under the policy that sampled
     * @param advantages of the token's completion, progress weight included
     * @param weights of the token in the loss, 0 where masked
     * @param reference log-probabilities under the reference policy; may be null if {@code klCoefficient} is 0
     */
    public Terms of(NDArray logProbs, NDArray behaviour, NDArray advantages, NDArray weights, NDArray reference) {
        NDArray ratio = logProbs.sub(behaviour).clip(-MAX_LOG_RATIO, MAX_LOG_RATIO).exp();
        NDArray clipped = ratio.clip(1 - clipLow, 1 + clipHigh);
        NDArray unbounded = ratio.mul(advantages);
        NDArray bounded = clipped.mul(advantages);
        NDArray perToken = NDArrays.minimum(unbounded, bounded).neg();
        NDArray kl = logProbs.getManager().create(0f);
        if (klCoefficient > 0) {
            NDArray difference = reference.sub(logProbs).clip(-MAX_LOG_RATIO, MAX_LOG_RATIO);
            NDArray k3 = difference.exp().sub(difference).sub(1);
            perToken = perToken.add(k3.mul(k3.getManager().create((float) klCoefficient)));
            kl = mean(k3, weights);
        }
        NDArray removed = bounded.lt(unbounded).toType(DataType.FLOAT32, false);
        return new Terms(perToken.mul(weights).sum(), mean(ratio, weights), mean(removed, weights), kl);
    }

    private static NDArray mean(NDArray values, NDArray weights) {
        return values.stopGradient().mul(weights).sum();
    }
}
