package lppo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import lppo.data.Problem;
import lppo.data.Seed;
import lppo.model.Policy;
import lppo.model.Scopes;
import lppo.rollout.Completion;
import lppo.rollout.GpuRollout;
import lppo.rollout.Prompt;
import lppo.rollout.Sampling;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Our decoder against transformers, by the fixtures that tests/fixtures/transformers.py made. */
class GoldenTest {

    private static final Path FIXTURES = Checkout.ROOT.resolve("tests/fixtures");

    @ParameterizedTest
    @ValueSource(strings = {"qwen2", "qwen2-untied", "qwen2-bf16"})
    void logitsAgreeWithTransformers(String model) throws Exception {
        try (Policy policy = Policy.load(FIXTURES.resolve(model), Device.cpu())) {
            for (JsonElement element : golden(model).getAsJsonArray("forward")) {
                assertLogits(policy, element.getAsJsonObject());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"qwen2", "qwen2-untied", "qwen2-bf16"})
    void greedyContinuationsOfRaggedPromptsInOneBatchAreThoseOfTransformers(String model) throws Exception {
        try (Policy policy = Policy.load(FIXTURES.resolve(model), Device.cpu())) {
            List<JsonObject> cases = objects(golden(model).getAsJsonArray("greedy"));
            List<Prompt> prompts = IntStream.range(0, cases.size()).mapToObj(i -> prompt(i, ints(cases.get(i), "prompt"))).toList();
            List<Completion> completions = new GpuRollout(policy, Sampling.greedy(20), new Seed(1)).sample(prompts, 0);
            for (int i = 0; i < cases.size(); i++) {
                assertArrayEquals(ints(cases.get(i), "completion"), completions.get(i).tokens(), "case " + i);
                assertEquals(cases.get(i).get("finish").getAsString(), completions.get(i).finish().name(), "case " + i);
            }
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
            GpuRollout rollout = new GpuRollout(policy, new Sampling(temperature, 0, 1, 30), new Seed(3));
            for (Completion c : rollout.sample(prompts, 1)) {
                int prompt = c.prompt().tokens().length;
                long[] all = IntStream.concat(IntStream.of(c.prompt().tokens()), IntStream.of(c.tokens())).asLongStream().toArray();
                Scopes.run(() -> {
                    NDArray tokens = policy.manager().create(all, new Shape(1, all.length));
                    float[] expected = policy.decoder().logits(policy.decoder().hidden(tokens, null)).div(temperature)
                            .logSoftmax(-1).toFloatArray();
                    int vocabulary = policy.config().vocabSize();
                    for (int i = 0; i < c.tokens().length; i++) {
                        assertEquals(expected[(prompt - 1 + i) * vocabulary + c.tokens()[i]], c.logProbs()[i], 1e-4);
                    }
                });
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 100})
    void completionsDoNotDependOnWhatElseIsInTheBatch(int maxRows) {
        try (Policy policy = Policy.load(FIXTURES.resolve("qwen2"), Device.cpu())) {
            List<Prompt> prompts = IntStream.range(0, 7).mapToObj(i -> prompt(i, IntStream.rangeClosed(5, 6 + i).toArray())).toList();
            Sampling sampling = Sampling.plain(20);
            List<Completion> together = new GpuRollout(policy, sampling, new Seed(1)).sample(prompts, 4);
            List<Completion> apart = new GpuRollout(policy, sampling, new Seed(1), maxRows).sample(prompts, 4);
            List<Completion> otherStep = new GpuRollout(policy, sampling, new Seed(1)).sample(prompts, 5);
            int same = 0;
            for (int i = 0; i < prompts.size(); i++) {
                assertArrayEquals(together.get(i).tokens(), apart.get(i).tokens());
                same += java.util.Arrays.equals(together.get(i).tokens(), otherStep.get(i).tokens()) ? 1 : 0;
            }
            assertEquals(0, same, "another step must draw anew");
        }
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
        return JsonParser.parseString(Files.readString(FIXTURES.resolve("golden.json"))).getAsJsonObject()
                .getAsJsonObject("models").getAsJsonObject(model);
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
