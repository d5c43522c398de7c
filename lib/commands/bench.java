///usr/bin/env jbang "$0" "$@" ; exit $?
//SOURCES ../lppo/Lppo.java
//SOURCES Commands.java
//SOURCES ../benchmarks/Benchmarks.java
//SOURCES BenchCluster.java
//SOURCES BenchForecast.java
//SOURCES BenchLeak.java
//SOURCES BenchLearning.java
//SOURCES BenchLoad.java
//SOURCES BenchModel.java
//SOURCES BenchPeer.java
//SOURCES BenchProfile.java
//SOURCES BenchWorkload.java
//SOURCES ChatFormat.java
//FILES bench/generate.py=../../tests/peer/generate.py
//FILES bench/learn.py=../../tests/peer/learn.py
//FILES bench/peers.py=../../tests/peer/peers.py

package commands;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import common.BadInput;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import llm.Policy;
import llm.Scopes;
import lppo.learn.Sample;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tech.tablesaw.api.DoubleColumn;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;
import tech.tablesaw.columns.numbers.NumberColumnFormatter;
import view.Charts;

/**
 * Measures the speed of a rollout, an update and a whole step at three policy sizes: as fractions of the limits set by this machine's
 * measured multiplication and memory bandwidth, and as ratios to the peers on the same weights, alternating within the same run.
 */
@Command(name = "bench", mixinStandardHelpOptions = true, showDefaultValues = true,
        description = "Benchmark rollout, update and step against the limits of this machine and against the peers.",
        footer = {"", "Examples:", "  ./jbang bench", "  ./jbang bench --peer python3    # a Python with torch, transformers, trl",
            "  ./jbang bench --model SmolLM2-135M-Instruct --peer python3", "  ./jbang bench --model SmolLM2-135M-Instruct --profile",
            "  ./jbang bench --model SmolLM2-135M-Instruct --learning --peer python3", "  ./jbang bench --load --rounds 10",
            "  ./jbang bench --linear --leak 1000",
            "  ./jbang bench --master 'local-cluster[2,1,4096]' --conf spark.executor.memory=3g --threads 1"})
public class bench implements Callable<Integer> {

    private static final List<String> PHASES = List.of("prefill", "rollout", "update", "step");

    @Option(names = "--sizes", split = ",", description = "Policies to measure: built-in, 20m, 0.5b (its update takes 9 GB).")
    List<String> sizes = List.of("built-in", "20m");

    @Option(names = "--rounds",
            description = "Rounds at the built-in size (a third of them at 20m, a tenth at 0.5b); medians are reported.")
    int rounds = 30;

    @Option(names = "--threads", description = "Threads of the engine and of the peers.")
    int threads = Runtime.getRuntime().availableProcessors();

    @Option(names = "--device", description = "auto, cpu, gpu or mps; the peers run on the CPU.")
    String device = "auto";

    @Option(names = "--peer", paramLabel = "PYTHON", description = "A Python with torch, transformers and trl for comparison.")
    String peer;

    @Option(names = "--model", paramLabel = "DIR",
            description = "Instead, measure the rollout of this model, in fp32 and bf16, on the CPU.")
    Path model;

    @Option(names = "--profile", description = "With --model: show the parts of such a rollout and their shares.")
    boolean profile;

    @Option(names = "--learning", description = "With --model: measure an update and a whole GRPO step with adapters instead; the peer"
            + " needs peft too.")
    boolean learning;

    @Option(names = "--load", description = "Instead, measure rollout and update alone and beside two busy processes, for ways to wait"
            + " for a thread, with what each loses.")
    boolean load;

    @Option(names = "--linear", description = "Instead, measure how the time of a step grows with its sampled tokens.")
    boolean linear;

    @Option(names = "--leak", paramLabel = "STEPS",
            description = "Instead, train for this many steps; status 1 if memory or the time per step grows.")
    int leak;

    @Option(names = "--master", paramLabel = "URL", description = "Instead, measure on Apache Spark: rollout, update, weights and gradients"
            + " on 1 and 2 executors, with all weights and with adapters.")
    String master;

    @Option(names = "--conf", paramLabel = "KEY=VALUE", description = "A Spark setting; repeatable.")
    Map<String, String> conf = new LinkedHashMap<>();

    @Spec
    CommandSpec spec;

    @Option(names = "--out", description = "Folder for tables and charts.")
    Path out = Path.of("runs", "bench");

