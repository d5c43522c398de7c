package lppo.run;

import ai.djl.Device;
import java.lang.reflect.Field;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import lppo.AdaptivePrefix;
import lppo.Advantage;
import lppo.Kl;
import lppo.Loss;
import lppo.Overlong;
import lppo.PolicyLoss;
import lppo.PolicyLoss.Aggregation;
import lppo.PrefixSampler;
import lppo.ProgressTracker;
import lppo.Recipe;
import lppo.data.BadInput;
import lppo.data.Seed;
import lppo.learn.AdamW;
import lppo.learn.Sample;
import lppo.model.Precision;
import lppo.rollout.Sampling;
import picocli.CommandLine.Option;

/**
 * What a run is made of, as command-line options with their defaults. This is the one place where defaults stand;
 * {@code config.json} of a run folder holds all of them. Ranges are checked by the operators that they go to.
 *
 * <p>Seen in {@code notebooks/7-bring-your-own-model.ipynb}.
 */
public final class Options {

    @Option(names = "--problems-per-step", description = "Problems in a step (default: ${DEFAULT-VALUE}).")
    public int problemsPerStep = 64;

    @Option(names = "--trusted-share",
            description = "Share of a step's problems that carry a demonstration (default: ${DEFAULT-VALUE}).")
    public double trustedShare = 0.5;

    @Option(names = "--group-size", description = "Completions of each problem (default: ${DEFAULT-VALUE}).")
    public int groupSize = 8;

    @Option(names = "--updates", description = "Parts that a rollout is learned in, an optimiser step each (default: ${DEFAULT-VALUE}).")
    public int updates = 2;

    @Option(names = "--epochs", description = "How often all of a rollout is learned from (default: ${DEFAULT-VALUE}).")
    public int epochs = 1;

    @Option(names = "--learning-rate", description = "AdamW's learning rate (default: ${DEFAULT-VALUE}).")
    public double learningRate = 2e-4;

    @Option(names = "--warm-up", description = "Steps in which the learning rate rises (default: ${DEFAULT-VALUE}).")
    public int warmUp = 5;

    @Option(names = "--weight-decay", description = "AdamW's weight decay (default: ${DEFAULT-VALUE}).")
    public double weightDecay = 0;

    @Option(names = "--max-norm", description = "Global norm that gradients are clipped to (default: ${DEFAULT-VALUE}).")
    public double maxNorm = 1;

    @Option(names = "--loss", description = "grpo, dr-grpo, dapo, gspo, cispo, rloo or reinforce++ (default: ${DEFAULT-VALUE}).")
    public String loss = "grpo";

    @Option(names = "--clip-low", description = "How far the ratio may fall below 1 (default: the loss's).")
    public Double clipLow;

    @Option(names = "--clip-high", description = "How far the ratio may rise above 1 (default: the loss's).")
    public Double clipHigh;

    @Option(names = "--aggregation", description = "${COMPLETION-CANDIDATES} (default: the loss's).")
    public Aggregation aggregation;

    @Option(names = "--normalization", description = "Of advantages: ${COMPLETION-CANDIDATES} (default: the loss's).")
    public Advantage.Normalization normalization;

    @Option(names = "--kl", description = "Coefficient of the KL term to the base policy (default: ${DEFAULT-VALUE}).")
    public double kl = 0;

    @Option(names = "--kl-in", description = "${COMPLETION-CANDIDATES} (default: the loss's).")
    public KlPlace klIn;

    @Option(names = "--kl-estimator", description = "${COMPLETION-CANDIDATES} (default: K3 in the loss, K1 in the reward).")
    public Kl klEstimator;

    @Option(names = "--importance-cap", description = "Truncated importance sampling: ratios to the learner's own log-probabilities,"
            + " advantages times those to the rollout's, at most this, 2 say; 0: off (default: ${DEFAULT-VALUE}).")
    public double importanceCap = 0;

    @Option(names = "--refills", description = "How often a step replaces its silent groups (default: the loss's, or the recipe's).")
    public Integer refills;

    @Option(names = "--overlong", description = "Tokens before the longest completion in which length is punished (default: the loss's).")
    public Integer overlong;

    @Option(names = "--temperature", description = "Of the sampling, positive (default: ${DEFAULT-VALUE}).")
    public double temperature = 1;

    @Option(names = "--top-k", description = "Sample from the k most probable tokens, 0 for all (default: ${DEFAULT-VALUE}).")
    public int topK = 0;

    @Option(names = "--top-p", description = "Sample from the most probable mass p (default: ${DEFAULT-VALUE}).")
    public double topP = 1;

    @Option(names = "--max-new-tokens", description = "Longest completion (default: ${DEFAULT-VALUE}).")
    public int maxNewTokens = 14;

