package commands;

import common.Seed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;
import view.Charts;
import view.Curve;
import view.Tables;

/**
 * Accuracy by number of demonstrations: tables, a chart, and where the curves cross.
 *
 * @param counts numbers of demonstrations, ascending
 * @param curves by method, the baseline first: a row per seed, with a value per count; the same seeds in all
 */
record DemonstrationReport(List<Integer> counts, List<Curve> curves) {

    private static final int RESAMPLES = 10_000;

    /**
     * Where one method overtakes another.
     *
     * @param later the method that is ahead from there on
     * @param earlier the other one
     * @param at number of demonstrations, interpolated between the measured ones on a logarithmic scale
     * @param low lower end of its 95 % bootstrap interval over seeds; negative infinity if {@code later} may be ahead everywhere
     * @param high upper end; infinity if it may never be ahead
     */
    record Crossing(String later, String earlier, double at, double low, double high) {

        String words(boolean interval) {
            return "%s is ahead of %s from about %s demonstrations%s.".formatted(later, earlier, count(at),
                    interval ? " [95 %%: %s to %s]".formatted(low < 0 ? "always" : count(low), high > 1e9 ? "never" : count(high)) : "");
        }

        private static String count(double value) {
            return String.format(Locale.ROOT, "%.0f", value);
        }
    }

    /** Returns mean and standard deviation over seeds. */
    Table table() {
        Table table = Table.create("accuracy", StringColumn.create("demonstrations", counts.stream().map(String::valueOf).toList()));
        curves.forEach(curve -> table.addColumns(StringColumn.create(curve.name(),
                IntStream.range(0, counts.size()).mapToObj(i -> RecipeReport.plusMinus(curve.at(i))).toList())));
        return table;
    }

    /** Returns the paired difference of each method to the first, with the interval over seeds. */
    Table differences() {
        Curve first = curves.get(0);
        Table table = Table.create("difference", StringColumn.create("demonstrations", counts.stream().map(String::valueOf).toList()));
        curves.subList(1, curves.size()).forEach(curve -> table.addColumns(StringColumn.create(curve.name() + " minus " + first.name(),
                IntStream.range(0, counts.size()).mapToObj(i -> RecipeReport.difference(curve.at(i), first.at(i))).toList())));
        return table;
    }

    /** Returns the last crossing of every pair of methods whose means cross. */
    List<Crossing> crossings() {
        List<Crossing> all = new ArrayList<>();
        for (Curve one : curves) {
            for (Curve other : curves) {
                if (!one.equals(other)) {
                    crossing(one, other).ifPresent(all::add);
                }
            }
        }
        return all;
    }

    private Optional<Crossing> crossing(Curve later, Curve earlier) {
        int seeds = later.runs().size();
        double at = last(difference(later, earlier, IntStream.range(0, seeds).toArray()));
        if (Double.isInfinite(at)) {
            return Optional.empty();
        }
        SplittableRandom random = new Seed(0).at("crossing", 0);
        double[] resampled = IntStream.range(0, RESAMPLES)
                .mapToDouble(i -> last(difference(later, earlier, IntStream.range(0, seeds).map(s -> random.nextInt(seeds)).toArray())))
                .sorted().toArray();
        return Optional.of(new Crossing(later.name(), earlier.name(), at, resampled[RESAMPLES / 40],
                resampled[RESAMPLES - RESAMPLES / 40 - 1]));
    }

    /** Mean difference at each count over some seeds, which may be repeated. */
    private double[] difference(Curve one, Curve other, int[] seeds) {
        return IntStream.range(0, counts.size()).mapToDouble(i -> Arrays.stream(seeds)
                .mapToDouble(seed -> one.runs().get(seed)[i] - other.runs().get(seed)[i]).average().orElseThrow()).toArray();
    }

    /** The count from which on a difference is positive: negative infinity if it is nowhere negative, infinity if it ends so. */
    private double last(double[] difference) {
        int[] some = IntStream.range(0, difference.length).filter(i -> difference[i] != 0).toArray();
        if (some.length == 0 || difference[some[some.length - 1]] < 0) {
            return Double.POSITIVE_INFINITY;
        }
        for (int i = some.length - 1; i > 0; i--) {
            double after = difference[some[i]];
            double before = difference[some[i - 1]];
            if (before < 0) {
                double from = scale(counts.get(some[i - 1]));
                return Math.exp(from + (scale(counts.get(some[i])) - from) * before / (before - after)) - 1;
            }
        }
        return Double.NEGATIVE_INFINITY;
    }

    /** Logarithmic, with a place for none. */
    private static double scale(int count) {
        return Math.log1p(count);
    }

    /** Writes table, chart, numbers and summary into a folder. */
    void write(Path folder, String title, String setting) throws IOException {
        boolean several = curves.get(0).runs().size() > 1;
        Charts.write(Charts.sharesAt(title, "demonstrations", "greedy accuracy", counts, curves),
                folder.resolve("accuracy-demonstrations.png"));
        StringBuilder csv = new StringBuilder("method,seed_index,demonstrations,greedy\n");
        curves.forEach(curve -> IntStream.range(0, curve.runs().size()).forEach(seed -> IntStream.range(0, counts.size()).forEach(
                i -> csv.append(curve.name()).append(',').append(seed).append(',').append(counts.get(i)).append(',')
                        .append(curve.runs().get(seed)[i]).append('\n'))));
        Files.writeString(folder.resolve("demonstrations.csv"), csv);
        StringBuilder text = new StringBuilder("# ").append(Tables.inline(title)).append("\n\n").append(Tables.inline(setting))
                .append("\n\n").append(Tables.markdown(table())).append('\n').append(Tables.markdown(differences()))
                .append(several
                        ? "\nMean ± standard deviation over seeds; intervals are bootstraps over paired seeds, rough with so few.\n\n"
                        : "\nOne seed: no difference here can be distinguished from chance.\n\n");
        List<Crossing> crossings = crossings();
        crossings.forEach(crossing -> text.append("- ").append(Tables.inline(crossing.words(several))).append('\n'));
        text.append(crossings.isEmpty() ? "No two curves cross.\n" : "");
        Files.writeString(folder.resolve("report.md"), text);
    }

    /** Returns a table of the accuracy of settings, the best of each method marked; a row per setting. */
    static Table settings(Map<String, Map<String, double[]>> byMethod) {
        StringColumn method = StringColumn.create("method");
        StringColumn setting = StringColumn.create("setting");
        StringColumn greedy = StringColumn.create("greedy, validation");
        StringColumn best = StringColumn.create("best");
        byMethod.forEach((name, settings) -> {
            double top = settings.values().stream().mapToDouble(Curve::mean).max().orElse(Double.NaN);
            settings.forEach((words, values) -> {
                method.append(name);
                setting.append(words);
                greedy.append(RecipeReport.plusMinus(values));
                best.append(Curve.mean(values) == top ? "x" : "");
            });
        });
        return Table.create("settings", method, setting, greedy, best);
    }
}
