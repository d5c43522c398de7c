package lppo.model;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import lppo.data.BadInput;

/**
 * The sizes of a decoder of the Qwen2, Qwen3 or Llama architecture, in the names of Hugging Face's {@code config.json}.
 *
 * @param family which of the three
 * @param vocabSize rows of the embedding
 * @param hiddenSize width of the residual stream
 * @param intermediateSize width of the feed-forward layer
 * @param layers number of decoder blocks
 * @param heads query heads
 * @param kvHeads key and value heads, a divisor of {@code heads} (grouped-query attention)
 * @param headDim width of one head
 * @param rope rotary frequencies, and the longest sequence, prompt and completion together
 * @param rmsNormEps epsilon of the root-mean-square norm
 * @param tied whether the output projection is the embedding
 * @param eosTokens ids that end a completion, {@code generation_config.json}'s if it has any
 * @param json the whole file, so that saving keeps what this record does not know
 */
public record ModelConfig(Family family, int vocabSize, int hiddenSize, int intermediateSize, int layers, int heads,
        int kvHeads, int headDim, Rope rope, double rmsNormEps, boolean tied, List<Integer> eosTokens, JsonObject json) {

    /** What the architectures differ in. */
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
        ModelConfig config = of(object(file), file.toString());
        Path generation = folder.resolve("generation_config.json");
        if (!Files.isRegularFile(generation)) {
            return config;
        }
        List<Integer> ends = ends(object(generation).get("eos_token_id"), config.vocabSize, generation.toString());
        return ends.isEmpty() ? config : config.withEosTokens(ends);
    }

    static JsonObject object(Path file) {
        try {
            return object(Files.readString(file), file.toString());
        } catch (IOException e) {
            throw new BadInput(file + ": cannot be read (" + e.getMessage() + ")", e);
        }
    }

    static JsonObject object(String text, String where) {
        try {
            return JsonParser.parseString(text).getAsJsonObject();
        } catch (JsonParseException | IllegalStateException | StackOverflowError e) {
            throw new BadInput(where + ": is not a JSON object (" + String.valueOf(e.getMessage()).lines().findFirst().orElse("") + ")", e);
        }
    }

    /** Whether the file says that the weights are fp16 or bf16. */
    boolean storedInSixteenBits() {
        return (json.get("dtype") + " " + json.get("torch_dtype")).contains("16");
    }

    /** The configuration of the same model with its weights in another type, by PyTorch's name. */
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

    /** Longest sequence, prompt and completion together. */
    public int maxPositions() {
        return rope.maxPositions();
    }

    /** The configuration that a {@code config.json} states; {@code where} begins each complaint. */
    public static ModelConfig of(JsonObject json, String where) {
        try {
            return parsed(json, where);
        } catch (UnsupportedOperationException | IllegalStateException | ClassCastException e) { // Gson's ways to say: wrong kind
            throw new BadInput(where + ": a value is of the wrong kind (" + e.getMessage() + ")", e);
        }
    }

    private static ModelConfig parsed(JsonObject json, String where) {
        Family family = family(json, where);
        int hidden = integer(json, "hidden_size", where);
        int heads = integer(json, "num_attention_heads", where);
        int kvHeads = present(json, "num_key_value_heads") ? integer(json, "num_key_value_heads", where) : heads;
        int headDim = present(json, "head_dim") ? integer(json, "head_dim", where)
                : family == Family.QWEN3 ? 128 : hidden / heads;
        BadInput.unless(heads % kvHeads == 0, "%s: num_attention_heads %d is no multiple of num_key_value_heads %d",
                where, heads, kvHeads);
        BadInput.unless(headDim > 0 && headDim % 2 == 0, "%s: heads of width %d cannot be rotated", where, headDim);
        BadInput.unless(!present(json, "hidden_act") || json.get("hidden_act").getAsString().equals("silu"),
                "%s: hidden_act %s is not silu", where, json.get("hidden_act"));
        int layers = integer(json, "num_hidden_layers", where);
        BadInput.unless(layers <= 1000, "%s: num_hidden_layers %d: no model has so many", where, layers);
        BadInput.unless(!present(json, "partial_rotary_factor") || json.get("partial_rotary_factor").getAsDouble() == 1,
                "%s: partial_rotary_factor is not supported", where);
        return new ModelConfig(family, integer(json, "vocab_size", where), hidden, integer(json, "intermediate_size", where),
                layers, heads, kvHeads, headDim,
                Rope.of(json, headDim, integer(json, "max_position_embeddings", where), where),
                number(json, "rms_norm_eps", 1e-6, where), flag(json, "tie_word_embeddings", where),
                ends(json.get("eos_token_id"), integer(json, "vocab_size", where), where), json);
    }

    private static Family family(JsonObject json, String where) {
        Family family = switch (present(json, "model_type") ? json.get("model_type").getAsString() : "nothing") {
            case "qwen2" -> Family.QWEN2;
            case "qwen3" -> Family.QWEN3;
            case "llama" -> Family.LLAMA;
            default -> throw new BadInput(where + ": model_type is " + json.get("model_type") + "; qwen2, qwen3 and llama run");
        };
        BadInput.unless(!flag(json, "use_sliding_window", where),
                "%s: sliding-window attention is not supported; set use_sliding_window to false", where);
        BadInput.unless(!present(json, "layer_types") || !json.get("layer_types").toString().contains("sliding"),
                "%s: sliding-window attention is not supported, but layer_types asks for it", where);
        for (String variant : List.of("attention_bias", "mlp_bias")) {
            BadInput.unless(!flag(json, variant, where), "%s: %s is not supported; no released Qwen3 or Llama has it", where, variant);
        }
        BadInput.unless(!present(json, "quantization_config"),
                "%s: quantised weights are not supported; take the fp16 or bf16 checkpoint", where);
        return family;
    }

    /** Writes {@code config.json} as it was read. */
    public void write(Path folder) throws IOException {
        Files.writeString(folder.resolve("config.json"),
                new GsonBuilder().setPrettyPrinting().serializeNulls().disableHtmlEscaping().create().toJson(json) + "\n");
    }

    private static List<Integer> tokens(JsonElement ids, String where) {
        List<Integer> tokens = new ArrayList<>();
        try {
            if (ids != null && ids.isJsonArray()) {
                ids.getAsJsonArray().forEach(id -> tokens.add(id.getAsInt()));
            } else if (ids != null && !ids.isJsonNull()) {
                tokens.add(ids.getAsInt());
            }
        } catch (NumberFormatException | UnsupportedOperationException | IllegalStateException e) {
            throw new BadInput(where + ": eos_token_id is " + ids + ", neither a number nor a list of numbers", e);
        }
        return List.copyOf(tokens);
    }

    /** Ends that the vocabulary has. */
    private static List<Integer> ends(JsonElement ids, int vocabulary, String where) {
        List<Integer> tokens = tokens(ids, where);
        tokens.forEach(id -> BadInput.unless(id >= 0 && id < vocabulary, "%s: eos_token_id %d is not in the vocabulary of %d", where, id,
                vocabulary));
        return tokens;
    }

    private static boolean present(JsonObject json, String name) {
        return json.has(name) && !json.get(name).isJsonNull();
    }

    private static boolean flag(JsonObject json, String name, String where) {
        BadInput.unless(!present(json, name) || json.get(name).isJsonPrimitive() && json.getAsJsonPrimitive(name).isBoolean(),
                "%s: %s is %s, neither true nor false", where, name, json.get(name));
        return present(json, name) && json.get(name).getAsBoolean();
    }

    private static double number(JsonObject json, String name, double otherwise, String where) {
        try {
            double value = present(json, name) ? json.get(name).getAsDouble() : otherwise;
            BadInput.unless(value > 0 && Double.isFinite(value), "%s: %s is %s, which is not positive", where, name, value);
            return value;
        } catch (NumberFormatException | UnsupportedOperationException | IllegalStateException e) {
            throw new BadInput(where + ": " + name + " is " + json.get(name) + ", not a number", e);
        }
    }

    private static int integer(JsonObject json, String name, String where) {
        BadInput.unless(present(json, name), "%s: %s is missing", where, name);
        try {
            int value = json.get(name).getAsBigDecimal().intValueExact();
            BadInput.unless(value > 0, "%s: %s is %d, which is not positive", where, name, value);
            return value;
        } catch (ArithmeticException | NumberFormatException | UnsupportedOperationException | IllegalStateException e) {
            throw new BadInput(where + ": " + name + " is " + json.get(name) + ", not a whole number", e);
        }
    }
}
