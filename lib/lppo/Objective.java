package lppo;

import ai.djl.ndarray.NDArray;
import java.io.Serializable;
import java.util.function.Supplier;

/**
 * Log-probabilities and advantages to a loss: {@link PolicyLoss} and its relatives, imitation, or one of your own, which is a lambda:
 *
 * <pre>  Objective reinforce = (logProbs, tokens) ->
 *       Objective.loss(logProbs.mul(tokens.advantages()).mul(tokens.weights()).sum().neg());</pre>
 *
 * It is a sum over tokens with the weights that its {@link #aggregation} gives, so that the losses of micro-batches add up to that of
 * the batch.
 */
@FunctionalInterface
public interface Objective extends Serializable {

    /**
     * The loss of some completion tokens and what to watch.
     *
     * @param logProbs their log-probabilities under the policy that learns {@code [N]}; gradients flow through them
     */
    Terms of(NDArray logProbs, Tokens tokens);

    /** How tokens make up the loss of a batch. */
    default Aggregation aggregation() {
        return Aggregation.SEQUENCE_MEAN;
    }

    /** Whether it looks at {@link Tokens#reference}. */
    default boolean needsReference() {
        return false;
    }

    /** Whether tokens without advantage have a gradient too, as with a KL term; if not, silent groups are not computed. */
    default boolean needsSilentGroups() {
        return needsReference();
    }

    /**
     * What is known of completion tokens besides their log-probabilities; N is their number.
     *
     * @param old log-probabilities that importance ratios are taken to {@code [N]}: under the policy that sampled, or before the first
     *     update
     * @param advantages of each token's completion {@code [N]}, progress weight included
     * @param weights of each token in the loss {@code [N]}
     * @param reference log-probabilities under the reference policy {@code [N]}; null unless {@link #needsReference}
     * @param members makes the array that says which tokens are whose, {@code [completions, N]}, 1 or 0
     */
    record Tokens(NDArray old, NDArray advantages, NDArray weights, NDArray reference, Supplier<NDArray> members) {}

    /**
     * The loss, a scalar to call backward on, and what to watch, each a scalar: sums with the same weights.
     *
     * @param loss the objective
     * @param ratio importance ratio
     * @param clipFraction tokens whose ratio the clip changed: whose gradient it removed, or with CISPO bounded
     * @param kl estimate to the reference; 0 without one
     */
    record Terms(NDArray loss, NDArray ratio, NDArray clipFraction, NDArray kl) {}

    /** A loss with nothing else to watch. */
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
