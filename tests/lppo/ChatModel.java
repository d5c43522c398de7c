package lppo;

import ai.djl.Device;
import com.google.gson.JsonParser;
import common.Seed;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import llm.Policy;
import llm.Precision;

/** A tiny random model as real ones come: Qwen2.5 architecture, bf16, a byte-level tokenizer and a chat template. */
public final class ChatModel {

    private ChatModel() {}

    /** Writes a model of 256 positions that ends at the end of a turn into {@code folder/model}; returns that. */
    public static Path write(Path folder) throws Exception {
        return write(folder, 256, "<|im_end|>");
    }

    /**
     * Writes a model into {@code folder/model}; returns that.
     *
     * @param end the text of its end token
     */
    public static Path write(Path folder, int positions, String end) throws Exception {
        Path base = folder.resolve("skeleton");
        Files.createDirectories(base);
        for (String name : List.of("tokenizer.json", "tokenizer_config.json")) {
            Files.copy(Checkout.ROOT.resolve("tests/fixtures/qwen2-tokenizer").resolve(name), base.resolve(name));
        }
        Files.writeString(base.resolve("chat_template.jinja"), """
                {%- for message in messages %}
                {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
                {%- endfor %}
                {%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}
                """);
        int vocabulary = JsonParser.parseString(Files.readString(base.resolve("tokenizer.json"))).getAsJsonObject()
                .getAsJsonObject("model").getAsJsonObject("vocab").size() + 3;
        int token;
        Files.writeString(base.resolve("config.json"), config(vocabulary, positions, 0));
        try (Policy policy = Policy.random(base, 0.02, new Seed(1), Device.cpu())) {
            token = policy.encode(end)[0];
        }
        Files.writeString(base.resolve("config.json"), config(vocabulary, positions, token));
        Path model = folder.resolve("model");
        try (Policy policy = Policy.random(base, 0.05, new Seed(1), Device.cpu())) {
            policy.save(model, Precision.BF16);
        }
        return model;
    }

    /** Writes six problems with worked solutions into {@code folder/problems.jsonl}; returns that. */
    public static Path problems(Path folder) throws Exception {
        List<String> lines = new ArrayList<>();
        for (int a = 2; a < 8; a++) {
            lines.add("""
                    {"question": "What is %d times 2, plus 1?", "answer": "%d", "solution": "Twice %d is \\\\(%d\\\\).\\nOne more.\\nSo \
                    it is \\\\boxed{%d}"}\
                    """.formatted(a, 2 * a + 1, a, 2 * a, 2 * a + 1));
        }
        return Files.write(folder.resolve("problems.jsonl"), lines);
    }

    private static String config(int vocabulary, int positions, int end) {
        return """
                {"architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "hidden_act": "silu", "vocab_size": %d, "hidden_size": 64,
                 "intermediate_size": 176, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
                 "max_position_embeddings": %d, "rms_norm_eps": 1e-6, "rope_theta": 10000.0, "tie_word_embeddings": false,
                 "torch_dtype": "bfloat16", "use_sliding_window": false, "eos_token_id": %d}
                """.formatted(vocabulary, positions, end);
    }
}
