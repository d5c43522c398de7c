package commands;

//SOURCES AnswerForm.java
//SOURCES MemoryPlan.java
//SOURCES ProblemOptions.java
//SOURCES TextReward.java
//SOURCES TrainingOptions.java

import ai.djl.Device;
import chat.ChatTemplate;
import chat.TemplateError;
import com.google.gson.JsonElement;
import common.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import llm.ModelConfig;
import llm.Precision;
import llm.Tokenizer;
import llm.Weights;
import lppo.data.Problem;
import lppo.data.PromptFormat;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/**
 * What a command chooses by itself for a language model where no option says it. It chooses nothing for a model of a few words, such as
 * the built-in one, for a run that is resumed, or with {@code --config}: there the recorded settings are used.
 */
final class Choices {

    /** Parameters above which a model on a CPU learns by adapters. */
    static final long LARGE = 50_000_000;

    private static final int WORDS = 1000; // a smaller vocabulary is a toy's
    private static final long BIG = 500_000_000; // parameters from which rates are lower
    private static final long SMALL = 250_000_000; // below, completions at temperature 1 are mostly noise, and adapters learn faster
    private static final int RANK = 16;
    private static final int SHORTEST = 256; // a chat model is wordier than a solution
    private static final int STEP = 32;
    private static final double USUAL = 0.95; // share of lengths that decides, so that one long text does not

    private final ParseResult given;
    private final Path model;
    private final Device device;
    private final ModelConfig config; // null if nothing is chosen
    private final Map<String, String> made = new LinkedHashMap<>();
    private final List<String> notes = new ArrayList<>();

    private Choices(ParseResult given, Path model, Device device, ModelConfig config) {
        this.given = given;
        this.model = model;
        this.device = device;
        this.config = config;
    }

    /**
     * Creates the choices of a command line.
     *
     * @param model the folder; malformed files are left for others to report
     */
    static Choices of(CommandSpec command, Path model, Device device) {
        ParseResult given = command.commandLine().getParseResult();
        boolean recorded = given.hasMatchedOption("--config") || given.hasMatchedOption("--resume");
        ModelConfig config = recorded ? null : ModelConfig.read(model);
        boolean language = config != null && (config.vocabSize() >= WORDS || template(model).isPresent());
        return new Choices(given, model, device, language ? config : null);
    }

    private static Optional<ChatTemplate> template(Path model) {
        try {
            return ChatTemplate.read(model);
        } catch (TemplateError e) {
            return Optional.empty(); // an explicit --prompt-format chat says what is wrong with it
        }
    }

    /** Returns whether anything may be chosen. */
    boolean any() {
        return config != null;
    }

    /** Returns whether an option may be chosen: it was not given. */
    boolean open(String option) {
        return config != null && !given.hasMatchedOption(option);
    }

    /** Chooses a value, which is said with the reason if it is not the one that is used anyway. */
    <T> T choose(String option, T usual, Supplier<T> value, String reason) {
        if (!open(option)) {
            return usual;
        }
        T chosen = value.get();
        if (chosen != null && !chosen.equals(usual)) {
            String text = chosen instanceof Boolean ? "" : " " + (chosen instanceof List<?> list ? list.get(0)
                    : chosen instanceof Double ? chosen.toString().toLowerCase(Locale.ROOT).replaceFirst("\\.0(?=e|$)", "") : chosen);
            made.put(option, option + text + (reason.isEmpty() ? "" : " (" + reason + ")"));
        }
        return chosen;
    }

    /** Adds what was chosen without an option. */
    void note(String text) {
        if (config != null) {
            notes.add(text);
        }
    }

    /** Prints what was chosen, in one line on standard error, if anything was. */
    void tell() {
        if (!made.isEmpty()) {
            List<String> all = new ArrayList<>(made.values());
            all.addAll(notes);
            System.err.println("chose " + String.join(", ", all) + "; a flag that is given overrides");
        }
    }

