package chat;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * The chat template of a Hugging Face model folder, which renders messages as the text that the model reads. It gives the same result as
 * {@code apply_chat_template} of {@code transformers}.
 *
 * <p>Supported is the part of Jinja that chat templates use: {@code if}, {@code for} (with {@code if}, {@code else},
 * {@code break}, {@code continue} and {@code loop}), {@code set}, {@code macro}, {@code generation}, {@code raw}, comments,
 * white-space control, all operators, slices, {@code namespace}, {@code range}, {@code dict}, {@code strftime_now},
 * {@code raise_exception}, and the filters, tests and methods of {@code Filters} and {@code Methods}. Not supported:
 * {@code include}, {@code import}, {@code extends}, {@code block}, {@code call}, {@code filter} and {@code with} statements,
 * recursive loops, {@code *} arguments, {@code str.format} and {@code %} formatting.
 *
 * <p>A template is untrusted: it has access only to the messages and variables it is given, and its work, nesting and output are bounded.
 * Special tokens in a message become special tokens of the prompt, as in {@code transformers} by default.
 */
public final class ChatTemplate {

    /**
     * One turn of a conversation.
     *
     * @param role {@code system}, {@code user} or {@code assistant}, as named by the template
     * @param content the text
     */
    public record Message(String role, String content) {
        public Message {
            Objects.requireNonNull(role);
            Objects.requireNonNull(content);
        }
    }

    private static final int LONGEST = 1 << 20;
    private static final List<String> TOKENS = List.of("bos_token", "eos_token", "unk_token", "pad_token", "sep_token",
            "cls_token", "mask_token");

    private final String where;
    private final Template.Part template;
    private final Map<String, Object> variables;

    private ChatTemplate(String where, Template.Part template, Map<String, Object> variables) {
        this.where = where;
        this.template = template;
        this.variables = variables;
    }

    /**
     * Reads the template of a model folder: {@code chat_template.jinja}, else {@code chat_template} in
     * {@code tokenizer_config.json}, of several the one named {@code default}; and the special tokens it refers to.
     *
     * @return empty if the folder has none
     * @throws TemplateError if a file is malformed or the template uses an unsupported feature
     */
    public static Optional<ChatTemplate> read(Path folder) {
        Path config = folder.resolve("tokenizer_config.json");
        JsonObject json = object(config);
        Map<String, Object> tokens = specialTokens(object(folder.resolve("special_tokens_map.json")));
        tokens.putAll(specialTokens(json));
        Path file = folder.resolve("chat_template.jinja");
        if (Files.isRegularFile(file)) {
            return Optional.of(of(text(file), tokens, file.toString()));
        }
        return source(json.get("chat_template"), config).map(s -> of(s, tokens, config.toString()));
    }

    /**
     * Compiles a template.
     *
     * @param variables what it may refer to, such as {@code bos_token}; values are texts, numbers, booleans, null, lists, maps
     * @param where starts each error message
     * @throws TemplateError if it uses an unsupported feature
     */
    public static ChatTemplate of(String template, Map<String, ?> variables, String where) {
        TemplateError.unless(template.length() <= LONGEST, "%s: the chat template is longer than %d characters", where, LONGEST);
        try {
            return new ChatTemplate(where, Template.parse(template), mapping(variables));
        } catch (TemplateError e) {
            throw bad(where, e.getMessage());
        }
    }

    /**
     * Returns this template with an additional variable, such as {@code enable_thinking} of Qwen3 or {@code date_string} of Llama 3, which
     * defaults to the current date.
     */
    public ChatTemplate with(String name, Object value) {
        Map<String, Object> more = new HashMap<>(variables);
        more.put(name, plain(value));
        return new ChatTemplate(where, template, more);
    }

    /**
     * Renders a conversation. Encode the result without adding special tokens, as the template already includes them.
     *
     * @param addGenerationPrompt whether to end with the start of the assistant's turn
     * @throws TemplateError if the template rejects the messages, fails, or exceeds its limits
     */
    public String render(List<Message> messages, boolean addGenerationPrompt) {
        List<Object> plain = new ArrayList<>();
        for (Message message : messages) {
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("role", message.role());
            fields.put("content", message.content());
            plain.add(fields);
        }
        Map<String, Object> given = new HashMap<>();
        given.put("messages", plain);
        given.put("add_generation_prompt", addGenerationPrompt);
        return render(given, LocalDateTime.now());
    }

