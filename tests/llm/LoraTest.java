package llm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import common.BadInput;
import common.Json;
import common.Seed;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;
import lppo.Checkout;
import lppo.run.Recipe;
import lppo.run.Trainer;
import lppo.run.Training;
import lppo.task.Task;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Adapters against peft, by the fixture that tests/fixtures/lora.py made. */
class LoraTest {

    private static final Path FIXTURES = Checkout.ROOT.resolve("tests/fixtures");

    @Test
    void logitsAreThoseOfPeft() throws Exception {
        JsonObject golden = JsonParser.parseString(Files.readString(FIXTURES.resolve("lora.json"))).getAsJsonObject();
        try (Policy adapted = Policy.load(FIXTURES.resolve("qwen2"), FIXTURES.resolve("qwen2-lora"), Device.cpu(), Precision.FP32)) {
            assertGolden(golden, adapted);
        }
    }

    @Test
    void mergedWeightsGiveTheSameLogits(@TempDir Path folder) throws Exception {
        JsonObject golden = JsonParser.parseString(Files.readString(FIXTURES.resolve("lora.json"))).getAsJsonObject();
        try (Policy base = Policy.load(FIXTURES.resolve("qwen2"), Device.cpu())) {
            base.adapted(Lora.load(FIXTURES.resolve("qwen2-lora"), base.config(), base.manager())).save(folder);
        }
        try (Policy merged = Policy.load(folder, Device.cpu())) {
            assertGolden(golden, merged);
        }
    }

    @Test
    void savedAdaptersAreByteForByteThoseOfPeft(@TempDir Path folder) throws Exception {
        try (Policy base = Policy.load(FIXTURES.resolve("qwen2"), Device.cpu())) {
            Lora.load(FIXTURES.resolve("qwen2-lora"), base.config(), base.manager()).save(folder, "qwen2");
        }
        assertArrayEquals(Files.readAllBytes(FIXTURES.resolve("qwen2-lora/adapter_model.safetensors")),
                Files.readAllBytes(folder.resolve("adapter_model.safetensors")));
        JsonObject theirs = JsonParser.parseString(Files.readString(FIXTURES.resolve("qwen2-lora/adapter_config.json"))).getAsJsonObject();
        JsonObject ours = JsonParser.parseString(Files.readString(folder.resolve("adapter_config.json"))).getAsJsonObject();
        ours.entrySet().forEach(entry -> assertEquals(theirs.get(entry.getKey()).toString().replace(".0", ""),
                entry.getValue().toString().replace(".0", ""), entry.getKey()));
    }

    @Test
    void freshAdaptersChangeNothing() {
        try (Policy base = Policy.load(FIXTURES.resolve("qwen2"), Device.cpu())) {
            Policy adapted = base.adapted(Lora.fresh(base.config(), Lora.Settings.of(4), new Seed(1), base.manager()));
            assertArrayEquals(logits(base, 3, 17, 46), logits(adapted, 3, 17, 46));
            assertEquals(2 * 7 * 2, adapted.parameters().size());
        }
    }

    @Test
    void onlyAdaptersLearnAndAResumedRunIsTheUnbrokenOne(@TempDir Path folder) throws Exception {
        Path model = Checkout.ROOT.resolve("data/base");
        try (Policy base = Policy.load(model, Device.cpu())) {
            float[] before = base.weights().layer(0).qkv().toFloatArray();
            float[] logits = logits(base, 2, 30, 5);
            Lora lora = Lora.fresh(base.config(), new Lora.Settings(2, 4, List.of("q_proj", "down_proj")), new Seed(1), base.manager());
            Policy adapted = base.adapted(lora);
            assertTrue(run(training(adapted).into(folder.resolve("whole")).trainer(), () -> false, step -> {}));
            assertArrayEquals(before, base.weights().layer(0).qkv().toFloatArray(), "frozen");
            assertArrayEquals(logits, logits(base, 2, 30, 5), "the base is the reference still");
            assertFalse(Arrays.equals(logits, logits(adapted, 2, 30, 5)), "the adapters have learned");
            assertTrue(lora.parameters().stream().noneMatch(p -> Arrays.equals(p.toFloatArray(), new float[(int) p.size()])));
        }
        try (Policy base = Policy.load(model, Device.cpu())) {
            Lora lora = Lora.fresh(base.config(), new Lora.Settings(2, 4, List.of("q_proj", "down_proj")), new Seed(1), base.manager());
            long[] done = {0};
            run(training(base.adapted(lora)).into(folder.resolve("parts")).trainer(), () -> done[0] == 2, step -> done[0] = step);
            assertEquals(2, done[0]);
        }
        Path parts = folder.resolve("parts");
        try (Policy base = Policy.load(model, Device.cpu())) {
            Trainer trainer = training(base.adapted(Lora.load(parts.resolve("checkpoint"), base.config(), base.manager()))).resume(parts);
            assertTrue(run(trainer, () -> false, step -> {}));
        }
        for (String file : List.of("metrics.csv", "checkpoint/adapter_model.safetensors", "checkpoint/optimizer.safetensors")) {
            assertArrayEquals(Files.readAllBytes(folder.resolve("whole").resolve(file)),
                    Files.readAllBytes(folder.resolve("parts").resolve(file)), file);
        }
    }

