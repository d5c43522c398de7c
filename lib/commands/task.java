///usr/bin/env jbang "$0" "$@" ; exit $?
//SOURCES ../lppo/Lppo.java
//SOURCES Commands.java
//SOURCES ../benchmarks/Benchmarks.java

package commands;

import common.BadInput;
import common.Seed;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import lppo.data.Problem;
import lppo.data.Problems;
import lppo.run.RunFolder;
import lppo.task.ModularChain;
import lppo.task.ModularChain.Counts;
import lppo.task.ModularChainTask;
import lppo.task.Task;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tasks.Tasks;

/** Writes the problems of a built-in task, and for chains of modular arithmetic also the configuration of the base policy. */
@Command(name = "task", mixinStandardHelpOptions = true, showDefaultValues = true,
        description = "Generate the problems of a built-in task from a seed.",
        footer = {"", "Examples:", "  ./jbang task --out /tmp/task --warm-up 48000",
            "  ./jbang task --task arithmetic --out /tmp/arithmetic"})
public class task implements Callable<Integer> {

    @Option(names = "--task", description = "Which task.")
    String task = Tasks.names().get(0);

    @Option(names = "--out", required = true, description = "Folder to write to; it must be new or empty.")
    Path out;

    @Option(names = "--seed", description = "Random seed.")
    long seed = 1;

    @Option(names = "--warm-up",
            description = "Number of problems to write for the supervised warm-up of the base policy of modular-chain.")
    int warmUp = 0;

    @Option(names = "--rarity", description = "Sampling weight of three operations in the warm-up problems, relative to 1 for the others.")
    double rarity = 0.02;

    @Override
    public Integer call() throws Exception {
        BadInput.unless(warmUp >= 0, "--warm-up %d: must be 0 or more", warmUp);
        Seed root = new Seed(seed);
        Task made = Tasks.named(task, root);
        boolean chain = made instanceof ModularChainTask;
        BadInput.unless(chain || warmUp == 0, "--warm-up: the task %s has none", task);
        RunFolder.create(out);
        Set<String> taken = new HashSet<>();
        for (Map.Entry<String, Task.Split> split : Map.of("heldout", Task.Split.HELD_OUT, "validation", Task.Split.VALIDATION, "train",
                Task.Split.TRAIN).entrySet()) {
            List<Problem> problems = made.problems(split.getValue());
            problems.forEach(problem -> taken.add(problem.question()));
            Problems.write(out.resolve(split.getKey() + ".jsonl"), problems);
        }
        if (warmUp > 0) {
            Map<Integer, Integer> easy = new TreeMap<>();
            Map.of(2, 8.0, 4, 4.0, 6, 2.0, 8, 1.0, 10, 0.5, 12, 0.25)
                    .forEach((length, weight) -> easy.put(length, (int) (warmUp * weight / 15.75)));
            Problems.write(out.resolve("warm-up.jsonl"),
                    ModularChain.problems(new Counts("warm-up", easy, easy, rarity), root, taken, false));
        }
        if (chain) {
            ModularChain.writeSkeleton(out.resolve("base"));
        }
        System.out.println("wrote " + out);
        return 0;
    }

    public static void main(String... args) {
        Cli.run(new task(), args);
    }
}
