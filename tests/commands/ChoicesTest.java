package commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import com.google.gson.JsonParser;
import common.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import llm.Lora;
import llm.ModelConfig;
import llm.Precision;
import lppo.ChatModel;
import lppo.Checkout;
import lppo.Commands;
import lppo.data.Problem;
import lppo.run.Recipe;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What commands choose for a language model without being told. */
class ChoicesTest {

    private static final String QWEN = """
            {"architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "hidden_act": "silu", "vocab_size": 151936, "hidden_size": 1536,
             "intermediate_size": 8960, "num_hidden_layers": 28, "num_attention_heads": 12, "num_key_value_heads": 2,
             "max_position_embeddings": 4096, "rms_norm_eps": 1e-6, "rope_theta": 10000.0, "tie_word_embeddings": true,
             "torch_dtype": "bfloat16", "eos_token_id": 0}
            """;

    @TempDir
    Path folder;

    private String dry(Object model, Object data, String... more) throws Exception {
        List<String> line = new ArrayList<>(List.of("train", "--recipe", "lppo", "--model", model.toString(), "--data", data.toString(),
                "--out", folder.resolve("nothing").toString(), "--device", "cpu", "--dry-run"));
        line.addAll(List.of(more));
        return new Commands(folder).run(0, line.toArray(String[]::new));
    }

    private static String chosen(String said) {
        List<String> lines = said.lines().filter(line -> line.startsWith("chose ")).toList();
        assertTrue(lines.size() <= 1, "one line: " + said);
        return lines.isEmpty() ? "" : lines.get(0);
    }

    @Test
    void aLanguageModelIsAskedJudgedAndTrainedAsItsFolderAndTheProblemsSay() throws Exception {
        Path model = ChatModel.write(folder);
        Path data = ChatModel.problems(folder);
        assertEquals("chose --prompt-format chat (the model's template), --reward math (the answers are numbers or mathematics),"
                + " --max-new-tokens 222 (for solutions of 40 tokens),"
                + " --problems-per-step 6 (all there are), --temperature 0.7 (a small model),"
                + " --learning-rate 1e-5 (all weights), fp32; a flag that is given overrides",
                chosen(dry(model, data)).replaceFirst("of \\d+ tokens", "of 40 tokens"));
        String other = chosen(dry(model, data, "--prompt-format", "plain", "--reward", "boxed", "--max-new-tokens", "20",
                "--problems-per-step", "4", "--learning-rate", "1e-3", "--temperature", "1"));
        assertEquals("", other, "nothing is left to choose");
        assertTrue(chosen(dry(model, data, "--lora-rank", "4")).contains("--learning-rate 3e-4 (adapters)"));

        Path few = folder.resolve("few.jsonl");
        Files.write(few, Stream.concat(Files.lines(data),
                Stream.of("{\"question\": \"What is 1 + 1?\", \"answer\": \"2\"}")).toList());
        assertTrue(chosen(dry(model, few)).contains("--trusted-share even (6 of 7 problems have a solution)"));
        Path none = Files.write(folder.resolve("none.jsonl"), List.of("{\"question\": \"Who?\", \"answer\": \"Ada Lovelace\"}"));
        String words = new Commands(folder).run(0, "evaluate", "--model", model.toString(), "--data", none.toString(), "--samples", "0",
                "--device", "cpu");
        assertTrue(chosen(words).contains("--reward exact (the answers are words), --max-new-tokens 128 (of the model's 256 positions)"),
                words);
        assertTrue(words.contains("truncated at 128 tokens"), words);
    }

    @Test
    void theBuiltInModelAndTaskKeepTheirDefaults() throws Exception {
        String said = dry(Checkout.ROOT.resolve("data/base"), Checkout.ROOT.resolve("data/train.jsonl"));
        assertEquals("", chosen(said));
        assertTrue(said.contains("800 problems, 64 with a solution"), said);
        Path out = folder.resolve("sft");
        new Commands(folder).run(0, "sft", "--model", Checkout.ROOT.resolve("data/base").toString(), "--data",
                Checkout.ROOT.resolve("data/train.jsonl").toString(), "--out", out.toString(), "--steps", "1", "--device", "cpu");
        var config = Json.object(out.resolve("config.json"));
        assertEquals("[]", config.get("chosen").toString());
        assertEquals("128", config.get("batch").toString());
        assertEquals("14", config.getAsJsonObject("options").get("maxNewTokens").getAsString());
        assertEquals("null", config.getAsJsonObject("asking").get("prompt_format").getAsString());
    }

