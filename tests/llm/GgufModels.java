package llm;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonObject;
import common.Json;
import common.Seed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import lppo.Checkout;

/** Tiny models with byte-level tokenizers: the configurations of the fixtures, with values that leave no gain at 1 and no bias at 0. */
final class GgufModels {

    private static final Path FIXTURES = Checkout.ROOT.resolve("tests/fixtures");
    private static final String TEMPLATE = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}";

    private GgufModels() {}

    /**
     * Makes a model folder.
     *
     * @param fixture whose configuration it has, but 430 tokens
     * @param rope rotary settings instead of the fixture's; null to keep those
     */
    static Path make(Path folder, String fixture, JsonObject rope) throws IOException {
        Path tokenizer = FIXTURES.resolve(fixture.equals("llama") ? "llama3-tokenizer" : "qwen2-tokenizer");
        for (Path file : Checkout.list(tokenizer)) {
            Files.copy(file, folder.resolve(file.getFileName()));
        }
        JsonObject config = Json.object(FIXTURES.resolve(fixture).resolve("config.json"));
        config.addProperty("vocab_size", 430);
        config.addProperty("max_position_embeddings", 256);
        config.addProperty("eos_token_id", fixture.equals("llama") ? 424 : 422); // <|eot_id|>, <|im_end|>
        config.addProperty("dtype", "float32");
        if (fixture.equals("qwen3")) {
            config.addProperty("head_dim", 128); // as all that are published have it, and transformers 5.23 takes for granted in GGUF
        }
        if (rope != null) {
            config.add("rope_parameters", rope);
        }
        Files.writeString(folder.resolve("config.json"), config.toString());
        Files.writeString(folder.resolve("chat_template.jinja"), TEMPLATE);
        Map<String, Shape> shapes = Weights.shapes(ModelConfig.of(config, fixture));
        Map<String, NDArray> tensors = new LinkedHashMap<>();
        try (NDManager manager = NDManager.newBaseManager(Policy.device("cpu"))) {
            shapes.forEach((name, shape) -> {
                SplittableRandom random = new Seed(7).at("gguf", 0, name, 0);
                float[] values = new float[(int) shape.size()];
                for (int i = 0; i < values.length; i++) {
                    values[i] = (float) ((name.contains("norm") ? 1 : 0) + random.nextDouble(-0.5, 0.5));
                }
                tensors.put(name, manager.create(values, shape));
            });
            Safetensors.write(folder.resolve("model.safetensors"), tensors);
        }
        return folder;
    }

    /** Rotary settings without scaling. */
    static JsonObject plain() {
        JsonObject rope = new JsonObject();
        rope.addProperty("rope_type", "default");
        rope.addProperty("rope_theta", 500.0);
        return rope;
    }
}
