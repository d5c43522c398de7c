package lppo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import common.BadInput;
import common.Seed;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import llm.Policy;
import llm.Safetensors;
import llm.Scopes;
import lppo.data.Problem;
import lppo.data.Step;
import lppo.rollout.Completion;
import lppo.rollout.GpuRollout;
import lppo.rollout.Prompt;
import lppo.rollout.Sampling;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Our decoder against transformers, by the fixtures that tests/fixtures/transformers.py made. */
class GoldenTest {

    private static final Path FIXTURES = Checkout.ROOT.resolve("tests/fixtures");

    @ParameterizedTest
    @ValueSource(strings = {"qwen2", "qwen2-untied", "qwen2-bf16", "qwen3", "llama"})
    void logitsAgreeWithTransformers(String model) throws Exception {
        try (Policy policy = Policy.load(FIXTURES.resolve(model), Device.cpu())) {
            for (JsonElement element : golden(model).getAsJsonArray("forward")) {
                assertLogits(policy, element.getAsJsonObject());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"qwen2", "qwen2-untied", "qwen2-bf16", "qwen3", "llama"})
    void greedyContinuationsOfRaggedPromptsInOneBatchAreThoseOfTransformers(String model) throws Exception {
        try (Policy policy = Policy.load(FIXTURES.resolve(model), Device.cpu())) {
            List<JsonObject> cases = objects(golden(model).getAsJsonArray("greedy"));
            List<Prompt> prompts = IntStream.range(0, cases.size()).mapToObj(i -> prompt(i, ints(cases.get(i), "prompt"))).toList();
            List<Completion> completions = sample(new GpuRollout(policy, Sampling.greedy(20), 1024), prompts, new Step(0, new Seed(1)));
            for (int i = 0; i < cases.size(); i++) {
                assertArrayEquals(ints(cases.get(i), "completion"), completions.get(i).tokens(), "case " + i);
                assertEquals(cases.get(i).get("finish").getAsString(), completions.get(i).finish().name(), "case " + i);
            }
        }
    }

    /** The same weights under another config.json: one of its kinds of rotary scaling. */
    @ParameterizedTest
    @CsvSource({"qwen2, linear", "qwen2, dynamic", "qwen2, yarn", "qwen2, yarn-tuned", "llama, linear", "llama, dynamic",
        "llama, yarn", "llama, yarn-tuned"})
    void rotaryScalingAgreesWithTransformers(String model, String kind, @TempDir Path folder) throws Exception {
        for (Path file : Checkout.list(FIXTURES.resolve(model))) {
            Files.copy(file, folder.resolve(file.getFileName()));
        }
        JsonObject variant = all().getAsJsonObject("ropes").getAsJsonObject(model).getAsJsonObject(kind);
        Files.writeString(folder.resolve("config.json"), variant.get("config").toString());
        try (Policy policy = Policy.load(folder, Device.cpu())) {
            assertLogits(policy, variant.getAsJsonArray("forward").get(0).getAsJsonObject());
        }
        JsonObject old = variant.getAsJsonObject("config"); // as transformers 4 wrote it
        JsonObject rope = old.remove("rope_parameters").getAsJsonObject();
        old.add("rope_theta", rope.remove("rope_theta"));
        rope.add("type", rope.remove("rope_type"));
        old.add("rope_scaling", rope);
        Files.writeString(folder.resolve("config.json"), old.toString());
        try (Policy policy = Policy.load(folder, Device.cpu())) {
            assertLogits(policy, variant.getAsJsonArray("forward").get(0).getAsJsonObject());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"qwen2", "qwen2-untied", "qwen2-bf16", "qwen3", "llama"})
    void logProbabilitiesAgreeWithTransformers(String model) throws Exception {
        try (Policy policy = Policy.load(FIXTURES.resolve(model), Device.cpu())) {
            for (JsonObject c : objects(golden(model).getAsJsonArray("logProbs"))) {
                float[] found = logProbs(policy, ints(c, "prompt"), ints(c, "completion"), c.get("temperature").getAsDouble());
                for (int i = 0; i < found.length; i++) {
                    assertEquals(c.getAsJsonArray("logProbs").get(i).getAsFloat(), found[i], 1e-4);
                }
            }
        }
    }

    /** By tests/fixtures/tied.py. */
    @ParameterizedTest
    @ValueSource(strings = {"different", "same", "head only"})
    void aTiedModelWithAnOutputProjectionIsReadAsTransformersReadsIt(String variant, @TempDir Path folder) throws Exception {
        Files.copy(FIXTURES.resolve("qwen2/config.json"), folder.resolve("config.json"));
        Files.copy(FIXTURES.resolve("qwen2/tokenizer.json"), folder.resolve("tokenizer.json"));
        try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
            Map<String, NDArray> tensors = Safetensors.read(FIXTURES.resolve("qwen2/model.safetensors"), manager);
            tensors.put("lm_head.weight", variant.equals("different")
                    ? Safetensors.read(FIXTURES.resolve("qwen2-untied/model.safetensors"), manager).get("lm_head.weight")
                    : tensors.get("model.embed_tokens.weight"));
            if (variant.equals("head only")) {
                tensors.remove("model.embed_tokens.weight");
            }
            Safetensors.write(folder.resolve("model.safetensors"), tensors);
        }
        JsonObject golden = JsonParser.parseString(Files.readString(FIXTURES.resolve("tied.json"))).getAsJsonObject();
        JsonObject expected = new JsonObject();
        expected.add("tokens", golden.get("tokens"));
        expected.add("positions", JsonParser.parseString("[0, 1, 2, 3, 4, 5, 6]"));
        expected.add("logits", golden.getAsJsonObject("logits").get(variant));
        try (Policy policy = Policy.load(folder, Device.cpu())) {
            assertLogits(policy, expected);
            assertEquals(!variant.equals("different"), policy.config().tied());
            policy.save(folder.resolve("saved"));
        }
        try (Policy saved = Policy.load(folder.resolve("saved"), Device.cpu())) {
            assertLogits(saved, expected);
            assertEquals(!variant.equals("different"), saved.config().json().get("tie_word_embeddings").getAsBoolean());
        }
    }