    /** Returns the names of the options that were chosen, for {@code config.json}. */
    List<String> made() {
        return List.copyOf(made.keySet());
    }

    /** Chooses the prompt format, the end of an answer and the reward. */
    void ask(ProblemOptions asking, List<Problem> problems) {
        if (asking.task != null) {
            return; // it brings its own
        }
        boolean chosen = open("--prompt-format");
        asking.promptFormat = choose("--prompt-format", asking.promptFormat, this::format, "the model's template");
        if (chosen && asking.promptFormat != null) {
            asking.stop = choose("--stop", asking.stop, this::furtherEnd, "ends a turn");
        }
        if (!asking.strict && !asking.lenient) {
            AnswerForm form = AnswerForm.of(problems);
            asking.reward = choose("--reward", asking.reward, form::reward, form.reason());
        } else {
            asking.reward = choose("--reward", asking.reward, () -> "math", "as it is to be judged");
        }
    }

    /** Returns {@code chat} if the model has a template, else null. */
    String format() {
        return template(model).isPresent() ? "chat" : null;
    }

    /** Returns the token with which the template ends a turn if the model does not name it as an end; else none. */
    List<String> furtherEnd() {
        Optional<ChatTemplate> template = template(model);
        if (template.isEmpty()) {
            return List.of();
        }
        try (Tokenizer tokenizer = Tokenizer.load(model)) {
            String answer = "5f1c";
            String all = template.get().render(List.of(new ChatTemplate.Message("user", "?"),
                    new ChatTemplate.Message("assistant", answer)), false);
            String rest = all.substring(all.lastIndexOf(answer) + answer.length());
            for (int length = rest.length(); length > 0; length--) {
                int[] tokens = tokenizer.encode(rest.substring(0, length));
                if (tokens.length == 1 && tokenizer.decode(tokens).isEmpty()) { // a special one
                    String text = rest.substring(0, length);
                    return config.eosTokens().contains(tokens[0]) || text.equals(tokenizersEnd()) ? List.of() : List.of(text);
                }
            }
            return List.of();
        } catch (TemplateError e) {
            return List.of();
        }
    }

    private String tokenizersEnd() {
        Path file = model.resolve("tokenizer_config.json");
        JsonElement end = Files.isRegularFile(file) ? Json.object(file).get("eos_token") : null;
        JsonElement text = end != null && end.isJsonObject() ? end.getAsJsonObject().get("content") : end;
        return text != null && text.isJsonPrimitive() ? text.getAsString() : null;
    }

    /** The usual lengths of questions and solutions, in tokens; 0 if there are no solutions. */
    record Lengths(int question, int solution) {}

    /** Measures the lengths of problems as they are asked. */
    Lengths lengths(List<Problem> problems, ProblemOptions asking, Path model) {
        try (Tokenizer tokenizer = Tokenizer.load(model)) {
            return lengths(problems, asking.format(model, tokenizer), tokenizer);
        }
    }

    private static Lengths lengths(List<Problem> problems, PromptFormat format, Tokenizer tokenizer) {
        return new Lengths(usual(problems.stream().map(p -> format.of(p.question())).toList(), tokenizer),
                usual(problems.stream().filter(Problem::hasDemonstration).map(Problem::solution).toList(), tokenizer));
    }

    private static int usual(List<String> texts, Tokenizer tokenizer) {
        int[] lengths = texts.stream().mapToInt(text -> tokenizer.encode(text).length).sorted().toArray();
        return lengths.length == 0 ? 0 : lengths[(int) (USUAL * (lengths.length - 1))];
    }

