///usr/bin/env jbang "$0" "$@" ; exit $?
//SOURCES ../lppo/Lppo.java
//SOURCES Commands.java
//SOURCES ../benchmarks/Benchmarks.java
//SOURCES WeightStudy.java
//SOURCES reproduce.java
//SOURCES DemonstrationStudy.java

package commands;

import commands.Jobs.Job;
import common.BadInput;
import common.Seed;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import lppo.data.Problem;
import lppo.data.Problems;
import lppo.run.RunFolder;
import lppo.task.ModularChain;
import lppo.task.Task;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import view.Display;

/**
 * Studies when learning-progress weights pay: the same runs with and without them, with one change at a time in the weights, the group, the
 * rewards or the problems. Everything is evaluated on validation problems; the held-out set is not touched. The topic {@code weights}
 * ranks alternatives to the weights, and evaluates each once on the held-out set.
 * {@code notebooks/8-when-do-weights-pay.ipynb} shows the results.
 */
@Command(name = "study", mixinStandardHelpOptions = true, showDefaultValues = true, subcommands = DemonstrationStudy.class,
        description = "Study when learning-progress weights pay: runs with and without them, one change at a time.",
        footer = {"", "Examples:", "  ./jbang study", "  ./jbang study --seeds 1 --steps 20 --out /tmp/look",
            "  ./jbang study demonstrations --quick",
            "  ./jbang study weights --out /tmp/weights    # what would pay instead of the paper's weights"})
public class study implements Callable<Integer> {

    @Parameters(arity = "0..1", paramLabel = "conditions|weights", description = "conditions: LPPO's weights under one change at a time;"
            + " weights: other weights, choices of problems and hints, ranked at equal sampled tokens, once on held-out problems.")
    String topic = "conditions";

    @Option(names = "--out", description = "Report folder; it must be new or empty, unless --resume.")
    Path out = Path.of("runs", "study");

    @Option(names = "--seeds", description = "Number of seeds.")
    int seeds = 5;

    @Option(names = "--steps", description = "Training steps per run.")
    int steps = 150;

    @Option(names = "--jobs", description = "Number of parallel runs.")
    int jobs = Runtime.getRuntime().availableProcessors();

    @Option(names = "--resume", description = "Resume in --out: finished runs are kept, interrupted ones continue.")
    boolean resume;

    /**
     * A pair of recipes under one change.
     *
     * @param without recipe without weights
     * @param with the same recipe with weights
     * @param problems problem set for training and validation
     * @param both options of both
     * @param weights options of the weighted runs only; the unweighted ones need not be repeated for them
     */
    private record Condition(String name, String without, String with, String problems, List<String> both, List<String> weights) {

        static Condition of(String name, String problems, String... both) {
            return new Condition(name, "grpo", "lp", problems, List.of(both), List.of());
        }

        static Condition weight(String name, String... weights) {
            return new Condition(name, "grpo", "lp", "task", List.of(), List.of(weights));
        }
    }

    private static final List<Condition> CONDITIONS = List.of(
            Condition.of("as it is", "task"),
            Condition.weight("alpha 0.2", "--alpha", "0.2"), Condition.weight("alpha 0.8", "--alpha", "0.8"),
            Condition.weight("kappa 2", "--kappa", "2"), Condition.weight("kappa 32", "--kappa", "32"),
            Condition.weight("b 0", "--bias", "0"), Condition.weight("b 2", "--bias", "2"),
            Condition.of("groups of 4", "task", "--group-size", "4", "--problems-per-step", "128", "--trusted-share", "0.25"),
            Condition.of("groups of 16", "task", "--group-size", "16", "--problems-per-step", "32"),
            Condition.of("noisy rewards, 10 %", "task", "--reward-noise", "0.1"),
            Condition.of("families that interfere", "families"),
            Condition.of("a family that is forgotten", "forgotten"),
            Condition.of("unequal sizes", "unequal"),
            new Condition("with hints", "pg", "lppo", "task", List.of(), List.of()));

