///usr/bin/env jbang "$0" "$@" ; exit $?
//SOURCES ../lppo/Lppo.java
//SOURCES Commands.java
//SOURCES train.java
//SOURCES sft.java
//SOURCES evaluate.java
//SOURCES ModelComparison.java
//SOURCES BenchmarkPlan.java
//SOURCES BenchmarkComparison.java

package commands;

import commands.Jobs.Job;
import common.BadInput;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import lppo.Algorithm;
import lppo.data.Problems;
import lppo.run.Recipe;
import lppo.run.RunFolder;
import lppo.task.BasePolicy;
import lppo.task.Task;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import rivals.RivalRecipes;
import tasks.Tasks;
import view.Display;

/**
 * The main experiment. Every recipe starts from the same base policy and, for each seed, visits the same problems in the same order, with
 * and without a demonstration alike, and samples the same number of completions; supervised fine-tuning on the same demonstrations is the
 * control. Each run is a {@code train} or {@code sft} command in a separate process on one core.
 */
@Command(name = "reproduce", mixinStandardHelpOptions = true,
        description = "The main experiment: GRPO, +PG, +LP and LPPO side by side on a built-in task.",
        footer = {"", "Examples:", "  ./jbang reproduce", "  ./jbang reproduce --quick --out /tmp/quick",
            "  ./jbang reproduce --recipes grpo,lppo --seeds 5 --steps 800 --out /tmp/five",
            "  ./jbang reproduce --out /tmp/half -- --trusted-share 0.5    # options of train, for every recipe",
            "  ./jbang reproduce --out /tmp/few --demonstrations 8",
            "  ./jbang reproduce --recipes all --seeds 5 --out /tmp/all    # with the rivals, at equal sampled tokens",
            "  ./jbang reproduce --across losses --out /tmp/losses    # recipe by loss",
            "  ./jbang reproduce --task arithmetic --model SmolLM2-135M-Instruct --out /tmp/arithmetic    # a language model",
            "  ./jbang reproduce --task arithmetic --model SmolLM2-135M-Instruct --quick --out /tmp/look",
            "  ./jbang reproduce --plan notebooks/examples/paper/qwen2.5-math-1.5b.json --out /tmp/paper --dry-run"})
public class reproduce implements Callable<Integer> {

    @Option(names = "--task", description = "Task (default: ${DEFAULT-VALUE}).")
    String task = Tasks.names().get(0);

    @Option(names = "--model", description = "Initial model of all recipes, a folder or OWNER/NAME[@REVISION] on the Hugging Face hub"
            + " (default: the base policy of modular-chain; other tasks have none).")
    Path model;

    @Option(names = "--plan", paramLabel = "FILE", description = "Run the experiment that a file describes: recipes, and the benchmarks to"
            + " measure them on; see notebooks/examples/paper.")
    Path plan;

    @Option(names = "--dry-run", description = "With --plan: print the commands and the memory that training needs, and run nothing.")
    boolean dryRun;

    @Option(names = "--out", description = "Report folder; it must be new or empty, unless --resume (default: ${DEFAULT-VALUE}).")
    Path out = Path.of("runs", "reproduce");

    @Option(names = "--quick", description = "Fewer steps and seeds: a first impression in under three minutes; with a language model one"
            + " seed of GRPO and LPPO, in about fifteen.")
    boolean quick;

    @Option(names = "--recipes", split = ",",
            description = "Recipes, GRPO first, or all: with the rivals, ranked at equal sampled tokens (default: grpo,pg,lp,lppo; with a"
                    + " language model also sft, sft-grpo and sft-lppo, supervised fine-tuning alone and before a recipe).")
    List<String> recipes;

    @Option(names = "--across", paramLabel = "losses", description = "Run the recipes with every loss: a table of recipe by loss.")
    String across;

    @Option(names = "--tokens", description = "End a run at this many sampled tokens (default: with --recipes all, and with a language"
            + " model, 5000 x steps, else no limit).")
    Long tokens;

    @Option(names = "--on", description = "Evaluation set: heldout, or validation for choosing settings (default: ${DEFAULT-VALUE}).")
    String on = "heldout";

    @Option(names = "--seeds", description = "Number of seeds (default: 3, with --quick 1).")
    int seeds = 0;

    @Option(names = "--steps", description = "Training steps (default: 300, with --quick 60; with a language model 60 and"
            + " 12).")
    int steps = 0;

    @Option(names = "--samples", description = "With a language model: number of samples of each problem for pass@k at the end (default:"
            + " 64, with --quick 16).")
    Integer samples;

    @Option(names = "--demonstrations", description = "Use only this many of the task's solutions, chosen evenly (default: all).")
    Integer demonstrations;

