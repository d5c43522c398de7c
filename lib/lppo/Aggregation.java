package lppo;

import common.BadInput;
import java.io.Serializable;

/** How tokens make up the loss of a batch: the weight of each token of one completion. */
@FunctionalInterface
public interface Aggregation extends Serializable {

    /**
     * The weight of each token of one completion.
     *
     * @param length tokens of the completion
     * @param batchTokens completion tokens of the whole batch
     * @param batchCompletions completions of the whole batch
     */
    double weight(int length, long batchTokens, long batchCompletions);

    /** Every completion token weighs the same (DAPO, arXiv 2503.14476, eq. 8). */
    Aggregation TOKEN_MEAN = Mean.TOKEN_MEAN;

    /** Every completion weighs the same, and its tokens share that (GRPO, arXiv 2402.03300, eq. 3). */
    Aggregation SEQUENCE_MEAN = Mean.SEQUENCE_MEAN;

    /**
     * Every token weighs the same in every batch: 1 / (completions x longest) (Dr. GRPO, arXiv 2503.20783).
     *
     * @param longest tokens that a completion may have
     */
    static Aggregation constant(int longest) {
        return new Constant(longest);
    }

    /** The two means; {@link #TOKEN_MEAN} and {@link #SEQUENCE_MEAN}. */
    enum Mean implements Aggregation {
        /** Over all tokens. */
        TOKEN_MEAN,
        /** Over the means of the completions. */
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