    @Override
    public Integer call() throws Exception {
        BadInput.unless(seeds > 0 && steps >= 2 && jobs > 0, "--seeds, --jobs: must be positive; --steps: 2 or more");
        BadInput.unless(List.of("conditions", "weights").contains(topic), "study \"%s\": choose conditions or weights", topic);
        if (!resume) {
            RunFolder.create(out);
        }
        if (topic.equals("weights")) {
            return new WeightStudy(out, seeds, steps, jobs).run();
        }
        prepare();
        Map<String, Job> queue = new LinkedHashMap<>();
        Map<String, List<RunGroup>> compared = new LinkedHashMap<>();
        for (Condition c : CONDITIONS) {
            compared.put(c.name(), List.of(new RunGroup("without weights", folders(queue, c, c.without(), c.both())),
                    new RunGroup("with weights", folders(queue, c, c.with(), joined(c.both(), c.weights())))));
        }
        String commit = Cli.commit();
        long begin = System.nanoTime();
        new Jobs(out, jobs).run(List.copyOf(queue.values()));
        String setting = String.format(Locale.ROOT, "%d seeds, %d steps, validation problems; commit %s; %.1f minutes.", seeds, steps,
                commit, (System.nanoTime() - begin) / 60e9);
        ConditionReport across = new ConditionReport("condition", compared);
        across.write(out, "When do learning-progress weights pay?", setting);
        Display.print(across.table());
        System.out.println("report: " + out.resolve("report.md"));
        return 0;
    }

    private List<Path> folders(Map<String, Job> queue, Condition c, String recipe, List<String> options) {
        List<Path> folders = new ArrayList<>();
        Path task = out.resolve("task");
        String name = String.join("_", joined(List.of(c.problems(), recipe), options)).replace("--", "");
        for (int seed = 1; seed <= seeds; seed++) {
            Path folder = out.resolve("runs").resolve(name + "-" + seed);
            queue.putIfAbsent(name + "-" + seed, new Job(name + "-" + seed, folder, joined(List.of("train", "--recipe", recipe, "--model",
                    task.resolve("base").toString(), "--data", task.resolve(data(c)).toString(), "--evaluate-on",
                    task.resolve(data(c).replace("train", "validation")).toString(), "--evaluate-every", Integer.toString((steps + 1) / 2),
                    "--steps",
                    Integer.toString(steps), "--cut", "steps", "--seed", Integer.toString(seed), "--device", "cpu",
                    "--out", folder.toString()),
                    options), steps, 0));
            folders.add(folder);
        }
        return folders;
    }

    private static String data(Condition c) {
        return c.problems().equals("task") ? "train.jsonl" : "train-" + c.problems() + ".jsonl";
    }

    private static List<String> joined(List<String> a, List<String> b) {
        List<String> both = new ArrayList<>(a);
        both.addAll(b);
        return both;
    }

    /** Writes the files of the task and further problem sets, all from seed 1. */
    private void prepare() throws Exception {
        Path task = reproduce.unpack(out, Task.builtIn());
        // two families: long chains of operations that the base policy knows, and short ones of operations that it hardly knows
        write("families", 400, 400);
        write("forgotten", 40, 760); // the first is rarely practised while the second changes the policy
        Set<String> taken = new HashSet<>();
        Problems.write(task.resolve("validation-unequal.jsonl"),
                chains("validation", new TreeMap<>(Map.of(3, 70, 7, 70, 11, 70)), 1, taken));
        Problems.write(task.resolve("train-unequal.jsonl"), chains("train", new TreeMap<>(Map.of(3, 640, 7, 120, 11, 40)), 1, taken));
    }

    private void write(String name, int known, int rare) throws Exception {
        Set<String> taken = new HashSet<>();
        for (String split : List.of("validation", "train")) {
            boolean train = split.equals("train");
            List<Problem> problems = new ArrayList<>();
            family(problems, chains(split + "-known", new TreeMap<>(Map.of(9, train ? known : 100)), 1e-6, taken), "known");
            family(problems, chains(split + "-rare", new TreeMap<>(Map.of(3, train ? rare : 100)), 1e6, taken), "rare");
            Problems.write(out.resolve("task").resolve(split + "-" + name + ".jsonl"), problems);
        }
    }

    private static void family(List<Problem> all, List<Problem> problems, String level) {
        problems.forEach(p -> all.add(new Problem(p.id(), p.question(), p.answer(), null, level, p.source())));
    }

    private static List<Problem> chains(String name, Map<Integer, Integer> counts, double rarity, Set<String> taken) {
        List<Problem> problems = ModularChain.problems(new ModularChain.Counts(name, counts, Map.of(), rarity), new Seed(1), taken, true);
        problems.forEach(p -> taken.add(p.question()));
        return problems;
    }

    public static void main(String... args) {
        Cli.run(new study(), args);
    }
}
