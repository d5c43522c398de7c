package llm;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonObject;
import common.BadInput;
import common.Checksums;
import common.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongConsumer;
import llm.ModelConfig.Family;

/**
 * Writes a model folder as one GGUF file for llama.cpp, Ollama and other programs that read it: weights, sizes, rotary embedding,
 * tokenizer, end tokens and chat template, named and laid out as llama.cpp's own converter has them.
 */
public final class GgufExport {

    private static final Map<String, String> PARTS = Map.ofEntries(Map.entry("input_layernorm", "attn_norm"),
            Map.entry("self_attn.q_proj", "attn_q"), Map.entry("self_attn.k_proj", "attn_k"), Map.entry("self_attn.v_proj", "attn_v"),
            Map.entry("self_attn.o_proj", "attn_output"), Map.entry("self_attn.q_norm", "attn_q_norm"),
            Map.entry("self_attn.k_norm", "attn_k_norm"), Map.entry("post_attention_layernorm", "ffn_norm"),
            Map.entry("mlp.gate_proj", "ffn_gate"), Map.entry("mlp.up_proj", "ffn_up"), Map.entry("mlp.down_proj", "ffn_down"));
    private static final String ROPE_FACTORS = "rope_freqs.weight";

    private GgufExport() {}

    /**
     * Writes a model folder as a GGUF file, one tensor at a time.
     *
     * @param out a file that is not there yet; it appears once it is whole
     * @param type of the matrices; those whose rows are no multiple of 32 numbers become fp16 in place of q8_0
     * @param progress hears how many tensors are written
     * @throws BadInput if the folder is no model, or something of it has no form in GGUF: a tokenizer that is no byte-level byte-pair
     *     encoding, YaRN with its inner numbers changed, values that the type cannot hold
     */
    public static void write(Path folder, Path out, Gguf.Type type, LongConsumer progress) throws IOException {
        Checksums.verify(folder);
        ModelConfig stated = ModelConfig.read(folder);
        Checkpoint checkpoint = Checkpoint.open(folder);
        ModelConfig config = stated.tied() && checkpoint.headDiffers() ? stated.untied() : stated;
        checkpoint.expect(Weights.shapes(config), config.tied());
        Map<String, Object> values = values(config, folder, type);
        values.putAll(GgufTokenizer.values(folder, config));
        float[] factors = factors(config);
        Map<String, Shape> shapes = new LinkedHashMap<>();
        if (factors != null) {
            shapes.put(ROPE_FACTORS, new Shape(factors.length));
        }
        Weights.shapes(config).forEach((name, shape) -> shapes.put(renamed(name), shape));
        Path unfinished = out.resolveSibling(out.getFileName() + ".incomplete");
        Files.deleteIfExists(unfinished);
        try (NDManager manager = NDManager.newBaseManager(Policy.device("cpu")); Gguf file = new Gguf(unfinished, values, shapes, type)) {
            if (factors != null) {
                file.rows(ROPE_FACTORS, 0, factors);
            }
            long done = 0;
            for (Map.Entry<String, Shape> tensor : Weights.shapes(config).entrySet()) {
                copy(checkpoint, tensor.getKey(), tensor.getValue(), config, file, manager);
                progress.accept(++done);
            }
        } catch (UncheckedIOException e) {
            Files.deleteIfExists(unfinished);
            throw e.getCause();
        } catch (IOException | RuntimeException e) {
            Files.deleteIfExists(unfinished);
            throw e;
        }
        Files.move(unfinished, out, StandardCopyOption.ATOMIC_MOVE);
    }

    /** How many tensors a model folder has. */
    public static int tensors(Path folder) {
        return Weights.shapes(ModelConfig.read(folder)).size();
    }

