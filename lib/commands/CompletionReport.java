package commands;

import com.google.gson.JsonObject;
import common.JsonRow;
import common.JsonRows;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import tech.tablesaw.api.ColumnType;
import tech.tablesaw.api.Row;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;
import tech.tablesaw.io.csv.CsvReadOptions;
import view.Charts;
import view.Curve;
import view.Tables;

/**
 * Supplements {@link RecipeReport} in a comparison of recipes on a language model: accuracy against minutes, pass@k, and completions
 * to read, of the first seed.
 *
 * @param recipes runs by recipe
 * @param scored folders of {@code evaluate} by title; the first is the model as it was
 */
record CompletionReport(List<RunGroup> recipes, Map<String, Path> scored) {

    private static final int SHOWN = 10; // problems

    /** Writes charts and pages into a folder, and adds the table of pass@k to its {@code report.md}. */
    void write(Path folder) throws IOException {
        Charts.write(Charts.curves("Accuracy by time", "minutes of sampling and learning", "greedy accuracy",
                recipes.stream().map(RunGroup::minutes).toList()), folder.resolve("accuracy-minutes.png"));
        Map<String, Map<Integer, Double>> passes = new LinkedHashMap<>();
        for (Map.Entry<String, Path> each : scored.entrySet()) {
            passes.put(each.getKey(), passAt(each.getValue().resolve(Jobs.Job.SCORES)));
        }
        Charts.write(Charts.curves("pass@k of the first seed", "log2 k", "pass@k",
                passes.entrySet().stream().map(e -> Curve.line(e.getKey(),
                        e.getValue().keySet().stream().mapToDouble(k -> Math.log(k) / Math.log(2)).toArray(),
                        e.getValue().values().stream().mapToDouble(v -> v).toArray())).toList()),
                folder.resolve("pass-at-k.png"));
        Files.writeString(folder.resolve("report.md"), "\n## pass@k of the first seed\n\n" + Tables.markdown(table(passes))
                + "\nCompletions to read, before and after: [completions.md](completions.md).\n", StandardOpenOption.APPEND);
        Files.writeString(folder.resolve("completions.md"), completions());
    }

    private static Table table(Map<String, Map<Integer, Double>> passes) {
        Table table = Table.create("pass@k", StringColumn.create("policy", List.copyOf(passes.keySet())));
        passes.values().iterator().next().keySet().forEach(k -> table.addColumns(StringColumn.create("pass@" + k,
                passes.values().stream().map(p -> RecipeReport.plusMinus(new double[] {p.get(k)})).toList())));
        return table;
    }

    /** pass@k over all problems by k. */
    private static Map<Integer, Double> passAt(Path csv) {
        Map<Integer, Double> passes = new TreeMap<>();
        scores(csv).values().forEach(scores -> scores.forEach((score, value) -> {
            if (score.startsWith("pass@")) {
                passes.put(Integer.valueOf(score.substring(5)), value);
            }
        }));
        return passes;
    }

    /** The scores over all problems in a file that {@code evaluate} wrote, by benchmark and name, such as {@code avg@8}. */
    static Map<String, Map<String, Double>> scores(Path csv) {
        Map<String, Map<String, Double>> scores = new LinkedHashMap<>();
        for (Row row : table(csv)) {
            if (row.getString("level").equals("all")) {
                scores.computeIfAbsent(row.getString("benchmark"), name -> new LinkedHashMap<>())
                        .put(row.getString("score"), row.getDouble("value"));
            }
        }
        return scores;
    }

    /** Writes the greedy accuracy by level that {@code evaluate} found in a folder as the one evaluation of a run, for its report. */
    static void asEvaluation(Path folder) throws IOException {
        StringBuilder csv = new StringBuilder("step,sampled_tokens,level,problems,greedy,average,undecided\n");
        for (Row row : table(folder.resolve(Jobs.Job.SCORES))) {
            if (row.getString("score").equals("greedy")) {
                csv.append(String.format(Locale.ROOT, "0,0,%s,%.0f,%s,NaN,\n", row.getString("level"), row.getDouble("problems"),
                        row.getDouble("value")));
            }
        }
        Files.writeString(folder.resolve("evaluation.csv"), csv);
    }

    private static Table table(Path csv) {
        return Table.read().usingOptions(CsvReadOptions.builder(csv.toFile())
                .columnTypes(name -> Set.of("benchmark", "level", "score").contains(name) ? ColumnType.STRING : ColumnType.DOUBLE).build());
    }

    /** Greedy answers of all policies to the same problems, evenly chosen. */
    private String completions() {
        Map<String, Map<String, JsonObject>> byTitle = new LinkedHashMap<>();
        scored.forEach((title, folder) -> {
            Map<String, JsonObject> greedy = new LinkedHashMap<>();
            for (JsonRow row : JsonRows.read(folder.resolve("completions.jsonl"))) {
                if (row.text("kind").equals("greedy")) {
                    greedy.put(row.text("id"), row.columns());
                }
            }
            byTitle.put(title, greedy);
        });
        List<String> ids = List.copyOf(byTitle.values().iterator().next().keySet());
        Set<String> chosen = new LinkedHashSet<>();
        for (int i = 0; i < SHOWN; i++) {
            chosen.add(ids.get(i * ids.size() / SHOWN));
        }
        StringBuilder page = new StringBuilder("# Completions to read\n\nGreedy answers of the first seed to the same problems.\n");
        for (String id : chosen) {
            JsonObject first = byTitle.values().iterator().next().get(id);
            page.append("\n## ").append(Tables.inline(first.get("question").getAsString())).append("\n\nThe answer is ")
                    .append(Tables.inline(first.get("reference").getAsString())).append(".\n\n");
            byTitle.forEach((title, greedy) -> page.append("- **").append(Tables.inline(title)).append("** (")
                    .append(greedy.get(id).get("reward").getAsDouble() == 1 ? "right" : "wrong").append("): ")
                    .append(Tables.inline(greedy.get(id).get("completion").getAsString().replaceAll("\\s*\\R\\s*", " / "))).append('\n'));
        }
        return page.toString();
    }
}
