package llm;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import common.BadInput;
import common.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The weights of a model folder: {@code model.safetensors}, or the shards that {@code model.safetensors.index.json} lists.
 *
 * @param path the file that names the tensors, for error messages
 * @param files where each tensor is
 */
record Checkpoint(Path path, Map<String, Safetensors> files) {

    private static final String EMBEDDING = "model.embed_tokens.weight";
    private static final String HEAD = "lm_head.weight";

    /**
     * Reads and checks all headers of a folder.
     *
     * @throws BadInput if a file is missing or malformed, or the index does not agree with its shards
     */
    static Checkpoint open(Path folder) {
        Path single = folder.resolve("model.safetensors");
        Path index = folder.resolve("model.safetensors.index.json");
        Map<String, Safetensors> files = new LinkedHashMap<>();
        if (Files.exists(single) || !Files.exists(index)) {
            BadInput.unless(Files.exists(single) || !Files.exists(folder.resolve("pytorch_model.bin")),
                    "%s: missing; pytorch_model.bin is a pickle and is not read, save the model as safetensors", single);
            Safetensors file = Safetensors.open(single);
            file.entries().keySet().forEach(name -> files.put(name, file));
            return new Checkpoint(single, files);
        }
        JsonObject json = Json.object(index);
        BadInput.unless(json.has("weight_map") && json.get("weight_map").isJsonObject(), "%s: has no weight_map", index);
        Map<String, Safetensors> shards = new HashMap<>();
        json.getAsJsonObject("weight_map").entrySet().forEach(entry -> files.put(entry.getKey(), shards.computeIfAbsent(
                shardName(entry.getValue(), index), name -> Safetensors.open(folder.resolve(name)))));
        files.forEach((tensor, shard) -> BadInput.unless(shard.entries().containsKey(tensor), "%s: %s is not in %s, where it says",
                index, tensor, shard.path().getFileName()));
        shards.values().forEach(shard -> shard.entries().keySet().forEach(tensor -> BadInput.unless(
                files.get(tensor) == shard, "%s: %s is in %s, but not in the index", index, tensor, shard.path().getFileName())));
        return new Checkpoint(index, files);
    }

    private static String shardName(JsonElement shard, Path index) {
        boolean plain = shard.isJsonPrimitive() && shard.getAsString().matches("[\\w-][\\w.-]*\\.safetensors");
        BadInput.unless(plain, "%s: %s is not the name of a safetensors file in this folder", index, shard);
        return shard.getAsString();
    }

    /**
     * Checks that the tensors are those of a configuration.
     *
     * @param tied whether the output projection is the embedding, so that a copy of it in the file is ignored, and one copy under
     *     either name is enough
     * @throws BadInput naming the first that is missing, unexpected or of another shape
     */
    void expect(Map<String, Shape> shapes, boolean tied) {
        shapes.forEach((name, shape) -> {
            String stored = tied ? stored(name) : name;
            BadInput.unless(files.containsKey(stored), "%s: %s is missing; config.json requires it", path, name);
            Shape found = files.get(stored).entries().get(stored).shape();
            BadInput.unless(found.equals(shape), "%s: %s has shape %s, but config.json implies %s", path, name, found, shape);
        });
        files.keySet().forEach(name -> BadInput.unless(shapes.containsKey(name) || name.endsWith("rotary_emb.inv_freq")
                || tied && name.equals(HEAD), "%s: %s is not part of the model that config.json describes", path, name));
    }

    /**
     * Whether embedding and output projection are both stored and differ: transformers 5 does not tie them then, whatever config.json
     * says.
     */
    boolean headDiffers() {
        return files.containsKey(EMBEDDING) && files.containsKey(HEAD) && !files.get(EMBEDDING).same(EMBEDDING, files.get(HEAD), HEAD);
    }

    /** Returns the name under which a tied model stores a tensor. */
    private String stored(String name) {
        return name.equals(EMBEDDING) && !files.containsKey(name) ? HEAD : name;
    }

    /** Passes the values of a tensor to a consumer, some rows at a time; they must be finite. */
    void copy(String tensor, Safetensors.Sink sink, NDManager manager) {
        String name = stored(tensor);
        files.get(name).copy(name, (row, piece) -> {
            try (NDArray sum = piece.sum()) {
                BadInput.unless(Float.isFinite(sum.getFloat()), "%s: %s contains a NaN or infinite value",
                        files.get(name).path(), name);
            }
            sink.accept(row, piece);
        }, manager);
    }

    /** What else a model folder holds, to be saved along: whatever the tokenizer and generation need. */
    static Map<String, byte[]> companions(Path folder) {
        Map<String, byte[]> files = new LinkedHashMap<>();
        for (String name : List.of("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
                "vocab.json", "merges.txt", "chat_template.jinja", "generation_config.json")) {
            Path file = folder.resolve(name);
            try {
                if (Files.isRegularFile(file)) {
                    files.put(name, Files.readAllBytes(file));
                }
            } catch (IOException e) {
                throw new BadInput(file + ": cannot be read (" + e.getMessage() + ")", e);
            }
        }
        return files;
    }
}
