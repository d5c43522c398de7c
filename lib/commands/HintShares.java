package commands;

import java.util.List;
import java.util.function.ToIntFunction;
import java.util.regex.Pattern;
import lppo.Cut;
import lppo.data.Problem;
import tech.tablesaw.api.DoubleColumn;
import tech.tablesaw.api.Table;

/**
 * Measures how much of the expert solutions a cut shows.
 *
 * @param cut where solutions are cut
 * @param length of a text, in tokens
 */
public record HintShares(Cut cut, ToIntFunction<String> length) {

    private static final Pattern WORD = Pattern.compile("\\p{L}+|\\d|\\n+|[^\\s\\p{L}\\d]");

    /** The length of a text where there is no tokenizer: words, digits, signs and line breaks. */
    public static final ToIntFunction<String> WORDS = text -> (int) WORD.matcher(text).results().count();

    /**
     * A row for each beta: mean share of the demonstrations that is shown; mean of the smaller of beta and the share before the conclusion,
     * which hints that are not rounded up cannot exceed; and share of the hints that show nothing.
     */
    public Table table(List<Problem> problems, double... betas) {
        DoubleColumn beta = DoubleColumn.create("beta", betas);
        DoubleColumn shown = DoubleColumn.create("mean share shown");
        DoubleColumn most = DoubleColumn.create("most that can be shown");
        DoubleColumn empty = DoubleColumn.create("share of empty hints");
        for (double b : betas) {
            shown.append(rounded(problems.stream().mapToDouble(p -> share(p, cut.prefix(p, b, length))).average().orElse(Double.NaN)));
            most.append(rounded(problems.stream().mapToDouble(p -> Math.min(b, share(p, cut.showable(p)))).average().orElse(Double.NaN)));
            empty.append(rounded(problems.stream().mapToDouble(p -> cut.prefix(p, b, length).isEmpty() ? 1 : 0).average()
                    .orElse(Double.NaN)));
        }
        return Table.create("hints of %d solutions".formatted(problems.size()), beta, shown, most, empty);
    }

    private double share(Problem problem, String prefix) {
        return (double) length.applyAsInt(prefix) / length.applyAsInt(cut.demonstration(problem));
    }

    private static double rounded(double value) {
        return Math.round(value * 1000) / 1000.0;
    }
}
