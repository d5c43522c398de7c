///usr/bin/env jbang "$0" "$@" ; exit $?
//SOURCES ../lppo/Lppo.java
//SOURCES Commands.java
//SOURCES train.java
//SOURCES sft.java

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
import lppo.task.Tasks;
import lppo.view.Display;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * The main job. Every recipe starts from the same base policy and, per seed, sees the same problems in the same order and
 * samples as many completions; beside them goes plain supervised fine-tuning on the same demonstrations. Each run is what
 * {@code train} or {@code sft} does, in a process of its own on one core.
 */
@Command(name = "reproduce", mixinStandardHelpOptions = true,
        description = "The main job: GRPO, +PG, +LP and LPPO side by side on the built-in task.",
        footer = {"", "Examples:", "  ./jbang reproduce", "  ./jbang reproduce --quick --out /tmp/quick",
            "  ./jbang reproduce --recipes grpo,lppo --seeds 5 --steps 800 --out /tmp/five",
            "  ./jbang reproduce --out /tmp/even -- --trusted-share 0.08    # options of train, for every recipe",
            "  ./jbang reproduce --out /tmp/few --demonstrations 8 -- --trusted-share 0.125",
            "  ./jbang reproduce --recipes all --seeds 5 --out /tmp/all    # with the rivals, at equal sampled tokens",
            "  ./jbang reproduce --across losses --out /tmp/losses    # recipe by loss"})
public class reproduce implements Callable<Integer> {

    @Option(names = "--task", description = "The task to learn (default: ${DEFAULT-VALUE}).")
    String task = Tasks.names().get(0);

    @Option(names = "--model", description = "Model folder, or OWNER/NAME[@REVISION] on the hub, that all recipes begin with"
            + " (default: the base policy of the built-in task).")
    Path model;

    @Option(names = "--out", description = "Report folder; it must be new or empty, unless --resume (default: ${DEFAULT-VALUE}).")
    Path out = Path.of("runs", "reproduce");

    @Option(names = "--quick", description = "Fewer steps and seeds: a look in under three minutes.")
    boolean quick;

    @Option(names = "--recipes", split = ",",
            description = "Which recipes, GRPO first, or all: with the rivals, ranked at equal sampled tokens (default: ${DEFAULT-VALUE}).")
    List<String> recipes = List.of("grpo", "pg", "lp", "lppo");

    @Option(names = "--across", paramLabel = "losses", description = "The recipes with every loss: a table of recipe by loss.")
    String across;

    @Option(names = "--tokens", description = "Sampled tokens at which a run ends (default: with --recipes all 5000 x steps, else no limit).")
    Long tokens;

    @Option(names = "--on", description = "heldout, or validation for choosing settings (default: ${DEFAULT-VALUE}).")
    String on = "heldout";

    @Option(names = "--seeds", description = "How many seeds (default: 3, with --quick 1).")
    int seeds = 0;

    @Option(names = "--steps", description = "Training steps (default: 300, with --quick 60).")
    int steps = 0;

    @Option(names = "--demonstrations", description = "Use only so many of the 64 solutions, evenly chosen (default: all).")
    Integer demonstrations;

    @Option(names = "--jobs", description = "Runs side by side (default: one per core).")
    int jobs = Runtime.getRuntime().availableProcessors();

    @Option(names = "--resume", description = "Go on in --out: finished runs are kept, broken-off ones continue.")
    boolean resume;

    @Parameters(paramLabel = "-- OPTION", description = "Options of train that every recipe's runs get.")
    List<String> training = List.of();

    private record Control(String name, String id, int steps, String rate) {}

    @Override
    public Integer call() throws Exception {
        seeds = seeds == 0 ? quick ? 1 : 3 : seeds;
        steps = steps == 0 ? quick ? 60 : 300 : steps;
        BadInput.unless(seeds > 0, "--seeds %d: must be positive", seeds);
        BadInput.unless(steps >= 10, "--steps %d: must be 10 or more", steps);
        BadInput.unless(jobs > 0, "--jobs %d: must be positive", jobs);
        BadInput.unless(tokens == null || tokens > 0, "--tokens %d: must be positive", tokens);
        BadInput.unless(across == null || across.equals("losses"), "--across %s: only losses", across);
        BadInput.unless(across == null || training.stream().noneMatch(option -> option.matches("--loss(=.*)?")),
                "--across losses: gives every run its own --loss; leave out the one behind --");
        BadInput.unless(List.of("heldout", "validation").contains(on), "--on %s: choose heldout or validation", on);
        boolean all = recipes.equals(List.of("all"));
        List<String> chosen = all ? Recipe.names() : recipes.stream().distinct().toList();
        chosen.forEach(Recipe::named); // they exist
        BadInput.unless(chosen.get(0).equals("grpo"), "--recipes %s: begin with grpo, which the others are compared with",
                String.join(",", recipes));
        if (all && tokens == null) {
            tokens = 5000L * steps;
        }
        model = ByName.model(model);
        if (!resume) {
            RunFolder.create(out);
        }
        Path files = unpack(out, Tasks.named(task));
        return across == null ? recipes(chosen, files, all) : losses(chosen, files);
    }

    /** The recipes side by side, with the default loss or the one among the training options. */
    private int recipes(List<String> chosen, Path task, boolean ranked) throws Exception {
        List<Job> queue = new ArrayList<>();
        List<RunGroup> compared = runs(queue, chosen, task, "", training);
        List<RunGroup> controls = new ArrayList<>(); // imitation of the same demonstrations
        for (Control control : List.of(new Control("SFT", "sft", 3 * steps, "1e-3"), // about as long as a run of train
                new Control("SFT (60 steps)", "early", 60, "3e-4"))) { // the best of eight settings on the validation set
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

    /** The recipes with each loss. */
    private int losses(List<String> chosen, Path task) throws Exception {
        List<Job> queue = new ArrayList<>();
        Map<String, List<RunGroup>> compared = new LinkedHashMap<>();
        for (Algorithm loss : Algorithm.all(1)) {
            compared.put(loss.title(), runs(queue, chosen, task, loss.id() + "/",
                    Stream.concat(Stream.of("--loss", loss.id()), training.stream()).toList()));
        }
        String setting = run(queue);
        ConditionReport table = new ConditionReport("loss", compared);
        table.write(out, "Recipe by loss on the built-in task", setting + " All losses have one learning rate.");
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
            compared.add(new RunGroup(Recipe.named(recipe).title(), folders));
        }
        return compared;
    }

    /** Runs all and says what they were. */
    private String run(List<Job> queue) throws Exception {
        long begin = System.nanoTime();
        String commit = Cli.commit(); // now: a checkout may move on while this runs
        new Jobs(out, jobs).run(queue);
        return String.format(Locale.ROOT, "%d seeds, %s%s%s; %s problems; %d jobs on %s with %d cores; commit %s; %.1f minutes.", seeds,
                tokens == null ? steps + " steps" : String.format(Locale.ROOT, "%,d sampled tokens each", tokens),
                demonstrations == null ? "" : ", " + demonstrations + " demonstrations", training.isEmpty() ? "" : ", " + String.join(" ", training),
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

    /** Writes the problems of a task and the base policy, so that the command works with nothing cloned. */
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
