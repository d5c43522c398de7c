///usr/bin/env jbang "$0" "$@" ; exit $?
//SOURCES ../lppo/Lppo.java
//SOURCES Commands.java
//SOURCES ModelCommand.java
//SOURCES ProblemOptions.java
//SOURCES Choices.java
//SOURCES ../benchmarks/Benchmarks.java

package commands;

import ai.djl.Device;
import benchmarks.Benchmark;
import benchmarks.ProblemFiles;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import common.BadInput;
import common.Seed;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import llm.Lora;
import llm.ModelConfig;
import llm.Policy;
import llm.Precision;
import lppo.data.Problem;
import lppo.data.PromptFormat;
import lppo.judge.Evaluation;
import lppo.judge.Score;
import lppo.judge.Scoring;
import lppo.rollout.Completion;
import lppo.rollout.GpuRollout;
import lppo.rollout.Prompt;
import lppo.rollout.Sampling;
import lppo.run.Recipe;
import lppo.run.RunFolder;
import lppo.task.Task;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tasks.Tasks;
import tech.tablesaw.api.Table;
import view.Display;
import view.Tables;

/** Prints the accuracy of a model folder on problem files, by level, and the average over files. */
@Command(name = "evaluate", mixinStandardHelpOptions = true, showDefaultValues = true,
        description = "Accuracy of a model folder on problem files and benchmarks: greedy, avg@k, pass@k and maj@k.",
        footer = {"", "Examples:", "  ./jbang evaluate --model data/base --data data/heldout.jsonl",
            "  ./jbang evaluate --model data/base --data data/heldout.jsonl data/validation.jsonl --samples 16 --pass-at 1,4,16"})
public class evaluate extends ModelCommand implements Callable<Integer> {

    @Option(names = "--data", arity = "1..*", paramLabel = "FILE",
            description = "Problem files, ours or published benchmarks (see dataset); several files add a table of all"
                    + " (default: the held-out problems of --task).")
    List<Path> data = List.of();

    @Option(names = "--samples", description = "k of avg@k and maj@k; 0 for greedy only.")
    int samples = 8;

    @Option(names = "--pass-at", split = ",", paramLabel = "K",
            description = "k of pass@k, at most --samples (default: --samples).")
    List<Integer> passAt;

    @Option(names = "--temperature", description = "Sampling temperature; benchmarks are mostly sampled at 0.6 to 1.")
    double temperature = 1;

    @Option(names = "--max-new-tokens",
            description = "Maximum length of a completion; a truncated one counts as wrong (default: the task's, else for a language"
                    + " model twice a solution or a share of its positions, else 14).")
    Integer maxNewTokens;

    @Option(names = "--max-rows", description = "Maximum number of completions decoded at a time; bounds the memory.")
    int maxRows = 1024;

    @Option(names = "--csv", paramLabel = "FILE", description = "Write all scores to this file.")
    Path csv;

    @Option(names = "--completions", paramLabel = "FILE", description = "Write all completions to this file, for reading.")
    Path completions;

    @Option(names = "--seed", description = "Random seed.")
    long seed = 0;

    @Mixin
    ProblemOptions asking;

    private Scoring scoring;
    private final Gson gson = new GsonBuilder().disableHtmlEscaping().create();

    @Override
    public Integer call() throws IOException {
        BadInput.unless(samples >= 0, "--samples %d: must be 0 or more", samples);
        BadInput.unless(maxRows > 0, "--max-rows %d: must be positive", maxRows);
        List<Integer> ks = passAt != null ? passAt : samples == 0 ? List.of() : List.of(samples);
        for (int k : ks) {
            BadInput.unless(k >= 1 && k <= samples, "--pass-at %d: must lie in 1 to the %d --samples", k, samples);
        }
        Stream.of(csv, completions).filter(Objects::nonNull).forEach(RunFolder::unused);
        BadInput.unless(csv == null || !csv.equals(completions), "--csv and --completions name the same file; choose two");
        new Sampling(temperature, 0, topP, maxNewTokens == null ? 1 : maxNewTokens); // checks the ranges
        Map<String, List<Problem>> benchmarks = load();
        model = ByName.model(model);
        choose(benchmarks.values().stream().flatMap(List::stream).toList());
        maxNewTokens = maxNewTokens != null ? maxNewTokens : asking.task == null ? 14 : (Integer) Tasks.named(asking.task).longest();
        Sampling sampling = new Sampling(temperature, 0, topP, maxNewTokens);
        Map<String, List<Score>> scores = new LinkedHashMap<>();
        Table all = null;
        try (ProblemOptions.Judge judge = asking.judge(false);
                Policy loaded = policy();
                Writer out = writer()) {
            Policy policy = loaded.endingAlsoAt(asking.stop);
            PromptFormat format = asking.format(model, policy.tokenizer());
            scoring = new Scoring(policy, judge.reward());
            benchmarks.replaceAll((name, problems) -> asking.fitting(problems, name, format, policy, maxNewTokens));
            for (Map.Entry<String, List<Problem>> benchmark : benchmarks.entrySet()) {
                String name = benchmark.getKey();
                Evaluation evaluation;
                try (Progress progress = new Progress(name, benchmark.getValue().size())) {
                    evaluation = evaluate(name, Evaluation.prompts(benchmark.getValue(), format, policy), policy, sampling, out, progress);
                }
                List<Score> those = Score.of(evaluation, ks, scoring::answer);
                scores.put(name, those);
                Display.print(Tables.scores(name, evaluation, those));
                System.out.printf("%.1f %% of the completions were truncated at %d tokens%n%n", 100 * evaluation.truncated(), maxNewTokens);
                Table rows = Tables.rows(name, evaluation, those);
                all = all == null ? rows : all.append(rows);
            }
            scoring.trouble().ifPresent(trouble -> System.err.printf("%s; %d answers could not be judged and count as wrong%n", trouble,
                    scoring.failures()));
            judge.tell();
        }
        if (scores.size() > 1) {
            Display.print(Tables.summary(scores));
        }
        if (csv != null) {
            all.write().csv(csv.toFile());
        }
        return 0;
    }

