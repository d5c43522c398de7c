package commands;

import common.BadInput;
import lppo.Advantage;
import lppo.Aggregation;
import lppo.Algorithm;
import lppo.Kl;
import lppo.Normalization;
import lppo.Overlong;
import lppo.PolicyLoss;
import picocli.CommandLine.Option;

/** The loss, as command-line options. */
public final class LossOptions {

    @Option(names = "--loss", description = "grpo, dr-grpo, dapo, gspo, cispo, rloo or reinforce++ (default: ${DEFAULT-VALUE}).")
    public String loss = "grpo";

    @Option(names = "--clip-low", description = "Clip range: how far the importance ratio may fall below 1 (default: the loss's).")
    public Double clipLow;

    @Option(names = "--clip-high", description = "Clip range: how far the importance ratio may rise above 1 (default: the loss's).")
    public Double clipHigh;

    @Option(names = "--aggregation",
            description = "Aggregation of token losses: ${COMPLETION-CANDIDATES} (default: the loss's).")
    public AggregationName aggregation;

    @Option(names = "--normalization",
            description = "Normalisation of advantages: ${COMPLETION-CANDIDATES} (default: the loss's).")
    public Normalization normalization;

    @Option(names = "--kl", description = "Coefficient of the KL term to the policy that training begins with (default: ${DEFAULT-VALUE}).")
    public double kl = 0;

    @Option(names = "--kl-in", description = "Place of the KL term: ${COMPLETION-CANDIDATES} (default: the loss's).")
    public KlPlace klIn;

    @Option(names = "--kl-estimator", description = "${COMPLETION-CANDIDATES} (default: K3 in the loss, K1 in the reward).")
    public Kl klEstimator;

    @Option(names = "--overlong",
            description = "Length of the soft penalty before the maximum length, in tokens (default: the loss's).")
    public Integer overlong;

    /** The place of a KL term. */
    public enum KlPlace { LOSS, REWARD }

    /** Aggregations of token losses by name. */
    public enum AggregationName {
        /** See {@link Aggregation#TOKEN_MEAN}. */
        TOKEN_MEAN,
        /** See {@link Aggregation#SEQUENCE_MEAN}. */
        SEQUENCE_MEAN,
        /** See {@link Aggregation#constant}. */
        CONSTANT;

        private Aggregation of(int longest) {
            return switch (this) {
                case TOKEN_MEAN -> Aggregation.TOKEN_MEAN;
                case SEQUENCE_MEAN -> Aggregation.SEQUENCE_MEAN;
                case CONSTANT -> Aggregation.constant(longest);
            };
        }
    }

    /**
     * Returns the algorithm that {@code --loss} names, with these options.
     *
     * @param longest maximum length of a completion, in tokens
     */
    Algorithm algorithm(int longest) {
        BadInput.unless(longest > 0, "maximum length %d: must be positive", longest);
        Algorithm named = Algorithm.named(loss, longest);
        if (named.objective() instanceof PolicyLoss policyLoss) {
            PolicyLoss clipped = policyLoss.clip(clipLow == null ? policyLoss.clipLow() : clipLow,
                    clipHigh == null ? policyLoss.clipHigh() : clipHigh);
            named = named.objective(aggregation == null ? clipped : clipped.aggregation(aggregation.of(longest)));
        }
        if (normalization != null && named.advantage() instanceof Advantage.Estimator estimator) {
            named = named.advantage(Advantage.of(estimator.baseline(), normalization));
        }
        if (overlong != null) {
            named = named.overlong(new Overlong(longest, overlong));
        }
        named = klIn == null ? named : named.klInReward(klIn == KlPlace.REWARD);
        return named.kl(klEstimator != null ? klEstimator : named.klInReward() ? Kl.K1 : Kl.K3, kl);
    }
}
