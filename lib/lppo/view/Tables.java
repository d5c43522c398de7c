package lppo.view;

import lppo.train.Evaluation;
import tech.tablesaw.api.DoubleColumn;
import tech.tablesaw.api.IntColumn;
import tech.tablesaw.api.NumericColumn;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;
import tech.tablesaw.columns.Column;
import tech.tablesaw.columns.numbers.NumberColumnFormatter;

/** Results as Tablesaw tables. */
public final class Tables {

    private Tables() {}

    /** Accuracy by level. */
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
        greedy.setPrintFormatter(NumberColumnFormatter.fixedWithGrouping(3));
        average.setPrintFormatter(NumberColumnFormatter.fixedWithGrouping(3));
        Table table = Table.create("accuracy", level, problems, greedy);
        return samples == 0 ? table : table.addColumns(average);
    }

    /** A table as HTML, for a notebook to display as {@code text/html}; every text in it is escaped. */
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

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;");
    }
}
