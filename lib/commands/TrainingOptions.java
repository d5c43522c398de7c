package commands;

//SOURCES LossOptions.java

import ai.djl.Device;
import common.BadInput;
import java.lang.reflect.Field;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import llm.Precision;
import lppo.AdaptivePrefix;
import lppo.Cut;
import lppo.DifficultySelection;
import lppo.GuidanceRule;
import lppo.Hint;
import lppo.RandomPrefix;
import lppo.ShuffledSelection;
import lppo.StepCut;
import lppo.TokenCut;
import lppo.Weighting;
import lppo.learn.LearnerSettings;
import lppo.rollout.Sampling;
import lppo.run.Recipe;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;
import rivals.DecayingPrefix;
import rivals.RivalRecipes;
import rivals.Weightings;
import tasks.Tasks;

/**
 * Command-line options of a training run, in groups; each group builds one part of the recipe and shows its defaults. {@code config.json}
 * of a run folder records them all. Ranges are checked by the operators.
 */
public final class TrainingOptions {

    private static final LearnerSettings LEARNER = new LearnerSettings();

    @ArgGroup(validate = false, order = 10, heading = "%nProblems of a step:%n")
    public StepSize step = new StepSize();

    @ArgGroup(validate = false, order = 11, heading = "%nHints from expert solutions:%n")
    public Hints hints = new Hints();

    @ArgGroup(validate = false, order = 12, heading = "%nLearning-progress weights:%n")
    public Weights weights = new Weights();

    @ArgGroup(validate = false, order = 13, heading = "%nLoss:%n")
    public LossOptions loss = new LossOptions();

    @ArgGroup(validate = false, order = 14, heading = "%nSampling:%n")
    public SamplingTerms sampling = new SamplingTerms();

    @ArgGroup(validate = false, order = 15, heading = "%nLength and rows:%n")
    public Length length = new Length();

    @ArgGroup(validate = false, order = 16, heading = "%nLearning:%n")
    public Learning learning = new Learning();

    @ArgGroup(validate = false, order = 17, heading = "%nUpdates:%n")
    public Updates updates = new Updates();

    @ArgGroup(validate = false, order = 18, heading = "%nEvaluation:%n")
    public Evaluating evaluating = new Evaluating();

    @ArgGroup(validate = false, order = 19, heading = "%nCheckpoints:%n")
    public Keeping keeping = new Keeping();

    @ArgGroup(validate = false, order = 20, heading = "%nMachine:%n")
    public Machine machine = new Machine();

    /**
     * Returns the recipe of this name with these options.
     *
     * @throws BadInput naming the first impossible option
     */
    public Recipe recipe(String name) {
        Recipe recipe = RivalRecipes.named(name).algorithm(loss.algorithm(length.maxNewTokens)).learning(settings())
                .problemsPerStep(step.problemsPerStep).groupSize(step.groupSize).trustedShare(step.trustedShare())
                .rewardNoise(step.rewardNoise).tracker(weights.alpha, weights.kappa, weights.bias)
                .truncated(sampling.topK, sampling.topP);
        recipe = hints.guidedShare == null ? recipe : recipe.guidedShare(hints.guidedShare);
        new Sampling(sampling.temperature, sampling.topK, sampling.topP, length.maxNewTokens); // checks the ranges
        GuidanceRule rule = new GuidanceRule(hints.guideBelow, hints.guideAfter, hints.guideProgress, hints.guideInARow);
        AdaptivePrefix adaptive = new AdaptivePrefix(hints.betaMin, hints.betaMax, hints.hintTarget, hints.hintGain);
        DifficultySelection difficulty = new DifficultySelection(step.fade);
        recipe = recipe.rule() == null ? recipe : recipe.when(rule);
        if (recipe.hint() instanceof RandomPrefix) {
            recipe = recipe.hint(new RandomPrefix(hints.betaMin, hints.betaMax));
        } else if (recipe.hint() instanceof AdaptivePrefix) {
            recipe = recipe.hint(adaptive);
        } else if (recipe.hint() instanceof DecayingPrefix decaying) {
            recipe = recipe.hint(decaying.steps(hints.hintSteps));
        }
        recipe = hints.hint == null ? recipe : recipe.hint(OwnClass.of(hints.hint, Hint.class));
        recipe = hints.cut == null ? recipe : recipe.cut(Hints.cut(hints.cut));
        recipe = weights.weighting == null ? recipe : weights.weighting.endsWith(".java")
                ? recipe.weighting(OwnClass.of(Path.of(weights.weighting), Weighting.class))
                : Weightings.weighted(recipe, weights.weighting);
        recipe = recipe.selection() instanceof DifficultySelection ? recipe.selection(difficulty) : recipe;
        BadInput.unless(updates.updates <= step.problemsPerStep, "updates %d: must lie in 1 to the problems per step", updates.updates);
        return step.refills == null ? recipe : recipe.refills(step.refills).algorithm(recipe.algorithm().refills(0));
    }

