package llm;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import common.BadInput;
import common.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The sizes of a decoder of the Qwen2, Qwen3 or Llama architecture, in the names of Hugging Face's {@code config.json}.
 *
 * @param family the architecture
 * @param vocabSize rows of the embedding
 * @param hiddenSize width of the residual stream
 * @param intermediateSize width of the feed-forward layer
 * @param layers number of decoder blocks
 * @param heads query heads
 * @param kvHeads key and value heads, a divisor of {@code heads} (grouped-query attention)
 * @param headDim width of one head
 * @param rope rotary frequencies, and the maximum length of a sequence
 * @param rmsNormEps epsilon of the root-mean-square norm
 * @param tied whether the output projection is the embedding
 * @param eosTokens ids that end a completion, {@code generation_config.json}'s if it has any; a {@link Policy} adds the tokenizer's
 * @param json the complete file, so that saving keeps fields that this record does not have
 */
public record ModelConfig(Family family, int vocabSize, int hiddenSize, int intermediateSize, int layers, int heads,
        int kvHeads, int headDim, Rope rope, double rmsNormEps, boolean tied, List<Integer> eosTokens, JsonObject json) {

    /** The supported architectures. */
    public enum Family {
        /** Qwen2 and Qwen2.5: biases on queries, keys and values. */
        QWEN2,
        /** Qwen3: queries and keys are normalised. */
        QWEN3,
        /** Llama 2 and 3: neither. */
        LLAMA
    }

    /**
     * Reads {@code config.json} of a model folder, and the end tokens of {@code generation_config.json} if there is one.
     *
     * @throws BadInput if it is missing, malformed, or of another architecture
     */
    public static ModelConfig read(Path folder) {
        Path file = folder.resolve("config.json");
        BadInput.unless(Files.isDirectory(folder), "%s: no such model folder", folder);
        BadInput.unless(Files.isRegularFile(file), "%s: missing, so %s is not a Hugging Face model folder", file, folder);
        ModelConfig config = of(Json.object(file), file.toString());
        Path generation = folder.resolve("generation_config.json");
        if (!Files.isRegularFile(generation)) {
            return config;
        }
        List<Integer> ends = ends(Json.object(generation).get("eos_token_id"), config.vocabSize, generation.toString());
        return ends.isEmpty() ? config : config.withEosTokens(ends);
    }

    /** Returns whether the weights are stored in fp16 or bf16. */
    boolean storedInSixteenBits() {
        return (json.get("dtype") + " " + json.get("torch_dtype")).contains("16");
    }

    /** Returns a copy for weights of another type, given by PyTorch's name. */
    ModelConfig saved(String dtype) {
        JsonObject copy = json.deepCopy();
        for (String name : List.of("dtype", "torch_dtype")) {
            if (copy.has(name)) {
                copy.addProperty(name, dtype);
            }
        }
        return new ModelConfig(family, vocabSize, hiddenSize, intermediateSize, layers, heads, kvHeads, headDim, rope,
                rmsNormEps, tied, eosTokens, copy);
    }

    ModelConfig withEosTokens(List<Integer> ends) {
        return new ModelConfig(family, vocabSize, hiddenSize, intermediateSize, layers, heads, kvHeads, headDim, rope,
                rmsNormEps, tied, ends, json);
    }

    /** Returns a copy whose output projection is not tied to the embedding. */
    ModelConfig untied() {
        JsonObject copy = json.deepCopy();
        copy.addProperty("tie_word_embeddings", false);
        return new ModelConfig(family, vocabSize, hiddenSize, intermediateSize, layers, heads, kvHeads, headDim, rope,
                rmsNormEps, false, eosTokens, copy);
    }

    /** Returns the maximum length of a sequence, prompt and completion together. */
    public int maxPositions() {
        return rope.maxPositions();
    }

    /** Parses a {@code config.json}; {@code where} starts each error message. */
    public static ModelConfig of(JsonObject json, String where) {
        Family family = family(json, where);
        int hidden = Json.positiveInteger(json, "hidden_size", where);
        int heads = Json.positiveInteger(json, "num_attention_heads", where);
        int kvHeads = Json.has(json, "num_key_value_heads") ? Json.positiveInteger(json, "num_key_value_heads", where) : heads;
        int headDim = Json.has(json, "head_dim") ? Json.positiveInteger(json, "head_dim", where)
                : family == Family.QWEN3 ? 128 : hidden / heads;
        BadInput.unless(heads % kvHeads == 0, "%s: num_attention_heads %d is not a multiple of num_key_value_heads %d",
                where, heads, kvHeads);
        BadInput.unless(headDim > 0 && headDim % 2 == 0, "%s: heads of width %d cannot be rotated", where, headDim);
        BadInput.unless(!Json.has(json, "hidden_act") || Json.text(json, "hidden_act", where).equals("silu"),
                "%s: hidden_act %s is not silu", where, json.get("hidden_act"));
        int layers = Json.positiveInteger(json, "num_hidden_layers", where);
        BadInput.unless(layers <= 1000, "%s: num_hidden_layers %d: no model has so many", where, layers);
        BadInput.unless(!Json.has(json, "partial_rotary_factor") || Json.positive(json, "partial_rotary_factor", where) == 1,
                "%s: partial_rotary_factor is not supported", where);
        int vocabulary = Json.positiveInteger(json, "vocab_size", where);
        return new ModelConfig(family, vocabulary, hidden, Json.positiveInteger(json, "intermediate_size", where), layers,
                heads, kvHeads, headDim,
                Rope.of(json, headDim, Json.positiveInteger(json, "max_position_embeddings", where), where),
                Json.has(json, "rms_norm_eps") ? Json.positive(json, "rms_norm_eps", where) : 1e-6,
                Json.flag(json, "tie_word_embeddings", where), ends(json.get("eos_token_id"), vocabulary, where), json);
    }

    private static Family family(JsonObject json, String where) {
        Family family = switch (Json.has(json, "model_type") ? Json.text(json, "model_type", where) : "nothing") {
            case "qwen2" -> Family.QWEN2;
            case "qwen3" -> Family.QWEN3;
            case "llama" -> Family.LLAMA;
            default -> throw new BadInput(where + ": model_type is " + json.get("model_type") + "; supported are qwen2, qwen3 and llama");
        };
        BadInput.unless(!Json.flag(json, "use_sliding_window", where),
                "%s: sliding-window attention is not supported; set use_sliding_window to false", where);
        BadInput.unless(!Json.has(json, "layer_types") || !json.get("layer_types").toString().contains("sliding"),
                "%s: sliding-window attention is not supported, but layer_types requires it", where);
        for (String variant : List.of("attention_bias", "mlp_bias")) {
            BadInput.unless(!Json.flag(json, variant, where), "%s: %s is not supported; no released Qwen3 or Llama has it", where, variant);
        }
        BadInput.unless(!Json.has(json, "quantization_config"),
                "%s: quantised weights are not supported; take the fp16 or bf16 checkpoint", where);
        return family;
    }

    /** Writes {@code config.json} as it was read. */
    public void write(Path folder) throws IOException {
        Files.writeString(folder.resolve("config.json"),
                new GsonBuilder().setPrettyPrinting().serializeNulls().disableHtmlEscaping().create().toJson(json) + "\n");
    }

    private static List<Integer> tokens(JsonElement ids, String where) {
        List<JsonElement> each = new ArrayList<>();
        if (ids != null && ids.isJsonArray()) {
            ids.getAsJsonArray().forEach(each::add);
        } else if (ids != null && !ids.isJsonNull()) {
            each.add(ids);
        }
        return each.stream().map(id -> {
            boolean number = id.isJsonPrimitive() && id.getAsJsonPrimitive().isNumber();
            double value = number ? id.getAsDouble() : Double.NaN;
            BadInput.unless(value == (int) value, "%s: eos_token_id is %s, neither a whole number nor a list of whole numbers", where, ids);
            return (int) value;
        }).toList();
    }

    /** Checks that the end tokens are in the vocabulary. */
    private static List<Integer> ends(JsonElement ids, int vocabulary, String where) {
        List<Integer> tokens = tokens(ids, where);
        tokens.forEach(id -> BadInput.unless(id >= 0 && id < vocabulary, "%s: eos_token_id %d is not in the vocabulary of %d", where, id,
                vocabulary));
        return tokens;
    }
}