    @Test
    void whatIsNoAdapterFolderIsRefused(@TempDir Path folder) throws Exception {
        String good = Files.readString(FIXTURES.resolve("qwen2-lora/adapter_config.json"));
        refused(folder, "adapter_config.json: missing", null);
        refused(folder, "is not a JSON object", "{");
        refused(folder, "peft_type is missing", "{\"r\": 4}");
        refused(folder, "line 2, column 16: a comma before }", "{\"peft_type\": \"LORA\",\n \"bias\": \"none\",}");
        refused(folder, "NaN is not a JSON value", good.replace("\"lora_alpha\": 6", "\"lora_alpha\": NaN"));
        refused(folder, "lora_alpha is \"6\", not a number", good.replace("\"lora_alpha\": 6", "\"lora_alpha\": \"6\""));
        refused(folder, "lora_alpha is missing", good.replace("\"lora_alpha\": 6", "\"lora_alpha\": null"));
        refused(folder, "r is 4.5, not a whole number", good.replace("\"r\": 4", "\"r\": 4.5"));
        for (String kind : List.of("LOHA", "LOKR", "VERA", "IA3", "ADALORA", "OFT", "PREFIX_TUNING")) {
            refused(folder, "peft_type is " + kind + "; only LORA is supported", good.replace("\"LORA\"", "\"" + kind + "\""));
        }
        int begin = good.indexOf("\"target_modules\": [");
        String targets = good.substring(begin, good.indexOf(']', begin) + 1);
        for (String other : List.of("\".*\\\\.(q|v)_proj\"", "\"all-linear\"", "null", "{}", "7")) {
            refused(folder, "not a list of names", good.replace(targets, "\"target_modules\": " + other));
        }
        refused(folder, "target_modules has [\"q_proj\"], which is not a name",
                good.replace(targets, "\"target_modules\": [[\"q_proj\"]]"));
        refused(folder, "LoRA targets: name at least one", good.replace(targets, "\"target_modules\": []"));
        refused(folder, "LoRA target \"lm_head\" is unknown", good.replace("\"v_proj\"", "\"lm_head\""));
        refused(folder, "r is 0, which is not positive", good.replace("\"r\": 4", "\"r\": 0"));
        refused(folder, "has shape", good.replace("\"r\": 4", "\"r\": 5"));
        refused(folder, "adapter_config.json implies", good.replace(",\n    \"v_proj\"", ""));
        assertThrows(BadInput.class, () -> new Lora.Settings(1, Double.NaN, Lora.PROJECTIONS));
        assertThrows(BadInput.class, () -> new Lora.Settings(1, 1, List.of()));
    }