    private LearnerSettings settings() {
        return learning.settings().warmUp(updates.warmUp).updates(updates.updates).epochs(updates.epochs)
                .importanceCap(updates.importanceCap == null ? 0 : updates.importanceCap).temperature(sampling.temperature);
    }

    /**
     * The recipe for rollouts in this precision: where learner and rollout round differently, in 16 bits or in two precisions, importance
     * is truncated unless the user says otherwise.
     *
     * @param learner the precision to learn in
     * @param sampled the precision to sample in
     */
    public Recipe corrected(Recipe recipe, Precision learner, Precision sampled) {
        return sampled == learner && sampled == Precision.FP32 || updates.importanceCap != null ? recipe
                : recipe.learning(recipe.learning().importanceCap(LearnerSettings.CAP));
    }

    /**
     * Checks options that no operator checks, so that nothing fails after the long work has started.
     *
     * @throws BadInput naming the first impossible option
     */
    public void check() {
        BadInput.unless(keeping.keep >= 0, "keep %d: must be 0 or more checkpoints", keeping.keep);
        BadInput.unless(!keeping.keepBest || evaluating.evaluateOn != null, "--keep-best: needs --evaluate-on, which decides the best");
        evaluating.check();
        length.check();
    }

    /** Returns all options by field name, as text, for {@code config.json}. */
    public Map<String, String> values() {
        Map<String, String> values = new TreeMap<>();
        List.of(step, hints, weights, loss, sampling, length, learning, updates, evaluating, keeping, machine)
                .forEach(group -> values.putAll(values(group)));
        return values;
    }

    /** Returns the options of one group by field name, as text. */
    static Map<String, String> values(Object group) {
        Map<String, String> values = new TreeMap<>();
        for (Field field : Arrays.stream(group.getClass().getFields()).toList()) {
            try {
                values.put(field.getName(), String.valueOf(field.get(group)));
            } catch (IllegalAccessException e) {
                throw new IllegalStateException(e); // all fields are public
            }
        }
        return values;
    }

    /** Problems of a step. */
    public static final class StepSize {

        @Option(names = "--problems-per-step", description = "Problems per step (default: ${DEFAULT-VALUE}, or by the model).")
        public int problemsPerStep = Recipe.grpo().problemsPerStep();

        @Option(names = "--trusted-share", paramLabel = "SHARE|even",
                description = "Share of a step's problems with a demonstration, or even: visit all alike (default: ${DEFAULT-VALUE}).")
        public String trustedShare = "0.5";

        private double trustedShare() {
            try {
                return trustedShare.equals("even") ? ShuffledSelection.EVEN : Double.parseDouble(trustedShare);
            } catch (NumberFormatException e) {
                throw new BadInput("trusted share " + trustedShare + ": give a number in [0, 1], or even");
            }
        }

        @Option(names = "--group-size", description = "Completions per problem (default: ${DEFAULT-VALUE}).")
        public int groupSize = Recipe.grpo().groupSize();

        @Option(names = "--refills", description = "Times a step may replace its silent groups (default: the loss's or recipe's).")
        public Integer refills;

        @Option(names = "--fade",
                description = "Share of its counts that the recipe mopps keeps at each visit (default: ${DEFAULT-VALUE}).")
        public double fade = 0.5;

        @Option(names = "--reward-noise",
                description = "Share of rewards that are flipped, for studies (default: ${DEFAULT-VALUE}).")
        public double rewardNoise = 0;
    }

    /** Hints from expert solutions. */
    public static final class Hints {

        @Option(names = "--beta-min", description = "Smallest share of the solution that is shown (default: ${DEFAULT-VALUE}).")
        public double betaMin = 0.3;

        @Option(names = "--beta-max", description = "Largest share of the solution that is shown (default: ${DEFAULT-VALUE}).")
        public double betaMax = 0.95;

