///usr/bin/env jbang "$0" "$@" ; exit $?
//SOURCES ../lib/lppo/Lppo.java
//FILES peer/eager.py=../tests/peer/eager.py

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import lppo.PolicyLoss;
import lppo.PolicyLoss.Aggregation;
import lppo.cli.Children;
import lppo.cli.Cli;
import lppo.cli.Progress;
import lppo.data.BadInput;
import lppo.data.Problem;
import lppo.data.Seed;
import lppo.model.Policy;
import lppo.model.Scopes;
import lppo.rollout.GpuRollout;
import lppo.rollout.Prompt;
import lppo.rollout.Sampling;
import lppo.task.ModularChain;
import lppo.train.AdamW;
import lppo.train.Learner;
import lppo.train.Sample;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tech.tablesaw.api.DoubleColumn;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;
import tech.tablesaw.columns.numbers.NumberColumnFormatter;

/**
 * Speed of a rollout and of an update of a random policy, as a ratio to the floor that this machine's measured
 * matrix-multiply rate sets, and, side by side in the same run, to a hand-written PyTorch eager loop.
 */
@Command(name = "bench", mixinStandardHelpOptions = true, showDefaultValues = true,
        description = "Speed of rollout and update, as ratios to the machine's ceiling and to PyTorch.",
        footer = {"", "Examples:", "  ./jbang bench", "  ./jbang bench --peer python3    # a Python that has torch"})
public class bench implements Callable<Integer> {

    private static final int WARM_UP = 10;

    @Option(names = "--layers", description = "Of the policy.")
    int layers = 4;

    @Option(names = "--width", description = "Of the policy; the feed-forward is four times as wide.")
    int width = 128;

    @Option(names = "--heads", description = "Of the attention.")
    int heads = 4;

    @Option(names = "--rows", description = "Sequences that decode together.")
    int rows = 128;

    @Option(names = "--batch", description = "Sequences of an update.")
    int batch = 64;

    @Option(names = "--length", description = "Tokens of each sequence.")
    int length = 96;

    @Option(names = "--rounds", description = "Measured rounds, after ten to warm up (Java compiles what runs often); the median counts.")
    int rounds = 15;

    @Option(names = "--threads", description = "Of the engine, and of the peer.")
    int threads = Runtime.getRuntime().availableProcessors();

    @Option(names = "--device", description = "auto, cpu or gpu; the peer is for the CPU.")
    String device = "auto";

    @Option(names = "--peer", paramLabel = "PYTHON", description = "A Python with torch: run the same in it, in turns.")
    String peer;

    @Override
    public Integer call() throws Exception {
        for (int number : new int[] {layers, width, heads, rows, batch, length, rounds, threads}) {
            BadInput.unless(number > 0, "%d: sizes, rounds and threads must be positive", number);
        }
        BadInput.unless(width % (2 * heads) == 0, "--width %d: must be a multiple of twice --heads %d", width, heads);
        System.setProperty("ai.djl.pytorch.num_threads", Integer.toString(threads));
        Path folder = Files.createTempDirectory("bench");
        try (Policy policy = Policy.random(skeleton(folder), 0.02, new Seed(1), Policy.device(device));
                Peer other = peer == null ? null : new Peer(folder, policy)) {
            measure(policy, other);
        } finally {
            Children.delete(folder);
        }
        return 0;
    }

    private void measure(Policy policy, Peer other) throws IOException {
        GpuRollout rollout = new GpuRollout(policy, Sampling.plain(length), new Seed(1));
        List<Prompt> prompts = IntStream.range(0, rows).mapToObj(i -> Prompt.unguided(
                new Problem("p" + i, "start", "0", null, null, null), new int[] {2})).toList();
        Learner learner = new Learner(policy, new AdamW(policy.weights().parameters(), policy.manager(),
                new AdamW.Settings(0.9, 0.95, 1e-8, 0)), 1, batch * length, 1);
        Learner.Objective objective = Learner.Objective.of(new PolicyLoss(0.2, 0.28, 0), null);
        List<Sample> samples = Sample.weighted(samples(policy.config().vocabSize()), Aggregation.TOKEN_MEAN);
        List<Double> ours = new ArrayList<>();
        List<Double> ourUpdates = new ArrayList<>();
        List<Double> theirs = new ArrayList<>();
        List<Double> theirUpdates = new ArrayList<>();
        List<Double> rates = new ArrayList<>();
        try (Progress progress = new Progress("bench", rounds + WARM_UP)) {
            for (int round = -WARM_UP; round < rounds; round++) { // in turns, so that a busy moment of the machine hits all
                double[] seconds = {seconds(() -> rollout.sample(prompts, 1)), other == null ? Double.NaN : other.seconds("rollout"),
                    seconds(() -> learner.update(samples, objective, 1e-5)), other == null ? Double.NaN : other.seconds("update"),
                    multiply(policy.manager())};
                if (round >= 0) {
                    ours.add(seconds[0]);
                    theirs.add(seconds[1]);
                    ourUpdates.add(seconds[2]);
                    theirUpdates.add(seconds[3]);
                    rates.add(seconds[4]);
                }
                progress.accept(round + WARM_UP + 1);
            }
        }
        double rate = median(rates); // operations a second
        long weights = policy.weights().parameters().stream().mapToLong(NDArray::size).sum();
        double forward = 2.0 * weights; // operations of a token; attention comes on top, 4 T C a layer
        double decode = rows * length * (forward + 4.0 * layers * width * (length + 1) / 2);
        double update = 3.0 * batch * length * (forward + 4.0 * layers * width * length);
        Table table = Table.create("speed", StringColumn.create("phase", List.of("rollout", "update")),
                column("tokens/s", rows * length / median(ours), batch * length / median(ourUpdates)),
                column("of the floor", decode / rate / median(ours), update / rate / median(ourUpdates)));
        if (other != null) {
            table.addColumns(column("PyTorch tokens/s", rows * length / median(theirs), batch * length / median(theirUpdates)),
                    column("ratio to PyTorch", median(theirs) / median(ours), median(theirUpdates) / median(ourUpdates)));
        }
        table.numericColumns().forEach(c -> ((DoubleColumn) c).setPrintFormatter(c.name().contains("tokens")
                ? NumberColumnFormatter.ints() : NumberColumnFormatter.fixedWithGrouping(2)));
        System.out.println(table.print());
        System.out.printf("%d parameters, %d sequences x %d tokens decoding, %d x %d an update; %s, %d threads, matrix"
                + " multiply %.1f Gflop/s; medians of %d rounds%s; commit %s%n", weights, rows, length, batch, length,
                policy.manager().getDevice(), threads, rate / 1e9, rounds, other == null ? "" : ", in turns with torch "
                + other.version, Cli.commit());
    }