    @Option(names = "--jobs",
            description = "Number of parallel runs (default: one per core; with a language model fewer if memory is short).")
    Integer jobs;

    @Option(names = "--resume", description = "Resume in --out: finished runs are kept, interrupted ones continue.")
    boolean resume;

    @Parameters(paramLabel = "-- OPTION", description = "Options of train, passed to every run of a recipe.")
    List<String> training = List.of();

    private record Control(String name, String id, int steps, String rate) {}

    @Override
    public Integer call() throws Exception {
        BadInput.unless(!dryRun || plan != null, "--dry-run: goes with --plan FILE");
        if (plan != null) {
            BadInput.unless(training.isEmpty() && recipes == null && across == null && tokens == null && seeds == 0 && steps == 0,
                    "--plan: the file says what is run; only --model, --out, --resume and --dry-run go with it");
            BenchmarkPlan read = BenchmarkPlan.read(plan);
            BenchmarkComparison benchmarks = new BenchmarkComparison(model == null ? read : read.model(model.toString()), out);
            if (dryRun) {
                return benchmarks.dryRun();
            }
            if (!resume) {
                RunFolder.create(out);
            }
            return benchmarks.run();
        }
        seeds = seeds == 0 ? quick ? 1 : 3 : seeds;
        boolean chain = task.equals(Tasks.names().get(0)); // else a language model
        steps = steps != 0 ? steps : chain ? quick ? 60 : 300 : quick ? 12 : 60;
        BadInput.unless(seeds > 0, "--seeds %d: must be positive", seeds);
        BadInput.unless(steps >= 10, "--steps %d: must be 10 or more", steps);
        BadInput.unless(jobs == null || jobs > 0, "--jobs %d: must be positive", jobs);
        BadInput.unless(tokens == null || tokens > 0, "--tokens %d: must be positive", tokens);
        BadInput.unless(across == null || across.equals("losses"), "--across %s: only losses", across);
        BadInput.unless(across == null || training.stream().noneMatch(option -> option.matches("--loss(=.*)?")),
                "--across losses: sets --loss for every run; remove the one after --");
        BadInput.unless(List.of("heldout", "validation").contains(on), "--on %s: choose heldout or validation", on);
        BadInput.unless(chain || across == null, "--across: compares on the task %s alone", Tasks.names().get(0));
        BadInput.unless(!chain || samples == null, "--samples: goes with a language model, on another task than %s", task);
        Task named = Tasks.named(task);
        if (recipes == null) {
            recipes = chain ? List.of("grpo", "pg", "lp", "lppo") : quick ? List.of("grpo", "lppo") : ModelComparison.ALL;
        }
        boolean all = recipes.equals(List.of("all"));
        List<String> chosen = all ? Recipe.names() : recipes.stream().distinct().toList();
        if (chain) {
            chosen.forEach(RivalRecipes::named); // they exist
        }
        BadInput.unless(chosen.get(0).equals("grpo"), "--recipes %s: start with grpo, the baseline of the comparison",
                String.join(",", recipes));
        if ((all || !chain) && tokens == null) {
            tokens = 5000L * steps;
        }
        model = ByName.model(model);
        ModelComparison comparison = chain ? null : new ModelComparison(named, model, out, chosen, seeds, steps, tokens, on,
                quick ? 50 : Integer.MAX_VALUE, samples != null ? samples : quick ? 16 : 64, demonstrations, jobs == null ? 0 : jobs,
                training);
        if (!resume) {
            RunFolder.create(out);
        }
        if (comparison != null) {
            return comparison.run();
        }
        jobs = jobs == null ? (Integer) Runtime.getRuntime().availableProcessors() : jobs;
        Path files = unpack(out, named);
        return across == null ? recipes(chosen, files, all) : losses(chosen, files);
    }

    /** Compares the recipes, with the default loss or the one among the training options. */
    private int recipes(List<String> chosen, Path task, boolean ranked) throws Exception {
        List<Job> queue = new ArrayList<>();
        List<RunGroup> compared = runs(queue, chosen, task, "", training);
        List<RunGroup> controls = new ArrayList<>(); // supervised fine-tuning on the same demonstrations
        for (Control control : List.of(new Control("SFT", "sft", 3 * steps, "1e-3"), // about as long as a run of train
                new Control("SFT (60 steps)", "early", 60, "3e-4"))) { // best of eight settings on the validation set
            List<Path> folders = new ArrayList<>();
            for (int seed = 1; seed <= seeds; seed++) {
                folders.add(add(queue, "sft", control.id(), seed, task, control.steps(),
                        List.of("--batch", "64", "--learning-rate", control.rate())));
            }
            controls.add(new RunGroup(control.name(), folders));
        }
        String setting = run(queue);
        RecipeReport report = new RecipeReport(compared, controls, 0.3, ranked);
        report.write(out, setting);
        Display.print(report.table());
        System.out.println("report: " + out.resolve("report.md"));
        return 0;
    }