        @Option(names = "--cut", paramLabel = "tokens|steps", description = "Where a solution is cut: by tokens, at the share that is asked"
                + " for, but never inside a formula or number or where the policy would stop; or at the end of a step (default: the"
                + " task's, else tokens).")
        public String cut;

        @Option(names = "--guided-share", description = "Share of a guided group that sees the hint (default: the recipe's, mostly 1).")
        public Double guidedShare;

        @Option(names = "--hint-steps", description = "Steps over which a decaying hint decays (default: ${DEFAULT-VALUE}).")
        public long hintSteps = 300;

        @Option(names = "--guide-below",
                description = "Guide problems whose average pass rate is at most this (default: ${DEFAULT-VALUE}).")
        public double guideBelow = 0.3;

        @Option(names = "--guide-after", description = "Guide problems only after this many observations (default: ${DEFAULT-VALUE}).")
        public int guideAfter = 1;

        @Option(names = "--guide-progress", description = "Guide problems whose progress is at most this (default: ${DEFAULT-VALUE}).")
        public double guideProgress = 1;

        @Option(names = "--guide-in-a-row",
                description = "Most guided visits between two unguided ones, if whole groups are guided (default: ${DEFAULT-VALUE}).")
        public int guideInARow = 1;

        @Option(names = "--hint", paramLabel = "FILE.java", description = "A hint rule of your own, a Java file with one class, in place"
                + " of the recipe's.")
        public Path hint;

        /**
         * Returns the cut of this name.
         *
         * @throws BadInput if there is none
         */
        static Cut cut(String name) {
            BadInput.unless(name.equals("tokens") || name.equals("steps"), "--cut %s: choose tokens or steps", name);
            return name.equals("steps") ? new StepCut() : new TokenCut();
        }

        @Option(names = "--hint-target", description = "Target of the guided pass rate for adaptive hints (default: ${DEFAULT-VALUE}).")
        public double hintTarget = 0.5;

        @Option(names = "--hint-gain",
                description = "Change of adaptive hints per unit of difference from the target (default: ${DEFAULT-VALUE}).")
        public double hintGain = 0.3;
    }

    /** Learning-progress weights. */
    public static final class Weights {

        @Option(names = "--weighting", paramLabel = "NAME|FILE.java", description = "none, progress, earlier, filtered, earlier-filtered,"
                + " ranked, variance, or weights of your own, a Java file with one class, in place of the recipe's.")
        public String weighting;

        @Option(names = "--alpha", description = "Weight of the new pass rate in the EMA (default: ${DEFAULT-VALUE}).")
        public double alpha = 0.5;

        @Option(names = "--kappa", description = "Steepness of the progress weight (default: ${DEFAULT-VALUE}).")
        public double kappa = 8;

        @Option(names = "--bias", description = "b, the lower bound of the progress weight (default: ${DEFAULT-VALUE}).")
        public double bias = 0.5;
    }

    /** Updates. */
    public static final class Updates {

        @Option(names = "--warm-up", description = "Steps of linear learning-rate warm-up (default: ${DEFAULT-VALUE}).")
        public int warmUp = LEARNER.warmUp();

        @Option(names = "--updates",
                description = "Optimiser steps per rollout, each on one part of it (default: ${DEFAULT-VALUE}).")
        public int updates = LEARNER.updates();

        @Option(names = "--epochs", description = "Passes over each rollout (default: ${DEFAULT-VALUE}).")
        public int epochs = LEARNER.epochs();

        @Option(names = "--importance-cap",
                description = "Truncated importance sampling: ratios use the learner's own log-probabilities before the update, and"
                        + " advantages are multiplied by the ratio to the rollout's, at most this; 0: off (default: 2 if the rollout uses"
                        + " another precision than the learner, else 0).")
        public Double importanceCap;
    }

    /** Learning. */
    public static final class Learning {

        @Option(names = "--learning-rate", description = "AdamW's learning rate (default: ${DEFAULT-VALUE}, or by the model).")
        public double learningRate = LEARNER.learningRate();

        @Option(names = "--weight-decay", description = "AdamW's weight decay (default: ${DEFAULT-VALUE}).")
        public double weightDecay = LEARNER.weightDecay();

        @Option(names = "--max-norm", description = "Maximum global norm of the gradients (default: ${DEFAULT-VALUE}).")
        public double maxNorm = LEARNER.maxNorm();

