package llm;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import common.BadInput;
import common.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Describes the tokenizer of a model folder in GGUF's terms: tokens with their kinds, merges, the name of the rule that splits a text
 * before merging, special tokens and the chat template. Only byte-level byte-pair encodings are supported: those of Llama 3, Qwen and
 * SmolLM, not that of Llama 2.
 */
final class GgufTokenizer {

    private static final int NORMAL = 1;
    private static final int CONTROL = 3;
    private static final int USER_DEFINED = 4;
    private static final int UNUSED = 5;

    private static final String WORDS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}%s| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"
            + "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

    /** The names that llama.cpp has for patterns; two more follow from what stands in the place of one. */
    private static final Map<String, String> NAMES = Map.of(WORDS.formatted(""), "qwen2", WORDS.formatted("{1,3}"), "llama-bpe");

    private GgufTokenizer() {}

    /**
     * The values of a folder.
     *
     * @param config its vocabulary may be larger than the tokenizer's; the rest becomes unused tokens
     * @throws BadInput if the tokenizer is of another kind, or has a splitting rule that has no name
     */
    static Map<String, Object> values(Path folder, ModelConfig config) throws IOException {
        Path file = folder.resolve("tokenizer.json");
        Path settings = folder.resolve("tokenizer_config.json");
        JsonObject special = Files.exists(settings) ? Json.object(settings) : new JsonObject();
        try (Tokenizer tokenizer = Tokenizer.load(folder)) { // what follows is well-formed
            JsonObject json = Json.object(file);
            JsonObject model = json.getAsJsonObject("model");
            BadInput.unless(model.get("type").getAsString().equals("BPE") && !Json.flag(model, "byte_fallback", file.toString()),
                    "%s: is no byte-level byte-pair encoding, as those of Llama 3, Qwen and SmolLM are; others cannot be exported", file);
            Map<String, Object> values = new LinkedHashMap<>();
            values.put("tokenizer.ggml.model", "gpt2");
            values.put("tokenizer.ggml.pre", splitting(json.get("pre_tokenizer"), file));
            tokens(values, json, config, file);
            List<String> merges = new ArrayList<>();
            model.getAsJsonArray("merges").forEach(merge -> merges.add(!merge.isJsonArray() ? merge.getAsString()
                    : merge.getAsJsonArray().get(0).getAsString() + " " + merge.getAsJsonArray().get(1).getAsString()));
            values.put("tokenizer.ggml.merges", merges);
            int begin = id(special.get("bos_token"), tokenizer, number(config.json().get("bos_token_id")));
            int end = id(special.get("eos_token"), tokenizer, config.eosTokens().isEmpty() ? -1 : config.eosTokens().get(0));
            put(values, "bos", begin, config);
            put(values, "eos", end, config);
            put(values, "eot", config.eosTokens().stream().filter(token -> token != end).findFirst().orElse(-1), config);
            put(values, "unknown", id(special.get("unk_token"), tokenizer, -1), config);
            put(values, "padding", id(special.get("pad_token"), tokenizer, number(config.json().get("pad_token_id"))), config);
            values.put("tokenizer.ggml.add_bos_token", !tokenizer.opening().isEmpty());
            values.put("tokenizer.ggml.add_eos_token", false);
            String template = template(folder, special);
            if (template != null) {
                values.put("tokenizer.chat_template", template);
            }
            return values;
        }
    }

    private static void tokens(Map<String, Object> values, JsonObject json, ModelConfig config, Path file) {
        String[] tokens = new String[config.vocabSize()];
        int[] kinds = new int[tokens.length];
        json.getAsJsonObject("model").getAsJsonObject("vocab").entrySet()
                .forEach(entry -> set(tokens, kinds, entry.getValue().getAsInt(), entry.getKey(), NORMAL, file));
        if (Json.has(json, "added_tokens")) {
            for (JsonElement element : json.getAsJsonArray("added_tokens")) {
                JsonObject added = element.getAsJsonObject();
                set(tokens, kinds, added.get("id").getAsInt(), added.get("content").getAsString(),
                        Json.flag(added, "special", file.toString()) ? CONTROL : USER_DEFINED, file);
            }
        }
        for (int i = 0; i < tokens.length; i++) {
            if (tokens[i] == null) {
                set(tokens, kinds, i, "[PAD" + i + "]", UNUSED, file);
            }
        }
        values.put("tokenizer.ggml.tokens", Arrays.asList(tokens));
        values.put("tokenizer.ggml.token_type", kinds);
    }

    private static void set(String[] tokens, int[] kinds, int id, String token, int kind, Path file) {
        BadInput.unless(id >= 0 && id < tokens.length, "%s: has a token %d, beyond the vocabulary of %d that config.json states", file, id,
                tokens.length);
        tokens[id] = token;
        kinds[id] = kind;
    }

    /** The name that llama.cpp has for the rule. */
    private static String splitting(JsonElement rule, Path file) {
        List<String> steps = new ArrayList<>();
        steps(rule, steps);
        String name = switch (String.join(" then ", steps)) {
            case "bytes by words" -> "gpt-2";
            case "single digits then bytes by words" -> "smollm";
            default -> steps.size() == 2 && steps.get(1).equals("bytes") ? NAMES.get(steps.get(0)) : null;
        };
        BadInput.unless(name != null, "%s: splits texts by a rule that llama.cpp has no name for that is known here (%s)", file,
                String.join(" then ", steps));
        return name;
    }

    private static void steps(JsonElement rule, List<String> steps) {
        if (rule == null || !rule.isJsonObject()) {
            return;
        }
        JsonObject json = rule.getAsJsonObject();
        String type = json.get("type").getAsString();
        boolean plain = !Json.flag(json, "add_prefix_space", type) && !Json.flag(json, "invert", type);
        if (type.equals("Sequence")) {
            json.getAsJsonArray("pretokenizers").forEach(step -> steps(step, steps));
        } else if (type.equals("ByteLevel") && plain) {
            steps.add(!json.has("use_regex") || Json.flag(json, "use_regex", type) ? "bytes by words" : "bytes");
        } else if (type.equals("Digits") && Json.flag(json, "individual_digits", type)) {
            steps.add("single digits");
        } else if (type.equals("Split") && plain && json.get("pattern").isJsonObject() && json.getAsJsonObject("pattern").has("Regex")) {
            steps.add(json.getAsJsonObject("pattern").get("Regex").getAsString());
        } else {
            steps.add(type);
        }
    }

    private static void put(Map<String, Object> values, String name, int id, ModelConfig config) {
        if (id >= 0 && id < config.vocabSize()) {
            values.put("tokenizer.ggml." + name + "_token_id", id);
        }
    }

    private static int id(JsonElement token, Tokenizer tokenizer, int otherwise) {
        JsonElement content = token != null && token.isJsonObject() ? token.getAsJsonObject().get("content") : token;
        return content != null && content.isJsonPrimitive() ? tokenizer.token(content.getAsString()).orElse(otherwise) : otherwise;
    }

    private static int number(JsonElement id) {
        return id != null && id.isJsonPrimitive() && id.getAsJsonPrimitive().isNumber() ? id.getAsInt() : -1;
    }

    private static String template(Path folder, JsonObject settings) throws IOException {
        Path file = folder.resolve("chat_template.jinja");
        if (Files.isRegularFile(file)) {
            return Files.readString(file);
        }
        JsonElement template = settings.get("chat_template");
        if (template != null && template.isJsonArray()) { // several with names
            JsonArray all = template.getAsJsonArray();
            template = null;
            for (JsonElement each : all) {
                if (each.getAsJsonObject().get("name").getAsString().equals("default")) {
                    template = each.getAsJsonObject().get("template");
                }
            }
        }
        return template != null && template.isJsonPrimitive() ? template.getAsString() : null;
    }
}