    /** Compares the recipes with each loss. */
    private int losses(List<String> chosen, Path task) throws Exception {
        List<Job> queue = new ArrayList<>();
        Map<String, List<RunGroup>> compared = new LinkedHashMap<>();
        for (Algorithm loss : Algorithm.all(1)) {
            compared.put(loss.title(), runs(queue, chosen, task, loss.id() + "/",
                    Stream.concat(Stream.of("--loss", loss.id()), training.stream()).toList()));
        }
        String setting = run(queue);
        ConditionReport table = new ConditionReport("loss", compared);
        table.write(out, "Recipe by loss on the built-in task", setting + " All losses use the same learning rate.");
        Display.print(table.table());
        System.out.println("report: " + out.resolve("report.md"));
        return 0;
    }

    private List<RunGroup> runs(List<Job> queue, List<String> chosen, Path task, String prefix, List<String> options) {
        List<RunGroup> compared = new ArrayList<>();
        for (String recipe : chosen) {
            List<Path> folders = new ArrayList<>();
            for (int seed = 1; seed <= seeds; seed++) {
                folders.add(add(queue, "train", prefix + recipe, seed, task, steps,
                        Stream.concat(Stream.of("--recipe", recipe), options.stream()).toList()));
            }
            compared.add(new RunGroup(RivalRecipes.named(recipe).title(), folders));
        }
        return compared;
    }

    /** Runs all jobs and returns a description of the setting. */
    private String run(List<Job> queue) throws Exception {
        long begin = System.nanoTime();
        String commit = Cli.commit(); // determined first, as the checkout may change during the run
        new Jobs(out, jobs).run(queue);
        return String.format(Locale.ROOT, "%d seeds, %s%s%s; %s problems; %d jobs on %s with %d cores; commit %s; %.1f minutes.", seeds,
                tokens == null ? steps + " steps" : String.format(Locale.ROOT, "%,d sampled tokens each", tokens),
                demonstrations == null ? "" : ", " + demonstrations + " demonstrations",
                training.isEmpty() ? "" : ", " + String.join(" ", training),
                on, jobs, System.getProperty("os.name") + " " + System.getProperty("os.arch"),
                Runtime.getRuntime().availableProcessors(), commit, (System.nanoTime() - begin) / 60e9);
    }

    private Path add(List<Job> queue, String command, String name, int seed, Path task, int length, List<String> extra) {
        Path folder = out.resolve("runs").resolve(name + "-" + seed);
        List<String> arguments = new ArrayList<>(List.of("--model",
                (model == null ? task.resolve("base") : model).toString(), "--task", this.task, "--data",
                task.resolve("train.jsonl").toString(), "--evaluate-on", task.resolve(on + ".jsonl").toString(),
                "--evaluate-every", Integer.toString((length + 7) / 8), "--seed",
                Integer.toString(seed), "--device", "cpu", "--out", folder.toString()));
        if (command.equals("train") && extra.stream().noneMatch(option -> option.matches("--trusted-share(=.*)?"))) {
            arguments.addAll(List.of("--trusted-share", "even"));
        }
        arguments.addAll(extra);
        if (demonstrations != null) {
            arguments.addAll(List.of("--demonstrations", demonstrations.toString()));
        }
        boolean limited = tokens != null && command.equals("train");
        arguments.addAll(List.of("--steps", Integer.toString(limited ? 20 * length : length)));
        if (limited) {
            arguments.addAll(List.of("--tokens", tokens.toString()));
        }
        arguments.add(0, command);
        queue.add(new Job(name + "-" + seed, folder, arguments, length, limited ? tokens : 0));
        return folder;
    }

    /** Writes the problems of a task and the base policy, so that the command works without a checkout. */
    static Path unpack(Path folder, Task task) throws Exception {
        Path files = folder.resolve("task");
        Files.createDirectories(files.resolve("base"));
        Problems.write(files.resolve("train.jsonl"), task.problems(Task.Split.TRAIN));
        Problems.write(files.resolve("validation.jsonl"), task.problems(Task.Split.VALIDATION));
        Problems.write(files.resolve("heldout.jsonl"), task.problems(Task.Split.HELD_OUT));
        BasePolicy.copyTo(files.resolve("base"));
        return files;
    }

    public static void main(String... args) {
        Cli.run(new reproduce(), args);
    }
}
