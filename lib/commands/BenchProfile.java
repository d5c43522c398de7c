package commands;

import ai.djl.Device;
import chat.ChatTemplate;
import common.Seed;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import llm.FastDecode;
import llm.Policy;
import llm.Precision;
import lppo.data.Problem;
import lppo.data.PromptFormat;
import lppo.data.Step;
import lppo.learn.Learner;
import lppo.learn.Sample;
import lppo.rollout.Completion;
import lppo.rollout.GpuRollout;
import lppo.rollout.Prompt;
import lppo.rollout.Sampling;
import lppo.task.Task;
import tasks.Tasks;
import tech.tablesaw.api.DoubleColumn;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;

/** The parts of a rollout of {@link BenchModel}'s size and what surrounds it, with their times and shares. */
final class BenchProfile {

    private static final String ALL = "all";

    private BenchProfile() {}

    /**
     * Measures the milliseconds of each part in fp32 and bf16, alternating; medians of the rounds. The log-probabilities of
     * {@code first_difference} are computed as in a step without an update.
     *
     * @param folder of a model; its chat template is used if it has one
     * @param out where the table is written as {@code profile.csv}
     */
    static Table measure(Path folder, int threads, int rounds, Path out) throws IOException {
        Map<Precision, Map<String, List<Double>>> times = new LinkedHashMap<>();
        try (Policy policy = Policy.load(folder, Device.cpu(), Precision.FP32, false)) {
            List<int[]> prompts = new ArrayList<>();
            List<Prompt> asked = new ArrayList<>();
            for (Prompt prompt : prompts(folder, policy)) {
                prompts.add(prompt.tokens());
                asked.addAll(Collections.nCopies(BenchModel.GROUP, prompt));
            }
            int longest = Math.min(BenchModel.NEW_TOKENS,
                    policy.config().maxPositions() - prompts.stream().mapToInt(p -> p.length).max().orElseThrow());
            Learner learner = Learner.of(policy);
            long tokens = 0;
            try (Progress progress = new Progress("profile", rounds + 1)) {
                for (int round = 0; round <= rounds; round++) { // the first warms up
                    for (Precision precision : BenchModel.PRECISIONS) {
                        Policy sampler = policy.sampledIn(precision);
                        Map<String, Double> now = parts(sampler, prompts, longest);
                        List<Completion> completions = new GpuRollout(sampler, Sampling.plain(longest), asked.size())
                                .sample(asked, new Step(1, new Seed(1))).stream().flatMap(g -> g.completions().stream()).toList();
                        tokens = completions.stream().mapToLong(c -> c.tokens().length).sum();
                        now.put("detokenising", seconds(() -> completions.forEach(c -> policy.decode(c.tokens()))));
                        now.put("first_difference", seconds(() -> learner.logProbs(policy,
                                completions.subList(0, BenchModel.GROUP).stream().map(c -> Sample.of(c, 0)).toList())));
                        now.put(ALL, now.values().stream().mapToDouble(x -> x).sum());
                        if (round > 0) {
                            now.forEach((part, value) -> times.computeIfAbsent(precision, key -> new LinkedHashMap<>())
                                    .computeIfAbsent(part, key -> new ArrayList<>()).add(value));
                        }
                    }
                    progress.accept(round + 1);
                }
            }
            System.out.printf("%s: %d x %d completions of up to %d tokens, some %d tokens; %d threads; medians of %d rounds; commit %s%n",
                    folder.getFileName(), BenchModel.QUESTIONS, BenchModel.GROUP, longest, tokens, threads, rounds, Cli.commit());
        }
        Table table = table(times);
        table.write().csv(out.resolve("profile.csv").toFile());
        return table;
    }

    /** Questions in the folder's chat template, or those of the built-in task if it has none. */
    static List<Prompt> prompts(Path folder, Policy policy) {
        boolean chat = ChatTemplate.read(folder).isPresent();
        PromptFormat format = ChatFormat.named(chat ? "chat" : "plain", folder, null, policy.tokenizer());
        List<Problem> problems = chat ? Tasks.named("arithmetic").problems() : Task.builtIn().problems();
        List<Prompt> prompts = new ArrayList<>();
        for (int i = 0; i < BenchModel.QUESTIONS; i++) {
            Problem problem = problems.get(i * problems.size() / BenchModel.QUESTIONS);
            prompts.add(Prompt.unguided(problem, policy.encode(format.of(problem.question()))));
        }
        return prompts;
    }

    private static Map<String, Double> parts(Policy policy, List<int[]> prompts, int longest) {
        int rows = prompts.size() * BenchModel.GROUP;
        int[] source = new int[rows];
        int[] room = new int[rows];
        float[][] uniform = new float[rows][longest];
        SplittableRandom random = new SplittableRandom(1);
        Arrays.setAll(source, i -> i / BenchModel.GROUP);
        Arrays.fill(room, longest);
        for (float[] row : uniform) {
            for (int i = 0; i < longest; i++) {
                row[i] = random.nextInt(1 << 24) / (float) (1 << 24);
            }
        }
        Map<String, Double> now = new LinkedHashMap<>();
        long begin = System.nanoTime();
        return policy.sampling(narrowed -> {
            now.put("weights to this precision", (System.nanoTime() - begin) / 1e9);
            long narrow = System.nanoTime();
            try (FastDecode.Packed packed = narrowed.fastDecode().packed(narrowed)) {
                now.put("laying out weights", (System.nanoTime() - narrow) / 1e9);
                now.putAll(narrowed.fastDecode().profile(narrowed, packed, prompts, source, room, uniform));
            }
            return now;
        });
    }

    private static double seconds(Runnable work) {
        long begin = System.nanoTime();
        work.run();
        return (System.nanoTime() - begin) / 1e9;
    }

    private static Table table(Map<Precision, Map<String, List<Double>>> times) {
        Table table = Table.create("profile", StringColumn.create("part"));
        times.values().iterator().next().keySet().forEach(table.stringColumn(0)::append);
        times.forEach((precision, parts) -> {
            String name = precision.name().toLowerCase(Locale.ROOT);
            DoubleColumn milliseconds = DoubleColumn.create(name + " ms");
            DoubleColumn share = DoubleColumn.create(name + " share");
            double all = bench.median(parts.get(ALL));
            for (List<Double> part : parts.values()) {
                milliseconds.append(Math.round(1e4 * bench.median(part)) / 10.0);
                share.append(Math.round(1e3 * bench.median(part) / all) / 1e3);
            }
            table.addColumns(milliseconds, share);
        });
        return table;
    }
}
