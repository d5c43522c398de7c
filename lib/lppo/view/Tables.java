package lppo.view;

import lppo.train.Evaluation;
import tech.tablesaw.api.DoubleColumn;
import tech.tablesaw.api.IntColumn;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;
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
}
