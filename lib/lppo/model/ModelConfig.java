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
 * The sizes of a Qwen2-architecture decoder, in the names of Hugging Face's {@code config.json}.
 *
 * @param vocabSize rows of the embedding
 * @param hiddenSize width of the residual stream
 * @param intermediateSize width of the feed-forward layer
 * @param layers number of decoder blocks
 * @param heads query heads
 * @param kvHeads key and value heads, a divisor of {@code heads} (grouped-query attention)
 * @param headDim width of one head
 * @param maxPositions longest sequence, prompt and completion together
 * @param rmsNormEps epsilon of the root-mean-square norm
 * @param ropeTheta base of the rotary embedding
 * @param tied whether the output projection is the embedding
 * @param eosTokens ids that end a completion
 * @param json the whole file, so that saving keeps what this record does not know
 */
public record ModelConfig(int vocabSize, int hiddenSize, int intermediateSize, int layers, int heads, int kvHeads,
        int headDim, int maxPositions, double rmsNormEps, double ropeTheta, boolean tied, List<Integer> eosTokens,
        JsonObject json) {

    /**
     * Reads {@code config.json} of a model folder.
     *
     * @throws BadInput if it is missing, malformed, or of an architecture that is not Qwen2
     */
    public static ModelConfig read(Path folder) {
        Path file = folder.resolve("config.json");
        BadInput.unless(Files.isDirectory(folder), "%s: no such model folder", folder);
        BadInput.unless(Files.isRegularFile(file), "%s: missing, so %s is not a Hugging Face model folder", file, folder);
        try {
            return of(JsonParser.parseString(Files.readString(file)).getAsJsonObject(), file.toString());
        } catch (IOException | JsonParseException | IllegalStateException e) {
            throw new BadInput(file + ": is not a JSON object (" + e.getMessage() + ")", e);
        }
    }

    /** The configuration that a {@code config.json} states; {@code where} begins each complaint. */
    public static ModelConfig of(JsonObject json, String where) {
        String type = json.has("model_type") ? json.get("model_type").getAsString() : "nothing";
        BadInput.unless(type.equals("qwen2"), "%s: model_type is %s; this version runs qwen2", where, type);
        int hidden = integer(json, "hidden_size", where);
        int heads = integer(json, "num_attention_heads", where);
        int kvHeads = json.has("num_key_value_heads") ? integer(json, "num_key_value_heads", where) : heads;
        int headDim = present(json, "head_dim") ? integer(json, "head_dim", where) : hidden / heads;
        BadInput.unless(heads % kvHeads == 0, "%s: num_attention_heads %d is no multiple of num_key_value_heads %d",
                where, heads, kvHeads);
        BadInput.unless(headDim % 2 == 0, "%s: head_dim %d is odd, so it cannot be rotated", where, headDim);
        BadInput.unless(!present(json, "hidden_act") || json.get("hidden_act").getAsString().equals("silu"),
                "%s: hidden_act %s is not silu", where, json.get("hidden_act"));
        BadInput.unless(!present(json, "use_sliding_window") || !json.get("use_sliding_window").getAsBoolean(),
                "%s: sliding-window attention is not supported; set use_sliding_window to false", where);
        return new ModelConfig(integer(json, "vocab_size", where), hidden, integer(json, "intermediate_size", where),
                integer(json, "num_hidden_layers", where), heads, kvHeads, headDim,
                integer(json, "max_position_embeddings", where), number(json, "rms_norm_eps", 1e-6),
                ropeTheta(json, where), !json.has("tie_word_embeddings") || json.get("tie_word_embeddings").getAsBoolean(),
                tokens(json.get("eos_token_id")), json);
    }

    /** Writes {@code config.json} as it was read. */
    public void write(Path folder) throws IOException {
        Files.writeString(folder.resolve("config.json"),
                new GsonBuilder().setPrettyPrinting().serializeNulls().disableHtmlEscaping().create().toJson(json) + "\n");
    }

    /** transformers 5 keeps the base in {@code rope_parameters}, earlier ones at the top. */
    private static double ropeTheta(JsonObject json, String where) {
        for (String name : List.of("rope_parameters", "rope_scaling")) {
            if (present(json, name)) {
                JsonObject rope = json.getAsJsonObject(name);
                JsonElement kind = rope.has("rope_type") ? rope.get("rope_type") : rope.get("type");
                BadInput.unless(kind == null || kind.getAsString().equals("default"),
                        "%s: rotary scaling %s is not supported yet", where, kind);
                if (rope.has("rope_theta")) {
                    return rope.get("rope_theta").getAsDouble();
                }
            }
        }
        return number(json, "rope_theta", 10000.0);
    }

    private static List<Integer> tokens(JsonElement ids) {
        List<Integer> tokens = new ArrayList<>();
        if (ids != null && ids.isJsonArray()) {
            ids.getAsJsonArray().forEach(id -> tokens.add(id.getAsInt()));
        } else if (ids != null && !ids.isJsonNull()) {
            tokens.add(ids.getAsInt());
        }
        return List.copyOf(tokens);
    }

    private static boolean present(JsonObject json, String name) {
        return json.has(name) && !json.get(name).isJsonNull();
    }

    private static double number(JsonObject json, String name, double otherwise) {
        return present(json, name) ? json.get(name).getAsDouble() : otherwise;
    }

    private static int integer(JsonObject json, String name, String where) {
        BadInput.unless(present(json, name), "%s: %s is missing", where, name);
        try {
            int value = json.get(name).getAsInt();
            BadInput.unless(value > 0, "%s: %s is %d, which is not positive", where, name, value);
            return value;
        } catch (NumberFormatException | UnsupportedOperationException | IllegalStateException e) {
            throw new BadInput(where + ": " + name + " is " + json.get(name) + ", not a whole number", e);
        }
    }
}
