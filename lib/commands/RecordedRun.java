package commands;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import common.BadInput;
import common.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import picocli.CommandLine.Model.ArgGroupSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * The options that the {@code config.json} of a run records, as a command line: {@code --config} runs it again, with flags that are given
 * beside it, and {@code --resume} goes on with what the run chose by itself.
 */
final class RecordedRun {

    /** The key of the options that a run chose by itself. */
    static final String CHOSEN = "chosen";

    private static final String CONFIG = "config.json";
    private static final List<String> PLAIN = List.of("recipe", "model", "data", "steps", "tokens", "batch", "seed", "demonstrations",
            "adapter", "lora_rank", "from_scratch");
    private static final Set<String> REQUIRED = Set.of("recipe", "model");
    private static final Set<String> OTHERS = Set.of("command", "lora_alpha", "lora_targets", "rollout_precision", "learner_precision",
            "products", "cut",
            "asking", "options", "checksums", "machine", CHOSEN);
    private static final Set<String> ASKED = Set.of("judging", "task", "prompt_format", "system", "stop", "reward");
    private static final Set<String> NOTHING = Set.of("null", "all", "any");

    private final Path file;
    private final JsonObject json;
    private final CommandSpec command;
    private final Map<String, List<String>> words = new LinkedHashMap<>(); // of an option, by its name

    private RecordedRun(Path file, CommandSpec command) {
        BadInput.unless(Files.isRegularFile(file), "--config %s: no such file; give the config.json of a run", file);
        this.file = file;
        this.command = command;
        json = Json.object(file);
    }

    /**
     * Returns the arguments of a command with those that it takes from a file added: all that {@code --config} records, or those that the
     * run in {@code --out} chose by itself if it is resumed. What is given stays as it is.
     *
     * @throws BadInput if there is no such file, it is of another command, or it has unknown or unusable keys
     */
    static String[] arguments(CommandSpec command, String... given) {
        if (command.findOption("--config") == null) {
            return given;
        }
        Set<String> names = Arrays.stream(given).filter(word -> word.startsWith("--")).map(word -> word.split("=", 2)[0])
                .collect(Collectors.toSet());
        String config = value("--config", given);
        String out = value("--out", given);
        List<String> all = new ArrayList<>(List.of(given));
        if (config != null) {
            RecordedRun run = new RecordedRun(Path.of(config), command).read(names);
            run.words.forEach((name, words) -> all.addAll(names.contains(name) ? List.of() : words));
        } else if (names.contains("--resume") && out != null && Files.isRegularFile(Path.of(out, CONFIG))) {
            RecordedRun run = new RecordedRun(Path.of(out, CONFIG), command);
            Set<String> chosen = run.chosen();
            if (!chosen.isEmpty()) {
                run.read(names);
                run.words.forEach((name, words) -> all.addAll(names.contains(name) || !chosen.contains(name) ? List.of() : words));
            }
        }
        return all.toArray(String[]::new);
    }

    /** Returns the value of an option in a command line; null if it is not given. */
    private static String value(String name, String... given) {
        for (int i = given.length - 1; i >= 0; i--) {
            if (given[i].startsWith(name + "=")) {
                return given[i].substring(name.length() + 1);
            }
            if (given[i].equals(name) && i + 1 < given.length) {
                return given[i + 1];
            }
        }
        return null;
    }

    private Set<String> chosen() {
        JsonElement chosen = json.get(CHOSEN);
        return chosen == null || !chosen.isJsonArray() ? Set.of()
                : stream(chosen.getAsJsonArray()).filter(JsonElement::isJsonPrimitive).map(JsonElement::getAsString)
                        .collect(Collectors.toSet());
    }

    private RecordedRun read(Set<String> given) {
        String name = json.has("command") ? text(json, "command") : null;
        BadInput.unless(name != null, "%s: has no \"command\", so it is not the config.json of a run of train or sft", file);
        BadInput.unless(name.equals(command.name()), "%s: is of a run of %s, not of %s", file, name, command.name());
        Set<String> unknown = new TreeSet<>();
        Set<String> missing = new TreeSet<>();
        json.keySet().stream().filter(key -> !OTHERS.contains(key) && !(PLAIN.contains(key) && known(option(key)))).forEach(unknown::add);
        for (String key : PLAIN) {
            if (json.has(key)) {
                add(option(key), text(json, key));
            } else if (known(option(key)) && REQUIRED.contains(key) && !given.contains(option(key))) {
                missing.add(option(key));
            }
        }
        BadInput.unless(missing.isEmpty(), "%s: does not record %s; give it", file, String.join(", ", missing));
        adapters();
        JsonObject options = object("options");
        for (String key : options.keySet()) {
            if (grouped().contains(option(key))) {
                add(option(key), text(options, key));
            } else {
                unknown.add(key);
            }
        }
        JsonObject asking = object("asking");
        asking.keySet().stream().filter(key -> !ASKED.contains(key)).forEach(unknown::add);
        asked(asking, given);
        BadInput.unless(unknown.isEmpty(), "%s: has %s, which no option of %s is named after; remove it", file, String.join(", ", unknown),
                name);
        missing.addAll(grouped());
        options.keySet().forEach(key -> missing.remove(option(key)));
        ASKED.stream().filter(key -> !asking.has(key)).forEach(key -> missing.add(option(key)));
        if (!missing.isEmpty()) {
            System.err.printf("%s: does not record %s; the defaults are used%n", file, String.join(", ", missing));
        }
        return this;
    }