    @Test
    void anUntiedModelNeedsBoth(@TempDir Path folder) throws Exception {
        Files.copy(FIXTURES.resolve("qwen2-untied/config.json"), folder.resolve("config.json"));
        Files.copy(FIXTURES.resolve("qwen2-untied/tokenizer.json"), folder.resolve("tokenizer.json"));
        try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
            Map<String, NDArray> tensors = Safetensors.read(FIXTURES.resolve("qwen2-untied/model.safetensors"), manager);
            tensors.remove("model.embed_tokens.weight");
            Safetensors.write(folder.resolve("model.safetensors"), tensors);
        }
        assertTrue(assertThrows(BadInput.class, () -> Policy.load(folder, Device.cpu())).getMessage()
                .contains("model.embed_tokens.weight is missing"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"{\"eos_token\": \"start\"} | 1, 7, 3 | 3", "{\"eos_token\": {\"content\": \"=\"}} | 1, 7, 4 | 4",
        "{\"eos_token\": \"<eos>\"} | 1, 7 | 1", "{\"eos_token\": \"unheard\"} | 1, 7 | 1", "{\"eos_token\": \"start =\"} | 1, 7 | 1",
        "{\"eos_token\": null} | 1, 7 | 1", "{\"eos_token\": 3} | 1, 7 | 1", "{} | 1, 7 | 1"})
    void theTokenizersEndTokenEndsToo(String settings, String ends, int closing, @TempDir Path folder) throws Exception {
        for (Path file : Checkout.list(FIXTURES.resolve("llama"))) {
            Files.copy(file, folder.resolve(file.getFileName()));
        }
        Files.writeString(folder.resolve("tokenizer_config.json"), settings);
        try (Policy policy = Policy.load(folder, Device.cpu())) {
            assertEquals("[" + ends + "]", policy.config().eosTokens().toString());
            assertEquals(closing, policy.endToken());
        }
    }

    @Test
    void aModelWithSeveralEndTokensEndsAtEach() {
        try (Policy policy = Policy.load(FIXTURES.resolve("llama"), Device.cpu())) {
            assertEquals(List.of(1, 7), policy.config().eosTokens(), "generation_config.json says more than config.json");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"qwen2", "qwen2-untied"})
    void aSavedPolicyIsByteForByteWhatTransformersSaved(String model, @TempDir Path folder) throws Exception {
        try (Policy policy = Policy.load(FIXTURES.resolve(model), Device.cpu())) {
            policy.save(folder);
        }
        // so transformers loads it, with the same logits; check_saved.py shows it where Python is at hand
        assertArrayEquals(Files.readAllBytes(FIXTURES.resolve(model).resolve("model.safetensors")),
                Files.readAllBytes(folder.resolve("model.safetensors")));
        assertEquals(JsonParser.parseString(Files.readString(FIXTURES.resolve(model).resolve("config.json"))),
                JsonParser.parseString(Files.readString(folder.resolve("config.json"))));
    }

