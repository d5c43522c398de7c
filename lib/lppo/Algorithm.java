package lppo;

import common.BadInput;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import lppo.PolicyLoss.Ratio;
import lppo.PolicyLoss.Surrogate;

/**
 * A published policy-gradient algorithm as a composition of parts: baseline and normalisation of advantages ({@link Advantage}),
 * ratio, surrogate, clip ranges and aggregation ({@link PolicyLoss}), where a KL term goes ({@link Kl}), and how silent groups and overlong
 * completions are handled. Each combines with any hint and any weighting.
 *
 * <p>Clip ranges are those of the papers where they state them: GRPO and Dr. GRPO inherit PPO's 0.2; DAPO 0.2 and 0.28; GSPO
 * 3e-4 and 4e-4. CISPO's paper gives no number; a ratio of at most 5 and no lower bound are ScaleRL's (arXiv 2510.13786). RLOO and
 * REINFORCE++ use PPO's.
 *
 * <p>Two choices differ from some trainers. A KL term in the reward is subtracted once for the whole completion, as in TRL's RLOO; verl's
 * REINFORCE++ subtracts it token by token, which is the same without a KL term. And k3 in the loss is the plain estimator; TRL from 1.16 on
 * multiplies it by the importance ratio by default.
 *
 * @param title the name for tables and charts
 * @param advantage rewards to advantages
 * @param objective log-probabilities and advantages to a loss
 * @param rewardKl a KL term in the reward; {@link KlPenalty#NONE} for none
 * @param klInReward where an optional KL term goes: into the reward, as k1, or into the loss, as k3
 * @param refills maximum number of times a step replaces its silent groups with groups of other problems
 * @param overlong soft penalty on long completions
 */
