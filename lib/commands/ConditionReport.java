package commands;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;
import view.Charts;
import view.Curve;
import view.Tables;

/**
 * Compares recipes under several conditions, such as losses: a table with a row per condition and a column per recipe, and a chart.
 *
 * @param what name of the conditions, such as {@code loss}
 * @param conditions runs of each recipe by condition, the same recipes in the same order; the first is the baseline
 */
public record ConditionReport(String what, Map<String, List<RunGroup>> conditions) {

    /**
     * Returns the final greedy accuracy, mean and standard deviation over seeds, and the paired difference of the last recipe to the
     * first.
     */
    public Table table() {
        List<String> names = conditions.values().iterator().next().stream().map(RunGroup::name).toList();
        Table table = Table.create("greedy accuracy at the end", StringColumn.create(what));
        names.forEach(name -> table.addColumns(StringColumn.create(name)));
        boolean compared = names.size() > 1;
        String last = names.get(names.size() - 1);
        if (compared) {
            table.addColumns(StringColumn.create(last + " minus " + names.get(0) + " [95 %]"));
        }
        conditions.forEach((condition, recipes) -> {
            table.stringColumn(0).append(condition);
            for (int i = 0; i < recipes.size(); i++) {
                table.stringColumn(i + 1).append(RecipeReport.plusMinus(greedy(recipes.get(i))));
            }
            if (compared) {
                table.stringColumn(names.size() + 1)
                        .append(RecipeReport.difference(greedy(recipes.get(recipes.size() - 1)), greedy(recipes.get(0))));
            }
        });
        return table;
    }

    /** Writes table, chart and numbers, a row per run and level, into a folder. */
    public void write(Path folder, String title, String setting) throws IOException {
        Map<String, double[]> bars = new LinkedHashMap<>();
        StringBuilder csv = new StringBuilder(what + ",recipe,seed_index,level,greedy,average\n");
        conditions.forEach((condition, recipes) -> recipes.forEach(runs -> {
            double[] greedy = greedy(runs);
            Map<String, double[]> averages = runs.last("average");
            runs.last("greedy").forEach((level, values) -> {
                for (int seed = 0; seed < values.length; seed++) {
                    csv.append(String.format(Locale.ROOT, "%s,%s,%d,%s,%s,%s\n", quoted(condition), runs.name(), seed,
                            quoted(level), values[seed], averages.get(level)[seed]));
                }
            });
            bars.computeIfAbsent(runs.name(), name -> new double[conditions.size()])[List.copyOf(conditions.keySet())
                    .indexOf(condition)] = Curve.mean(greedy);
        }));
        Files.writeString(folder.resolve("across.csv"), csv);
        Charts.write(Charts.bars(title, what, "greedy accuracy at the end", List.copyOf(conditions.keySet()), bars),
                folder.resolve("across.png"));
        List<RunGroup> any = conditions.values().iterator().next();
        if (any.size() > 1) {
            Charts.write(
                    Charts.intervals(title, "greedy accuracy, %s minus %s".formatted(any.get(any.size() - 1).name(), any.get(0).name()),
                            List.copyOf(conditions.keySet()), conditions.values().stream()
                                    .map(r -> RecipeReport.minus(greedy(r.get(r.size() - 1)), greedy(r.get(0)))).toList()),
                    folder.resolve("difference.png"));
        }
        Files.writeString(folder.resolve("report.md"),
                "# " + Tables.inline(title) + "\n\n" + Tables.inline(setting) + "\n\n" + Tables.markdown(table())
                        + "\nMean ± standard deviation over seeds; the interval is a bootstrap over paired seeds.\n");
    }

    private static String quoted(String text) {
        return '"' + text.replace("\"", "\"\"") + '"';
    }

    private static double[] greedy(RunGroup runs) {
        return runs.last("greedy").get("all");
    }
}