    /**
     * Chooses the longest completion: twice the usual solution, at least 256, else a share of the model's positions, and at most what a
     * question leaves.
     */
    Integer longest(Integer usual, String task, Lengths found) {
        if (usual != null || task != null || !open("--max-new-tokens")) {
            return usual;
        }
        int positions = config.maxPositions();
        int room = Math.max(1, positions - found.question);
        boolean gpu = device.isGpu();
        int longest = found.solution > 0
                ? Math.min(gpu ? 4096 : 1024, Math.max(SHORTEST, (2 * found.solution + STEP - 1) / STEP * STEP))
                : gpu ? Math.min(3072, positions * 3 / 4) : Math.min(512, positions / 2);
        return choose("--max-new-tokens", usual, () -> Math.min(room, longest),
                found.solution > 0 ? "for solutions of " + found.solution + " tokens" : "of the model's " + positions + " positions");
    }

    /** Chooses the longest answer to a prompt. */
    int answer(int usual) {
        return choose("--max-new-tokens", usual, () -> Math.min(512, Math.max(1, config.maxPositions() / 2)), "");
    }

    /** Takes a sampling setting from the model's {@code generation_config.json}, which spells it like the option. */
    double recommended(String option, double usual) {
        Path file = model.resolve("generation_config.json");
        String key = option.substring(2).replace('-', '_');
        JsonElement value = Files.isRegularFile(file) ? Json.object(file).get(key) : null;
        boolean number = value != null && value.isJsonPrimitive() && value.getAsJsonPrimitive().isNumber();
        return choose(option, usual, () -> number && value.getAsDouble() > 0 ? value.getAsDouble() : usual, "the model's");
    }

    /** Chooses whether adapters learn, and their rank. */
    int loraRank(int usual, boolean fits) {
        long parameters = Weights.count(config);
        boolean large = !device.isGpu() && parameters > LARGE;
        return choose("--lora-rank", usual, () -> large || !fits ? RANK : usual, large
                ? "%,d million parameters on a CPU".formatted(parameters / 1_000_000) : "all weights do not fit the memory that is free");
    }

    /** Chooses the learning rate of reinforcement learning. */
    double learningRate(double usual, boolean adapters) {
        return adapters ? rate(usual, Weights.count(config) < SMALL ? 3e-4 : 1e-4, 1e-5, "adapters")
                : rate(usual, 1e-5, 1e-6, "all weights");
    }

    /** Chooses the temperature of rollouts, at which a group should be right now and then. */
    double temperature(double usual) {
        return choose("--temperature", usual, () -> Weights.count(config) < SMALL ? 0.7 : usual, "a small model");
    }

    /** Chooses the learning rate of imitation. */
    double imitationRate(double usual, boolean adapters) {
        return adapters ? rate(usual, 5e-4, 1e-4, "adapters") : rate(usual, 5e-5, 1e-5, "all weights");
    }

    private double rate(double usual, double small, double big, String what) {
        return choose("--learning-rate", usual, () -> Weights.count(config) < BIG ? small : big, what);
    }

    /** Chooses how many problems a step visits. */
    int problemsPerStep(int usual, List<Problem> problems) {
        return choose("--problems-per-step", usual, () -> Math.min(problems.size(), device.isGpu() ? usual : 16),
                device.isGpu() || problems.size() < 16 ? "all there are" : "a CPU");
    }

    /** Chooses the share of problems with a solution in a step. */
    String trustedShare(String usual, List<Problem> problems) {
        long shown = problems.stream().filter(Problem::hasDemonstration).count();
        return choose("--trusted-share", usual, () -> shown > 0 && shown < problems.size() ? "even" : usual,
                shown + " of " + problems.size() + " problems have a solution");
    }

    /** Returns the precisions, for the line. */
    String precision(Precision learner, Precision sampled) {
        String name = learner.name().toLowerCase(Locale.ROOT);
        return sampled == learner ? name : name + ", " + sampled.name().toLowerCase(Locale.ROOT) + " to sample";
    }

    /** Chooses how many demonstrations a step of imitation takes. */
    int batch(int usual, int demonstrations) {
        return choose("--batch", usual, () -> Math.min(demonstrations, device.isGpu() ? 64 : 16), device.isGpu() ? "" : "a CPU");
    }
}
