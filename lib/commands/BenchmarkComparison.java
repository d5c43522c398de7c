package commands;

import commands.Jobs.Job;
import common.BadInput;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import lppo.run.Recipe;
import picocli.CommandLine;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;
import view.Display;
import view.Tables;

/**
 * Runs a {@link BenchmarkPlan}: measures the model on all benchmarks, trains every recipe, measures again, and prints one table in the
 * form of the papers, in percent, with published results beside it.
 *
 * @param plan what is run
 * @param out report folder
 */
record BenchmarkComparison(BenchmarkPlan plan, Path out) {

    private static final String BEFORE = "before training";

    BenchmarkComparison {
        plan.recipes().forEach(Recipe::named); // they exist
    }

    /** Prints what would be run, and the memory that training needs; {@code --dry-run} of {@code train}. */
    int dryRun() throws Exception {
        for (String recipe : plan.recipes()) {
            List<String> line = training(recipe, 1);
            System.out.println("./jbang " + line.stream().map(BenchmarkComparison::quoted).collect(Collectors.joining(" ")));
            int status = new CommandLine(new train()).execute(
                    Stream.concat(line.stream().skip(1), Stream.of("--dry-run")).toArray(String[]::new));
            if (status != 0) {
                return status;
            }
        }
        for (BenchmarkPlan.Benchmarked each : plan.benchmarks()) {
            System.out.println("./jbang " + evaluation(each, null, out.resolve("scores").resolve(BEFORE)).stream()
                    .map(BenchmarkComparison::quoted).collect(Collectors.joining(" ")));
        }
        return 0;
    }

    private static String quoted(String word) {
        return word.matches("[\\w./=,:@%+-]+") ? word : "'" + word + "'";
    }

    /** Runs what is not done yet and writes the report. */
    int run() throws Exception {
        List<Job> queue = new ArrayList<>();
        Map<String, List<Path>> scored = new LinkedHashMap<>(); // by title, a folder for each seed
        scored.put(BEFORE, List.of(measured(queue, BEFORE, null)));
        for (String recipe : plan.recipes()) {
            for (int seed = 1; seed <= plan.seeds(); seed++) {
                String name = recipe + "-" + seed;
                queue.add(new Job(name, folder(name), training(recipe, seed), steps(), 0));
                scored.computeIfAbsent(Recipe.named(recipe).title(), title -> new ArrayList<>()).add(measured(queue, name, name));
            }
        }
        long begin = System.nanoTime();
        String commit = Cli.commit();
        new Jobs(out, 1).run(queue);
        Table table = table(scored);
        String setting = String.format(Locale.ROOT, "%s; %d seeds; %s %s with %d cores; commit %s; %.1f minutes.", plan.model(),
                plan.seeds(),
                System.getProperty("os.name"), System.getProperty("os.arch"), Runtime.getRuntime().availableProcessors(), commit,
                (System.nanoTime() - begin) / 60e9);
        Files.writeString(out.resolve("report.md"), "# " + plan.title() + "\n\n" + setting + " Accuracy in percent, avg@k of the k samples"
                + " given in the heading.\n\n" + Tables.markdown(table) + "\n"
                + (plan.published() == null ? "" : "Published: " + plan.published().note() + "\n\n") + list("From the paper", plan.paper())
                + list("Ours, not the paper's", plan.ours()));
        Display.print(table);
        System.out.println("report: " + out.resolve("report.md"));
        return 0;
    }

    private static String list(String title, List<String> items) {
        return "## " + title + "\n\n" + items.stream().map(item -> "- " + item + "\n").collect(Collectors.joining()) + "\n";
    }

    private Path folder(String name) {
        return out.resolve("runs").resolve(name);
    }

    private int steps() {
        return plan.training().stream().filter(o -> o.startsWith("--steps=")).map(o -> o.substring(8)).map(BenchmarkComparison::number)
                .findFirst().orElse(300);
    }

    private static int number(String text) {
        BadInput.unless(text.matches("[1-9]\\d{0,8}"), "the plan's option steps, %s: must be a positive number", text);
        return Integer.parseInt(text);
    }

