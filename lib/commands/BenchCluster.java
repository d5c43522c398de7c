package commands;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import common.BadInput;
import common.Seed;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import llm.Lora;
import llm.Policy;
import llm.Precision;
import lppo.Aggregation;
import lppo.Objective;
import lppo.PolicyLoss;
import lppo.data.Step;
import lppo.learn.Learner;
import lppo.learn.LearnerSettings;
import lppo.learn.Sample;
import lppo.rollout.Completion;
import lppo.rollout.Prompt;
import lppo.rollout.Rollout;
import lppo.rollout.Sampling;
import lppo.run.Backend;
import lppo.run.Recipe;
import lppo.run.WorkerSetup;
import tech.tablesaw.api.DoubleColumn;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;
import view.Charts;

/**
 * Measures the parts of a step on Spark and compares them with a cost model. For C completions on n executors and the bytes of gradients
 * that they return,
 *
 * <pre>  step = f(n) (R(C / n) + U(C / n)) + p + c + s + d + G(bytes / n)</pre>
 *
 * R, U and G are linear: the work of rollout and update on an executor, and the time to transfer an executor's gradients to the driver. p
 * is the driver's check for changed weights, c an executor's check and fetch, s Spark's overhead on a rollout, d the work of the driver
 * alone: gradients to tensors, AdamW. All of these are measured on one executor, with all completions and with half of them. f(n) is the
 * slowdown of matrix products in the slowest of n threads of this machine against a single one; with a machine per executor it is 1. The
 * time on two executors is predicted and measured.
 */
final class BenchCluster {

    private static final int PASSES = 3;

    private BenchCluster() {}

    /** The parts of a step in seconds, and the bytes sent and received. */
    private record Parts(double step, double rollout, double update, double looking, double fetching, double scheduling, double gathering,
            double driver, double sent, double received) {

        static Parts median(List<Parts> all) {
            double[] m = IntStream.range(0, 10).mapToDouble(part -> median(all, part)).toArray();
            return new Parts(m[0], m[1], m[2], m[3], m[4], m[5], m[6], m[7], m[8], m[9]);
        }

        private static double median(List<Parts> all, int part) {
            return bench.median(all.stream().map(p -> p.all()[part]).toList());
        }

        private double[] all() {
            return new double[] {step, rollout, update, looking, fetching, scheduling, gathering, driver, sent, received};
        }
    }

    /** A configuration: how gradients are summed, the number of executors, the groups per step. */
    private record Case(String sum, int executors, int groups) {}

