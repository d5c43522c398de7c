package commands;

import ai.djl.Device;
import commands.Jobs.Job;
import common.BadInput;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import llm.Lora;
import llm.ModelConfig;
import llm.Precision;
import llm.Tokenizer;
import lppo.data.Problem;
import lppo.data.Problems;
import lppo.run.Footprint;
import lppo.run.PromptFit;
import lppo.run.Recipe;
import lppo.task.Task;
import rivals.RivalRecipes;
import view.Display;

/**
 * Compares recipes on a language model, from the same weights at equal sampled tokens, with supervised fine-tuning as a control and as a
 * first stage; then measures pass@k of each and writes completions to read. All train adapters of one rank; the model is frozen.
 *
 * @param task to learn
 * @param model folder that all begin with
 * @param out report folder
 * @param recipes names of the recipes, GRPO first; {@code sft} is imitation alone, {@code sft-lppo} LPPO after it
 * @param seeds how many
 * @param steps about as many as a run has
 * @param tokens sampled, at which a run ends
 * @param on {@code heldout} or {@code validation}
 * @param most problems that are evaluated, evenly chosen
 * @param samples of each problem for pass@k
 * @param demonstrations used; null for all
 * @param jobs side by side; 0 for one a core, fewer where memory is short
 * @param training options of {@code train} that all recipes get
 */
