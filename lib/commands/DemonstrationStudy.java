package commands;

//SOURCES DemonstrationReport.java
//SOURCES ModelComparison.java

import ai.djl.Device;
import commands.Jobs.Job;
import common.BadInput;
import common.Seed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import llm.Precision;
import lppo.data.Problem;
import lppo.data.Problems;
import lppo.run.RunFolder;
import lppo.task.BasePolicy;
import lppo.task.ModularChain;
import lppo.task.Task;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tasks.Tasks;
import tech.tablesaw.api.Table;
import view.Curve;
import view.Display;
import view.Tables;

/**
 * Studies how best to spend a number of demonstrations: imitate them, hint with them, or both. For each seed, the demonstrations are drawn
 * at random, fewer ones being among the more; every method gets the same ones, begins with the same weights and, but for imitation, samples
 * the same number of tokens. Imitation is stopped at its best on the validation problems. LPPO after imitation gives hints only for what
 * that leaves unsolved, since a problem is guided only while its pass rate is low.
 */
@Command(name = "demonstrations", mixinStandardHelpOptions = true,
        description = "Study how best to spend N demonstrations: imitation, hints, or both, by their number.",
        footer = {"", "Examples:", "  ./jbang study demonstrations", "  ./jbang study demonstrations --quick --out /tmp/look",
            "  ./jbang study demonstrations --search --demonstrations 8,64 --seeds 1 --steps 150 --out /tmp/search",
            "  ./jbang study demonstrations --task arithmetic --model SmolLM2-135M-Instruct --demonstrations 4,16,64"})
public class DemonstrationStudy implements Callable<Integer> {

    @Option(names = "--out", description = "Report folder; it must be new or empty, unless --resume (default: ${DEFAULT-VALUE}).")
    Path out = Path.of("runs", "demonstrations");

    @Option(names = "--demonstrations", split = ",", paramLabel = "N",
            description = "Numbers of demonstrations (default: 0,4,8,16,32,64,128; with --quick 0,8,64).")
    List<Integer> demonstrations;

    @Option(names = "--seeds", description = "Number of seeds (default: 5, with a language model 3, with --quick 1).")
    int seeds = 0;

    @Option(names = "--steps", description = "About as many training steps per run, for 5,000 sampled tokens each (default: 300, with"
            + " --quick 60; with a language model 60 and 12).")
    int steps = 0;

    @Option(names = "--quick", description = "Fewer numbers, steps and seeds: a first impression.")
    boolean quick;

    @Option(names = "--search", description = "Try a few settings of each method on the validation problems instead: a table of all.")
    boolean search;

    @Option(names = "--task", description = "Task (default: ${DEFAULT-VALUE}).")
    String task = Tasks.names().get(0);

    @Option(names = "--model", description = "Initial model, a folder or OWNER/NAME[@REVISION] on the Hugging Face hub (default: the base"
            + " policy of modular-chain; other tasks have none).")
    Path model;

    @Option(names = "--jobs", description = "Number of parallel runs (default: one per core; with a language model fewer if memory is"
            + " short).")
    int jobs = 0;

    @Option(names = "--resume", description = "Resume in --out: finished runs are kept, interrupted ones continue.")
    boolean resume;

    private static final long TOKENS_A_STEP = 5000;
    private static final String HIGHEST_LEVELS = "9|11"; // of modular-chain, which have demonstrations

    /** What is done with the demonstrations. */
    private enum Method {
        GRPO("GRPO", false, "grpo"), PG("GRPO + PG", false, "pg"), LPPO("LPPO", false, "lppo"), SFT("SFT", true, null),
        SFT_GRPO("SFT then GRPO", true, "grpo"), SFT_LPPO("SFT then LPPO", true, "lppo");

        final String title;
        final boolean imitates;
        final String recipe; // null: imitation alone

        Method(String title, boolean imitates, String recipe) {
            this.title = title;
            this.imitates = imitates;
            this.recipe = recipe;
        }

        /** The same without demonstrations; the policy as it was for imitation. */
        Method without() {
            return this == SFT ? SFT : recipe.equals("lppo") ? LPPO : GRPO;
        }
    }

    /**
     * Settings of a method.
     *
     * @param rate learning rate
     * @param more of a recipe: how many times as often a problem with a demonstration is visited as another; of imitation: steps
     */
    private record Setting(double rate, int more) {

        String words(Method method) {
            return "learning rate %s, %s".formatted(rate, method == Method.SFT ? more + " steps"
                    : more == 1 ? "all visited alike" : "with a demonstration " + more + " times as often");
        }
    }