    /** Each default of peft's LoraConfig, and what changes the meaning of base plus adapter. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "init_lora_weights | true | \"pissa\" \"pissa_niter_16\" \"olora\" \"loftq\" \"eva\" \"corda\" \"mica\" \"lora_ga\" 1 {}",
        "use_dora | false | true", "use_rslora | false | true", "fan_in_fan_out | false | true", "lora_bias | false | true",
        "bias | \"none\" | \"all\" \"lora_only\"", "modules_to_save | null | [\"lm_head\"]", "layers_to_transform | null | [0] 0",
        "layers_pattern | null | \"layers\"", "rank_pattern | {} | {\"q_proj\":2}", "alpha_pattern | {} | {\"q_proj\":2}",
        "megatron_config | null | {\"a\":1}", "trainable_token_indices | null | [1,2] {\"embed_tokens\":[1]}",
        "loftq_config | {} | {\"loftq_bits\":4}", "eva_config | null | {\"rho\":2.0}", "corda_config | null | {\"a\":1}",
        "lora_ga_config | null | {\"a\":1}", "velora_config | null | {\"a\":1}", "kasa_config | null | {\"a\":1}",
        "monteclora_config | null | {\"a\":1}", "arrow_config | null | {\"a\":1}", "use_bdlora | null | {\"a\":1}",
        "use_qalora | false | true", "alora_invocation_tokens | null | [3,4]", "layer_replication | null | [[0,2],[1,2]]",
        "target_parameters | null | [\"experts.down_proj\"]", "exclude_modules | null | [\"q_proj\"] \".*0.*\"",
        "ensure_weight_tying | false | true", "task_type | \"CAUSAL_LM\" | \"SEQ_CLS\"",
        "some_setting_of_next_year | null | 1 true \"on\" [0]"})
    void whatChangesTheMeaningOfBasePlusAdapterIsRefused(String name, String neutral, String others, @TempDir Path folder)
            throws Exception {
        JsonObject config = Json.object(FIXTURES.resolve("qwen2-lora/adapter_config.json"));
        assertEquals(name.startsWith("some_") ? "null" : neutral, String.valueOf(config.get(name)), "peft's default of " + name);
        for (String other : others.split(" ")) {
            config.add(name, JsonParser.parseString(other));
            refused(folder, "adapter_config.json: " + name + " is " + other + ", which is not supported; only plain LoRA is", config.toString());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"false", "\"gaussian\"", "\"orthogonal\"", "null"})
    void howAdaptersBeganDoesNotMatterWhereTheBaseWasLeftAlone(String init, @TempDir Path folder) throws Exception {
        String good = Files.readString(FIXTURES.resolve("qwen2-lora/adapter_config.json"));
        Files.writeString(folder.resolve("adapter_config.json"),
                good.replace("\"init_lora_weights\": true", "\"init_lora_weights\": " + init));
        Files.copy(FIXTURES.resolve("qwen2-lora/adapter_model.safetensors"), folder.resolve("adapter_model.safetensors"));
        JsonObject golden = JsonParser.parseString(Files.readString(FIXTURES.resolve("lora.json"))).getAsJsonObject();
        try (Policy adapted = Policy.load(FIXTURES.resolve("qwen2"), folder, Device.cpu(), Precision.FP32)) {
            assertGolden(golden, adapted);
        }
    }

    private static void refused(Path folder, String message, String config) throws Exception {
        if (config != null) {
            Files.writeString(folder.resolve("adapter_config.json"), config);
            Files.write(folder.resolve("adapter_model.safetensors"),
                    Files.readAllBytes(FIXTURES.resolve("qwen2-lora/adapter_model.safetensors")));
        }
        try (Policy base = Policy.load(FIXTURES.resolve("qwen2"), Device.cpu())) {
            BadInput refused = assertThrows(BadInput.class, () -> Lora.load(folder, base.config(), base.manager()), message);
            String said = refused.getMessage();
            assertTrue(said.contains(message) && said.startsWith(folder.toString()), said);
            assertFalse(said.matches(".*(Exception|JsonReader|Json[A-Z]|getAs|class ).*"), said);
        }
    }

    private static Training training(Policy policy) {
        return Training.of(policy, Task.builtIn()).recipe(Recipe.lppo().problemsPerStep(8).learningRate(1e-3));
    }

    private static boolean run(Trainer trainer, BooleanSupplier stop, LongConsumer progress) {
        return trainer.run(4, Long.MAX_VALUE, stop, progress);
    }

    private static void assertGolden(JsonObject golden, Policy policy) {
        int[] tokens = golden.getAsJsonArray("tokens").asList().stream().mapToInt(t -> t.getAsInt()).toArray();
        float[] logits = logits(policy, tokens);
        int at = 0;
        for (var row : golden.getAsJsonArray("logits")) {
            for (var value : (JsonArray) row) {
                assertEquals(value.getAsDouble(), logits[at++], 1e-4);
            }
        }
        assertEquals(logits.length, at);
    }

    private static float[] logits(Policy policy, int... tokens) {
        float[][] logits = new float[1][];
        Scopes.run(() -> {
            NDArray input = policy.manager().create(Arrays.stream(tokens).asLongStream().toArray(), new Shape(1, tokens.length));
            logits[0] = policy.decoder().logits(policy.decoder().hidden(input, null)).toFloatArray();
        });
        return logits[0];
    }
}