record ModelComparison(Task task, Path model, Path out, List<String> recipes, int seeds, int steps, long tokens, String on, int most,
        int samples, Integer demonstrations, int jobs, List<String> training) {

    static final int PROBLEMS = 16;
    static final int GROUP = 8;
    static final int RANK = 16;
    static final int ROWS = 128;
    private static final int SFT_STEPS = 30;
    private static final int SCORED = 50; // problems of pass@k, of which 64 completions each are sampled
    /** Below 1, at which a small model's completions are mostly noise: SmolLM2 passes 0.03 of its samples at 1 and 0.06 at 0.7. */
    static final String TEMPERATURE = "0.7";
    static final int VISITS = 4; // of a problem in a run, as a hint needs an earlier failure
    /** Options that say how a model is asked, and so belong to every command. */
    private static final Set<String> ASKING = Set.of("--prompt-format", "--system", "--stop", "--reward", "--precision", "--device",
            "--max-new-tokens", "--strict", "--lenient");
    private static final Set<String> FLAGS = Set.of("--strict", "--lenient"); // no values
    private static final String AFTER_SFT = "sft-";
    /** All that is compared. */
    static final List<String> ALL = List.of("grpo", "pg", "lp", "lppo", "sft", "sft-grpo", "sft-lppo");

    /** Runs what is not done yet and writes the report. */
    int run() throws Exception {
        Precision sampled = Precision.toSample("auto", Precision.FP32, Device.cpu(), model); // probed before the processor is busy
        Path files = files();
        List<Job> queue = new ArrayList<>();
        Map<String, List<Path>> folders = new LinkedHashMap<>(); // by title
        List<Path> imitations = new ArrayList<>(); // scores of each seed, at its best
        boolean imitate = recipes.stream().anyMatch(name -> name.startsWith("sft"));
        for (int seed = 1; imitate && seed <= seeds; seed++) {
            imitation(queue, seed, files);
            imitations.add(scores(queue, "sft-" + seed, best(seed), "sft-" + seed, files.resolve("evaluated.jsonl"), 0));
        }
        for (int seed = 1; seed <= seeds; seed++) {
            for (String name : recipes) {
                if (!name.equals("sft")) {
                    folders.computeIfAbsent((name.startsWith(AFTER_SFT) ? "SFT then " : "") + recipe(name).title(),
                            title -> new ArrayList<>())
                            .add(training(queue, name, seed, files));
                }
            }
        }
        Map<String, Path> scored = new LinkedHashMap<>(); // of the first seed
        Path few = files.resolve("scored.jsonl");
        scored.put("before", scores(queue, "before", null, null, few, samples));
        folders.forEach((title, those) -> scored.put(title, scores(queue, title, those.get(0).resolve("checkpoint"),
                those.get(0).getFileName().toString(), few, samples)));
        if (imitate) {
            scored.put("SFT", scores(queue, "SFT", best(1), "sft-1", few, samples));
        }
        int sideBySide = jobs > 0 ? jobs : sideBySide(files, sampled);
        long begin = System.nanoTime();
        String commit = Cli.commit();
        LiveTable table = new LiveTable(queue);
        new Jobs(out, sideBySide).run(queue, table::update);

        List<RunGroup> compared = folders.entrySet().stream().map(e -> new RunGroup(e.getKey(), e.getValue())).toList();
        for (Path each : imitations) {
            CompletionReport.asEvaluation(each);
        }
        List<RunGroup> controls = imitate ? List.of(new RunGroup("SFT", imitations)) : List.of();
        RecipeReport report = new RecipeReport(compared, controls, 0.3, false).title("LPPO against GRPO on the task " + task.name());
        report.write(out, String.format(Locale.ROOT,
                "%s; %d seeds, %,d sampled tokens each; %d %s problems; %s%d jobs on %s %s with %d cores;"
                        + " commit %s; %.1f minutes%s.",
                model.toAbsolutePath().normalize().getFileName(), seeds, tokens, evaluated().size(), on,
                demonstrations == null ? "" : demonstrations + " demonstrations; ", sideBySide, System.getProperty("os.name"),
                System.getProperty("os.arch"), Runtime.getRuntime().availableProcessors(), commit, (System.nanoTime() - begin) / 60e9,
                training.isEmpty() ? "" : "; " + String.join(" ", training)));
        new CompletionReport(compared, scored).write(out);
        Display.print(report.table());
        System.out.println("report: " + out.resolve("report.md"));
        return 0;
    }

    /** Checks what can be checked before anything is written. */
    ModelComparison {
        BadInput.unless(model != null, "--task %s: needs --model DIR, a model folder to begin with", task.name());
        ModelConfig.read(model); // it is one
        BadInput.unless(samples > 0, "--samples %d: must be positive", samples);
        recipes.stream().filter(name -> !name.equals("sft")).forEach(ModelComparison::recipe); // they exist
        for (String own : List.of("--lora-alpha", "--lora-targets", "--recipe", "--model", "--task", "--data", "--out", "--seed",
                "--tokens",
                "--adapter")) {
            BadInput.unless(!names(training).contains(own), "%s behind --: is the same in all runs of a language model and cannot be given",
                    own);
        }
        BadInput.unless(!String.join(" ", training).matches("(.* )?--lora-rank[ =]0( .*)?"),
                "--lora-rank 0: a language model is compared by its adapters; give a rank");
    }

    private List<Problem> evaluated() {
        return evenly(task.problems(on.equals("heldout") ? Task.Split.HELD_OUT : Task.Split.VALIDATION), most);
    }

    /** So many of a list, evenly spread. */
    static List<Problem> evenly(List<Problem> all, int most) {
        List<Problem> some = new ArrayList<>();
        for (int i = 0; i < all.size(); i++) {
            if ((long) (i + 1) * most / all.size() > (long) i * most / all.size() || most >= all.size()) {
                some.add(all.get(i));
            }
        }
        return some;
    }

    private List<Problem> trained() {
        List<Problem> some = evenly(task.problems(), PROBLEMS * Math.max(1, steps / VISITS));
        return demonstrations == null ? some : Problems.withDemonstrations(some, demonstrations);
    }

    private Path files() throws IOException {
        Path files = Files.createDirectories(out.resolve("task"));
        Problems.write(files.resolve("train.jsonl"), trained());
        Problems.write(files.resolve("evaluated.jsonl"), evaluated());
        Problems.write(files.resolve("scored.jsonl"), evenly(evaluated(), SCORED));
        Problems.write(files.resolve("validation.jsonl"), evenly(task.problems(Task.Split.VALIDATION), most));
        return files;
    }

    /** As many as the cores, unless their memory together is more than there is. */
    int sideBySide(Path files, Precision sampled) {
        int cores = Runtime.getRuntime().availableProcessors();
        long free = Footprint.available(Device.cpu());
        ModelConfig config = ModelConfig.read(model);
        try (Tokenizer tokenizer = Tokenizer.load(model)) {
            int longest = PromptFit.of(trained(), ChatFormat.named(format(), model, null, tokenizer), tokenizer, config.maxPositions(),
                    task.longest(), true, files).longestPrompt();
            Recipe recipe = Recipe.lppo().problemsPerStep(PROBLEMS).groupSize(GROUP);
            long peak = Footprint.of(config, recipe, Lora.Settings.of(RANK), Precision.FP32, sampled,
                    Device.cpu(),
                    new Footprint.Extent(longest, task.longest(), ROWS, true)).peak();
            return free <= 0 ? cores : (int) Math.max(1, Math.min(cores, free / Math.max(1, peak)));
        }
    }

    private static Set<String> with(Set<String> names, String another) {
        return Stream.concat(names.stream(), Stream.of(another)).collect(Collectors.toSet());
    }

    private String format() {
        return given(Set.of("--prompt-format")).stream().skip(1).findFirst().orElse("chat");
    }

    /** The recipe of a name, with or without imitation before it. */
    private static Recipe recipe(String name) {
        return RivalRecipes.named(name.startsWith(AFTER_SFT) ? name.substring(AFTER_SFT.length()) : name);
    }

    private Path training(List<Job> queue, String name, int seed, Path files) {
        String after = name.startsWith(AFTER_SFT) ? "sft-" + seed : null;
        Path folder = out.resolve("runs").resolve(name + "-" + seed);
        List<Problem> problems = trained();
        double share = problems.stream().filter(Problem::hasDemonstration).count() / (double) problems.size(); // all visited alike
        Map<String, String> defaults = new LinkedHashMap<>(Map.of("--learning-rate", "3e-4", "--temperature", TEMPERATURE,
                "--problems-per-step", Integer.toString(PROBLEMS), "--group-size", Integer.toString(GROUP), "--evaluate-every",
                Integer.toString((steps + 3) / 4),
                "--evaluate-samples", "0", "--trusted-share", Double.toString(share), "--steps", Integer.toString(20 * steps)));
        List<String> arguments = new ArrayList<>(
                List.of("train", "--recipe", name.substring(after == null ? 0 : AFTER_SFT.length()), "--tokens", Long.toString(tokens)));
        arguments.addAll(common(defaults, folder, seed, files, "evaluated.jsonl", training));
        if (after != null) {
            arguments.addAll(List.of("--adapter", best(seed).toString()));
        }
        queue.add(new Job(name + "-" + seed, folder, arguments, steps, tokens, after));
        return folder;
    }

    /** What imitation has learned, at its best on the validation problems. */
    private Path best(int seed) {
        return out.resolve("runs").resolve("sft-" + seed).resolve("best");
    }

    private void imitation(List<Job> queue, int seed, Path files) {
        Path folder = out.resolve("runs").resolve("sft-" + seed);
        List<String> arguments = new ArrayList<>(List.of("sft", "--keep-best"));
        arguments.addAll(common(new LinkedHashMap<>(Map.of("--learning-rate", "5e-4", "--batch", "16", "--steps",
                Integer.toString(SFT_STEPS), "--evaluate-every", Integer.toString(SFT_STEPS / 6), "--evaluate-samples", "0")), folder, seed,
                files, "validation.jsonl", given(with(ASKING, "--lora-rank"))));
        queue.add(new Job("sft-" + seed, folder, arguments, SFT_STEPS, 0));
    }

    private List<String> common(Map<String, String> defaults, Path folder, int seed, Path files, String evaluated,
            List<String> given) {
        defaults.putAll(Map.of("--prompt-format", "chat", "--lora-rank", Integer.toString(RANK), "--rollout-rows", Integer.toString(ROWS)));
        Set<String> overridden = new LinkedHashSet<>(names(given));
        List<String> arguments = new ArrayList<>(List.of("--model", model.toString(), "--task", task.name(), "--data",
                files.resolve("train.jsonl").toString(), "--evaluate-on", files.resolve(evaluated).toString(), "--seed",
                Integer.toString(seed), "--out", folder.toString()));
        defaults.forEach((name, value) -> {
            if (!overridden.contains(name)) {
                arguments.addAll(List.of(name, value));
            }
        });
        arguments.addAll(given);
        return arguments;
    }

    /**
     * Greedy accuracy, pass@k and completions of what a run has learned.
     *
     * @param adapter its adapters; null for the model as it was
     * @param after name of the run; null for none
     * @param drawn samples of each problem for pass@k; 0 for the greedy accuracy alone
     */
    private Path scores(List<Job> queue, String title, Path adapter, String after, Path problems, int drawn) {
        Path folder = out.resolve("scores").resolve(title.toLowerCase(Locale.ROOT).replaceAll("\\W+", "-"));
        List<String> asking = given(with(ASKING, "--temperature"));
        List<String> arguments = new ArrayList<>(List.of("evaluate", "--model", model.toString(), "--task", task.name(), "--data",
                problems.toString(), "--samples", Integer.toString(drawn), "--max-rows", Integer.toString(ROWS), "--csv",
                folder.resolve(Job.SCORES).toString(), "--completions", folder.resolve("completions.jsonl").toString()));
        if (drawn > 0) {
            arguments.addAll(List.of("--pass-at", ks()));
        }
        if (!names(asking).contains("--prompt-format")) {
            arguments.addAll(List.of("--prompt-format", "chat"));
        }
        if (!names(asking).contains("--temperature")) {
            arguments.addAll(List.of("--temperature", TEMPERATURE));
        }
        arguments.addAll(asking);
        if (adapter != null) {
            arguments.addAll(List.of("--adapter", adapter.toString()));
        }
        long completions = drawn > 0 ? (long) drawn * Math.min(SCORED, evaluated().size()) : evaluated().size();
        long asManySteps = Math.max(1, completions / (PROBLEMS * GROUP) / 2); // there is no update
        queue.add(new Job("scores-" + folder.getFileName() + "-1", folder, arguments, asManySteps, 0, after));
        return folder;
    }

    /** 1, 2, 4 … up to the samples. */
    private String ks() {
        List<String> ks = new ArrayList<>();
        for (int k = 1; k <= samples; k *= 2) {
            ks.add(Integer.toString(k));
        }
        return String.join(",", ks);
    }

    private static List<String> names(List<String> options) {
        return options.stream().filter(option -> option.startsWith("--")).map(option -> option.split("=", 2)[0]).toList();
    }

    /** Those of the training options that have one of these names, with their values; {@code --name=value} becomes two words. */
    private List<String> given(Set<String> wanted) {
        List<String> chosen = new ArrayList<>();
        for (int i = 0; i < training.size(); i++) {
            String[] parts = training.get(i).split("=", 2);
            if (wanted.contains(parts[0])) {
                chosen.add(parts[0]);
                if (!FLAGS.contains(parts[0]) && (parts.length > 1 || i + 1 < training.size())) {
                    chosen.add(parts.length > 1 ? parts[1] : training.get(++i));
                }
            }
        }
        return chosen;
    }
}
