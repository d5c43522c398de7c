package commands;

import ai.djl.Device;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import lppo.learn.Sample;
import tech.tablesaw.api.DoubleColumn;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;

/**
 * Measures rollout and update in processes whose threads wait for each other in different ways, alone and beside two busy processes. The
 * ways alternate; the engine reads them once, at its start, so each has a process of its own.
 */
final class BenchLoad {

    private static final int BUSY = 2;
    private static final List<String> PHASES = List.of("rollout", "update");

    /**
     * How threads wait, and how many there are.
     *
     * @param spins value of {@code GOMP_SPINCOUNT}; empty for OpenMP's own
     */
    private record Way(String name, String spins, int threads) {}

    private BenchLoad() {}

    /**
     * Measures the milliseconds of each way, as medians; what each loses alone against the fastest, in percent (the larger of both
     * phases); and how many times slower it is beside the busy processes (the slower of both phases).
     *
     * @param out where the table is written as {@code load.csv}
     */
    static Table measure(BenchWorkload.Size size, int threads, int rounds, Path scratch, Path out) throws IOException {
        List<Way> ways = new ArrayList<>(List.of(new Way("short spin, as ./jbang sets it", "1000", threads),
                new Way("OpenMP's own", "", threads), new Way("no spin", "0", threads)));
        if (threads > 1) {
            ways.add(new Way("one thread", "1000", 1));
        }
        Map<Way, Map<String, List<Double>>> alone = new LinkedHashMap<>();
        Map<Way, Map<String, List<Double>>> beside = new LinkedHashMap<>();
        List<Child> children = new ArrayList<>();
        List<Child> busy = new ArrayList<>();
        try (Progress progress = new Progress(size.label, 2L * rounds)) {
            for (Way way : ways) {
                Child child = new Child(way.spins, "work", size.name(), Integer.toString(way.threads),
                        Files.createDirectories(scratch.resolve("load" + children.size())).toString());
                children.add(child);
                child.ask("rollout"); // warms up
                child.ask("update");
            }
            for (int round = 0; round < 2 * rounds; round++) {
                if (round == rounds) {
                    for (int i = 0; i < BUSY; i++) {
                        busy.add(new Child("", "busy"));
                    }
                }
                for (int i = 0; i < children.size(); i++) {
                    for (String phase : PHASES) {
                        double milliseconds = 1000 * Double.parseDouble(children.get(i).ask(phase));
                        (round < rounds ? alone : beside).computeIfAbsent(ways.get(i), key -> new LinkedHashMap<>())
                                .computeIfAbsent(phase, key -> new ArrayList<>()).add(milliseconds);
                    }
                }
                progress.accept(round + 1);
            }
        } finally {
            busy.forEach(Child::close);
            children.forEach(Child::close);
        }
        Table table = table(ways, alone, beside);
        table.write().csv(out.resolve("load.csv").toFile());
        return table;
    }

    private static Table table(List<Way> ways, Map<Way, Map<String, List<Double>>> alone, Map<Way, Map<String, List<Double>>> beside) {
        Table table = Table.create("load", StringColumn.create("waiting"));
        List.of("rollout ms", "update ms", "loss alone %", "beside: rollout ms", "beside: update ms", "times slower")
                .forEach(name -> table.addColumns(DoubleColumn.create(name)));
        for (Way way : ways) {
            double loss = 0;
            double slower = 0;
            List<Double> values = new ArrayList<>();
            for (String phase : PHASES) {
                double fastest = alone.values().stream().mapToDouble(times -> bench.median(times.get(phase))).min().orElseThrow();
                double time = bench.median(alone.get(way).get(phase));
                double loaded = bench.median(beside.get(way).get(phase));
                loss = Math.max(loss, 100 * (time / fastest - 1));
                slower = Math.max(slower, loaded / time);
                values.add(values.size() / 2, time);
                values.add(loaded);
            }
            table.stringColumn(0).append(way.name);
            values.add(2, loss);
            values.add(slower);
            for (int i = 0; i < values.size(); i++) {
                table.doubleColumn(i + 1).append(Math.round(100 * values.get(i)) / 100.0);
            }
        }
        return table;
    }

    /** Another process of this program, which ends with this one: its standard input ends. */
    private static final class Child implements AutoCloseable {

        private final Process process;
        private final Writer out;
        private final BufferedReader in;

        Child(String spins, String... arguments) throws IOException {
            List<String> line = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx512m",
                    "-XX:+UseSerialGC", "-DOPT_OUT_TRACKING=true", "-Dslf4j.internal.verbosity=ERROR", "-cp",
                    System.getProperty("java.class.path"), BenchLoad.class.getName()));
            line.addAll(List.of(arguments));
            ProcessBuilder builder = new ProcessBuilder(line).redirectError(ProcessBuilder.Redirect.INHERIT);
            builder.environment().keySet().removeAll(List.of("GOMP_SPINCOUNT", "OMP_WAIT_POLICY", "OMP_NUM_THREADS"));
            if (!spins.isEmpty()) {
                builder.environment().put("GOMP_SPINCOUNT", spins);
            }
            process = builder.start();
            out = process.outputWriter();
            in = process.inputReader();
        }

        String ask(String what) throws IOException {
            out.write(what + "\n");
            out.flush();
            String said = in.readLine();
            if (said == null) {
                throw new IllegalStateException("a process ended during its " + what);
            }
            return said;
        }

        @Override
        public void close() {
            process.destroy();
            process.onExit().join();
        }
    }

    /** A child: {@code busy}, or {@code work} with size, threads and a folder, which answers each phase with its seconds. */
    public static void main(String... arguments) throws IOException {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        if (arguments[0].equals("busy")) {
            Thread work = new Thread(() -> {
                double sum = 0;
                while (sum >= 0) {
                    sum = Math.sqrt(sum + 1);
                }
            });
            work.setDaemon(true);
            work.start();
            while (in.readLine() != null) {
                continue; // until the parent ends
            }
            return;
        }
        System.setProperty("ai.djl.pytorch.num_threads", arguments[2]);
        BenchWorkload.Size size = BenchWorkload.Size.valueOf(arguments[1]);
        try (BenchWorkload work = new BenchWorkload(size, Path.of(arguments[3]), Device.cpu(), 0)) {
            List<Sample> samples = work.samples();
            for (String phase = in.readLine(); phase != null; phase = in.readLine()) {
                long begin = System.nanoTime();
                if (phase.equals("rollout")) {
                    work.rollout(size.newTokens, false);
                } else {
                    work.update(samples);
                }
                System.out.println((System.nanoTime() - begin) / 1e9);
            }
        }
    }
}
