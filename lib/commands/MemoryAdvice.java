package commands;

import java.util.ArrayList;
import java.util.List;
import llm.Lora;
import llm.Precision;
import lppo.run.Footprint;
import lppo.run.Recipe;

/** What to change so that a run fits the memory. */
final class MemoryAdvice {

    private MemoryAdvice() {}

    /** Options, most useful first, if so many bytes are there; empty if the run fits. */
    static List<String> of(Footprint footprint, long available, Recipe recipe, int rows, Lora.Settings lora, Precision precision) {
        List<String> advice = new ArrayList<>();
        if (footprint.peak() <= available) {
            return advice;
        }
        long held = Footprint.sum(footprint.held());
        if (lora == null && held > available / 2) {
            advice.add("--lora-rank 16: only adapters learn, so that gradients and moments all but vanish");
        }
        if (lora != null && precision == Precision.FP32 && held > available / 2) {
            advice.add("--precision bf16: frozen weights take half (on a CPU it is slow)");
        }
        if (Footprint.sum(footprint.update()) > Footprint.sum(footprint.rollout())) {
            if (!recipe.learning().recompute()) {
                advice.add("--recompute: activations of one block instead of all");
            }
            advice.add("--token-budget " + Math.max(1, recipe.learning().tokenBudget() / 2) + ": smaller micro-batches, the same gradient");
        } else {
            advice.add("--rollout-rows " + Math.max(1, Math.min(rows, recipe.problemsPerStep() * recipe.groupSize()) / 2)
                    + ": fewer completions at a time, the same samples");
        }
        advice.add("--max-new-tokens lower, or a smaller model");
        return advice;
    }
}
