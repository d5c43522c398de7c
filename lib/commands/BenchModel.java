package commands;

import ai.djl.Device;
import com.google.gson.Gson;
import common.Seed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import llm.Policy;
import llm.Precision;
import llm.Probe;
import llm.Weights;
import lppo.data.Problem;
import lppo.data.PromptFormat;
import lppo.data.Step;
import lppo.rollout.GpuRollout;
import lppo.rollout.Group;
import lppo.rollout.Prompt;
import lppo.rollout.Sampling;
import tasks.Tasks;
import tech.tablesaw.api.DoubleColumn;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;

/**
 * Measures the rollout of a language model: 16 questions, 8 completions of up to 48 tokens each, in fp32 and bf16, alternating with
 * {@code transformers.generate} on the same prompts with the same sampling. The limit of a precision is the rate at which this processor
 * multiplies in it, by the faster of MKL and oneDNN, over two operations per weight and token.
 */
final class BenchModel {

    static final int QUESTIONS = 16;
    static final int GROUP = 8;
    static final int NEW_TOKENS = 48;
    static final List<Precision> PRECISIONS = List.of(Precision.FP32, Precision.BF16);

    private BenchModel() {}

    /**
     * Measures the tokens per second of each precision, as medians.
     *
     * @param folder of a model with a chat template
     * @param python with torch and transformers; null for no comparison
     * @param out where the table is written as {@code model.csv}
     */
    static Table measure(Path folder, String python, int threads, int rounds, Path scratch, Path out) throws IOException {
        Map<String, List<Double>> rates = new LinkedHashMap<>();
        Probe probe = Probe.measured();
        try (Policy policy = Policy.load(folder, Device.cpu(), Precision.FP32, false)) {
            List<Prompt> prompts = prompts(folder, policy);
            Path work = Files.createDirectories(scratch.resolve("model"));
            Files.writeString(work.resolve("work.json"),
                    new Gson().toJson(Map.of("model", folder.toAbsolutePath().toString(), "group", GROUP,
                            "max_new_tokens", NEW_TOKENS, "ends", policy.config().eosTokens(), "prompts",
                            prompts.stream().map(Prompt::tokens).toList())));
            Map<Precision, Policy> samplers = new EnumMap<>(Precision.class); // they share the policy's weights and end with it
            PRECISIONS.forEach(precision -> samplers.put(precision, policy.sampledIn(precision)));
            try (BenchPeer other = python == null ? null : new BenchPeer(python, "generate.py", work, threads);
                    Progress progress = new Progress("rollouts", rounds + 1)) {
                for (int round = 0; round <= rounds; round++) { // alternating; the first warms up
                    for (Precision precision : PRECISIONS) {
                        double ours = rate(samplers.get(precision), prompts, round);
                        double theirs = other == null ? Double.NaN : other.measure(precision.name()); // tokens per second
                        if (round > 0) {
                            rates.computeIfAbsent(precision.name(), key -> new ArrayList<>()).add(ours);
                            rates.computeIfAbsent("peer " + precision.name(), key -> new ArrayList<>()).add(theirs);
                        }
                    }
                    progress.accept(round + 1);
                }
            }
            long parameters = Weights.count(policy.config());
            System.out.printf("%s: %,d parameters, %d x %d completions of up to %d tokens; %d threads; MKL %.0f, oneDNN %.0f, bf16 %.0f"
                    + " Gflop/s; medians of %d rounds; commit %s%n", folder.getFileName(), parameters, QUESTIONS, GROUP, NEW_TOKENS,
                    threads,
                    probe.mkl(), probe.oneDnn(), probe.bf16(), rounds, Cli.commit());
            Table table = table(rates, probe, parameters);
            table.write().csv(out.resolve("model.csv").toFile());
            return table;
        }
    }

    /** The questions that are asked, of all levels. */
    static List<Prompt> prompts(Path folder, Policy policy) {
        PromptFormat format = ChatFormat.named("chat", folder, null, policy.tokenizer());
        List<Problem> problems = Tasks.named("arithmetic").problems();
        List<Prompt> prompts = new ArrayList<>();
        for (int i = 0; i < QUESTIONS; i++) {
            Problem problem = problems.get(i * problems.size() / QUESTIONS);
            prompts.add(Prompt.unguided(problem, policy.encode(format.of(problem.question()))));
        }
        return prompts;
    }

    private static double rate(Policy policy, List<Prompt> prompts, int round) {
        long begin = System.nanoTime();
        List<Group> groups = new GpuRollout(policy, Sampling.plain(NEW_TOKENS), QUESTIONS * GROUP, false).sample(
                prompts.stream().flatMap(prompt -> Collections.nCopies(GROUP, prompt).stream()).toList(), new Step(round + 1, new Seed(1)));
        long tokens = groups.stream().flatMap(group -> group.completions().stream()).mapToLong(c -> c.tokens().length).sum();
        return tokens / ((System.nanoTime() - begin) / 1e9);
    }

    private static Table table(Map<String, List<Double>> rates, Probe probe, long parameters) {
        double slow = bench.median(rates.get("peer FP32"));
        Table table = Table.create("rollout", StringColumn.create("precision"));
        List.of("tokens/s", "of the limit", "transformers tokens/s", "x transformers", "x transformers in fp32")
                .forEach(name -> table.addColumns(DoubleColumn.create(name)));
        for (Precision precision : PRECISIONS) {
            double ours = bench.median(rates.get(precision.name()));
            double theirs = bench.median(rates.get("peer " + precision.name()));
            double limit = 1e9 * (precision == Precision.BF16 ? probe.bf16() : Math.max(probe.mkl(), probe.oneDnn())) / (2.0 * parameters);
            table.stringColumn(0).append(precision.name().toLowerCase(Locale.ROOT));
            double[] values = {ours, ours / limit, theirs, ours / theirs, ours / slow};
            for (int i = 0; i < values.length; i++) {
                table.doubleColumn(i + 1).append(Double.isNaN(values[i]) ? values[i] : Math.round(100 * values[i]) / 100.0);
            }
        }
        return table;
    }
}
