package commands;

import ai.djl.Device;
import llm.Lora;
import llm.ModelConfig;
import llm.Precision;
import lppo.learn.LearnerSettings;
import lppo.run.Footprint;
import lppo.run.Recipe;

/**
 * How a run fits into the memory that is free: rollout rows, micro-batches and recomputation, none of which changes what a run computes but
 * by rounding.
 *
 * @param config of the model
 * @param precision of the learner
 * @param sampled precision of rollouts
 * @param device that computes
 * @param available free bytes; -1 if unknown, and then nothing is chosen
 */
record MemoryPlan(ModelConfig config, Precision precision, Precision sampled, Device device, long available) {

    private static final double SHARE = 0.9; // of the free memory that is planned for
    private static final double HELD = 0.6; // of the free memory that weights and their optimiser may take
    private static final int FEWEST = 16; // rows

    /** A plan for what is free now. */
    static MemoryPlan now(ModelConfig config, Precision precision, Precision sampled, Device device) {
        return new MemoryPlan(config, precision, sampled, device, Footprint.available(device));
    }

    /** Returns whether all weights can learn. */
    boolean fitsWhole(Recipe recipe) {
        Footprint whole = Footprint.of(config, recipe, null, precision, sampled, device, new Footprint.Extent(1, 1, 1, false));
        return available < 0 || Footprint.sum(whole.held()) <= HELD * available;
    }

    /** Chooses the rows that are decoded at a time: halves of what is usual. */
    void chooseRows(Choices choices, TrainingOptions.Length length, Recipe recipe, Lora.Settings lora, int prompt, boolean evaluates) {
        length.rolloutRows = choices.choose("--rollout-rows", length.rolloutRows, () -> rows(recipe, lora, prompt, length.maxNewTokens,
                length.rolloutRows, evaluates), "the memory that is free");
    }

    /** Returns the most rows, by halves, that fit. */
    int rows(Recipe recipe, Lora.Settings lora, int prompt, int longest, int usual, boolean evaluates) {
        int rows = usual;
        while (rows > FEWEST && !fits(Phase.ROLLOUT, recipe, lora, new Footprint.Extent(prompt, longest, rows, evaluates))) {
            rows /= 2;
        }
        return rows;
    }

    /** Chooses how the learner's memory is kept small: first by recomputing, then by smaller micro-batches. */
    void chooseUpdates(Choices choices, TrainingOptions.Learning learning, Recipe recipe, Lora.Settings lora, int prompt, int longest) {
        Footprint.Extent extent = new Footprint.Extent(prompt, longest, FEWEST, false);
        learning.recompute = choices.choose("--recompute", learning.recompute,
                () -> learning.recompute || !fits(Phase.UPDATE, with(recipe, learning.recompute, learning.tokenBudget), lora, extent),
                "the memory that is free");
        learning.tokenBudget = choices.choose("--token-budget", learning.tokenBudget, () -> {
            int budget = learning.tokenBudget;
            while (budget / 2 >= prompt + longest && !fits(Phase.UPDATE, with(recipe, learning.recompute, budget), lora, extent)) {
                budget /= 2;
            }
            return budget;
        }, "the memory that is free");
    }

    private static Recipe with(Recipe recipe, boolean recompute, int budget) {
        LearnerSettings learning = recipe.learning();
        return recipe.learning(learning.recompute(recompute).tokenBudget(budget));
    }

    private enum Phase { ROLLOUT, UPDATE }

    private boolean fits(Phase phase, Recipe recipe, Lora.Settings lora, Footprint.Extent extent) {
        Footprint footprint = Footprint.of(config, recipe, lora, precision, sampled, device, extent);
        long bytes = Footprint.sum(footprint.held()) + Footprint.sum(phase == Phase.ROLLOUT ? footprint.rollout() : footprint.update());
        return available < 0 || bytes <= SHARE * available;
    }
}
