package view;

import common.OneLine;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import lppo.ProgressTracker;
import lppo.judge.ConfidenceInterval;
import lppo.judge.Evaluation;
import lppo.judge.Score;
import lppo.run.Columns;
import lppo.run.Footprint;
import lppo.run.StepMetrics;
import tech.tablesaw.api.DoubleColumn;
import tech.tablesaw.api.IntColumn;
import tech.tablesaw.api.LongColumn;
import tech.tablesaw.api.NumericColumn;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;
import tech.tablesaw.columns.Column;
import tech.tablesaw.columns.numbers.NumberColumnFormatter;

/** Converts results to Tablesaw tables. */
public final class Tables {

    private Tables() {}

    /** Returns the accuracy by level. */
    public static Table of(Evaluation evaluation, int samples) {
        StringColumn level = StringColumn.create("level");
        IntColumn problems = IntColumn.create("problems");
        DoubleColumn greedy = DoubleColumn.create("greedy");
        DoubleColumn average = DoubleColumn.create("avg@" + samples);
        evaluation.rows().forEach(row -> {
            level.append(row.level());
            problems.append(row.problems());
            greedy.append(row.greedy());
            average.append(row.average());
        });
        greedy.setPrintFormatter(decimals(3));
        average.setPrintFormatter(decimals(3));
        Table table = Table.create("accuracy", level, problems, greedy);
        return samples == 0 ? table : table.addColumns(average);
    }

    /** Returns the entries of a tracker in order of first visit: last pass rate, moving average, progress, weight, visits. */
    public static Table of(ProgressTracker tracker) {
        StringColumn problem = StringColumn.create("problem");
        DoubleColumn passRate = DoubleColumn.create("pass_rate");
        DoubleColumn average = DoubleColumn.create("ema");
        DoubleColumn progress = DoubleColumn.create("progress");
        DoubleColumn weight = DoubleColumn.create("weight");
        IntColumn seen = IntColumn.create("seen");
        tracker.entries().forEach((id, entry) -> {
            problem.append(id);
            passRate.append(entry.passRate());
            average.append(entry.average());
            progress.append(entry.progress());
            weight.append(tracker.weight(id));
            seen.append(entry.seen());
        });
        List.of(passRate, average, progress, weight).forEach(column -> column.setPrintFormatter(decimals(3)));
        return Table.create("learning progress", problem, passRate, average, progress, weight, seen);
    }

    /**
     * Returns the metrics of a run with a row per step and the columns of {@code metrics.csv}. Select some with
     * {@code selectColumns("step", "pass_rate", "loss")}.
     */
    public static Table of(List<StepMetrics> metrics) {
        Table table = Table.create("metrics");
        if (metrics.isEmpty()) {
            return table;
        }
        Columns.of(metrics.get(0)).forEach((name, first) -> table.addColumns(first instanceof Double ? number(name)
                : first instanceof Long ? LongColumn.create(name) : StringColumn.create(name)));
        metrics.forEach(step -> Columns.of(step).forEach((name, value) -> table.column(name).appendObj(value)));
        return table;
    }

    private static DoubleColumn number(String name) {
        DoubleColumn column = DoubleColumn.create(name);
        column.setPrintFormatter(significant(4));
        return column;
    }

    /** Returns all scores by level, and the 95 % interval of those over all problems. */
    public static Table scores(String name, Evaluation evaluation, List<Score> scores) {
        StringColumn level = StringColumn.create("level");
        StringColumn problems = StringColumn.create("problems");
        List<StringColumn> columns = scores.stream().map(score -> StringColumn.create(score.name())).toList();
        evaluation.levels().forEach((at, indices) -> {
            level.append(at);
            problems.append(Integer.toString(indices.size()));
            for (int i = 0; i < scores.size(); i++) {
                columns.get(i).append(fixed(scores.get(i).at(indices).mean()));
            }
        });
        level.append("95 %");
        problems.append("");
        for (int i = 0; i < scores.size(); i++) {
            ConfidenceInterval interval = scores.get(i).interval();
            columns.get(i).append(fixed(interval.low()) + " to " + fixed(interval.high()));
        }
        return Table.create(name, level, problems).addColumns(columns.toArray(StringColumn[]::new));
    }

    /** Returns a row per benchmark and their unweighted average, as in papers; the average requires that all have the score. */
    public static Table summary(Map<String, List<Score>> benchmarks) {
        StringColumn benchmark = StringColumn.create("benchmark");
        StringColumn problems = StringColumn.create("problems");
        Set<String> names = new LinkedHashSet<>();
        benchmarks.values().forEach(scores -> scores.forEach(score -> names.add(score.name())));
        Table table = Table.create("benchmarks", benchmark, problems);
        benchmarks.forEach((name, scores) -> {
            benchmark.append(name);
            problems.append(Integer.toString(scores.get(0).values().length));
        });
        benchmark.append("average");
        problems.append("");
        for (String name : names) {
            StringColumn column = StringColumn.create(name);
            List<Score> those = new ArrayList<>();
            benchmarks.values().forEach(scores -> {
                Optional<Score> found = scores.stream().filter(score -> score.name().equals(name)).findFirst();
                column.append(found.map(score -> fixed(score.mean())).orElse(""));
                found.ifPresent(those::add);
            });
            column.append(those.size() < benchmarks.size() ? ""
                    : fixed(those.stream().mapToDouble(Score::mean).average().orElseThrow()));
            table.addColumns(column);
        }
        return table;
    }