    private void adapters() {
        if (!json.has("lora_rank")) {
            return;
        }
        double rank = number("lora_rank");
        if (json.has("lora_alpha") && rank > 0 && number("lora_alpha") != 2 * rank) {
            add("--lora-alpha", text(json, "lora_alpha"));
        }
        if (json.get("lora_targets") instanceof JsonArray targets) {
            add("--lora-targets", stream(targets).map(this::text).collect(Collectors.joining(",")));
        }
    }

    private void asked(JsonObject asking, Set<String> given) {
        for (String key : List.of("task", "prompt_format", "system", "reward")) {
            if (asking.has(key)) {
                add(option(key), text(asking, key));
            }
        }
        String stop = asking.has("stop") ? text(asking, "stop") : "";
        if (!stop.isEmpty()) {
            words.put("--stop", Arrays.stream(stop.split(" ")).map(token -> "--stop=" + token).toList());
        }
        String reward = asking.has("reward") ? text(asking, "reward") : "";
        boolean judges = given.stream().anyMatch(Set.of("--reward", "--strict", "--lenient")::contains);
        if (!judges && List.of("math", "boxed").contains(reward) && asking.has("judging") && text(asking, "judging").equals("lenient")) {
            words.put("--lenient", List.of("--lenient")); // strict by default
        }
    }

    private void add(String name, String value) {
        OptionSpec option = command.findOption(name);
        if (option == null || NOTHING.contains(value)) {
            return;
        }
        if (option.typeInfo().isBoolean()) {
            BadInput.unless(List.of("true", "false").contains(value), "%s: %s is %s, neither true nor false", file, name, value);
            if (value.equals("true")) {
                words.put(name, List.of(name));
            }
        } else {
            words.put(name, List.of(name + "=" + value));
        }
    }

    /** The options that a run records by the names of their fields. */
    private Set<String> grouped() {
        return command.argGroups().stream().map(ArgGroupSpec::allOptionsNested).flatMap(List::stream).map(OptionSpec::longestName)
                .collect(Collectors.toSet());
    }

    private boolean known(String name) {
        return command.findOption(name) != null;
    }

    /** Returns the option of a key: {@code lora_rank} and {@code loraRank} are {@code --lora-rank}. */
    private static String option(String key) {
        return "--" + key.replaceAll("([A-Z])", "-$1").replace('_', '-').toLowerCase(Locale.ROOT);
    }

    private static Stream<JsonElement> stream(JsonArray array) {
        return StreamSupport.stream(array.spliterator(), false); // Gson 2.8.5 has no asList
    }

    private JsonObject object(String key) {
        JsonElement value = json.get(key);
        BadInput.unless(value == null || value.isJsonObject(), "%s: its \"%s\" is not an object", file, key);
        return value == null ? new JsonObject() : value.getAsJsonObject();
    }

    private String text(JsonObject from, String key) {
        JsonElement value = from.get(key);
        BadInput.unless(value.isJsonPrimitive() || value.isJsonNull(), "%s: its \"%s\" is neither text, a number nor true or false", file,
                key);
        return value.isJsonNull() ? "null" : value.getAsString();
    }

    private String text(JsonElement value) {
        BadInput.unless(value.isJsonPrimitive(), "%s: holds %s, where it should hold a text", file, value);
        return value.getAsString();
    }

    private double number(String key) {
        try {
            return Double.parseDouble(text(json, key));
        } catch (NumberFormatException e) {
            throw new BadInput(file + ": its \"" + key + "\" is not a number", e);
        }
    }

    /**
     * Prints a line if model or data are not what they were when a run was recorded.
     *
     * @param config the recorded run; null for none
     * @param now the checksums of this run, by what they are of
     */
    static void compare(Path config, Map<?, ?> now) {
        JsonElement before = config == null ? null : Json.object(config).get("checksums");
        if (before == null || !before.isJsonObject()) {
            return;
        }
        List<String> differing = now.keySet().stream().map(Object::toString).filter(key -> before.getAsJsonObject().has(key)
                && !Objects.equals(before.getAsJsonObject().get(key).getAsString(), now.get(key).toString())).sorted().toList();
        if (!differing.isEmpty()) {
            System.err.printf("%s: was of a run with other contents of the %s%n", config, String.join(", ", differing));
        }
    }
}
