package commands;

import ai.djl.Device;
import com.google.gson.Gson;
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
import llm.Lora;
import llm.Policy;
import llm.Precision;
import lppo.Advantage;
import lppo.Aggregation;
import lppo.Objective;
import lppo.PolicyLoss;
import lppo.data.Problem;
import lppo.data.Step;
import lppo.learn.Learner;
import lppo.learn.LearnerSettings;
import lppo.learn.Sample;
import lppo.rollout.GpuRollout;
import lppo.rollout.Group;
import lppo.rollout.Prompt;
import lppo.rollout.Sampling;
import tech.tablesaw.api.DoubleColumn;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;

/**
 * Measures learning with rank-16 adapters on {@link BenchModel}'s questions and completions: an update on all completions, and a whole
 * GRPO step in which every group speaks or 14 of 16 are silent, alternating with PyTorch's autograd and TRL's trainer. The latter pushes
 * silent groups through the model as well.
 */
final class BenchLearning implements AutoCloseable {

    private static final int RANK = 16;
    private static final int SPEAKING = 2;
    private static final double RATE = 1e-7; // almost zero, so that the length of the completions does not change

    private final Policy base;
    private final Policy policy;
    private final Learner learner;
    private final Objective objective = PolicyLoss.grpo().clip(0.2, 0.28).aggregation(Aggregation.TOKEN_MEAN);
    private long step;

    /** @param precision of the frozen weights in the update; fp32 is sampled in as {@code --precision auto} chooses */
    private BenchLearning(Path folder, Precision precision) {
        base = Policy.load(folder, Device.cpu(), precision, false);
        policy = base.adapted(Lora.fresh(base.config(), Lora.Settings.of(RANK), new Seed(1), base.manager()))
                .sampledIn(Precision.toSample("auto", precision, Device.cpu(), folder));
        learner = Learner.of(policy, new LearnerSettings().updates(1).learningRate(RATE).warmUp(0));
    }

    /**
     * Measures seconds, as medians.
     *
     * @param folder of a model with a chat template
     * @param python with torch, transformers, peft and trl; null for no comparison
     * @param out where the table is written as {@code learning.csv}
     */
    static Table measure(Path folder, String python, int threads, int rounds, Path scratch, Path out) throws IOException {
        Map<String, List<Double>> seconds = new LinkedHashMap<>();
        try (BenchLearning wide = new BenchLearning(folder, Precision.FP32);
                BenchLearning narrow = new BenchLearning(folder, Precision.BF16)) {
            List<Prompt> prompts = BenchModel.prompts(folder, wide.policy);
            List<Sample> samples = wide.samples(prompts);
            Path work = Files.createDirectories(scratch.resolve("learning"));
            Files.writeString(work.resolve("work.json"), new Gson().toJson(Map.of("model", folder.toAbsolutePath().toString(), "group",
                    BenchModel.GROUP, "rank", RANK, "max_new_tokens", BenchModel.NEW_TOKENS, "prompts",
                    prompts.stream().map(Prompt::tokens).toList(), "texts",
                    prompts.stream().map(p -> wide.policy.decode(p.tokens())).toList(),
                    "update", samples.stream().map(s -> Map.of("prompt", s.prompt(), "completion", s.completion(), "behaviour",
                            s.behaviour(), "advantage", s.advantage())).toList())));
            try (BenchPeer peer = python == null ? null : new BenchPeer(python, "learn.py", work, threads);
                    Progress progress = new Progress("updates and steps", rounds + 1)) {
                for (int round = 0; round <= rounds; round++) { // alternating; the first warms up
                    Map<String, Double> now = new LinkedHashMap<>();
                    now.put("update, fp32", seconds(() -> wide.learner.update(samples, wide.objective, RATE)));
                    now.put("peer update, fp32", peer == null ? Double.NaN : peer.measure("FP32"));
                    now.put("update, bf16", seconds(() -> narrow.learner.update(samples, narrow.objective, RATE)));
                    now.put("peer update, bf16", peer == null ? Double.NaN : peer.measure("BF16"));
                    double theirs = peer == null ? Double.NaN : peer.measure("step");
                    for (int speaking : new int[] {prompts.size(), SPEAKING}) {
                        String name = "step, %d of %d groups speak, ".formatted(speaking, prompts.size());
                        now.put(name + "fp32", seconds(() -> wide.step(prompts, speaking)));
                        now.put("peer " + name + "fp32", theirs);
                        now.put(name + "bf16", seconds(() -> narrow.step(prompts, speaking)));
                        now.put("peer " + name + "bf16", theirs);
                    }
                    if (round > 0) {
                        now.forEach((name, value) -> seconds.computeIfAbsent(name, key -> new ArrayList<>()).add(value));
                    }
                    progress.accept(round + 1);
                }
            }
            System.out.printf(Locale.ROOT, "%s: %d x %d completions of up to %d tokens, adapters of rank %d; the update in fp32 or bf16,"
                    + " sampled in %s; %d threads; medians of %d rounds; commit %s%n", folder.getFileName(), prompts.size(),
                    BenchModel.GROUP, BenchModel.NEW_TOKENS, RANK,
                    Precision.toSample("auto", Precision.FP32, Device.cpu(), folder).name().toLowerCase(Locale.ROOT), threads, rounds,
                    Cli.commit());
        }
        Table table = Table.create("learning", StringColumn.create("phase"), DoubleColumn.create("seconds"),
                DoubleColumn.create("PyTorch, TRL seconds"), DoubleColumn.create("ratio"));
        seconds.keySet().stream().filter(name -> !name.startsWith("peer ")).forEach(name -> {
            double ours = bench.median(seconds.get(name));
            double theirs = bench.median(seconds.get("peer " + name));
            table.stringColumn(0).append(name);
            double[] values = {ours, theirs, theirs / ours};
            for (int i = 0; i < values.length; i++) {
                table.doubleColumn(i + 1).append(Double.isNaN(values[i]) ? values[i] : Math.round(100 * values[i]) / 100.0);
            }
        });
        table.write().csv(out.resolve("learning.csv").toFile());
        return table;
    }

    private List<Group> rollout(List<Prompt> prompts) {
        return new GpuRollout(policy, Sampling.plain(BenchModel.NEW_TOKENS), prompts.size() * BenchModel.GROUP).sample(
                prompts.stream().flatMap(prompt -> Collections.nCopies(BenchModel.GROUP, prompt).stream()).toList(),
                new Step(++step, new Seed(1)));
    }

    private List<Sample> samples(List<Prompt> prompts) {
        List<Sample> samples = new ArrayList<>();
        rollout(prompts).forEach(group -> group.completions().forEach(c -> samples.add(Sample.of(c, samples.size() % 2 == 0 ? 1 : -1))));
        return samples;
    }

    /** A whole step; the reward is a parity, as the peer's, in the first groups and zero in the others. */
    private void step(List<Prompt> prompts, int speaking) {
        List<Problem> first = prompts.stream().limit(speaking).map(Prompt::problem).toList();
        List<Group> scored = rollout(prompts).stream().map(group -> group.scored(
                c -> first.contains(c.prompt().problem()) ? policy.decode(c.tokens()).length() % 2 : 0)).toList();
        learner.update(scored, Advantage.grpo(), objective, new Step(step, new Seed(1)));
    }

    private static double seconds(Runnable work) {
        long begin = System.nanoTime();
        work.run();
        return (System.nanoTime() - begin) / 1e9;
    }

    @Override
    public void close() {
        policy.close();
        base.close();
    }
}
