///usr/bin/env jbang "$0" "$@" ; exit $?
//SOURCES ../lib/lppo/Lppo.java
//SOURCES train.java
//SOURCES sft.java
//FILES task/train.jsonl=../data/train.jsonl
//FILES task/validation.jsonl=../data/validation.jsonl
//FILES task/heldout.jsonl=../data/heldout.jsonl
//FILES task/base/config.json=../data/base/config.json
//FILES task/base/tokenizer.json=../data/base/tokenizer.json
//FILES task/base/model.safetensors=../data/base/model.safetensors

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import lppo.Recipe;
import lppo.cli.Cli;
import lppo.cli.Children;
import lppo.cli.Progress;
import lppo.data.BadInput;
import lppo.train.RunFolder;
import lppo.view.Report;
import lppo.view.Runs;
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
            "  ./jbang reproduce --out /tmp/few --demonstrations 8 -- --trusted-share 0.125"})
public class reproduce implements Callable<Integer> {

    private static final List<String> TASK = List.of("train.jsonl", "validation.jsonl", "heldout.jsonl",
            "base/config.json", "base/tokenizer.json", "base/model.safetensors");

    @Option(names = "--out", description = "Report folder; it must be new or empty, unless --resume (default: ${DEFAULT-VALUE}).")
    Path out = Path.of("runs", "reproduce");

    @Option(names = "--quick", description = "Fewer steps and seeds: a look in under three minutes.")
    boolean quick;

    @Option(names = "--recipes", split = ",", description = "Which recipes, GRPO first (default: ${DEFAULT-VALUE}).")
    List<String> recipes = List.of("grpo", "pg", "lp", "lppo");

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

    private record Job(String name, Path folder, List<String> arguments, int steps) {}

    @Override
    public Integer call() throws Exception {
        seeds = seeds == 0 ? quick ? 1 : 3 : seeds;
        steps = steps == 0 ? quick ? 60 : 300 : steps;
        BadInput.unless(seeds > 0, "--seeds %d: must be positive", seeds);
        BadInput.unless(steps >= 10, "--steps %d: must be 10 or more", steps);
        BadInput.unless(jobs > 0, "--jobs %d: must be positive", jobs);
        List<Recipe> chosen = recipes.stream().map(Recipe::named).distinct().toList();
        BadInput.unless(chosen.get(0) == Recipe.GRPO, "--recipes %s: begin with grpo, which the others are compared with",
                String.join(",", recipes));
        if (!resume) {
            RunFolder.create(out);
        }
        Path task = unpack(out);
        List<Job> queue = new ArrayList<>();
        List<Runs> compared = new ArrayList<>();
        for (Recipe recipe : chosen) {
            List<Path> folders = new ArrayList<>();
            for (int seed = 1; seed <= seeds; seed++) {
                folders.add(add(queue, "train", recipe.id(), seed, task, steps,
                        Stream.concat(Stream.of("--recipe", recipe.id()), training.stream()).toList()));
            }
            compared.add(new Runs(recipe.title(), folders));
        }
        List<Runs> controls = new ArrayList<>(); // imitation of the same demonstrations
        for (Control control : List.of(new Control("SFT", "sft", 3 * steps, "1e-3"), // about as long as a run of train
                new Control("SFT (60 steps)", "early", 60, "3e-4"))) { // the best of eight settings on the validation set
            List<Path> folders = new ArrayList<>();
            for (int seed = 1; seed <= seeds; seed++) {
                folders.add(add(queue, "sft", control.id(), seed, task, control.steps(),
                        List.of("--batch", "64", "--learning-rate", control.rate())));
            }
            controls.add(new Runs(control.name(), folders));
        }
        long begin = System.nanoTime();
        String commit = Cli.commit(); // now: a checkout may move on while this runs
        run(queue);
        String setting = "%d seeds, %d steps%s%s; %d jobs on %s with %d cores; commit %s; %.1f minutes.".formatted(seeds, steps,
                demonstrations == null ? "" : ", " + demonstrations + " demonstrations", training.isEmpty() ? "" : ", " + String.join(" ", training),
                jobs, System.getProperty("os.name") + " " + System.getProperty("os.arch"),
                Runtime.getRuntime().availableProcessors(), commit, (System.nanoTime() - begin) / 60e9);
        Report report = new Report(compared, controls, 0.3);
        report.write(out, setting);
        System.out.println(report.table().print());
        System.out.println("report: " + out.resolve("report.md"));
        return 0;
    }

