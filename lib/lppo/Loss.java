package lppo;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import lppo.PolicyLoss.Aggregation;
import lppo.PolicyLoss.Ratio;
import lppo.PolicyLoss.Surrogate;
import lppo.data.BadInput;

/**
 * The optimisers of the field as compositions of the same parts: baseline and normalisation of advantages ({@link Advantage}),
 * ratio, surrogate and clip ranges ({@link PolicyLoss}), aggregation over tokens, where a KL term goes ({@link Kl}), and what
 * is done about silent groups and overlong completions. Each combines with every {@link Recipe}.
 *
 * <p>Clip ranges are those of the papers where they give some: GRPO and Dr. GRPO inherit PPO's 0.2; DAPO 0.2 and 0.28; GSPO
 * 3e-4 and 4e-4. CISPO's paper gives no number; a ratio of at most 5 and no lower bound are ScaleRL's (arXiv 2510.13786).
 * RLOO and REINFORCE++ have PPO's.
 *
 * <p>Two things differ from some trainers by choice. A KL term in the reward is taken off once for the whole completion, as in
 * TRL's RLOO; REINFORCE++ as verl has it takes it off token by token, which is the same without a KL term. And k3 in the loss
 * is the plain estimator, where TRL from 1.16 on multiplies it by the importance ratio unless told otherwise.
 */
public enum Loss {
    /** arXiv 2402.03300. */
    GRPO("GRPO", Advantage.mean(), Advantage.Normalization.GROUP, Ratio.TOKEN, Surrogate.CLIPPED, 0.2, 0.2, Aggregation.SEQUENCE_MEAN, false),
    /** arXiv 2503.20783: no division by a standard deviation or a length. */
    DR_GRPO("Dr. GRPO", Advantage.mean(), Advantage.Normalization.NONE, Ratio.TOKEN, Surrogate.CLIPPED, 0.2, 0.2, Aggregation.CONSTANT, false),
    /** arXiv 2503.14476: a wider upper clip, the token mean, silent groups replaced, overlong completions punished softly. */
    DAPO("DAPO", Advantage.mean(), Advantage.Normalization.GROUP, Ratio.TOKEN, Surrogate.CLIPPED, 0.2, 0.28, Aggregation.TOKEN_MEAN, false),
    /** arXiv 2507.18071: one ratio for each completion. */
    GSPO("GSPO", Advantage.mean(), Advantage.Normalization.GROUP, Ratio.SEQUENCE, Surrogate.CLIPPED, 3e-4, 4e-4, Aggregation.SEQUENCE_MEAN, false),
    /** arXiv 2506.13585: the weight is clipped, no token loses its gradient. */
    CISPO("CISPO", Advantage.mean(), Advantage.Normalization.GROUP, Ratio.TOKEN, Surrogate.CISPO, 1, 4, Aggregation.TOKEN_MEAN, false),
    /** arXiv 2402.14740: a leave-one-out baseline, the completion as one action, KL in the reward. */
    RLOO("RLOO", Advantage.leaveOneOut(), Advantage.Normalization.NONE, Ratio.TRAJECTORY, Surrogate.CLIPPED, 0.2, 0.2, Aggregation.SEQUENCE_MEAN, true),
    /** arXiv 2501.03262: rewards normalised over the batch and not the group, KL in the reward. */
    REINFORCE_PLUS_PLUS("REINFORCE++", Advantage.raw(), Advantage.Normalization.BATCH, Ratio.TOKEN, Surrogate.CLIPPED, 0.2, 0.2, Aggregation.TOKEN_MEAN, true);

    private final String title;
    private final Advantage advantage;
    private final Advantage.Normalization normalization;
    private final Ratio ratio;
    private final Surrogate surrogate;
    private final double clipLow;
    private final double clipHigh;
    private final Aggregation aggregation;
    private final boolean klInReward;

    Loss(String title, Advantage advantage, Advantage.Normalization normalization, Ratio ratio, Surrogate surrogate, double clipLow,
            double clipHigh, Aggregation aggregation, boolean klInReward) {
        this.title = title;
        this.advantage = advantage;
        this.normalization = normalization;
        this.ratio = ratio;
        this.surrogate = surrogate;
        this.clipLow = clipLow;
        this.clipHigh = clipHigh;
        this.aggregation = aggregation;
        this.klInReward = klInReward;
    }

    /** The name for tables and charts. */
    public String title() {
        return title;
    }

    /** The name for commands and files: {@code grpo}, {@code dr-grpo}, {@code reinforce++} and so on. */
    public String id() {
        return title.toLowerCase(Locale.ROOT).replace(". ", "-");
    }

    /** Rewards of a group to advantages, before normalisation. */
    public Advantage advantage() {
        return advantage;
    }

    /** What advantages are divided by. */
    public Advantage.Normalization normalization() {
        return normalization;
    }

    /** Ratio, surrogate and clip ranges, with a KL term of this coefficient in the loss. */
    public PolicyLoss policyLoss(Kl kl, double klCoefficient) {
        return new PolicyLoss(ratio, surrogate, clipLow, clipHigh, kl, klCoefficient);
    }

    /** How tokens make up the loss of a batch. */
    public Aggregation aggregation() {
        return aggregation;
    }

    /** Whether a KL term goes into the reward, as k1, and not into the loss, as k3. */
    public boolean klInReward() {
        return klInReward;
    }

    /** How often a step replaces its silent groups by those of other problems (DAPO's dynamic sampling, bounded). */
    public int refills() {
        return this == DAPO ? 3 : 0;
    }

    /** Share of the longest completion, at its end, in which length is punished (DAPO: 4,096 of 20,480 tokens). */
    public double overlong() {
        return this == DAPO ? 0.2 : 0;
    }

    /**
     * The loss of this name.
     *
     * @throws BadInput listing the names, if there is none
     */
    public static Loss named(String id) {
        return Arrays.stream(values()).filter(l -> l.id().equals(id)).findFirst().orElseThrow(() -> new BadInput(
                "loss \"" + id + "\" is unknown; choose one of "
                        + Arrays.stream(values()).map(Loss::id).collect(Collectors.joining(", "))));
    }
}