    @Override
    public Integer call() throws Exception {
        BadInput.unless(rounds > 0 && threads > 0 && leak >= 0, "rounds and threads must be positive");
        BadInput.unless(!profile || model != null, "--profile: needs a model; add --model DIR");
        BadInput.unless(!learning || model != null, "--learning: needs a model; add --model DIR");
        List<BenchWorkload.Size> chosen = sizes.stream().map(name -> Stream.of(BenchWorkload.Size.values())
                .filter(s -> s.label.equals(name)).findFirst()
                .orElseThrow(() -> new BadInput("--sizes " + name + ": choose built-in, 20m, 0.5b"))).toList();
        System.setProperty("ai.djl.pytorch.num_threads", Integer.toString(threads));
        Files.createDirectories(out);
        if (master != null && !WithSpark.here()) {
            return WithSpark.again(bench.class, spec.commandLine().getParseResult().originalArgs());
        }
        Path scratch = Files.createTempDirectory("bench");
        try {
            if (master != null) {
                System.out.println(BenchCluster.measure(chosen, master, conf, scratch, rounds, out).printAll());
                System.out.printf("%s, %d threads per executor, medians of rounds; commit %s%n", master, threads, Cli.commit());
                return 0;
            }
            if (profile) {
                System.out.println(BenchProfile.measure(ByName.model(model), threads, Math.max(1, rounds / 10), out).printAll());
                return 0;
            }
            if (learning) {
                int times = Math.max(1, rounds / 10);
                System.out.println(BenchLearning.measure(ByName.model(model), peer, threads, times, scratch, out).printAll());
                return 0;
            }
            if (model != null) {
                System.out
                        .println(BenchModel.measure(ByName.model(model), peer, threads, Math.max(3, rounds / 10), scratch, out).printAll());
                return 0;
            }
            if (load) {
                for (BenchWorkload.Size size : chosen) {
                    int times = size == BenchWorkload.Size.BUILT_IN ? rounds : Math.max(1, rounds / 10);
                    System.out.println(BenchLoad.measure(size, threads, times, scratch, out).printAll());
                    System.out.printf("%s, %d threads, medians of %d rounds; commit %s%n", size.label, threads, times, Cli.commit());
                }
                return 0;
            }
            if (linear) {
                linear(scratch);
            }
            if (leak > 0 && BenchLeak.grows(leak, Policy.device(device), scratch, out)) {
                return 1;
            }
            if (!linear && leak == 0) {
                Table table = Table.create("speed");
                for (BenchWorkload.Size size : chosen) {
                    Table rows = measure(size, scratch);
                    table = table.columnCount() == 0 ? rows : table.append(rows);
                }
                show(table);
            }
        } finally {
            Children.delete(scratch);
        }
        return 0;
    }

    private Table measure(BenchWorkload.Size size, Path scratch) throws IOException {
        boolean large = size == BenchWorkload.Size.HALF_BILLION;
        int measured = Math.max(3, size == BenchWorkload.Size.BUILT_IN ? rounds : large ? rounds / 10 : rounds / 3);
        int warmUp = size == BenchWorkload.Size.BUILT_IN ? 15 : large ? 1 : 3;
        List<String> peers = peer == null ? List.of() : large ? List.of("rollout", "generate") // the others would need 9 GB more
                : List.of("rollout", "generate", "update", "step");
        Map<String, List<Double>> times = new LinkedHashMap<>();
        Path reset = Path.of("/proc/self/clear_refs");
        if (Files.isWritable(reset)) {
            Files.writeString(reset, "5"); // resets the peak memory of the previous size
        }
        try (BenchWorkload work = new BenchWorkload(size, scratch, Policy.device(device), 0)) {
            List<Sample> samples = work.samples();
            work.share(samples);
            double tokens = 0;
            double learned = samples.stream().mapToInt(Sample::inputLength).sum();
            double peak;
            String version = "";
            try (BenchPeer other = peers.isEmpty() ? null : new BenchPeer(peer, "peers.py", work.folder, threads);
                    Progress progress = new Progress(size.label, measured + warmUp)) {
                version = other == null ? "" : ", alternating with torch " + other.version;
                for (int round = -warmUp; round < measured; round++) { // alternating, so that other load on the machine affects all
                    Map<String, Double> now = new LinkedHashMap<>();
                    now.put("prefill", seconds(() -> work.rollout(1, false)));
                    long[] sampled = {0};
                    now.put("rollout", seconds(() -> sampled[0] = tokens(work)));
                    now.put("update", seconds(() -> work.update(samples)));
                    BenchWorkload.Step step = work.step();
                    now.put("step", step.seconds());
                    now.put("step rollout", step.rollout());
                    now.put("step reward", step.reward());
                    now.put("step update", step.update());
                    for (String what : peers) {
                        now.put("peer " + what, other.measure(what));
                    }
                    now.put("multiply", multiply(work.policy.manager()));
                    now.put("read", read(work.policy.manager()));
                    if (round >= 0) {
                        tokens += (double) sampled[0] / measured;
                        now.forEach((name, value) -> times.computeIfAbsent(name, key -> new ArrayList<>()).add(value));
                    }
                    progress.accept(round + warmUp + 1);
                }
            }
            peak = status("VmHWM:");
            System.out.printf("%s: %,d parameters, %d groups of %d, %.0f tokens per rollout, %d samples an update; %s, %d threads, multiply"
                    + " %.1f Gflop/s, read %.1f GB/s; medians of %d rounds%s; commit %s%n", size.label, work.parameters, size.groups,
                    BenchWorkload.GROUP, tokens, samples.size(), work.policy.manager().getDevice(), threads,
                    median(times, "multiply") / 1e9, median(times, "read") / 1e9, measured, version, Cli.commit());
            System.out.printf("a step: rollout %.0f%%, reward %.0f%%, update %.0f%%%n", share(times, "rollout"), share(times, "reward"),
                    share(times, "update"));
            return rows(work, times, tokens, learned, peak);
        }
    }