    private Path add(List<Job> queue, String command, String name, int seed, Path task, int length, List<String> extra) {
        Path folder = out.resolve("runs").resolve(name + "-" + seed);
        List<String> arguments = new ArrayList<>(List.of("--model", task.resolve("base").toString(), "--data",
                task.resolve("train.jsonl").toString(), "--evaluate-on", task.resolve("heldout.jsonl").toString(),
                "--evaluate-every", Integer.toString((length + 7) / 8), "--steps", Integer.toString(length), "--seed",
                Integer.toString(seed), "--device", "cpu", "--out", folder.toString()));
        arguments.addAll(extra);
        if (demonstrations != null) {
            arguments.addAll(List.of("--demonstrations", demonstrations.toString()));
        }
        arguments.add(0, command);
        queue.add(new Job(name + "-" + seed, folder, arguments, length));
        return folder;
    }

    private void run(List<Job> queue) throws Exception {
        int total = queue.stream().mapToInt(Job::steps).sum();
        ExecutorService pool = Executors.newFixedThreadPool(jobs);
        try (Children children = new Children(out); Progress progress = new Progress("", total)) {
            List<Future<?>> futures = new ArrayList<>();
            for (Job job : queue) {
                futures.add(pool.submit(() -> {
                    if (!finished(job)) {
                        List<String> arguments = new ArrayList<>(job.arguments());
                        if (Files.isDirectory(job.folder().resolve("checkpoint")) && job.arguments().get(0).equals("train")) {
                            arguments.add("--resume");
                        } else {
                            Children.delete(job.folder());
                        }
                        children.run(job.name(), arguments);
                    }
                    return null;
                }));
            }
            pool.shutdown();
            while (!pool.awaitTermination(1, TimeUnit.SECONDS)) {
                progress.accept(queue.stream().mapToInt(this::stepsDone).sum());
                progress.note(accuracies(queue));
                for (Future<?> future : futures) {
                    if (future.isDone()) {
                        future.get(); // a failed run ends the whole at once
                    }
                }
            }
            for (Future<?> future : futures) {
                future.get();
            }
        } catch (java.util.concurrent.ExecutionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        } finally {
            pool.shutdownNow();
        }
    }

    private boolean finished(Job job) throws Exception {
        Path file = job.folder().resolve("evaluation.csv");
        return Files.exists(file) && Files.isDirectory(job.folder().resolve("checkpoint"))
                && Files.readAllLines(file).stream().anyMatch(line -> line.startsWith(job.steps() + ","));
    }

    private int stepsDone(Job job) {
        try {
            return Math.max(0, Files.readAllLines(job.folder().resolve("metrics.csv")).size() - 1);
        } catch (java.io.IOException e) {
            return 0; // not begun
        }
    }

    /** The latest greedy accuracy by recipe, mean over its seeds that have begun. */
    private String accuracies(List<Job> queue) {
        Map<String, List<Double>> latest = new LinkedHashMap<>();
        for (Job job : queue) {
            try {
                Files.readAllLines(job.folder().resolve("evaluation.csv")).stream().filter(l -> l.contains(",all,"))
                        .reduce((a, b) -> b).ifPresent(l -> latest.computeIfAbsent(job.name().replaceFirst("-\\d+$", ""),
                                name -> new ArrayList<>()).add(Double.parseDouble(l.split(",")[4])));
            } catch (java.io.IOException | NumberFormatException | ArrayIndexOutOfBoundsException e) {
                continue; // not begun, or a row half written
            }
        }
        return latest.entrySet().stream().map(e -> e.getKey() + " %.2f".formatted( // ".20": 80 columns are few
                e.getValue().stream().mapToDouble(x -> x).average().orElseThrow()).replace("0.", "."))
                .collect(Collectors.joining(" "));
    }

    /** Copies the task out of the jar, so that the command works with nothing cloned. */
    static Path unpack(Path folder) throws Exception {
        Path task = folder.resolve("task");
        for (String name : TASK) {
            Path file = task.resolve(name);
            Files.createDirectories(file.getParent());
            try (InputStream in = reproduce.class.getResourceAsStream("/task/" + name)) {
                Files.copy(in, file, StandardCopyOption.REPLACE_EXISTING);
            }
        }
        return task;
    }

    public static void main(String... args) {
        Cli.run(new reproduce(), args);
    }
}
