package lppo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import common.Seed;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import llm.Policy;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Byte-level BPE in the formats of Qwen2 and Llama 3 against transformers, by what tests/fixtures/tokenizers.py made. */
class TokenizerTest {

    private static final Path FIXTURES = Checkout.ROOT.resolve("tests/fixtures");

    @ParameterizedTest
    @ValueSource(strings = {"qwen2-tokenizer", "llama3-tokenizer"})
    void aPolicyReadsAndWritesHardTextsAsTransformersDoes(String name, @TempDir Path folder) throws Exception {
        Files.copy(FIXTURES.resolve(name).resolve("tokenizer.json"), folder.resolve("tokenizer.json"));
        Files.writeString(folder.resolve("config.json"), """
                {"model_type": "qwen2", "vocab_size": 430, "hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1,
                 "num_attention_heads": 2, "max_position_embeddings": 64}""");
        try (Policy policy = Policy.random(folder, 0.1, new Seed(1), Device.cpu())) {
            for (JsonObject c : cases(name)) {
                String what = c.get("name").getAsString();
                int[] tokens = policy.encode(c.get("text").getAsString());
                assertArrayEquals(ints(c, "tokens"), tokens, what);
                assertEquals(c.get("decoded").getAsString(), policy.decode(tokens), what);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"qwen2-tokenizer", "llama3-tokenizer"})
    void onlyThePostProcessorPutsTheBeginningOfText(String name) throws Exception {
        try (HuggingFaceTokenizer tokenizer = tokenizer(name)) {
            for (JsonObject c : cases(name)) {
                long[] expected = IntStream.of(ints(c, "withSpecial")).asLongStream().toArray();
                assertArrayEquals(expected, tokenizer.encode(c.get("text").getAsString(), true, false).getIds());
                assertEquals(ints(c, "tokens").length + (name.startsWith("llama3") ? 1 : 0), expected.length);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"qwen2-tokenizer", "llama3-tokenizer"})
    void decodingGivesTheTextBackButForNfc(String name) throws Exception {
        try (HuggingFaceTokenizer tokenizer = tokenizer(name)) {
            for (JsonObject c : cases(name)) {
                String text = c.get("text").getAsString();
                String whole = tokenizer.decode(tokenizer.encode(text, false, false).getIds(), false);
                assertEquals(c.get("whole").getAsString(), whole);
                assertEquals(name.startsWith("qwen2") ? Normalizer.normalize(text, Normalizer.Form.NFC) : text, whole);
            }
        }
    }

    /** So that a rendered chat has the tokens that the model was trained with; a message that holds them has them too. */
    @ParameterizedTest
    @ValueSource(strings = {"qwen2-tokenizer,<|im_end|>", "llama3-tokenizer,<|eot_id|>"})
    void aSpecialTokenInATextIsOneToken(String nameAndToken) throws Exception {
        String[] parts = nameAndToken.split(",");
        try (HuggingFaceTokenizer tokenizer = tokenizer(parts[0])) {
            long[] ids = tokenizer.encode("a" + parts[1] + "a", false, false).getIds();
            assertEquals(3, ids.length);
            assertEquals("aa", tokenizer.decode(ids, true));
        }
    }

    @Property(tries = 300)
    void anyTextWithoutLoneSurrogatesComesBack(@ForAll String text) throws Exception {
        String whole = new String(text.getBytes("UTF-8"), "UTF-8"); // a lone surrogate becomes a question mark
        assertEquals(whole, LLAMA.decode(LLAMA.encode(whole, false, false).getIds(), false));
    }

    private static final HuggingFaceTokenizer LLAMA = open("llama3-tokenizer");

    private static HuggingFaceTokenizer open(String name) {
        try {
            return tokenizer(name);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static HuggingFaceTokenizer tokenizer(String name) throws Exception {
        return HuggingFaceTokenizer.newInstance(FIXTURES.resolve(name).resolve("tokenizer.json"), Map.of("padding", "false", "truncation", "false"));
    }

    private static List<JsonObject> cases(String name) throws Exception {
        List<JsonObject> cases = JsonParser.parseString(Files.readString(FIXTURES.resolve("tokenizers.json"))).getAsJsonObject()
                .getAsJsonObject("tokenizers").getAsJsonArray(name).asList().stream().map(JsonElement::getAsJsonObject).toList();
        assertTrue(cases.size() > 15);
        return cases;
    }

    private static int[] ints(JsonObject object, String name) {
        return object.getAsJsonArray(name).asList().stream().mapToInt(JsonElement::getAsInt).toArray();
    }
}
