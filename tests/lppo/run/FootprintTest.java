package lppo.run;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.Device;
import com.google.gson.JsonParser;
import llm.Lora;
import llm.ModelConfig;
import llm.Precision;
import lppo.learn.LearnerSettings;
import org.junit.jupiter.api.Test;

/** Tests the memory estimates that the README gives for a real model. */
class FootprintTest {

    @Test
    void theRecipesOfTheReadmeTakeWhatItSays() {
        assertEquals(58, peak(config(1536, 8960, 12, 2, 151_936, true), null, 256) >> 30);
        assertEquals(47, peak(config(3584, 18_944, 28, 4, 152_064, false), Lora.Settings.of(16), 128) >> 30);
    }

    private static long peak(ModelConfig config, Lora.Settings lora, int rows) {
        Recipe recipe = Recipe.lppo().problemsPerStep(128).learning(new LearnerSettings().tokenBudget(16_384).recompute(true));
        return Footprint.of(config, recipe, lora, Precision.BF16, Device.gpu(),
                new Footprint.Extent(1050, 3072, rows, false)).peak();
    }

    private static ModelConfig config(int width, int wide, int heads, int kvHeads, int vocabulary, boolean tied) {
        return ModelConfig.of(JsonParser.parseString("""
                {"model_type": "qwen2", "hidden_size": %d, "intermediate_size": %d, "num_attention_heads": %d, "num_key_value_heads": %d,
                 "vocab_size": %d, "tie_word_embeddings": %s, "num_hidden_layers": 28, "max_position_embeddings": 4096, "eos_token_id": 1}
                """.formatted(width, wide, heads, kvHeads, vocabulary, tied)).getAsJsonObject(), "config.json");
    }
}
