import ai.djl.Device;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import lppo.PolicyLoss.Aggregation;
import lppo.cli.WithSpark;
import lppo.data.Seed;
import lppo.model.Lora;
import lppo.model.Policy;
import lppo.model.Precision;
import lppo.rollout.Completion;
import lppo.rollout.Prompt;
import lppo.rollout.Rollout;
import lppo.rollout.Sampling;
import lppo.train.AdamW;
import lppo.train.Blueprint;
import lppo.train.Compute;
import lppo.train.Learner;
import lppo.train.Options;
import lppo.train.Sample;
import tech.tablesaw.api.DoubleColumn;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;

/**
 * Where the time of a step on Spark goes, and what it should be by a model: what is divided among executors, what every
 * executor has to be sent, and what the driver does alone,
 *
 * <pre>  step(n) = (R + U) / n + p + c + o,</pre>
 *
 * R and U the work of rollout and update on one executor, p looking at the weights on the driver, c checking and fetching them,
 * o the rest: two jobs' scheduling, gradients on their way, adding, AdamW. All four are measured on one executor.
 */
final class Far {

    private static final int GROUP = 8;
    private static final int GROUPS = 32;

    private Far() {}

    /** A row for each number of executors and kind of learning. */
    static Table measure(String master, Map<String, String> conf, Path scratch, int rounds) throws IOException {
        Table table = Table.create("a step on Spark", StringColumn.create("learns"));
        List<String> names = List.of("executors", "step ms", "rollout ms", "update ms", "looking ms", "fetching ms", "rest ms", "sent KB", "received KB",
                "model ms", "model off by");
        names.forEach(name -> table.addColumns(DoubleColumn.create(name)));
        for (Lora.Settings adapters : new Lora.Settings[] {null, Lora.Settings.of(4)}) {
            double[] one = null;
            for (int n = 1; n <= 2; n++) {
                double[] m = measure(master, conf, scratch, rounds, adapters, n);
                one = one == null ? m : one;
                double model = (one[1] + one[2]) / n + one[3] + one[4] + one[5];
                table.stringColumn(0).append(adapters == null ? "all weights" : "adapters of rank 4");
                double[] values = {n, m[0], m[1], m[2], m[3], m[4], m[5], m[6], m[7], model, model / m[0] - 1};
                for (int i = 0; i < values.length; i++) {
                    table.doubleColumn(names.get(i)).append(Math.round(100 * values[i]) / 100.0);
                }
            }
        }
        return table;
    }

    /** Medians over rounds: step, rollout, update, looking, fetching, rest (milliseconds); sent, received (kilobytes). */
    private static double[] measure(String master, Map<String, String> conf, Path scratch, int rounds, Lora.Settings adapters, int executors)
            throws IOException {
        Map<String, String> settings = new LinkedHashMap<>(conf);
        settings.put("spark.default.parallelism", Integer.toString(executors));
        Options options = new Options();
        options.device = "cpu";
        options.tokenBudget = 512;
        options.rolloutRows = GROUP * GROUPS / 2;
        try (Workload work = new Workload(Workload.Size.BUILT_IN, scratch.resolve("far-" + executors + (adapters == null ? "" : "-lora")), Device.cpu(), GROUPS)) {
            Policy policy = adapters == null ? work.policy : work.policy.adapted(Lora.fresh(work.policy.config(), adapters, new Seed(1), work.policy.manager()));
            Learner learner = new Learner(policy, new AdamW(policy.parameters(), policy.manager(), new AdamW.Settings(0.9, 0.95, 1e-8, 0)), 1,
                    options.tokenBudget, 1);
            Blueprint blueprint = Blueprint.of(work.folder, options, Precision.FP32, adapters, List.of());
            List<double[]> all = new ArrayList<>();
            try (Compute compute = WithSpark.compute(master, settings, blueprint, policy)) {
                Rollout rollout = compute.rollout(Sampling.plain(Workload.Size.BUILT_IN.newTokens), new Seed(1));
                List<Prompt> prompts = work.prompts().stream().flatMap(p -> Collections.nCopies(GROUP, p).stream()).toList();
                for (int round = -5; round < rounds; round++) {
                    long begin = System.nanoTime();
                    List<Completion> completions = rollout.sample(prompts, round + 5);
                    List<Sample> samples = new ArrayList<>();
                    for (int i = 0; i < completions.size(); i++) {
                        samples.add(Sample.of(completions.get(i), i % 2 == 0 ? 1 : -1));
                    }
                    compute.update(learner, null, Sample.weighted(samples, Aggregation.TOKEN_MEAN), 1e-7);
                    double seconds = (System.nanoTime() - begin) / 1e9;
                    List<Compute.Call> calls = compute.calls();
                    if (round >= 0) {
                        double looking = sum(calls, Compute.Call::publishing);
                        double fetching = sum(calls, Compute.Call::renewing);
                        double sampling = calls.get(0).working();
                        double learning = calls.get(1).working();
                        all.add(new double[] {1e3 * seconds, 1e3 * sampling, 1e3 * learning, 1e3 * looking, 1e3 * fetching,
                            1e3 * (seconds - looking - fetching - sampling - learning), sum(calls, Compute.Call::sent) / 1e3,
                            sum(calls, Compute.Call::received) / 1e3});
                    }
                }
            }
            double[] medians = new double[8];
            for (int i = 0; i < medians.length; i++) {
                int column = i;
                medians[i] = all.stream().mapToDouble(row -> row[column]).sorted().skip(all.size() / 2).findFirst().orElseThrow();
            }
            return medians;
        }
    }

    private static double sum(List<Compute.Call> calls, ToDoubleFunction<Compute.Call> what) {
        return calls.stream().mapToDouble(what).sum();
    }
}
