package commands;

import commands.Jobs.Job;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import lppo.judge.ConfidenceInterval;
import lppo.task.Task;
import rivals.RivalRecipes;
import tasks.Tasks;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;
import view.Charts;
import view.Curve;
import view.Display;
import view.Tables;

/**
 * Ranks alternatives to the paper's weights and hints on the built-in task at equal sampled tokens: by validation problems, and once on the
 * held-out problems. Problems with and without a demonstration are visited alike, which suits every method better than one half of each.
 *
 * @param out report folder
 * @param seeds number of seeds
 * @param steps about as many as a run has; it ends by its tokens
 * @param jobs number of parallel runs
 */
record WeightStudy(Path out, int seeds, int steps, int jobs) {

    private static final String LPPO = "LPPO";
    private static final String PG = "GRPO + PG";
    private static final int TOKENS = 5000; // of a step, about
    private static final String SHARE = "0.08"; // of the training problems have a demonstration

    /** The compared methods by title: recipe, then options. */
    private static final Map<String, List<String>> METHODS = methods();

    private static Map<String, List<String>> methods() {
        Map<String, List<String>> methods = new LinkedHashMap<>();
        for (String recipe : List.of("lppo", "pg", "grpo")) {
            methods.put(RivalRecipes.named(recipe).title(), List.of(recipe));
        }
        methods.put("LPPO, weights before the group", List.of("lppo", "--weighting", "earlier"));
        methods.put("LPPO, filtered", List.of("lppo", "--weighting", "filtered"));
        methods.put("LPPO, filtered, before the group", List.of("lppo", "--weighting", "earlier-filtered"));
        methods.put("LPPO, ranked", List.of("lppo", "--weighting", "ranked"));
        methods.put("PG, p(1 - p)", List.of("lppo", "--weighting", "variance"));
        for (String recipe : List.of("progress", "bread", "bread-search", "prefix-rft", "decaying")) {
            methods.put(RivalRecipes.named(recipe).title(), List.of(recipe));
        }
        return methods;
    }

    /** Results of one method, a number per seed. */
    record Result(String name, double[] validation, double[] heldOut, double[] average, double[] steps) {}

    /** Runs what is not done yet and writes the report. */
    int run() throws Exception {
        Task task = Tasks.named(Tasks.names().get(0));
        Path files = reproduce.unpack(out, task);
        List<Job> queue = new ArrayList<>();
        for (int seed = 1; seed <= seeds; seed++) { // all methods of a seed before the next one
            for (Map.Entry<String, List<String>> method : METHODS.entrySet()) {
                add(queue, name(method.getValue()) + "-" + seed, method.getValue(), seed, files, task.name());
            }
        }
        String commit = Cli.commit();
        long begin = System.nanoTime();
        new Jobs(out, jobs).run(queue);
        List<Result> results = new ArrayList<>();
        for (Map.Entry<String, List<String>> method : METHODS.entrySet()) {
            results.add(result(method.getKey(), name(method.getValue())));
        }
        write(out, results, String.format(Locale.ROOT, "%d seeds, %,d sampled tokens each, options --trusted-share %s; %d jobs on %s %s"
                + " with %d cores; commit %s; %.1f minutes.", seeds, (long) TOKENS * steps, SHARE, jobs, System.getProperty("os.name"),
                System.getProperty("os.arch"), Runtime.getRuntime().availableProcessors(), commit, (System.nanoTime() - begin) / 60e9));
        Display.print(table(results));
        System.out.println("report: " + out.resolve("report.md"));
        return 0;
    }

    private static String name(List<String> method) {
        return String.join("_", method).replace("--", "");
    }

    private void add(List<Job> queue, String name, List<String> method, int seed, Path files, String task) {
        Path run = out.resolve("runs").resolve(name);
        long tokens = (long) TOKENS * steps;
        queue.add(new Job(name, run, Stream.concat(Stream.of("train", "--recipe"), Stream.concat(method.stream(), Stream.of("--model",
                files.resolve("base").toString(), "--task", task, "--data", files.resolve("train.jsonl").toString(), "--evaluate-on",
                files.resolve("validation.jsonl").toString(), "--evaluate-every", Integer.toString((steps + 2) / 3), "--trusted-share",
                SHARE, "--hint-steps", Integer.toString(steps), "--tokens", Long.toString(tokens), "--steps",
                Integer.toString(20 * steps), "--seed", Integer.toString(seed), "--device", "cpu", "--out", run.toString()))).toList(),
                steps, tokens));
        Path scores = out.resolve("scores").resolve(name);
        queue.add(new Job("heldout-" + name, scores, List.of("evaluate", "--model", run.resolve("checkpoint").toString(), "--task", task,
                "--data", files.resolve("heldout.jsonl").toString(), "--device", "cpu", "--csv", scores.resolve(Job.SCORES).toString(),
                "--samples", "8"),
                Math.max(1, steps / 20), 0, name));
    }

