package lppo;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.types.DataType;
import java.io.Serializable;
import lppo.data.BadInput;

/**
 * The policy-gradient loss of a batch, per completion token
 *
 * <pre>  l = -min(rho A, clip(rho, 1 - clipLow, 1 + clipHigh) A) + klCoefficient KL      (clipped: PPO, GRPO, DAPO, GSPO, RLOO)
 *   l = -sg[clip(rho, 1 - clipLow, 1 + clipHigh)] A logp + klCoefficient KL          (CISPO)</pre>
 *
 * where rho is an importance {@link Ratio} of the policy that learns to an older one, A the advantage (progress weight
 * included), sg no gradient. The loss is the sum of l times the token's weight, so that the losses of micro-batches add up
 * to that of the batch: {@link Aggregation} gives the weights. {@link Loss} has the compositions that have names.
 *
 * <p>Seen in {@code notebooks/5-the-weighted-loss.ipynb}.
 *
 * @param ratio what one importance ratio covers
 * @param surrogate how a ratio out of range is treated
 * @param clipLow how far below 1 a ratio may fall, in (0, 1]
 * @param clipHigh how far above 1 it may rise, positive
 * @param kl estimator of the KL term to the reference policy
 * @param klCoefficient beta of that term; 0 leaves it out
 */
public record PolicyLoss(Ratio ratio, Surrogate surrogate, double clipLow, double clipHigh, Kl kl, double klCoefficient) implements Serializable {

    /** Log-ratios are cut at this, where the exponential is finite and a clip or a stop is due anyhow. */
    private static final double MAX_LOG_RATIO = 20;

    public PolicyLoss {
        BadInput.unless(clipLow > 0 && clipLow <= 1, "clip range %s below: must lie in (0, 1]", clipLow);
        BadInput.unless(clipHigh > 0 && Double.isFinite(clipHigh), "clip range %s above: must be positive", clipHigh);
        BadInput.unless(klCoefficient >= 0 && Double.isFinite(klCoefficient), "KL coefficient %s: must be 0 or more",
                klCoefficient);
    }

    /** The clipped surrogate with a ratio per token and k3. */
    public PolicyLoss(double clipLow, double clipHigh, double klCoefficient) {
        this(Ratio.TOKEN, Surrogate.CLIPPED, clipLow, clipHigh, Kl.K3, klCoefficient);
    }

    /** What one importance ratio covers; the sums run over the tokens of a completion. */
    public enum Ratio {
        /** exp(logp - logp_old), one for each token (GRPO). */
        TOKEN,
        /** exp(mean(logp - logp_old)), one for each completion (GSPO, arXiv 2507.18071, eq. 7). */
        SEQUENCE,
        /** exp(sum(logp - logp_old)), the whole completion as one action (RLOO, arXiv 2402.14740). */
        TRAJECTORY;

        /** Log-ratios {@code [N]} as each token sees them; {@code members} {@code [B, N]} says which tokens are whose. */
        NDArray of(NDArray logRatios, NDArray members) {
            if (this == TOKEN) {
                return logRatios;
            }
            NDArray sums = members.matMul(logRatios.expandDims(1)); // [B, 1]
            NDArray each = this == TRAJECTORY ? sums : sums.div(members.sum(new int[] {1}, true));
            return members.transpose().matMul(each).squeeze(1);
        }
    }

    /** How a ratio out of range is treated. */
    public enum Surrogate {
        /** What would go further out has no gradient (PPO, arXiv 1707.06347, eq. 7). */
        CLIPPED,
        /** Its weight is clipped, its gradient stays (CISPO, arXiv 2506.13585, eq. 4 and 5). */
        CISPO
    }

    /** How tokens make up the loss of a batch. */
    public enum Aggregation {
        /** Every completion token weighs the same (DAPO, arXiv 2503.14476, eq. 8). */
        TOKEN_MEAN,
        /** Every completion weighs the same, and its tokens share that (GRPO, arXiv 2402.03300, eq. 3). */
        SEQUENCE_MEAN,
        /** Every token weighs the same in every batch: 1 / (completions x longest allowed) (Dr. GRPO, arXiv 2503.20783). */
        CONSTANT;

        /**
         * The weight of each token of one completion.
         *
         * @param length tokens of the completion
         * @param batchTokens completion tokens of the whole batch
         * @param batchCompletions completions of the whole batch
         * @param longest tokens that a completion may have
         */
        public double weight(int length, long batchTokens, long batchCompletions, int longest) {
            return switch (this) {
                case TOKEN_MEAN -> 1.0 / batchTokens;
                case SEQUENCE_MEAN -> 1.0 / ((double) batchCompletions * length);
                case CONSTANT -> 1.0 / ((double) batchCompletions * longest);
            };
        }
    }

    /**
     * The loss, a scalar to call backward on, and what to watch, each a scalar: sums with the same weights.
     *
     * @param loss surrogate plus KL term
     * @param ratio importance ratio
     * @param clipFraction tokens whose ratio the clip changed: whose gradient it removed, or with CISPO bounded
     * @param kl estimate to the reference; 0 without one
     */
    public record Terms(NDArray loss, NDArray ratio, NDArray clipFraction, NDArray kl) {}

    /** The loss with a ratio per token: {@link #of(NDArray, NDArray, NDArray, NDArray, NDArray, NDArray)} without members. */
    public Terms of(NDArray logProbs, NDArray old, NDArray advantages, NDArray weights, NDArray reference) {
        return of(logProbs, old, advantages, weights, reference, null);
    }

    /**
     * The loss of some tokens. All arrays but the last have one shape, {@code [N]}, or {@code [batch, time]} if the ratio is
     * per token.
     *
     * @param logProbs log-probabilities under the policy that learns
     * @param old log-probabilities that ratios are taken to: under the policy that sampled, or before the first update
     * @param advantages of the token's completion, progress weight included
     * @param weights of the token in the loss, 0 where masked
     * @param reference log-probabilities under the reference policy; may be null if {@code klCoefficient} is 0
     * @param members {@code [B, N]}, 1 where a token is of a completion, else 0; may be null if the ratio is per token
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