    /** Writes a table with a row per size, kind of training and configuration, and a chart per size. */
    static Table measure(List<BenchWorkload.Size> sizes, String master, Map<String, String> conf, Path scratch, int rounds, Path out)
            throws IOException, InterruptedException {
        Table table = Table.create("a step on Spark", StringColumn.create("policy"), StringColumn.create("trains"),
                StringColumn.create("gradients"));
        List<String> parts = List.of("rollout", "update", "looking", "fetching", "scheduling", "gathering", "driver");
        List<String> names = Stream.of(Stream.of("executors", "groups", "step ms"), parts.stream().map(part -> part + " ms"),
                Stream.of("sent MB", "received MB", "slower", "model ms", "off by %")).flatMap(x -> x).toList();
        names.forEach(name -> table.addColumns(DoubleColumn.create(name)));
        for (BenchWorkload.Size size : sizes) {
            List<String> bars = new ArrayList<>();
            for (Lora.Settings adapters : new Lora.Settings[] {null, Lora.Settings.of(4)}) {
                Case half = new Case("ordered", 1, size.groups / 2);
                Case one = new Case("ordered", 1, size.groups);
                Map<Case, List<Parts>> all = new LinkedHashMap<>();
                List<Double> slower = new ArrayList<>();
                for (int pass = 0; pass < PASSES; pass++) { // alternating, so that other load on the machine affects all
                    slower.add(slowest(2) / slowest(1));
                    for (Case what : List.of(half, one, new Case("ordered", 2, size.groups), new Case("tree", 2, size.groups))) {
                        all.computeIfAbsent(what, key -> new ArrayList<>())
                                .addAll(measure(size, master, conf, scratch, rounds, adapters, what, pass));
                    }
                }
                Map<Case, Parts> rows = new LinkedHashMap<>();
                all.forEach((what, rounded) -> rows.put(what, Parts.median(rounded)));
                Parts a = rows.get(half);
                Parts b = rows.get(one);
                if (adapters == null && size != BenchWorkload.Size.BUILT_IN) { // too few bytes to be timed
                    double gathering = (b.gathering() - a.gathering()) / (b.received() - a.received());
                    System.out.println(new BenchForecast(b.looking() / b.sent(), b.fetching() / b.sent(), gathering, b.driver() / b.sent())
                            .table().printAll());
                }
                rows.forEach((what, m) -> {
                    double load = (double) what.groups() / what.executors() / one.groups() * 2; // 1: half, 2: all
                    double bytes = 1 + (m.received() / what.executors() - a.received()) / (b.received() - a.received()); // likewise
                    double f = what.executors() == 1 ? 1 : bench.median(slower);
                    double model = f * (line(a.rollout(), b.rollout(), load) + line(a.update(), b.update(), load)) + b.looking()
                            + b.fetching() + b.scheduling() + b.driver() + Math.max(0, line(a.gathering(), b.gathering(), bytes));
                    double[] values = {what.executors(), what.groups(), 1e3 * m.step(), 1e3 * m.rollout(), 1e3 * m.update(),
                        1e3 * m.looking(), 1e3 * m.fetching(), 1e3 * m.scheduling(), 1e3 * m.gathering(), 1e3 * m.driver(),
                        m.sent() / 1e6, m.received() / 1e6, f, 1e3 * model, 100 * (model / m.step() - 1)};
                    table.stringColumn(0).append(size.label);
                    table.stringColumn(1).append(adapters == null ? "all weights" : "adapters of rank " + adapters.rank());
                    table.stringColumn(2).append(what.sum());
                    for (int i = 0; i < values.length; i++) {
                        table.doubleColumn(names.get(i)).append(Math.round(100 * values[i]) / 100.0);
                    }
                    bars.add((adapters == null ? "all " : "LoRA ")
                            + (what == half ? "1/2" : what.executors() + (what.sum().equals("tree") ? " tree" : "")));
                });
            }
            Table mine = table.where(table.stringColumn("policy").isEqualTo(size.label));
            Map<String, double[]> heights = new LinkedHashMap<>();
            parts.forEach(part -> heights.put(part, mine.doubleColumn(part + " ms").asDoubleArray()));
            Charts.write(Charts.stacked("Parts of a step on 1 and 2 executors, " + size.label, "", "milliseconds", bars, heights),
                    out.resolve("spark-" + size.label + ".png"));
        }
        table.write().csv(out.resolve("spark.csv").toFile());
        return table;
    }