    /** Returns one score per row, for further computation: benchmark, level, problems, score, value and, over all levels, its interval. */
    public static Table rows(String name, Evaluation evaluation, List<Score> scores) {
        StringColumn benchmark = StringColumn.create("benchmark");
        StringColumn level = StringColumn.create("level");
        IntColumn problems = IntColumn.create("problems");
        StringColumn score = StringColumn.create("score");
        DoubleColumn value = DoubleColumn.create("value");
        DoubleColumn low = DoubleColumn.create("low");
        DoubleColumn high = DoubleColumn.create("high");
        evaluation.levels().forEach((at, indices) -> scores.forEach(each -> {
            boolean all = at.equals("all");
            ConfidenceInterval interval = all ? each.interval() : null;
            benchmark.append(name);
            level.append(at);
            problems.append(indices.size());
            score.append(each.name());
            value.append(each.at(indices).mean());
            low.append(all ? interval.low() : Double.NaN);
            high.append(all ? interval.high() : Double.NaN);
        }));
        return Table.create("scores", benchmark, level, problems, score, value, low, high);
    }

    /** Returns the memory of a run in megabytes, by phase and purpose. */
    public static Table of(Footprint footprint) {
        StringColumn phase = StringColumn.create("phase");
        StringColumn purpose = StringColumn.create("purpose");
        IntColumn megabytes = IntColumn.create("MB");
        Map<String, Map<String, Long>> phases = new LinkedHashMap<>();
        phases.put("always", footprint.held());
        phases.put("rollout", footprint.rollout());
        phases.put("update", footprint.update());
        phases.forEach((name, bytes) -> bytes.forEach((what, count) -> {
            phase.append(name);
            purpose.append(what);
            megabytes.append((int) (count >> 20));
        }));
        megabytes.setPrintFormatter(NumberColumnFormatter.ints());
        return Table.create("estimated memory", phase, purpose, megabytes);
    }

    /** Returns a table as HTML, for display as {@code text/html}; all text is escaped. */
    public static String html(Table table) {
        StringBuilder html = new StringBuilder("<table><thead><tr>");
        table.columnNames().forEach(name -> html.append("<th>").append(escaped(name)).append("</th>"));
        html.append("</tr></thead><tbody>");
        for (int row = 0; row < table.rowCount(); row++) {
            html.append("<tr>");
            for (Column<?> column : table.columns()) {
                html.append(column instanceof NumericColumn<?> ? "<td style=\"text-align:right\">" : "<td style=\"text-align:left\">")
                        .append(escaped(column.getString(row))).append("</td>");
            }
            html.append("</tr>");
        }
        return html.append("</tbody></table>").toString();
    }

    /** Returns a table as Markdown. */
    public static String markdown(Table table) {
        StringBuilder text = new StringBuilder("| ")
                .append(table.columnNames().stream().map(Tables::inline).collect(Collectors.joining(" | "))).append(" |\n|");
        text.append(" --- |".repeat(table.columnCount())).append('\n');
        for (int row = 0; row < table.rowCount(); row++) {
            text.append('|');
            for (Column<?> column : table.columns()) {
                text.append(' ').append(inline(column.getString(row))).append(" |");
            }
            text.append('\n');
        }
        return text.toString();
    }

    /** Prints a column with a number of decimals, and a decimal point in every locale. */
    public static NumberColumnFormatter decimals(int digits) {
        return new NumberColumnFormatter(new DecimalFormat("#,##0." + "0".repeat(digits), DecimalFormatSymbols.getInstance(Locale.ROOT)));
    }

    /** Prints a column with a number of significant digits, for numbers that may be very small, such as learning rates. */
    private static NumberColumnFormatter significant(int digits) {
        return new NumberColumnFormatter() {
            @Override
            public String format(double value) {
                return Double.isNaN(value) ? getMissingString() : String.format(Locale.ROOT, "%." + digits + "g", value);
            }
        };
    }

    /** Escapes a text for a line or a cell of Markdown: no markup, no link, no end of the cell. */
    public static String inline(String text) {
        return OneLine.text(text.replaceAll("\\R", " ")).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
                .replace("|", "&#124;")
                .replace("](", "]\\(").replaceFirst("^#", "\\\\#");
    }

    private static String fixed(double value) {
        return String.format(Locale.ROOT, "%.3f", value);
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;").replace("'", "&#39;");
    }
}
