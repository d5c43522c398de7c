package commands;

import java.util.ArrayList;
import java.util.List;
import llm.Lora;
import llm.Precision;
import lppo.run.Footprint;
import lppo.run.Recipe;

/** Advice on reducing the memory of a run. */
final class MemoryAdvice {

    private MemoryAdvice() {}

    /** Returns options to change, most useful first, given the available bytes; empty if the run fits. */
    static List<String> of(Footprint footprint, long available, Recipe recipe, int rows, Lora.Settings lora, Precision precision) {
        List<String> advice = new ArrayList<>();
        if (footprint.peak() <= available) {
            return advice;
        }
        long held = Footprint.sum(footprint.held());
        if (lora == null && held > available / 2) {
            advice.add("--lora-rank 16: trains only adapters, so gradients and optimiser moments become negligible");
        }
        if (lora != null && precision == Precision.FP32 && held > available / 2) {
            advice.add("--precision bf16: halves the memory of frozen weights");
        }
        if (Footprint.sum(footprint.update()) > Footprint.sum(footprint.rollout())) {
            if (!recipe.learning().recompute()) {
                advice.add("--recompute: keeps the activations of one block instead of all");
            }
            advice.add("--token-budget " + Math.max(1, recipe.learning().tokenBudget() / 2) + ": smaller micro-batches, same gradient");
        } else {
            advice.add("--rollout-rows " + Math.max(1, Math.min(rows, recipe.problemsPerStep() * recipe.groupSize()) / 2)
                    + ": fewer completions at a time, same samples");
        }
        advice.add("--max-new-tokens lower, or a smaller model");
        return advice;
    }
}
