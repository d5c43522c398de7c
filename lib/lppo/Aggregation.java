package lppo;

import common.BadInput;
import java.io.Serializable;

/** How token losses are aggregated into the loss of a batch: the weight of each token of a completion. */
@FunctionalInterface
public interface Aggregation extends Serializable {

    /**
     * Returns the weight of each token of one completion.
     *
     * @param length tokens of the completion
     * @param batchTokens completion tokens of the whole batch
     * @param batchCompletions completions of the whole batch
     */
    double weight(int length, long batchTokens, long batchCompletions);

    /** Every completion token has the same weight (DAPO, arXiv 2503.14476, eq. 8). */
    Aggregation TOKEN_MEAN = Mean.TOKEN_MEAN;

    /** Every completion has the same weight, divided equally among its tokens (GRPO, arXiv 2402.03300, eq. 3). */
    Aggregation SEQUENCE_MEAN = Mean.SEQUENCE_MEAN;

    /**
     * Every token has the same weight, 1 / (completions x longest), independent of actual lengths (Dr. GRPO, arXiv 2503.20783).
     *
     * @param longest maximum length of a completion, in tokens
     */
    static Aggregation constant(int longest) {
        return new Constant(longest);
    }

    /** The two means; {@link #TOKEN_MEAN} and {@link #SEQUENCE_MEAN}. */
    enum Mean implements Aggregation {
        /** The mean over all tokens. */
        TOKEN_MEAN,
        /** The mean over completions of the mean over their tokens. */
        SEQUENCE_MEAN;

        @Override
        public double weight(int length, long batchTokens, long batchCompletions) {
            return this == TOKEN_MEAN ? 1.0 / batchTokens : 1.0 / ((double) batchCompletions * length);
        }
    }

    /** See {@link #constant}. */
    record Constant(int longest) implements Aggregation {

        public Constant {
            BadInput.unless(longest > 0, "longest completion %d: must be positive", longest);
        }

        @Override
        public double weight(int length, long batchTokens, long batchCompletions) {
            return 1.0 / ((double) batchCompletions * longest);
        }
    }
}