    /** Writes a policy without an end token, so that every sequence has the full length. */
    private Path skeleton(Path folder) throws IOException {
        ModularChain.writeSkeleton(folder);
        Path file = folder.resolve("config.json");
        JsonObject config = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
        config.addProperty("hidden_size", width);
        config.addProperty("intermediate_size", 4 * width);
        config.addProperty("num_hidden_layers", layers);
        config.addProperty("num_attention_heads", heads);
        config.addProperty("num_key_value_heads", heads);
        config.addProperty("max_position_embeddings", length + 1);
        config.remove("eos_token_id");
        Files.writeString(file, config.toString());
        return folder;
    }

    private List<Sample> samples(int vocab) {
        return IntStream.range(0, batch).mapToObj(row -> {
            int[] text = IntStream.rangeClosed(0, length).map(i -> (row * (length + 1) + i) * 7919 % vocab).toArray();
            float[] behaviour = new float[length];
            Arrays.fill(behaviour, (float) -Math.log(vocab));
            return new Sample(new int[] {text[0]}, Arrays.copyOfRange(text, 1, length + 1), behaviour, row % 2 == 0 ? 1 : -1, 0);
        }).toList();
    }

    /** Operations a second of a large matrix product: the ceiling. */
    private static double multiply(NDManager parent) {
        int size = parent.getDevice().equals(Device.cpu()) ? 1024 : 8192;
        double[] rate = {0};
        Scopes.run(() -> {
            NDArray a = parent.ones(new Shape(size, size));
            rate[0] = 2.0 * size * size * size / seconds(() -> a.matMul(a).get(0).get(0).getFloat());
        });
        return rate[0];
    }

    private static double seconds(Runnable work) {
        long begin = System.nanoTime();
        work.run();
        return (System.nanoTime() - begin) / 1e9;
    }

    private static double median(List<Double> values) {
        double[] sorted = values.stream().mapToDouble(x -> x).sorted().toArray();
        return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
    }

    private static DoubleColumn column(String name, double... values) {
        return DoubleColumn.create(name, values);
    }

    /** The PyTorch loop, waiting for its turn. */
    private final class Peer implements AutoCloseable {

        final Process process;
        final BufferedReader in;
        final Writer out;
        final String version;

        Peer(Path folder, Policy policy) throws IOException {
            Path script = folder.resolve("eager.py");
            try (InputStream text = bench.class.getResourceAsStream("/peer/eager.py")) {
                Files.copy(text, script, StandardCopyOption.REPLACE_EXISTING);
            }
            List<String> command = new ArrayList<>(List.of(peer, script.toString()));
            for (int number : new int[] {layers, width, heads, 4 * width, policy.config().vocabSize(), rows, length, batch, threads}) {
                command.add(Integer.toString(number));
            }
            try {
                process = new ProcessBuilder(command).redirectError(folder.resolve("peer.log").toFile()).start();
            } catch (IOException e) {
                throw new BadInput("--peer " + peer + ": cannot be run (" + e.getMessage() + ")", e);
            }
            in = process.inputReader();
            out = process.outputWriter();
            String ready = in.readLine();
            BadInput.unless(ready != null, "--peer %s: %s", peer, Files.readAllLines(folder.resolve("peer.log")).stream()
                    .reduce((a, b) -> b).orElse("ended at once"));
            version = ready.split(" ")[1];
            long weights = policy.weights().parameters().stream().mapToLong(NDArray::size).sum();
            if (Long.parseLong(ready.split(" ")[2]) != weights) {
                throw new IllegalStateException("the peer has " + ready.split(" ")[2] + " parameters, ours " + weights);
            }
        }

        double seconds(String what) throws IOException {
            out.write(what + "\n");
            out.flush();
            String line = in.readLine();
            if (line == null) {
                throw new IllegalStateException("the peer ended in the middle of a " + what);
            }
            return Double.parseDouble(line);
        }

        @Override
        public void close() throws IOException {
            out.close();
            process.destroy();
        }
    }

    public static void main(String... args) {
        Cli.run(new bench(), args);
    }
}