    /** The best of the search on the built-in task; see data/README.md. */
    private static final Map<Method, Setting> CHAIN = Map.of(Method.SFT, new Setting(3e-4, 180), Method.GRPO, new Setting(2e-4, 1),
            Method.PG, new Setting(2e-4, 1), Method.LPPO, new Setting(2e-4, 1), Method.SFT_GRPO, new Setting(2e-4, 1), Method.SFT_LPPO,
            new Setting(2e-4, 1));
    /** Of a language model, as in {@link ModelComparison}. */
    private static final Map<Method, Setting> LANGUAGE = Map.of(Method.SFT, new Setting(5e-4, 30), Method.GRPO, new Setting(3e-4, 1),
            Method.PG, new Setting(3e-4, 1), Method.LPPO, new Setting(3e-4, 1), Method.SFT_GRPO, new Setting(3e-4, 1), Method.SFT_LPPO,
            new Setting(3e-4, 1));

    private boolean chain;
    private long tokens;
    private final Map<String, Job> queue = new LinkedHashMap<>();

    @Override
    public Integer call() throws Exception {
        chain = task.equals(Tasks.names().get(0));
        seeds = seeds != 0 ? seeds : quick ? 1 : chain ? 5 : 3;
        steps = steps != 0 ? steps : chain ? quick ? 60 : 300 : quick ? 12 : 60;
        tokens = TOKENS_A_STEP * steps;
        List<Integer> counts = List.copyOf(new TreeSet<>(demonstrations != null ? demonstrations
                : quick ? List.of(0, 8, 64) : List.of(0, 4, 8, 16, 32, 64, 128)));
        BadInput.unless(seeds > 0, "--seeds %d: must be positive", seeds);
        BadInput.unless(steps >= 10, "--steps %d: must be 10 or more", steps);
        BadInput.unless(jobs >= 0, "--jobs %d: must be positive", jobs);
        BadInput.unless(!counts.isEmpty() && counts.get(0) >= 0, "--demonstrations %s: must be 0 or more", counts);
        Task named = Tasks.named(task);
        model = ByName.model(model);
        int most = counts.get(counts.size() - 1);
        List<Problem> problems = problems(named, most);
        long there = problems.stream().filter(Problem::hasDemonstration).count();
        BadInput.unless(most <= there, "--demonstrations %d: the task %s has only %d", most, task, there);
        ModelComparison same = chain ? null : new ModelComparison(named, model, out, List.of("grpo"), seeds, steps, tokens, "validation",
                Integer.MAX_VALUE, 1, null, jobs, List.of());
        if (!resume) {
            RunFolder.create(out);
        }
        Precision sampled = chain ? null : Precision.toSample("auto", Precision.FP32, Device.cpu(), model); // before the processor is busy
        Path files = write(named, problems, counts);
        String commit = Cli.commit();
        long begin = System.nanoTime();
        Map<String, Map<String, double[]>> tried = new LinkedHashMap<>();
        List<Curve> curves = new ArrayList<>();
        List<Runnable> reports = new ArrayList<>();
        for (Method method : Method.values()) {
            for (Setting setting : search ? candidates(method) : List.of(best().get(method))) {
                List<List<Path>> paths = IntStream.rangeClosed(1, seeds)
                        .mapToObj(seed -> counts.stream().map(count -> result(method, setting, count, seed, files)).toList()).toList();
                reports.add(() -> {
                    List<double[]> rows = paths.stream().map(row -> row.stream().mapToDouble(DemonstrationStudy::greedy).toArray())
                            .toList();
                    curves.add(new Curve(method.title, counts.stream().mapToDouble(c -> c).toArray(), rows));
                    tried.computeIfAbsent(method.title, title -> new LinkedHashMap<>()).put(setting.words(method),
                            rows.stream().mapToDouble(Curve::mean).toArray());
                });
            }
        }
        LiveTable table = new LiveTable(List.copyOf(queue.values()));
        int atATime = jobs > 0 ? jobs : chain ? Runtime.getRuntime().availableProcessors() : same.sideBySide(files, sampled);
        new Jobs(out, atATime).run(List.copyOf(queue.values()), table::update);
        reports.forEach(Runnable::run);
        String setting = String.format(Locale.ROOT, "%s; %d seeds, %,d sampled tokens a run; %s problems; %d jobs on %s %s with %d cores;"
                + " commit %s; %.1f minutes.", chain ? "modular-chain" : task + ", " + model.toAbsolutePath().normalize().getFileName(),
                seeds,
                tokens, search ? "validation" : "held-out", atATime, System.getProperty("os.name"), System.getProperty("os.arch"),
                Runtime.getRuntime().availableProcessors(), commit, (System.nanoTime() - begin) / 60e9);
        if (search) {
            Table settings = DemonstrationReport.settings(tried);
            Files.writeString(out.resolve("report.md"), "# Settings of each method\n\n" + Tables.inline(setting)
                    + " Means over " + counts.size() + " numbers of demonstrations (" + Tables.inline(counts.toString()) + ").\n\n"
                    + Tables.markdown(settings));
            Display.print(settings);
        } else {
            DemonstrationReport report = new DemonstrationReport(counts, curves);
            report.write(out, "How best to spend N demonstrations", setting);
            Display.print(report.table());
        }
        System.out.println("report: " + out.resolve("report.md"));
        return 0;
    }