    private static long tokens(BenchWorkload work) {
        return work.rollout(work.size.newTokens, false).stream().flatMap(g -> g.completions().stream())
                .mapToLong(c -> c.tokens().length).sum();
    }

    private static double share(Map<String, List<Double>> times, String phase) {
        return 100 * median(times, "step " + phase) / median(times, "step");
    }

    /** Returns a row per phase. Each decoding step reads the weights once for all rows; an update reads or writes them a dozen times. */
    private static Table rows(BenchWorkload work, Map<String, List<Double>> times, double tokens, double learned, double peak) {
        double prompts = 15.0 * work.size.groups;
        double[] forward = {work.operations(prompts), work.operations(prompts + tokens), 3 * work.operations(learned), Double.NaN};
        double bytes = 4.0 * work.parameters;
        double[] moved = {bytes, bytes * work.size.newTokens, Double.NaN, Double.NaN};
        double[] done = {prompts, tokens, learned, tokens};
        String[] eager = {"", "peer rollout", "peer update", ""};
        String[] library = {"", "peer generate", "", "peer step"};
        Table table = Table.create("speed", StringColumn.create("size"), StringColumn.create("phase"));
        List<String> names = List.of("milliseconds", "tokens/s", "of multiply", "of memory", "peak MB", "x PyTorch", "x library");
        names.forEach(name -> table.addColumns(DoubleColumn.create(name)));
        for (int i = 0; i < PHASES.size(); i++) {
            double seconds = median(times, PHASES.get(i));
            table.stringColumn(0).append(work.size.label);
            table.stringColumn(1).append(PHASES.get(i));
            double[] values = {1000 * seconds, done[i] / seconds, forward[i] / seconds / median(times, "multiply"),
                moved[i] / seconds / median(times, "read"), peak, median(times, eager[i]) / seconds, median(times, library[i]) / seconds};
            for (int j = 0; j < values.length; j++) {
                table.doubleColumn(names.get(j)).append(values[j]);
            }
        }
        return table;
    }

    private void show(Table table) throws IOException {
        table.write().csv(out.resolve("bench.csv").toFile());
        table.numericColumns().forEach(c -> ((DoubleColumn) c).setPrintFormatter(c.name().startsWith("of") || c.name().startsWith("x")
                ? NumberColumnFormatter.fixedWithGrouping(2) : c.name().startsWith("milli") ? NumberColumnFormatter.fixedWithGrouping(1)
                : NumberColumnFormatter.ints()));
        System.out.println(table.printAll());
        System.out.println("x PyTorch: speed relative to the eager loop; x library: relative to transformers.generate or a step of TRL");
        List<String> bars = new ArrayList<>();
        for (int i = 0; i < table.rowCount(); i++) {
            bars.add(table.stringColumn(0).get(i) + " " + table.stringColumn(1).get(i));
        }
        Map<String, double[]> heights = new LinkedHashMap<>();
        for (String name : List.of("of multiply", "of memory", "x PyTorch", "x library")) {
            double[] values = table.doubleColumn(name).asDoubleArray();
            heights.put(name, Arrays.stream(values).map(v -> Double.isNaN(v) ? 0 : v).toArray());
        }
        Charts.write(Charts.bars("Speed relative to limits and peers", "", "share or ratio", bars, heights),
                out.resolve("bench.png"));
    }