    private List<String> training(String recipe, int seed) {
        List<String> line = new ArrayList<>(List.of("train", "--recipe", recipe, "--model", plan.model(), "--data", plan.problems(),
                "--seed", Integer.toString(seed), "--out", folder(recipe + "-" + seed).toString()));
        line.addAll(plan.training());
        return line;
    }

    /** Adds the measurements of a run's result, or of the model as it was, and returns their folder. */
    private Path measured(List<Job> queue, String title, String run) {
        Path scores = out.resolve("scores").resolve(title);
        for (int i = 0; i < plan.benchmarks().size(); i++) {
            Path there = scores.resolve(Integer.toString(i + 1));
            queue.add(
                    new Job("scores-" + title.replace(' ', '-') + "-" + (i + 1), there, evaluation(plan.benchmarks().get(i), run, there), 1,
                            0, run));
        }
        return scores;
    }

    private List<String> evaluation(BenchmarkPlan.Benchmarked benchmark, String run, Path there) {
        boolean adapters = plan.training().stream().anyMatch(o -> o.startsWith("--lora-rank="));
        Path result = run == null ? null : folder(run).resolve("checkpoint");
        List<String> line = new ArrayList<>(List.of("evaluate", "--model", run == null || adapters ? plan.model() : result.toString(),
                "--data", benchmark.data(), "--samples", Integer.toString(benchmark.samples()), "--csv",
                there.resolve(Job.SCORES).toString(), "--completions", there.resolve("completions.jsonl").toString()));
        if (run != null && adapters) {
            line.addAll(List.of("--adapter", result.toString()));
        }
        line.addAll(plan.evaluation());
        return line;
    }

    /** Policies by benchmarks, in percent; the mean over seeds. */
    private Table table(Map<String, List<Path>> scored) {
        Map<String, Map<String, Double>> rows = new LinkedHashMap<>();
        for (Map.Entry<String, List<Path>> each : scored.entrySet()) {
            Map<String, Double> row = new LinkedHashMap<>();
            for (int i = 0; i < plan.benchmarks().size(); i++) {
                String score = "avg@" + plan.benchmarks().get(i).samples();
                for (Path seed : each.getValue()) {
                    CompletionReport.scores(seed.resolve(Integer.toString(i + 1)).resolve(Job.SCORES))
                            .forEach((benchmark, scores) -> row.merge(benchmark, scores.get(score) / each.getValue().size(), Double::sum));
                }
            }
            rows.put(each.getKey(), row);
        }
        List<String> benchmarks = List.copyOf(rows.get(BEFORE).keySet());
        StringColumn policy = StringColumn.create("policy");
        List<StringColumn> columns = new ArrayList<>();
        for (int i = 0; i < benchmarks.size(); i++) {
            columns.add(StringColumn.create(benchmarks.get(i) + " (" + plan.benchmarks().get(i).samples() + ")"));
        }
        StringColumn mean = StringColumn.create("mean");
        rows.forEach((title, row) -> {
            policy.append(title);
            for (int i = 0; i < benchmarks.size(); i++) {
                columns.get(i).append(percent(100 * row.get(benchmarks.get(i))));
            }
            mean.append(percent(100 * row.values().stream().mapToDouble(v -> v).average().orElseThrow()));
        });
        if (plan.published() != null) {
            plan.published().rows().forEach((title, numbers) -> {
                policy.append(title + ", published");
                for (int i = 0; i < benchmarks.size(); i++) {
                    int at = plan.published().benchmarks().indexOf(benchmarks.get(i));
                    columns.get(i).append(at < 0 ? "" : percent(numbers.get(at)));
                }
                mean.append(benchmarks.equals(plan.published().benchmarks())
                        ? percent(numbers.stream().mapToDouble(v -> v).average().orElseThrow()) : "");
            });
        }
        Table table = Table.create(plan.title() + ", accuracy in percent", policy);
        columns.forEach(table::addColumns);
        return table.addColumns(mean);
    }

    private static String percent(double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }
}