    private Map<Method, Setting> best() {
        return chain ? CHAIN : LANGUAGE;
    }

    /** At most six settings around the default, for imitation and for the recipes alike. */
    private List<Setting> candidates(Method method) {
        List<Setting> all = new ArrayList<>();
        double[] factors = {0.5, 1, 2};
        for (double factor : factors) {
            if (method == Method.SFT) {
                all.add(new Setting((chain ? 3e-4 : 5e-4) * factor * factor, chain ? 60 : 30));
                all.add(new Setting((chain ? 3e-4 : 5e-4) * factor * factor, chain ? 180 : 60));
            } else {
                all.add(new Setting((chain ? 2e-4 : 1e-4) * factor, 1));
                all.add(new Setting((chain ? 2e-4 : 1e-4) * factor, 10));
            }
        }
        return all;
    }

    /** The problems of all runs, with at least so many demonstrations if the task has them. */
    private List<Problem> problems(Task named, int most) {
        if (chain) {
            return named.problems().stream().map(p -> p.level().matches(HIGHEST_LEVELS) ? ModularChain.solved(p) : p).toList();
        }
        List<Problem> all = named.problems();
        long there = all.stream().filter(Problem::hasDemonstration).count();
        long needed = Math.max((long) ModelComparison.PROBLEMS * Math.max(1, steps / ModelComparison.VISITS),
                there == 0 ? 0 : ((long) most * all.size() + there - 1) / there + 1);
        return ModelComparison.evenly(all, (int) Math.min(all.size(), needed));
    }

    /** The problems with so many of their demonstrations, drawn by a seed; fewer are among more. */
    static List<Problem> some(List<Problem> problems, int count, int seed) {
        List<String> ids = new ArrayList<>(problems.stream().filter(Problem::hasDemonstration).map(Problem::id).toList());
        var random = new Seed(seed).at("demonstrations", 0);
        for (int i = ids.size() - 1; i > 0; i--) {
            Collections.swap(ids, i, random.nextInt(i + 1));
        }
        List<String> kept = ids.subList(0, count);
        return problems.stream().map(p -> p.hasDemonstration() && !kept.contains(p.id()) ? p.withoutSolution() : p).toList();
    }

    private Path write(Task named, List<Problem> problems, List<Integer> counts) throws IOException {
        Path files = Files.createDirectories(out.resolve("task"));
        if (chain && model == null) {
            BasePolicy.copyTo(Files.createDirectories(files.resolve("base")));
        }
        int most = quick && !chain ? 50 : Integer.MAX_VALUE; // evaluated
        Problems.write(files.resolve("validation.jsonl"), ModelComparison.evenly(named.problems(Task.Split.VALIDATION), most));
        Problems.write(files.resolve("heldout.jsonl"), ModelComparison.evenly(named.problems(Task.Split.HELD_OUT), most));
        for (int count : counts) {
            for (int seed = 1; seed <= seeds; seed++) {
                Problems.write(train(files, count, seed), some(problems, count, seed));
            }
        }
        Problems.write(train(files, 0, 0), some(problems, 0, 1));
        return files;
    }

    private static Path train(Path files, int count, int seed) {
        return files.resolve(count == 0 ? "train-0.jsonl" : "train-" + count + "-" + seed + ".jsonl");
    }

    private Path evaluated(Path files) {
        return files.resolve(search ? "validation.jsonl" : "heldout.jsonl");
    }

    /** Queues what a method needs and returns the folder in which its accuracy will be. */
    private Path result(Method method, Setting setting, int count, int seed, Path files) {
        if (method == Method.SFT) {
            return score(count == 0 ? null : imitation(setting, count, seed, files), seed, files);
        }
        boolean alike = method == Method.GRPO && setting.more == 1; // does not know which have a demonstration
        if (count == 0 && method.without() != method) {
            return result(method.without(), search ? setting : best().get(method.without()), 0, seed, files);
        }
        return recipe(method, setting, alike ? 0 : count, seed, files);
    }