    /** Chooses what no option says. */
    private void choose(List<Problem> problems) {
        Device chosen = Policy.device(device);
        Choices choices = Choices.of(spec, model, chosen);
        if (!choices.any()) {
            return;
        }
        choices.ask(asking, problems);
        Choices.Lengths lengths = choices.lengths(problems, asking, model);
        maxNewTokens = choices.longest(maxNewTokens, asking.task, lengths);
        int longest = maxNewTokens != null ? maxNewTokens : Tasks.named(asking.task).longest();
        Precision precision = Precision.named(this.precision, chosen, model);
        MemoryPlan plan = MemoryPlan.now(ModelConfig.read(model), precision, Precision.toSample(this.precision, precision, chosen, model),
                chosen);
        maxRows = choices.choose("--max-rows", maxRows, () -> plan.rows(Recipe.grpo(), Lora.Settings.of(1), lengths.question(), longest,
                maxRows, true), "the memory that is free"); // frozen weights, as with adapters
        choices.tell();
    }

    /** Returns the problems of each file by the name of its benchmark. */
    private Map<String, List<Problem>> load() {
        Map<String, List<Problem>> benchmarks = new LinkedHashMap<>();
        BadInput.unless(!data.isEmpty() || asking.task != null, "give --data FILE or --task NAME, the problems to evaluate on");
        if (data.isEmpty()) {
            benchmarks.put(asking.task, Tasks.named(asking.task).problems(Task.Split.HELD_OUT));
        }
        Set<Path> seen = new HashSet<>();
        for (Path file : data) {
            BadInput.unless(seen.add(file.toAbsolutePath().normalize()), "%s: given twice", file);
            ProblemFiles.Loaded loaded = ProblemOptions.read(file);
            String title = Benchmark.title(file, loaded.layout());
            String name = benchmarks.containsKey(title) ? file.toString() : title;
            benchmarks.put(name, loaded.problems());
        }
        return benchmarks;
    }

    /** Evaluates in parts, so that progress is shown and finished parts are on disk. */
    private Evaluation evaluate(String name, List<Prompt> prompts, Policy policy, Sampling sampling, Writer out, Progress progress)
            throws IOException {
        List<Evaluation> parts = new ArrayList<>();
        int size = Math.max(1, maxRows / Math.max(1, samples));
        for (int from = 0; from < prompts.size(); from += size) {
            int to = Math.min(prompts.size(), from + size);
            Evaluation part = Evaluation.of(prompts.subList(from, to), scoring, sampling, samples, new Seed(seed),
                    how -> new GpuRollout(policy, how, maxRows));
            parts.add(part);
            if (completions != null) {
                for (int i = 0; i < to - from; i++) {
                    write(out, name, "greedy", part.greedy().get(i));
                    List<Completion> sampled = part.sampled().isEmpty() ? List.of() : part.sampled().get(i).completions();
                    for (int j = 0; j < sampled.size(); j++) {
                        write(out, name, "sample " + j, sampled.get(j));
                    }
                }
                out.flush();
            }
            progress.accept(to);
        }
        return Evaluation.joined(parts);
    }

    private void write(Writer out, String name, String kind, Completion completion) throws IOException {
        Problem problem = completion.prompt().problem();
        gson.toJson(RunFolder.columns("benchmark", name, "id", problem.id(), "kind", kind, "question", problem.question(),
                "completion", scoring.response(completion), "tokens", completion.tokens().length,
                "cut", completion.finish() == Completion.Finish.LENGTH,
                "answer", scoring.answer(completion).orElse(""), "reference", problem.answer(),
                "reward", completion.reward()), out);
        out.write('\n');
    }

    private Writer writer() throws IOException {
        return completions == null ? Writer.nullWriter() : Files.newBufferedWriter(completions);
    }

    public static void main(String... args) {
        Cli.run(new evaluate(), args);
    }
}
