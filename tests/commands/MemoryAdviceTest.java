package commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import llm.Lora;
import llm.Precision;
import lppo.run.Footprint;
import lppo.run.Recipe;
import org.junit.jupiter.api.Test;

class MemoryAdviceTest {

    @Test
    void adviceNamesWhatHelpsAndNothingWhereItFits() {
        Footprint whole = new Footprint(7, 7, Map.of("weights", 100L), Map.of("cache", 50L), Map.of("activations", 20L));
        assertTrue(advice(whole, 149, null).get(0).startsWith("--lora-rank 16"));
        assertEquals(List.of("--rollout-rows 128: fewer completions at a time, same samples", "--max-new-tokens lower, or a smaller model"),
                advice(whole, 149, Lora.Settings.of(16)), "adapters are there, so the cache is what to shrink");
        assertEquals(List.of(), advice(whole, 150, null));
        Footprint learning = new Footprint(7, 7, Map.of("weights", 10L), Map.of("cache", 50L), Map.of("activations", 90L));
        assertEquals("--recompute: keeps the activations of one block instead of all", advice(learning, 60, null).get(0));
    }

    private static List<String> advice(Footprint footprint, long available, Lora.Settings lora) {
        return MemoryAdvice.of(footprint, available, Recipe.lppo(), 256, lora, Precision.BF16);
    }
}