public record Algorithm(String title, Advantage advantage, Objective objective, KlPenalty rewardKl, boolean klInReward, int refills,
        Overlong overlong) {

    public Algorithm {
        BadInput.unless(refills >= 0, "refills %d: must be 0 or more", refills);
    }

    /**
     * A KL term in the reward: {@code coefficient} times the estimate summed over the completion is subtracted from each reward.
     *
     * @param estimator of the KL to the reference policy
     * @param coefficient beta of the term; 0 disables it
     */
    public record KlPenalty(Kl estimator, double coefficient) {

        /** No KL term in the reward. */
        public static final KlPenalty NONE = new KlPenalty(Kl.K1, 0);

        public KlPenalty {
            BadInput.unless(coefficient >= 0 && Double.isFinite(coefficient), "KL coefficient %s: must be 0 or more", coefficient);
        }
    }

    private static Algorithm of(String title, Baseline baseline, Normalization normalization, PolicyLoss objective) {
        return new Algorithm(title, Advantage.of(baseline, normalization), objective, KlPenalty.NONE, false, 0, Overlong.NONE);
    }

    /** GRPO, arXiv 2402.03300. */
    public static Algorithm grpo() {
        return of("GRPO", Baseline.mean(), Normalization.GROUP, PolicyLoss.grpo());
    }

    /** Dr. GRPO, arXiv 2503.20783: no division by a standard deviation or a length; {@code longest} is the maximum completion length. */
    public static Algorithm drGrpo(int longest) {
        return of("Dr. GRPO", Baseline.mean(), Normalization.NONE, PolicyLoss.grpo().aggregation(Aggregation.constant(longest)));
    }

    /**
     * DAPO, arXiv 2503.14476: a wider upper clip, the token mean, silent groups replaced, and the last fifth of the longest completion
     * penalised softly (4,096 of 20,480 tokens).
     */
    public static Algorithm dapo(int longest) {
        return of("DAPO", Baseline.mean(), Normalization.GROUP, PolicyLoss.grpo().clip(0.2, 0.28).aggregation(Aggregation.TOKEN_MEAN))
                .refills(3).overlong(new Overlong(longest, (int) (0.2 * longest)));
    }

    /** GSPO, arXiv 2507.18071: one importance ratio per completion. */
    public static Algorithm gspo() {
        return of("GSPO", Baseline.mean(), Normalization.GROUP,
                new PolicyLoss(Ratio.SEQUENCE, Surrogate.CLIPPED, 3e-4, 4e-4, Kl.K3, 0, Aggregation.SEQUENCE_MEAN));
    }

    /** CISPO, arXiv 2506.13585: the importance weight is clipped, and no token loses its gradient. */
    public static Algorithm cispo() {
        return of("CISPO", Baseline.mean(), Normalization.GROUP,
                new PolicyLoss(Ratio.TOKEN, Surrogate.CISPO, 1, 4, Kl.K3, 0, Aggregation.TOKEN_MEAN));
    }

    /** RLOO, arXiv 2402.14740: a leave-one-out baseline, the completion as one action, KL in the reward. */
    public static Algorithm rloo() {
        return of("RLOO", Baseline.leaveOneOut(), Normalization.NONE,
                new PolicyLoss(Ratio.TRAJECTORY, Surrogate.CLIPPED, 0.2, 0.2, Kl.K3, 0, Aggregation.SEQUENCE_MEAN)).klInReward(true);
    }

    /** REINFORCE++, arXiv 2501.03262: rewards normalised over the batch and not the group, KL in the reward. */
    public static Algorithm reinforcePlusPlus() {
        return of("REINFORCE++", Baseline.none(), Normalization.BATCH, PolicyLoss.grpo().aggregation(Aggregation.TOKEN_MEAN))
                .klInReward(true);
    }

    /** Returns all algorithms, for completions of at most {@code longest} tokens. */
    public static List<Algorithm> all(int longest) {
        return List.of(grpo(), drGrpo(longest), dapo(longest), gspo(), cispo(), rloo(), reinforcePlusPlus());
    }

    /**
     * Returns the algorithm of this name.
     *
     * @throws BadInput listing the names if there is none
     */
    public static Algorithm named(String id, int longest) {
        return all(longest).stream().filter(a -> a.id().equals(id)).findFirst().orElseThrow(() -> new BadInput(
                "loss \"" + id + "\" is unknown; choose one of "
                        + all(longest).stream().map(Algorithm::id).collect(Collectors.joining(", "))));
    }

    /** Returns the name used by commands and files: {@code grpo}, {@code dr-grpo}, {@code reinforce++} and so on. */
    public String id() {
        return title.toLowerCase(Locale.ROOT).replace(". ", "-");
    }

    /** Returns a copy with other advantages. */
    public Algorithm advantage(Advantage other) {
        return new Algorithm(title, other, objective, rewardKl, klInReward, refills, overlong);
    }

    /** Returns a copy with another objective. */
    public Algorithm objective(Objective other) {
        return new Algorithm(title, advantage, other, rewardKl, klInReward, refills, overlong);
    }

    /** Returns a copy with another number of refills. */
    public Algorithm refills(int other) {
        return new Algorithm(title, advantage, objective, rewardKl, klInReward, other, overlong);
    }

    /** Returns a copy with another penalty on long completions. */
    public Algorithm overlong(Overlong other) {
        return new Algorithm(title, advantage, objective, rewardKl, klInReward, refills, other);
    }

    /** Returns a copy that puts a KL term into the reward or into the loss. */
    public Algorithm klInReward(boolean other) {
        return new Algorithm(title, advantage, objective, rewardKl, other, refills, overlong);
    }

    /**
     * Returns a copy with a KL term to the reference policy, in the place that this algorithm uses.
     *
     * @throws BadInput if it goes into the loss and the objective is not a {@link PolicyLoss}
     */
    public Algorithm kl(Kl estimator, double coefficient) {
        if (klInReward) {
            return new Algorithm(title, advantage, objective, new KlPenalty(estimator, coefficient), true, refills, overlong);
        }
        if (objective instanceof PolicyLoss loss) {
            return objective(loss.kl(estimator, coefficient));
        }
        throw new BadInput("a KL term in the loss: this objective has its own loss; write the term there, or put it into the reward");
    }

    /** Returns whether a reference policy is needed. */
    public boolean needsReference() {
        return rewardKl.coefficient() > 0 || objective.needsReference();
    }
}