    @Option(names = "--token-budget", description = "Padded tokens in a micro-batch (default: ${DEFAULT-VALUE}).")
    public int tokenBudget = 8192;

    @Option(names = "--alpha", description = "Share of the new pass rate in the EMA (default: ${DEFAULT-VALUE}).")
    public double alpha = 0.5;

    @Option(names = "--kappa", description = "Steepness of the progress weight (default: ${DEFAULT-VALUE}).")
    public double kappa = 8;

    @Option(names = "--bias", description = "b, the least progress weight (default: ${DEFAULT-VALUE}).")
    public double bias = 0.5;

    @Option(names = "--guide-below", description = "Guide problems whose EMA is at most this (default: ${DEFAULT-VALUE}).")
    public double guideBelow = 0.3;

    @Option(names = "--guide-after", description = "... that were observed at least so often (default: ${DEFAULT-VALUE}).")
    public int guideAfter = 1;

    @Option(names = "--guide-progress", description = "... and whose progress is at most this (default: ${DEFAULT-VALUE}).")
    public double guideProgress = 1;

    @Option(names = "--guide-in-a-row",
            description = "Guided visits between two honest ones, when whole groups are guided (default: ${DEFAULT-VALUE}).")
    public int guideInARow = 1;

    @Option(names = "--beta-min", description = "Least share of the solution that is shown (default: ${DEFAULT-VALUE}).")
    public double betaMin = 0.3;

    @Option(names = "--beta-max", description = "Largest share of the solution that is shown (default: ${DEFAULT-VALUE}).")
    public double betaMax = 0.95;

    @Option(names = "--guided-share", description = "Share of a guided group that sees the hint (default: ${DEFAULT-VALUE}).")
    public double guidedShare = 1;

    @Option(names = "--hint-target", description = "Guided pass rate that adaptive hints aim at (default: ${DEFAULT-VALUE}).")
    public double hintTarget = 0.5;

    @Option(names = "--hint-gain", description = "How fast they do (default: ${DEFAULT-VALUE}).")
    public double hintGain = 0.3;

    @Option(names = "--fade", description = "Share that the recipe mopps keeps of what it knew at each visit (default: ${DEFAULT-VALUE}).")
    public double fade = 0.5;

    @Option(names = "--reward-noise", description = "Share of rewards that are turned round, for studies (default: ${DEFAULT-VALUE}).")
    public double rewardNoise = 0;

    @Option(names = "--evaluate-every", description = "Steps between evaluations (default: ${DEFAULT-VALUE}).")
    public int evaluateEvery = 50;

    @Option(names = "--evaluate-samples", description = "k of avg@k (default: ${DEFAULT-VALUE}).")
    public int evaluateSamples = 8;

    @Option(names = "--keep", description = "Checkpoints kept before the latest, as checkpoint-STEP (default: ${DEFAULT-VALUE}).")
    public int keep = 0;

    @Option(names = "--keep-best", description = "Keep the checkpoint of the best greedy accuracy on --evaluate-on too, as best.")
    public boolean keepBest;

    @Option(names = "--evaluate-on", paramLabel = "FILE", description = "Problems to evaluate on; none: no evaluation.")
    public Path evaluateOn;

    @Option(names = "--device", description = "auto, cpu or gpu (default: ${DEFAULT-VALUE}).")
    public String device = "auto";

    @Option(names = "--precision",
            description = "fp32, bf16, or auto: bf16 on a GPU for a model stored in 16 bits; weights that learn stay fp32 (default: ${DEFAULT-VALUE}).")
    public String precision = "auto";

    @Option(names = "--recompute",
            description = "Compute activations again in the backward pass: a third more work, much less memory.")
    public boolean recompute;

    @Option(names = "--rollout-rows", description = "Most completions decoded at a time (default: ${DEFAULT-VALUE}).")
    public int rolloutRows = 1024;

    /**
     * The precision to train a model in.
     *
     * @throws BadInput if it is unknown or too narrow to learn in
     */
    public Precision precision(Device on, Path model) {
        Precision named = Precision.named(precision, on, model);
        BadInput.unless(named != Precision.FP16, "--precision fp16: small gradients vanish in it; train in bf16 or fp32");
        return named;
    }

