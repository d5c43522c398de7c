package commands;

import common.BadInput;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import tech.tablesaw.api.ColumnType;
import tech.tablesaw.api.Row;
import tech.tablesaw.api.Table;
import tech.tablesaw.io.csv.CsvReadOptions;
import view.Curve;

/**
 * Reads the tables of run folders.
 *
 * @param folders one per seed of one recipe
 */
public record RunGroup(String name, List<Path> folders) {

    private static final Set<String> TEXTS = Set.of("level", "problem", "trouble");

    /**
     * Reads a table of a run folder; levels, problem ids and symptoms are text.
     *
     * @param columns required columns
     * @throws BadInput if the table or a column is missing, or the table is malformed
     */
    public static Table read(Path folder, String file, String... columns) {
        Path csv = folder.resolve(file);
        BadInput.unless(Files.isRegularFile(csv), "%s: missing, so %s is not a run folder", csv, folder);
        try {
            Table table = Table.read().usingOptions(CsvReadOptions.builder(csv.toFile())
                    .columnTypes(name -> TEXTS.contains(name) ? ColumnType.STRING : ColumnType.DOUBLE).build());
            for (String column : columns) {
                BadInput.unless(table.columnNames().contains(column), "%s: has no column %s", csv, column);
            }
            return table;
        } catch (BadInput e) {
            throw e;
        } catch (RuntimeException e) { // the reader throws many kinds
            throw new BadInput(csv + ": is not a table of a run (" + e.getMessage() + ")", e);
        }
    }

    /** Returns the curve of one column of the evaluations of a level against another, a run per seed. */
    public Curve evaluation(String level, String x, String y) {
        List<Table> tables = folders.stream().map(f -> read(f, "evaluation.csv", "level", x, y))
                .map(t -> t.where(t.stringColumn("level").isEqualTo(level))).toList();
        return curve(tables, x, y, 1);
    }

    /** Returns the curve of a metric, averaged over windows of {@code window} steps; a run shorter than two windows is not averaged. */
    public Curve metrics(String y, int window) {
        return curve(folders.stream().map(f -> read(f, "metrics.csv", "step", y)).toList(), "step", y, window);
    }

    /**
     * Greedy accuracy over all levels against the minutes of sampling and learning, evaluations not counted.
     *
     * @throws BadInput if a run has no {@code timing.csv} of {@code train}
     */
    public Curve minutes() {
        Curve greedy = evaluation("all", "step", "greedy");
        List<Map<Double, Double>> seconds = folders.stream().map(f -> read(f, "timing.csv", "step", "rollout_seconds", "update_seconds"))
                .map(RunGroup::secondsByStep).toList();
        double[] minutes = IntStream.range(0, greedy.x().length).mapToDouble(i -> Curve.mean(IntStream.range(0, folders.size())
                .mapToDouble(seed -> seconds.get(seed).entrySet().stream().filter(e -> e.getKey() <= steps(seed)[i])
                        .mapToDouble(Map.Entry::getValue).sum() / 60)
                .toArray())).toArray();
        return new Curve(name, minutes, greedy.runs());
    }

    /** The steps at which a seed's run was evaluated. */
    private double[] steps(int seed) {
        Table table = read(folders.get(seed), "evaluation.csv", "level", "step");
        return table.where(table.stringColumn("level").isEqualTo("all")).doubleColumn("step").asDoubleArray();
    }

    /** A step that was made twice, since a run was broken off after it, counts once. */
    private static Map<Double, Double> secondsByStep(Table timing) {
        Map<Double, Double> seconds = new HashMap<>();
        for (Row row : timing) {
            seconds.put(row.getDouble("step"), row.getDouble("rollout_seconds") + row.getDouble("update_seconds"));
        }
        return seconds;
    }

    private Curve curve(List<Table> tables, String x, String y, int most) {
        int rows = tables.stream().mapToInt(Table::rowCount).min().orElse(0);
        int window = rows < 2 * most ? 1 : most;
        int points = rows / window;
        double[] xs = IntStream.range(0, points)
                .mapToDouble(i -> Curve.mean(tables.stream().mapToDouble(t -> t.doubleColumn(x).getDouble((i + 1) * window - 1)).toArray()))
                .toArray();
        return new Curve(name, xs, tables.stream().map(t -> IntStream.range(0, points).mapToDouble(i -> Curve.mean(
                IntStream.range(i * window, (i + 1) * window).mapToDouble(j -> t.doubleColumn(y).getDouble(j))
                        .filter(v -> !Double.isNaN(v)).toArray()))
                .toArray()).toList());
    }

    /** Returns the last evaluation of each seed: greedy accuracy by level. */
    public Map<String, double[]> last(String column) {
        Map<String, double[]> values = new LinkedHashMap<>();
        for (int seed = 0; seed < folders.size(); seed++) {
            Table table = read(folders.get(seed), "evaluation.csv", "step", "level", column);
            double end = table.doubleColumn("step").max();
            for (Row row : table.where(table.doubleColumn("step").isEqualTo(end))) {
                values.computeIfAbsent(row.getString("level"), key -> new double[folders.size()])[seed] = row.getDouble(column);
            }
        }
        return values;
    }
}