    /** Measures steps of 2 to 64 groups: seconds against sampled tokens, with a linear fit. */
    private void linear(Path scratch) throws IOException {
        int[] groups = {2, 4, 8, 16, 24, 32, 48, 64};
        double[] tokens = new double[groups.length];
        double[] seconds = new double[groups.length];
        for (int i = 0; i < groups.length; i++) {
            try (BenchWorkload work = new BenchWorkload(BenchWorkload.Size.BUILT_IN, scratch.resolve("linear" + i), Policy.device(device),
                    groups[i])) {
                List<BenchWorkload.Step> steps = new ArrayList<>();
                for (int round = -10; round < rounds; round++) {
                    BenchWorkload.Step step = work.step();
                    if (round >= 0) {
                        steps.add(step);
                    }
                }
                tokens[i] = steps.stream().mapToLong(BenchWorkload.Step::tokens).average().orElseThrow();
                seconds[i] = median(steps.stream().map(BenchWorkload.Step::seconds).toList());
            }
        }
        double meanX = Arrays.stream(tokens).average().orElseThrow();
        double meanY = Arrays.stream(seconds).average().orElseThrow();
        double xy = 0;
        double xx = 0;
        double yy = 0;
        for (int i = 0; i < tokens.length; i++) {
            xy += (tokens[i] - meanX) * (seconds[i] - meanY);
            xx += (tokens[i] - meanX) * (tokens[i] - meanX);
            yy += (seconds[i] - meanY) * (seconds[i] - meanY);
        }
        double slope = xy / xx;
        Table table = Table.create("linear", DoubleColumn.create("tokens", tokens), DoubleColumn.create("seconds", seconds));
        table.write().csv(out.resolve("linear.csv").toFile());
        System.out.println(table.print());
        System.out.printf("%.1f microseconds per token and %.1f ms per step; R squared of the line %.4f%n", 1e6 * slope,
                1e3 * (meanY - slope * meanX), xy * xy / xx / yy);
        Charts.write(Charts.points("Cost of a step", "sampled tokens", "seconds", Map.of("step", new double[][] {tokens, seconds})),
                out.resolve("linear.png"));
    }

    /** Returns the operations per second of a large matrix product: the limit of computation. */
    private static double multiply(NDManager parent) {
        int size = parent.getDevice().equals(Device.cpu()) ? 1024 : 8192;
        double[] rate = {0};
        Scopes.run(() -> {
            NDArray a = parent.ones(new Shape(size, size));
            rate[0] = 2.0 * size * size * size / seconds(() -> a.matMul(a).get(0).get(0).getFloat());
        });
        return rate[0];
    }

    /** Returns the bytes per second of reading an array larger than any cache: the limit of memory. */
    private static double read(NDManager parent) {
        long size = 1L << 26;
        double[] rate = {0};
        Scopes.run(() -> {
            NDArray a = parent.ones(new Shape(size));
            a.sum().getFloat();
            rate[0] = 4.0 * size / seconds(() -> a.sum().getFloat());
        });
        return rate[0];
    }

    /** Returns the megabytes in a line of the process status; NaN on systems without one. */
    private static double status(String line) throws IOException {
        Path file = Path.of("/proc/self/status");
        return !Files.exists(file) ? Double.NaN : Files.readAllLines(file).stream().filter(l -> l.startsWith(line))
                .mapToDouble(l -> Double.parseDouble(l.replaceAll("\\D", "")) / 1024).findFirst().orElse(Double.NaN);
    }

    private static double seconds(Runnable work) {
        long begin = System.nanoTime();
        work.run();
        return (System.nanoTime() - begin) / 1e9;
    }

    private static double median(Map<String, List<Double>> times, String name) {
        return times.containsKey(name) ? median(times.get(name)) : Double.NaN;
    }

    static double median(List<Double> values) {
        double[] sorted = values.stream().mapToDouble(x -> x).sorted().toArray();
        return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
    }

    public static void main(String... args) {
        Cli.run(new bench(), args);
    }
}