        @Option(names = "--token-budget", description = "Most padded tokens per micro-batch (default: ${DEFAULT-VALUE}, or what fits).")
        public int tokenBudget = LEARNER.tokenBudget();

        @Option(names = "--recompute",
                description = "Recompute activations in the backward pass: a third more work, much less memory; on where needed.")
        public boolean recompute;

        /** Returns learner settings with these options. */
        LearnerSettings settings() {
            return LEARNER.learningRate(learningRate).weightDecay(weightDecay).maxNorm(maxNorm).tokenBudget(tokenBudget)
                    .recompute(recompute);
        }
    }

    /** Sampling. */
    public static final class SamplingTerms {

        @Option(names = "--temperature", description = "Sampling temperature, positive (default: ${DEFAULT-VALUE}).")
        public double temperature = LEARNER.temperature();

        @Option(names = "--top-k", description = "Sample from the k most probable tokens, 0 for all (default: ${DEFAULT-VALUE}).")
        public int topK = 0;

        @Option(names = "--top-p", description = "Nucleus sampling: sample from the most probable mass p (default: ${DEFAULT-VALUE}).")
        public double topP = 1;
    }

    /** Length. */
    public static final class Length {

        @Option(names = "--max-new-tokens", description = "Longest completion, in tokens (default: the task's, else 14, or by the model).")
        public Integer maxNewTokens;

        @Option(names = "--rollout-rows", description = "Most completions decoded at a time (default: ${DEFAULT-VALUE}, or what fits).")
        public int rolloutRows = 1024;

        /** Takes the maximum length from the task if it is not given. */
        void resolve(String task) {
            maxNewTokens = maxNewTokens != null ? maxNewTokens : task == null ? 14 : (Integer) Tasks.named(task).longest();
        }

        /** @throws BadInput naming the first impossible option */
        void check() {
            BadInput.unless(maxNewTokens > 0, "maximum length %d: must be positive", maxNewTokens);
            BadInput.unless(rolloutRows > 0, "rollout rows %d: must be positive", rolloutRows);
        }
    }

    /** Evaluation. */
    public static final class Evaluating {

        @Option(names = "--evaluate-on", paramLabel = "FILE", description = "Evaluation problems (default: no evaluation).")
        public Path evaluateOn;

        @Option(names = "--evaluate-every", description = "Steps between evaluations (default: ${DEFAULT-VALUE}).")
        public int evaluateEvery = 50;

        @Option(names = "--evaluate-samples", description = "k of avg@k (default: ${DEFAULT-VALUE}).")
        public int evaluateSamples = 8;

        /** @throws BadInput naming the first impossible option */
        void check() {
            BadInput.unless(evaluateEvery > 0, "evaluate every %d: must be positive", evaluateEvery);
            BadInput.unless(evaluateSamples >= 0, "evaluation samples %d: must be 0 or more", evaluateSamples);
        }
    }

    /** Checkpoints. */
    public static final class Keeping {

        @Option(names = "--keep", description = "Number of earlier checkpoints to keep, as checkpoint-STEP (default: ${DEFAULT-VALUE}).")
        public int keep = 0;

        @Option(names = "--keep-best", description = "Also keep the checkpoint with the best greedy accuracy on --evaluate-on, as best.")
        public boolean keepBest;
    }

    /** Machine. */
    public static final class Machine {

        @Option(names = "--device", description = "auto, cpu, gpu or mps (default: ${DEFAULT-VALUE}).")
        public String device = "auto";

        @Option(names = "--precision",
                description = "fp32, bf16, or auto: bf16 on a GPU for a model stored in 16 bits, and on a CPU that is faster in it for"
                        + " sampling and beside adapters; what is trained stays fp32 (default: ${DEFAULT-VALUE}).")
        public String precision = "auto";

        /**
         * Returns the precision for training a model.
         *
         * @throws BadInput if it is unknown or too small for training
         */
        public Precision precision(Device on, Path model) {
            Precision named = Precision.named(precision, on, model);
            BadInput.unless(named != Precision.FP16, "--precision fp16: small gradients underflow; train in bf16 or fp32");
            return named;
        }

        /** The precision to sample a model in, see {@link Precision#toSample}. */
        public Precision toSample(Device on, Path model) {
            return Precision.toSample(precision, precision(on, model), on, model);
        }
    }
}