    private Result result(String title, String name) {
        List<Path> folders = IntStream.rangeClosed(1, seeds).mapToObj(seed -> out.resolve("runs").resolve(name + "-" + seed)).toList();
        RunGroup runs = new RunGroup(title, folders);
        double[] heldOut = new double[seeds];
        double[] average = new double[seeds];
        for (int seed = 1; seed <= seeds; seed++) {
            Map<String, Double> scores = CompletionReport.scores(out.resolve("scores").resolve(name + "-" + seed).resolve(Job.SCORES))
                    .values().iterator().next();
            heldOut[seed - 1] = scores.get("greedy");
            average[seed - 1] = scores.get("avg@8");
        }
        return new Result(title, runs.last("greedy").get("all"), heldOut, average, runs.last("step").get("all"));
    }

    /** Returns a table with the best method on validation problems first. */
    static Table table(List<Result> results) {
        StringColumn method = StringColumn.create("method");
        StringColumn validation = StringColumn.create("validation");
        StringColumn heldOut = StringColumn.create("held-out");
        StringColumn average = StringColumn.create("held-out avg@8");
        StringColumn lppo = StringColumn.create("held-out minus LPPO [95 %]");
        StringColumn pg = StringColumn.create("minus GRPO + PG [95 %]");
        StringColumn steps = StringColumn.create("steps");
        for (Result each : ranked(results)) {
            method.append(each.name());
            validation.append(RecipeReport.plusMinus(each.validation()));
            heldOut.append(RecipeReport.plusMinus(each.heldOut()));
            average.append(RecipeReport.plusMinus(each.average()));
            lppo.append(each.name().equals(LPPO) ? "" : RecipeReport.difference(each.heldOut(), of(results, LPPO).heldOut()));
            pg.append(each.name().equals(PG) ? "" : RecipeReport.difference(each.heldOut(), of(results, PG).heldOut()));
            steps.append(String.format(Locale.ROOT, "%.0f", Curve.mean(each.steps())));
        }
        return Table.create("greedy accuracy at the end", method, validation, heldOut, average, lppo, pg, steps);
    }

    private static List<Result> ranked(List<Result> results) {
        return results.stream().sorted(Comparator.comparingDouble((Result each) -> -Curve.mean(each.validation()))).toList();
    }

    private static Result of(List<Result> results, String name) {
        return results.stream().filter(each -> each.name().equals(name)).findFirst().orElseThrow();
    }

    /** Returns the methods whose held-out accuracy is above that of both LPPO and GRPO + PG by the intervals over seeds. */
    static List<String> better(List<Result> results) {
        return ranked(results).stream().filter(each -> Stream.of(LPPO, PG).allMatch(base -> !each.name().equals(base)
                && ConfidenceInterval.ofMean(RecipeReport.minus(each.heldOut(), of(results, base).heldOut())).low() > 0))
                .map(Result::name).toList();
    }

    /** Writes table, numbers by seed and chart. */
    static void write(Path folder, List<Result> results, String setting) throws IOException {
        StringBuilder csv = new StringBuilder("method,seed,steps,validation,heldout,heldout_average\n");
        for (Result each : results) {
            for (int i = 0; i < each.heldOut().length; i++) {
                csv.append(String.format(Locale.ROOT, "\"%s\",%d,%.0f,%s,%s,%s\n", each.name(), i + 1, each.steps()[i],
                        each.validation()[i], each.heldOut()[i], each.average()[i]));
            }
        }
        Files.writeString(folder.resolve("weights.csv"), csv);
        List<Result> others = ranked(results).stream().filter(each -> !each.name().equals(PG)).toList();
        Charts.write(Charts.intervals("Held-out accuracy, with 95 % intervals over paired seeds", "greedy accuracy minus GRPO + PG",
                others.stream().map(Result::name).toList(),
                others.stream().map(each -> RecipeReport.minus(each.heldOut(), of(results, PG).heldOut())).toList()),
                folder.resolve("weights.png"));
        int seeds = results.get(0).heldOut().length;
        List<String> better = better(results);
        String verdict = seeds < 3 ? "Too few seeds for a verdict."
                : better.isEmpty() ? "No method is above both LPPO and GRPO + PG by its intervals."
                : "Above both LPPO and GRPO + PG by their intervals: " + String.join("; ", better) + ".";
        Files.writeString(folder.resolve("report.md"),
                "# What would pay instead of the paper's weights?\n\n" + Tables.inline(setting) + "\n\n"
                        + Tables.markdown(table(results))
                        + "\nSorted by validation accuracy." + (seeds == 1 ? ""
                                : " Mean ± standard deviation over seeds. An interval is a bootstrap over " + seeds
                                        + " paired seeds, rough for so few, and there are " + 2 * (results.size() - 1) + " of them.")
                        + "\n\n" + verdict + "\n");
    }
}
