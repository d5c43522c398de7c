package commands;

import ai.djl.Device;
import common.Seed;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import llm.Policy;
import lppo.Checkout;

/** A small random model with a chat template. */
final class ChatModel {

    private static final Path TOKENIZER = Checkout.ROOT.resolve("tests/fixtures/qwen2-tokenizer");
    private static final int VOCABULARY = 423;

    private ChatModel() {}

    /** Writes one into the folder {@code model} of this folder. */
    static Path in(Path folder) throws Exception {
        Path base = Files.createDirectories(folder.resolve("skeleton"));
        for (String name : List.of("tokenizer.json", "tokenizer_config.json")) {
            Files.copy(TOKENIZER.resolve(name), base.resolve(name));
        }
        Files.writeString(base.resolve("chat_template.jinja"), """
                {%- for m in messages %}{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}{% endfor %}
                {%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}""");
        Files.writeString(base.resolve("config.json"), """
                {"architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "hidden_act": "silu", "vocab_size": %d, "hidden_size": 64,
                 "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
                 "max_position_embeddings": 512, "rms_norm_eps": 1e-6, "rope_theta": 10000.0, "tie_word_embeddings": true, \
                "eos_token_id": %d}
                """.formatted(VOCABULARY, VOCABULARY - 1));
        Path model = folder.resolve("model");
        try (Policy policy = Policy.random(base, 0.05, new Seed(1), Device.cpu())) {
            policy.save(model);
        }
        return model;
    }
}