    private String imitation(Setting setting, int count, int seed, Path files) {
        String name = name(Method.SFT, setting, count) + "-" + seed;
        List<String> arguments = new ArrayList<>(List.of("sft", "--data", train(files, count, seed).toString(), "--steps",
                Integer.toString(setting.more), "--evaluate-on", files.resolve("validation.jsonl").toString(), "--evaluate-every",
                Integer.toString(setting.more / (chain ? 20 : 6)), "--keep-best", "--batch", chain ? "64" : "16"));
        add(name, arguments, setting, seed, files, setting.more, 0, null);
        return name;
    }

    private Path recipe(Method method, Setting setting, int count, int seed, Path files) {
        String name = name(method, setting, count) + "-" + seed;
        String without = count > 0 || !method.recipe.equals("lppo") ? method.recipe : "lp";
        String after = method.imitates && count > 0 ? imitation(best().get(Method.SFT), count, seed, files) : null;
        int all = Math.toIntExact(size(train(files, 0, 0)));
        double weight = (double) setting.more * count;
        List<String> arguments = new ArrayList<>(List.of("train", "--recipe", without, "--data", train(files, count, seed).toString(),
                "--steps", Integer.toString(20 * steps), "--tokens", Long.toString(tokens), "--evaluate-on", evaluated(files).toString(),
                "--evaluate-every", Integer.toString((steps + 3) / 4), "--trusted-share",
                setting.more == 1 || count == 0 ? "even" : Double.toString(weight / (weight + all - count))));
        if (!chain) {
            arguments.addAll(List.of("--problems-per-step", Integer.toString(ModelComparison.PROBLEMS), "--group-size",
                    Integer.toString(ModelComparison.GROUP), "--temperature", ModelComparison.TEMPERATURE));
        }
        return add(name, arguments, setting, seed, files, steps, tokens, after);
    }

    private static long size(Path file) {
        return Problems.read(file).size();
    }

    private String name(Method method, Setting setting, int count) {
        String name = method.name().toLowerCase(Locale.ROOT).replace('_', '-') + "-" + count;
        return search ? name + "-" + setting.rate + "-" + setting.more : name;
    }

    /** Adds a run, unless another method needed it before. */
    private Path add(String name, List<String> arguments, Setting setting, int seed, Path files, long length, long limit, String after) {
        Path folder = out.resolve("runs").resolve(name);
        Path learned = after == null ? null : out.resolve("runs").resolve(after).resolve("best");
        arguments.addAll(List.of("--task", task, "--learning-rate", Double.toString(setting.rate), "--evaluate-samples", "0", "--seed",
                Integer.toString(seed), "--device", "cpu", "--out", folder.toString()));
        arguments.addAll(List.of("--model", (chain && learned != null ? learned : initial(files)).toString()));
        if (!chain) {
            arguments.addAll(List.of("--prompt-format", "chat", "--lora-rank", Integer.toString(ModelComparison.RANK), "--rollout-rows",
                    Integer.toString(ModelComparison.ROWS)));
            if (learned != null) {
                arguments.addAll(List.of("--adapter", learned.toString()));
            }
        }
        queue.putIfAbsent(name, new Job(name, folder, arguments, length, limit, after));
        return folder;
    }

    private Path initial(Path files) {
        return model == null ? files.resolve("base") : model;
    }

    /** Evaluates what imitation has learned, at its best; {@code run} null for the policy as it was, once. */
    private Path score(String run, int seed, Path files) {
        String name = run == null ? "scores-0-1" : "scores-" + run;
        Path folder = out.resolve("scores").resolve(name);
        Path learned = run == null ? null : out.resolve("runs").resolve(run).resolve("best");
        List<String> arguments = new ArrayList<>(
                List.of("evaluate", "--task", task, "--data", evaluated(files).toString(), "--samples", "0",
                        "--csv", folder.resolve(Job.SCORES).toString(), "--model",
                        (chain && learned != null ? learned : initial(files)).toString()));
        if (!chain) {
            arguments.addAll(List.of("--prompt-format", "chat", "--max-rows", Integer.toString(ModelComparison.ROWS)));
            if (learned != null) {
                arguments.addAll(List.of("--adapter", learned.toString()));
            }
        }
        queue.putIfAbsent(name, new Job(name, folder, arguments, Math.max(1, steps / 20), 0, run));
        return folder;
    }

    /** Greedy accuracy over all levels at the end of a run, or of an evaluation. */
    private static double greedy(Path folder) {
        Path scores = folder.resolve(Job.SCORES);
        return Files.exists(scores) ? CompletionReport.scores(scores).values().iterator().next().get("greedy")
                : new RunGroup("", List.of(folder)).last("greedy").get("all")[0];
    }
}