    @Test
    void aBaseModelInAChatEndsWhereTheTemplateEndsATurn() throws Exception {
        Path model = ChatModel.write(folder, 256, "<|endoftext|>");
        Path config = model.resolve("tokenizer_config.json");
        Files.writeString(config, Files.readString(config).replaceFirst("\"eos_token\": \"<.im_end.>\"",
                "\"eos_token\": \"<|endoftext|>\""));
        Files.deleteIfExists(model.resolve("SHA256SUMS"));
        Path data = ChatModel.problems(folder);
        assertTrue(chosen(dry(model, data)).contains("--stop <|im_end|> (ends a turn)"));
        assertFalse(chosen(dry(model, data, "--prompt-format", "chat")).contains("--stop"), "as it was with this flag");
        String said = new Commands(folder).run(0, "generate", "--model", model.toString(), "--device", "cpu", "Hello");
        assertTrue(chosen(said).contains("--prompt-format chat (the model's template), --stop <|im_end|> (ends a turn),"
                + " --max-new-tokens 128"), said);
    }

    @Test
    void aModelOfAThousandMillionParametersLearnsByAdaptersOnACpu() throws Exception {
        Path model = ChatModel.write(folder);
        Files.writeString(model.resolve("config.json"), QWEN);
        Files.delete(model.resolve("model.safetensors"));
        String said = dry(model, ChatModel.problems(folder), "--precision", "fp32");
        assertTrue(chosen(said).contains("--lora-rank 16") && chosen(said).contains("--learning-rate 1e-5 (adapters)")
                && !chosen(said).contains("--temperature"), said);
        assertTrue(said.contains("1,543,714,304 parameters, 18,464,768 trainable"), said);
    }

    @Test
    void whatRunsFitsTheMemoryThatIsFree() {
        ModelConfig qwen = ModelConfig.of(JsonParser.parseString(QWEN).getAsJsonObject(), "test");
        MemoryPlan large = new MemoryPlan(qwen, Precision.BF16, Precision.BF16, Device.gpu(), 79L << 30);
        MemoryPlan small = new MemoryPlan(qwen, Precision.BF16, Precision.BF16, Device.gpu(), 24L << 30);
        assertTrue(large.fitsWhole(Recipe.lppo()), "25 GB of weights, gradients and moments");
        assertFalse(small.fitsWhole(Recipe.lppo()));
        assertEquals(256, large.rows(Recipe.lppo(), null, 1050, 3072, 1024, true));
        assertEquals(128, small.rows(Recipe.lppo(), Lora.Settings.of(16), 1050, 3072, 1024, true));
        assertEquals(1024,
                new MemoryPlan(qwen, Precision.BF16, Precision.BF16, Device.gpu(), -1).rows(Recipe.lppo(), null, 1050, 3072, 1024,
                        true),
                "nothing is known");
    }

    @Test
    void theFormOfAnswersTellsTheReward() {
        assertEquals(AnswerForm.LETTERS, form("A", "(B)", "C.", "D"));
        assertEquals(AnswerForm.MATHEMATICS, form("12", "-3", "\\frac{1}{2}", "x^2 + 1", "x", "yes"));
        assertEquals(AnswerForm.MATHEMATICS, form("12 apples", "$30", "1,000"));
        assertEquals(AnswerForm.TEXT, form("Paris", "New York", "a dog"));
        assertEquals(AnswerForm.MATHEMATICS, form("Paris", "12"), "which compares words too");
    }

    private static AnswerForm form(String... answers) {
        return AnswerForm.of(Arrays.stream(answers).map(answer -> new Problem(answer, "?", answer, null, null, null)).toList());
    }

    @Test
    void anAnswerInWordsEndsTheResponse() {
        TextReward reward = new TextReward();
        Problem problem = new Problem("p", "Which city?", "New York", null, null, null);
        for (String right : List.of("New York", "It is **new york**.", "I think of London first.\nThe answer is New  York!")) {
            assertEquals(1, reward.score(problem, right), right);
        }
        for (String wrong : List.of("", "York", "New York or London", "Anew York", "New York City")) {
            assertEquals(0, reward.score(problem, wrong), wrong);
        }
        assertEquals("new york", reward.answer("Well.\nThe answer is New York.").orElseThrow());
        assertTrue(reward.answer(" \n.").isEmpty());
    }
}