    String render(Map<String, ?> given, LocalDateTime now) {
        Renderer run = new Renderer(now);
        Frame frame = new Frame(run, null);
        Methods.globals().forEach(frame::set);
        frame.set("tools", null);
        frame.set("documents", null);
        variables.forEach(frame::set);
        mapping(given).forEach(frame::set);
        try {
            template.write(frame);
            return run.output();
        } catch (TemplateError e) {
            throw bad(where, "line " + run.line + ": " + e.getMessage());
        }
    }

    private static TemplateError bad(String where, String reason) {
        String line = reason.replaceAll("\\s+", " ");
        return new TemplateError(
                where + ": the chat template cannot be used: " + (line.length() > 300 ? line.substring(0, 300) + "…" : line)
                        + "; fix it, or use a prompt format without it");
    }

    private static Map<String, Object> mapping(Map<String, ?> map) {
        Map<String, Object> copy = new HashMap<>();
        map.forEach((name, value) -> copy.put(name, plain(value)));
        return copy;
    }

    private static Object plain(Object value) {
        if (value == null || value instanceof String || value instanceof Boolean || value instanceof Long || value instanceof Double) {
            return value;
        }
        if (value instanceof Integer i) {
            return i.longValue();
        }
        if (value instanceof List<?> list) {
            List<Object> copy = new ArrayList<>();
            list.forEach(x -> copy.add(plain(x)));
            return copy;
        }
        if (value instanceof Map<?, ?> map) {
            Map<Object, Object> copy = new LinkedHashMap<>();
            map.forEach((k, x) -> copy.put(plain(k), plain(x)));
            return copy;
        }
        throw new IllegalArgumentException("a template cannot be given a " + value.getClass().getSimpleName());
    }

    private static Optional<String> source(JsonElement template, Path file) {
        if (template == null || template.isJsonNull()) {
            return Optional.empty();
        }
        if (template.isJsonArray()) {
            for (JsonElement e : template.getAsJsonArray()) {
                if (e.isJsonObject() && new JsonPrimitive("default").equals(e.getAsJsonObject().get("name"))) {
                    return source(e.getAsJsonObject().get("template"), file);
                }
            }
            throw new TemplateError(file + ": none of the templates in chat_template is named \"default\"; name one so");
        }
        TemplateError.unless(template.isJsonPrimitive(), "%s: chat_template is not a text", file);
        return Optional.of(template.getAsString());
    }

    private static Map<String, Object> specialTokens(JsonObject json) {
        Map<String, Object> tokens = new HashMap<>();
        for (String name : TOKENS) {
            JsonElement token = json.get(name);
            JsonElement content = token != null && token.isJsonObject() ? token.getAsJsonObject().get("content") : token;
            if (content != null && content.isJsonPrimitive()) {
                tokens.put(name, content.getAsString());
            }
        }
        return tokens;
    }

    private static JsonObject object(Path file) {
        if (!Files.isRegularFile(file)) {
            return new JsonObject();
        }
        try {
            JsonElement json = new Gson().fromJson(text(file), JsonElement.class);
            TemplateError.unless(json != null && json.isJsonObject(), "%s: is not a JSON object", file);
            return json.getAsJsonObject();
        } catch (JsonParseException | NumberFormatException | StackOverflowError e) { // Gson 2.8.5 throws the latter two
            throw new TemplateError(file + ": is not a JSON object", e);
        }
    }

    private static String text(Path file) {
        try {
            TemplateError.unless(Files.size(file) < 1 << 25, "%s: is larger than 32 MiB, which no tokenizer's configuration is", file);
            return Files.readString(file);
        } catch (IOException e) {
            throw new TemplateError(file + ": cannot be read as UTF-8 text (" + e.getMessage() + ")", e);
        }
    }
}