    private static void copy(Checkpoint checkpoint, String name, Shape shape, ModelConfig config, Gguf file, NDManager manager) {
        boolean rotated = config.family() == Family.LLAMA && (name.endsWith("q_proj.weight") || name.endsWith("k_proj.weight"));
        int width = (int) (shape.dimension() == 1 ? 1 : shape.get(1));
        checkpoint.copy(name, (first, piece) -> {
            float[] values = piece.toFloatArray();
            try {
                if (!rotated) {
                    file.rows(renamed(name), first, values);
                    return;
                }
                for (int row = 0; row < values.length / width; row++) {
                    float[] one = java.util.Arrays.copyOfRange(values, row * width, (row + 1) * width);
                    file.rows(renamed(name), interleaved(first + row, config.headDim()), one);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }, manager);
    }

    /** Where a row of Llama's queries or keys goes: llama.cpp rotates neighbours, Hugging Face the two halves of a head. */
    private static long interleaved(long row, int headDim) {
        long head = row / headDim * headDim;
        long within = row - head;
        return head + (within < headDim / 2 ? 2 * within : 2 * (within - headDim / 2) + 1);
    }

    private static String renamed(String name) {
        if (name.startsWith("model.layers.")) {
            String[] parts = name.substring("model.layers.".length()).split("\\.", 2); // index, rest
            int dot = parts[1].lastIndexOf('.');
            return "blk." + parts[0] + "." + PARTS.get(parts[1].substring(0, dot)) + parts[1].substring(dot);
        }
        return switch (name) {
            case "lm_head.weight" -> "output.weight";
            case "model.embed_tokens.weight" -> "token_embd.weight";
            case "model.norm.weight" -> "output_norm.weight";
            default -> throw new IllegalArgumentException(name);
        };
    }

    private static Map<String, Object> values(ModelConfig config, Path folder, Gguf.Type type) {
        String architecture = config.family().name().toLowerCase(Locale.ROOT);
        JsonObject rope = rope(config);
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("general.architecture", architecture);
        values.put("general.type", "model");
        values.put("general.name", folder.toAbsolutePath().normalize().getFileName().toString());
        values.put("general.file_type", type.file());
        values.put("general.quantization_version", 2);
        Map<String, Object> sizes = new LinkedHashMap<>();
        sizes.put("block_count", config.layers());
        sizes.put("context_length", Json.positiveInteger(config.json(), "max_position_embeddings", "config.json"));
        sizes.put("embedding_length", config.hiddenSize());
        sizes.put("feed_forward_length", config.intermediateSize());
        sizes.put("attention.head_count", config.heads());
        sizes.put("attention.head_count_kv", config.kvHeads());
        sizes.put("attention.key_length", config.headDim());
        sizes.put("attention.value_length", config.headDim());
        sizes.put("attention.layer_norm_rms_epsilon", (float) config.rmsNormEps());
        sizes.put("vocab_size", config.vocabSize());
        sizes.put("rope.dimension_count", config.headDim());
        sizes.put("rope.freq_base", (float) theta(config, rope));
        String kind = kind(rope);
        if (kind.equals("linear") || kind.equals("yarn")) {
            sizes.put("rope.scaling.type", kind);
            sizes.put("rope.scaling.factor", (float) Json.positive(rope, "factor", "config.json"));
        }
        if (kind.equals("yarn")) {
            for (String name : List.of("attention_factor", "mscale", "mscale_all_dim", "beta_fast", "beta_slow", "truncate")) {
                BadInput.unless(!Json.has(rope, name) || name.equals("beta_fast") && rope.get(name).getAsDouble() == 32
                        || name.equals("beta_slow") && rope.get(name).getAsDouble() == 1, "%s: the %s of its YaRN has no form in GGUF",
                        folder.resolve("config.json"), name);
            }
            sizes.put("rope.scaling.original_context_length", Json.has(rope, "original_max_position_embeddings")
                    ? Json.positiveInteger(rope, "original_max_position_embeddings", "config.json")
                    : Json.positiveInteger(config.json(), "max_position_embeddings", "config.json"));
        }
        sizes.forEach((name, value) -> values.put(architecture + "." + name, value));
        return values;
    }

    private static JsonObject rope(ModelConfig config) {
        for (String name : List.of("rope_parameters", "rope_scaling")) {
            if (Json.has(config.json(), name)) {
                return config.json().getAsJsonObject(name);
            }
        }
        return new JsonObject();
    }

    private static String kind(JsonObject rope) {
        return rope.has("rope_type") ? rope.get("rope_type").getAsString() : rope.has("type") ? rope.get("type").getAsString() : "default";
    }

    private static double theta(ModelConfig config, JsonObject rope) {
        return Json.has(rope, "rope_theta") ? rope.get("rope_theta").getAsDouble()
                : Json.has(config.json(), "rope_theta") ? config.json().get("rope_theta").getAsDouble() : 10000;
    }

    /** By how much Llama 3.1 slows each rotation down; null for other scalings. */
    private static float[] factors(ModelConfig config) {
        JsonObject rope = rope(config);
        if (!kind(rope).equals("llama3")) {
            return null;
        }
        float[] factors = new float[config.headDim() / 2];
        for (int i = 0; i < factors.length; i++) {
            factors[i] = (float) (Math.pow(theta(config, rope), -2.0 * i / config.headDim()) / config.rope().frequencies()[i]);
        }
        return factors;
    }
}
