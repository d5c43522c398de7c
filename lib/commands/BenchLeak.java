package commands;

import ai.djl.Device;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import lppo.run.FolderListener;
import lppo.run.Recipe;
import lppo.run.RunFolder;
import lppo.run.Training;
import lppo.task.Task;
import tech.tablesaw.api.DoubleColumn;
import tech.tablesaw.api.Table;
import view.Charts;

/** Measures whether memory or the time per step grows in a long training of the built-in policy. */
final class BenchLeak {

    private static final double LEAK = 16; // megabytes of variation that is not a leak
    private static final double SLOWER = 1.25; // tolerated effect of other programs on a median

    private BenchLeak() {}

    /** Returns whether memory or the time per step grows during training: compares the last quarter of the steps with the second. */
    static boolean grows(int leak, Device device, Path scratch, Path out) throws IOException {
        RunFolder run = RunFolder.create(scratch.resolve("run"));
        try (BenchWorkload work = new BenchWorkload(BenchWorkload.Size.BUILT_IN, scratch, device, 0);
                Progress progress = new Progress("leak", leak)) {
            Task task = Task.builtIn();
            Training.of(work.policy, task).recipe(Recipe.lppo().problemsPerStep(16)).evaluate(task.problems().subList(0, 50), 250, 8)
                    .listener(new FolderListener(run, 0, false, work.policy)).trainer().run(leak, Long.MAX_VALUE, () -> false, step -> {
                        if (step % 10 == 0) {
                            System.gc(); // Java garbage is not a leak, but is resident
                        }
                        progress.accept(step);
                    });
        }
        Table timing = Table.read().csv(run.path().resolve("timing.csv").toFile());
        double[] steps = timing.intColumn("step").asDoubleArray();
        double[] memory = timing.doubleColumn("resident_megabytes").asDoubleArray();
        double[] seconds = timing.doubleColumn("rollout_seconds").add(timing.doubleColumn("update_seconds")).asDoubleArray();
        Table.create("leak", DoubleColumn.create("step", steps), DoubleColumn.create("megabytes", memory),
                DoubleColumn.create("seconds", seconds)).write().csv(out.resolve("leak.csv").toFile());
        Charts.write(Charts.points("Memory", "step", "resident megabytes", Map.of("process", new double[][] {steps, memory})),
                out.resolve("leak.png"));
        double before = Arrays.stream(memory, leak / 4, leak / 2).average().orElse(Double.NaN);
        double after = Arrays.stream(memory, leak * 3 / 4, leak).average().orElse(Double.NaN);
        double first = bench.median(Arrays.stream(seconds, leak / 4, leak / 2).boxed().toList());
        double last = bench.median(Arrays.stream(seconds, leak * 3 / 4, leak).boxed().toList());
        System.out.printf("%d steps, a heap of %d MB: resident memory %.0f MB in the second quarter, %.0f MB in the last; %.1f and %.1f"
                + " ms per step; commit %s%n", leak, Runtime.getRuntime().maxMemory() >> 20, before, after, 1e3 * first, 1e3 * last,
                Cli.commit());
        return after > before + LEAK || last > SLOWER * first;
    }
}