    @ParameterizedTest
    @ValueSource(doubles = {1, 0.7})
    void rolloutLogProbabilitiesAreThoseOfAForwardPass(double temperature) throws Exception {
        try (Policy policy = Policy.load(FIXTURES.resolve("qwen2"), Device.cpu())) {
            List<Prompt> prompts = List.of(prompt(0, new int[] {5}), prompt(1, new int[] {6, 7, 8, 9, 10}),
                    prompt(2, new int[] {11, 12, 13}), prompt(3, new int[] {14, 15, 16, 17}));
            GpuRollout rollout = new GpuRollout(policy, new Sampling(temperature, 0, 1, 30), 1024);
            for (Completion c : sample(rollout, prompts, new Step(1, new Seed(3)))) {
                assertArrayEquals(logProbs(policy, c.prompt().tokens(), c.tokens(), temperature), c.logProbs(), 1e-4f);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 100})
    void completionsDoNotDependOnWhatElseIsInTheBatch(int maxRows) {
        try (Policy policy = Policy.load(FIXTURES.resolve("qwen2"), Device.cpu())) {
            List<Prompt> prompts = IntStream.range(0, 7).mapToObj(i -> prompt(i, IntStream.rangeClosed(5, 6 + i).toArray())).toList();
            Sampling sampling = Sampling.plain(20);
            GpuRollout rollout = new GpuRollout(policy, sampling, 1024);
            List<Completion> together = sample(rollout, prompts, new Step(4, new Seed(1)));
            List<Completion> apart = sample(new GpuRollout(policy, sampling, maxRows), prompts, new Step(4, new Seed(1)));
            List<Completion> otherStep = sample(rollout, prompts, new Step(5, new Seed(1)));
            List<Completion> otherSeed = sample(rollout, prompts, new Step(4, new Seed(2)));
            int same = 0;
            for (int i = 0; i < prompts.size(); i++) {
                assertArrayEquals(together.get(i).tokens(), apart.get(i).tokens());
                same += Arrays.equals(together.get(i).tokens(), otherStep.get(i).tokens()) ? 1 : 0;
                same += Arrays.equals(together.get(i).tokens(), otherSeed.get(i).tokens()) ? 1 : 0;
            }
            assertEquals(0, same, "another step and another seed must draw anew");
        }
    }

    private static List<Completion> sample(GpuRollout rollout, List<Prompt> prompts, Step step) {
        return rollout.sample(prompts, step).stream().flatMap(group -> group.completions().stream()).toList();
    }

    /** Log-probabilities of a completion by a forward pass over the whole sequence. */
    private static float[] logProbs(Policy policy, int[] prompt, int[] completion, double temperature) {
        long[] all = IntStream.concat(IntStream.of(prompt), IntStream.of(completion)).asLongStream().toArray();
        float[] scored = new float[completion.length];
        Scopes.run(() -> {
            NDArray tokens = policy.manager().create(all, new Shape(1, all.length));
            float[] rows = policy.decoder().logits(policy.decoder().hidden(tokens, null)).div(temperature).logSoftmax(-1)
                    .toFloatArray();
            for (int i = 0; i < scored.length; i++) {
                scored[i] = rows[(prompt.length - 1 + i) * policy.config().vocabSize() + completion[i]];
            }
        });
        return scored;
    }

    private static void assertLogits(Policy policy, JsonObject expected) {
        Scopes.run(() -> {
            int[] tokens = ints(expected, "tokens");
            long[] ids = IntStream.of(tokens).asLongStream().toArray();
            NDArray input = policy.manager().create(ids, new Shape(1, ids.length));
            float[] logits = policy.decoder().logits(policy.decoder().hidden(input, null)).toFloatArray();
            int vocabulary = policy.config().vocabSize();
            int[] positions = ints(expected, "positions");
            for (int i = 0; i < positions.length; i++) {
                JsonArray row = expected.getAsJsonArray("logits").get(i).getAsJsonArray();
                for (int j = 0; j < vocabulary; j++) {
                    assertEquals(row.get(j).getAsDouble(), logits[positions[i] * vocabulary + j], 1e-4);
                }
            }
        });
    }

    private static JsonObject golden(String model) throws Exception {
        return all().getAsJsonObject("models").getAsJsonObject(model);
    }

    private static JsonObject all() throws Exception {
        return JsonParser.parseString(Files.readString(FIXTURES.resolve("golden.json"))).getAsJsonObject();
    }

    private static List<JsonObject> objects(JsonArray array) {
        return StreamSupport.stream(array.spliterator(), false).map(JsonElement::getAsJsonObject).toList();
    }

    private static int[] ints(JsonObject object, String name) {
        return object.getAsJsonArray(name).asList().stream().mapToInt(JsonElement::getAsInt).toArray();
    }

    private static Prompt prompt(int id, int[] tokens) {
        return Prompt.unguided(new Problem("p" + id, "?", "?", null, null, null), tokens);
    }
}
