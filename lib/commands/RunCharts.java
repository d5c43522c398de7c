package commands;

import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import tech.tablesaw.api.Table;
import view.Charts;
import view.Curve;

/** The charts that {@code plot} writes for run folders, by file name without extension. */
final class RunCharts {

    private static final int MOST_COLUMNS = 120;

    private RunCharts() {}

    /** Charts of what all the folders have; of a single one, its problems by step too. */
    static Map<String, BufferedImage> of(List<RunGroup> runs) {
        List<Path> folders = runs.stream().flatMap(run -> run.folders().stream()).toList();
        Map<String, BufferedImage> charts = new LinkedHashMap<>();
        if (folders.stream().allMatch(f -> Files.exists(f.resolve("evaluation.csv")))) {
            charts.put("accuracy", Charts.shares("Held-out accuracy", "training step", "greedy accuracy",
                    runs.stream().map(r -> r.evaluation("all", "step", "greedy")).toList()));
        }
        if (folders.stream().anyMatch(f -> Files.notExists(f.resolve("metrics.csv")))) {
            return charts; // before the first step
        }
        for (String column : List.of("pass_rate", "silent_share", "entropy", "loss", "gradient_norm")) {
            if (folders.stream().allMatch(f -> RunGroup.read(f, "metrics.csv").columnNames().contains(column))) {
                String name = column.replace('_', ' ');
                List<Curve> curves = runs.stream().map(r -> r.metrics(column, 5)).toList();
                charts.put(column, column.matches(".*_(rate|share)") ? Charts.shares(name, "training step", name, curves)
                        : Charts.curves(name, "training step", name, curves));
            }
        }
        if (folders.size() == 1 && Files.exists(folders.get(0).resolve("problems.csv"))) {
            charts.put("problems", problems(RunGroup.read(folders.get(0), "problems.csv", "step", "problem", "ema")));
        }
        return charts;
    }

    /** The moving average of each problem's pass rate, a row for each in the order of their names, from its first visit on. */
    private static BufferedImage problems(Table visits) {
        int last = (int) visits.doubleColumn("step").max();
        int columns = Math.min(last, MOST_COLUMNS);
        Map<String, double[]> rows = new TreeMap<>();
        for (int i = 0; i < visits.rowCount(); i++) {
            double[] row = rows.computeIfAbsent(visits.stringColumn("problem").get(i), id -> nothing(columns));
            int from = (int) ((visits.doubleColumn("step").getDouble(i) - 1) * columns / last);
            java.util.Arrays.fill(row, from, columns, visits.doubleColumn("ema").getDouble(i)); // it holds until the next visit
        }
        List<double[]> all = List.copyOf(rows.values());
        double[][] cells = IntStream.range(0, columns).mapToObj(c -> all.stream().mapToDouble(row -> row[c]).toArray())
                .toArray(double[][]::new);
        return Charts.heatMap("Moving average of the pass rate", columns == last ? "training step" : "training, " + last + " steps in "
                + columns + " columns", "problem", cells);
    }

    private static double[] nothing(int columns) {
        double[] row = new double[columns];
        java.util.Arrays.fill(row, Double.NaN);
        return row;
    }
}