    /** Returns the seconds for ten products of matrices larger than any cache, in the slowest of a number of parallel threads. */
    private static double slowest(int threads) throws InterruptedException {
        double[] seconds = new double[threads];
        try (NDManager manager = NDManager.newBaseManager(Device.cpu())) { // in this thread, the only one in which gradients are off
            NDArray a = manager.ones(new Shape(2048, 2048));
            List<Thread> all = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                int mine = i;
                all.add(new Thread(() -> {
                    a.add(1).close(); // the first operation sets the engine's number of threads for this thread
                    long begin = System.nanoTime();
                    for (int round = 0; round < 10; round++) {
                        a.matMul(a).close();
                    }
                    seconds[mine] = (System.nanoTime() - begin) / 1e9;
                }));
            }
            all.forEach(Thread::start);
            for (Thread thread : all) {
                thread.join();
            }
        }
        return Arrays.stream(seconds).max().orElseThrow();
    }

    private static double overhead(Backend.Call call) {
        return call.seconds() - call.publishing() - call.renewing() - call.working();
    }

    private static double line(double atOne, double atTwo, double x) {
        return atOne + (atTwo - atOne) * (x - 1);
    }

    private static List<Parts> measure(BenchWorkload.Size size, String master, Map<String, String> conf, Path scratch, int rounds,
            Lora.Settings adapters, Case what, int pass) throws IOException {
        boolean small = size == BenchWorkload.Size.BUILT_IN;
        int warmUp = small ? 30 : 1;
        int measured = Math.max(1, rounds / PASSES / (small ? 1 : 3));
        Map<String, String> settings = new LinkedHashMap<>(Map.of("spark.scheduler.minRegisteredResourcesRatio", "1"));
        settings.putAll(conf);
        settings.put("spark.default.parallelism", Integer.toString(what.executors()));
        settings.put("spark.cores.max", Integer.toString(what.executors()));
        settings.put("spark.lppo.sum", what.sum());
        LearnerSettings learning = new LearnerSettings().tokenBudget(small ? 512 : 1024);
        String name = "%s %s, %d groups on %d, %s".formatted(size.label, adapters == null ? "all weights" : "adapters", what.groups(),
                what.executors(), what.sum());
        try (BenchWorkload work = new BenchWorkload(size, scratch.resolve(name + ", pass " + pass), Device.cpu(), what.groups());
                Progress progress = new Progress(name, warmUp + measured)) {
            Policy base = work.policy;
            base.save(work.folder);
            Policy policy = adapters == null ? base : base.adapted(Lora.fresh(base.config(), adapters, new Seed(1), base.manager()));
            Objective objective = PolicyLoss.grpo().aggregation(Aggregation.TOKEN_MEAN);
            WorkerSetup setup = WorkerSetup.of(work.folder, Recipe.grpo(), "cpu", Precision.FP32, adapters, List.of(), 1024);
            List<Parts> all = new ArrayList<>();
            try (Backend backend = WithSpark.backend(master, settings, setup, policy)) {
                Learner learner = backend.learner(Learner.of(policy, learning));
                Rollout rollout = backend.rollout(Sampling.plain(size.newTokens));
                List<Prompt> prompts = work.prompts().stream().flatMap(p -> Collections.nCopies(BenchWorkload.GROUP, p).stream())
                        .toList();
                for (int round = -warmUp; round < measured; round++) {
                    long begin = System.nanoTime();
                    List<Completion> completions = rollout.sample(prompts, new Step(round + warmUp, new Seed(1))).stream()
                            .flatMap(group -> group.completions().stream()).toList();
                    List<Sample> samples = new ArrayList<>();
                    for (int i = 0; i < completions.size(); i++) {
                        samples.add(Sample.of(completions.get(i), i % 2 == 0 ? 1 : -1));
                    }
                    learner.update(samples, objective, 1e-7);
                    double seconds = (System.nanoTime() - begin) / 1e9;
                    List<Backend.Call> calls = backend.calls();
                    BadInput.unless(calls.size() == 2 && calls.get(1).parts() == what.executors(),
                            "--master %s: this measures up to %d executors, which the master must offer", master, what.executors());
                    if (round >= 0) {
                        Backend.Call sampled = calls.get(0);
                        Backend.Call learned = calls.get(1);
                        all.add(new Parts(seconds, sampled.working(), learned.working(), sampled.publishing() + learned.publishing(),
                                sampled.renewing() + learned.renewing(), overhead(sampled), overhead(learned),
                                seconds - sampled.seconds() - learned.seconds(), sampled.sent() + learned.sent(), learned.received()));
                    }
                    progress.accept(round + warmUp + 1);
                }
            }
            return all;
        }
    }
}