    /**
     * Checks what no operator checks by itself, so that nothing fails after the long work began.
     *
     * @throws BadInput naming the first impossible option
     */
    public void check() {
        BadInput.unless(groupSize > 1, "group size %d: a group needs at least 2 completions to compare", groupSize);
        BadInput.unless(problemsPerStep > 0, "problems per step %d: must be positive", problemsPerStep);
        BadInput.unless(updates > 0 && updates <= problemsPerStep, "updates %d: must lie in 1 to the problems per step", updates);
        BadInput.unless(temperature > 0, "temperature %s: training needs a positive one", temperature);
        BadInput.unless(learningRate > 0 && Double.isFinite(learningRate), "learning rate %s: must be positive", learningRate);
        BadInput.unless(warmUp >= 0, "warm-up %d: must be 0 or more steps", warmUp);
        BadInput.unless(evaluateEvery > 0, "evaluate every %d: must be positive", evaluateEvery);
        BadInput.unless(evaluateSamples >= 0, "evaluation samples %d: must be 0 or more", evaluateSamples);
        BadInput.unless(keep >= 0, "keep %d: must be 0 or more checkpoints", keep);
        BadInput.unless(!keepBest || evaluateOn != null, "--keep-best: needs --evaluate-on, to know which is best");
        BadInput.unless(tokenBudget > 0, "token budget %d: must be positive", tokenBudget);
        BadInput.unless(rolloutRows > 0, "rollout rows %d: must be positive", rolloutRows);
        BadInput.unless(maxNewTokens > 0, "maximum length %d: must be positive", maxNewTokens);
        BadInput.unless(epochs > 0, "epochs %d: must be positive", epochs);
        BadInput.unless(importanceCap >= 0 && Double.isFinite(importanceCap), "importance cap %s: must be 0 (off) or more", importanceCap);
        BadInput.unless(refills == null || refills >= 0, "refills %d: must be 0 or more", refills);
        BadInput.unless(rewardNoise >= 0 && rewardNoise < 0.5, "reward noise %s: must lie in [0, 0.5)", rewardNoise);
        BadInput.unless(kl >= 0 && Double.isFinite(kl), "KL coefficient %s: must be 0 or more", kl);
        BadInput.unless(trustedShare >= 0 && trustedShare <= 1, "trusted share %s: must lie in [0, 1]", trustedShare);
        BadInput.unless(maxNorm > 0 && Double.isFinite(maxNorm), "gradient norm %s: must be positive", maxNorm);
        BadInput.unless(fade >= 0 && fade <= 1, "fading %s of the posterior: must lie in [0, 1]", fade);
        new AdamW.Settings(0.9, 0.95, 1e-8, weightDecay); // these check their own ranges
        new Sampling(temperature, topK, topP, maxNewTokens);
        new ProgressTracker(alpha, kappa, bias);
        new PrefixSampler(new PrefixSampler.Rule(guideBelow, guideAfter, guideProgress, guideInARow), betaMin, betaMax, guidedShare,
                text -> new int[0], new Seed(0));
        new AdaptivePrefix(betaMin, betaMax, hintTarget, hintGain);
        policyLoss();
        overlong();
    }

    /** Where a KL term goes. */
    public enum KlPlace { LOSS, REWARD }

    /** The composition that {@code --loss} names. */
    public Loss loss() {
        return Loss.named(loss);
    }

    /** Its policy loss, with the clip ranges and the KL term that were asked for. */
    public PolicyLoss policyLoss() {
        PolicyLoss named = loss().policyLoss(klEstimator(), klInReward() ? 0 : kl);
        return new PolicyLoss(named.ratio(), named.surrogate(), clipLow == null ? named.clipLow() : clipLow,
                clipHigh == null ? named.clipHigh() : clipHigh, named.kl(), named.klCoefficient());
    }

    /** How tokens make up the loss of a batch. */
    public Aggregation aggregation() {
        return aggregation == null ? loss().aggregation() : aggregation;
    }

    /** What advantages are divided by. */
    public Advantage.Normalization normalization() {
        return normalization == null ? loss().normalization() : normalization;
    }

    /** Whether the KL term, if there is one, goes into the reward. */
    public boolean klInReward() {
        return klIn == null ? loss().klInReward() : klIn == KlPlace.REWARD;
    }

    /** The estimator of the KL term. */
    public Kl klEstimator() {
        return klEstimator != null ? klEstimator : klInReward() ? Kl.K1 : Kl.K3;
    }

    /** How often a step replaces its silent groups. */
    public int refills(Recipe recipe) {
        return refills != null ? refills : Math.max(recipe.refills(), loss().refills());
    }

    /** The punishment of overlong completions. */
    public Overlong overlong() {
        return new Overlong(maxNewTokens, overlong != null ? overlong : (int) (loss().overlong() * maxNewTokens));
    }

    /** All options by field name, as text: for {@code config.json}. */
    public Map<String, String> values() {
        Map<String, String> values = new TreeMap<>();
        for (Field field : Options.class.getFields()) {
            try {
                values.put(field.getName(), String.valueOf(field.get(this)));
            } catch (IllegalAccessException e) {
                throw new IllegalStateException(e); // all fields are public
            }
        }
        return values;
    }
}
