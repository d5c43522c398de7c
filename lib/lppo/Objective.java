package lppo;

import ai.djl.ndarray.NDArray;
import java.io.Serializable;
import java.util.function.Supplier;

/**
 * A loss computed from log-probabilities and advantages: {@link PolicyLoss}, imitation, or a custom one, which is a lambda:
 *
 * <pre>  Objective reinforce = (logProbs, tokens) ->
 *       Objective.loss(logProbs.mul(tokens.advantages()).mul(tokens.weights()).sum().neg());</pre>
 *
 * It is a sum over tokens weighted by its {@link #aggregation}, so that the losses of micro-batches add up to that of the batch.
 */
@FunctionalInterface
public interface Objective extends Serializable {

    /**
     * Returns the loss of some completion tokens and the metrics to report.
     *
     * @param logProbs their log-probabilities under the policy being trained {@code [N]}; gradients flow through them
     */
    Terms of(NDArray logProbs, Tokens tokens);

    /** Returns how token losses are aggregated into the loss of a batch. */
    default Aggregation aggregation() {
        return Aggregation.SEQUENCE_MEAN;
    }

    /** Returns whether {@link Tokens#reference} is used. */
    default boolean needsReference() {
        return false;
    }

    /** Returns whether tokens with zero advantage have a gradient too, as with a KL term; if not, silent groups are skipped. */
    default boolean needsSilentGroups() {
        return needsReference();
    }

    /**
     * Inputs of the loss for N completion tokens, besides their log-probabilities.
     *
     * @param old log-probabilities in the denominator of the importance ratios {@code [N]}: under the policy that sampled, or before the
     *     first update
     * @param advantages of each token's completion {@code [N]}, progress weight included
     * @param weights of each token in the loss {@code [N]}
     * @param reference log-probabilities under the reference policy {@code [N]}; null unless {@link #needsReference}
     * @param members supplies the array of ownership {@code [completions, N]}: 1 where a token belongs to a completion, else 0
     */
    record Tokens(NDArray old, NDArray advantages, NDArray weights, NDArray reference, Supplier<NDArray> members) {}

    /**
     * The loss, a scalar to call backward on, and its metrics, each a scalar: sums with the same weights.
     *
     * @param loss the objective
     * @param ratio importance ratio
     * @param clipFraction share of tokens whose ratio was clipped, which removes their gradient, or with CISPO bounds it
     * @param kl estimated KL divergence to the reference; 0 without one
     */
    record Terms(NDArray loss, NDArray ratio, NDArray clipFraction, NDArray kl) {}

    /** Returns a loss without other metrics. */
    static Terms loss(NDArray loss) {
        NDArray none = loss.getManager().zeros(new ai.djl.ndarray.types.Shape());
        return new Terms(loss, none, none, none);
    }

    /** Imitation: the mean negative log-likelihood of all tokens. */
    static Objective likelihood() {
        return new Objective() {
            @Override
            public Terms of(NDArray logProbs, Tokens tokens) {
                return loss(logProbs.mul(tokens.weights()).sum().neg());
            }

            @Override
            public Aggregation aggregation() {
                return Aggregation.TOKEN_MEAN;
            }

            @Override
            public boolean needsSilentGroups() {
                return true;
            }
        };
    }
}
