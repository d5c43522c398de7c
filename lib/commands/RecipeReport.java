package commands;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import lppo.judge.ConfidenceInterval;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;
import view.Charts;
import view.Curve;
import view.Tables;

/** The report of a comparison of recipes: a table, charts, one CSV of all curves, and a summary page. */
public final class RecipeReport {

    private final List<RunGroup> recipes;
    private final List<RunGroup> controls;
    private final double target;
    private final boolean ranked;
    private String title = "LPPO against GRPO on the built-in task";

    /**
     * @param recipes runs by recipe, GRPO first, with which the others are compared seed by seed
     * @param controls supervised runs on the same demonstrations; may be empty
     * @param target greedy accuracy; the steps and tokens to reach it are reported
     * @param ranked whether the table is sorted, the best recipe first
     */
    public RecipeReport(List<RunGroup> recipes, List<RunGroup> controls, double target, boolean ranked) {
        this.ranked = ranked;
        this.recipes = recipes;
        this.controls = controls;
        this.target = target;
    }

    /** Sets the title of the page. */
    RecipeReport title(String other) {
        title = other;
        return this;
    }

    /** Returns the final held-out accuracy: mean and standard deviation over seeds, and the paired difference to GRPO with its interval. */
    public Table table() {
        StringColumn recipe = StringColumn.create("recipe");
        StringColumn greedy = StringColumn.create("greedy");
        StringColumn average = StringColumn.create("avg@k");
        StringColumn hard = StringColumn.create("greedy, hardest level");
        boolean ordered = numbered(recipes.get(0).last("greedy"));
        StringColumn difference = StringColumn.create("greedy minus GRPO [95 %]");
        StringColumn steps = StringColumn.create(String.format(Locale.ROOT, "steps to %.2f", target));
        StringColumn tokens = StringColumn.create("tokens to it");
        double[] baseline = recipes.get(0).last("greedy").get("all");
        List<RunGroup> rows = new ArrayList<>(recipes);
        if (ranked) {
            rows.sort(Comparator.comparingDouble((RunGroup runs) -> -Curve.mean(runs.last("greedy").get("all"))));
        }
        rows.addAll(controls);
        for (RunGroup runs : rows) {
            Map<String, double[]> last = runs.last("greedy");
            double[] all = last.get("all");
            recipe.append(runs.name());
            greedy.append(plusMinus(all));
            average.append(plusMinus(runs.last("average").get("all")));
            hard.append(ordered ? plusMinus(last.get(hardest(last))) : "");
            difference.append(runs == recipes.get(0) || controls.contains(runs) ? "" : difference(all, baseline));
            steps.append(controls.contains(runs) ? "" : reached(runs.evaluation("all", "step", "greedy")));
            tokens.append(controls.contains(runs) ? "" : reached(runs.evaluation("all", "sampled_tokens", "greedy")));
        }
        Table table = Table.create("held-out accuracy at the end", recipe, greedy, average, hard, difference, steps, tokens);
        if (!sampled()) {
            table.removeColumns(average);
        }
        return ordered ? table : table.removeColumns(hard);
    }

    /** Writes table, charts, curves and summary into a folder. */
    public void write(Path folder, String setting) throws IOException {
        Table table = table();
        Charts.write(Charts.shares("Held-out accuracy", "training step", "greedy accuracy",
                curves("all", "step", "greedy")), folder.resolve("accuracy-steps.png"));
        Charts.write(Charts.shares("Held-out accuracy by sampled tokens", "sampled tokens", "greedy accuracy",
                curves("all", "sampled_tokens", "greedy")), folder.resolve("accuracy-tokens.png"));
        if (sampled()) {
            Charts.write(Charts.shares("Sampled accuracy", "training step", "avg@k at temperature 1",
                    curves("all", "step", "average")), folder.resolve("average-steps.png"));
        }
        levels(folder.resolve("accuracy-levels.png"));
        Charts.write(Charts.shares("Groups without a learning signal", "training step", "share of zero-variance groups",
                recipes.stream().map(r -> r.metrics("silent_share", 5)).toList()), folder.resolve("silent-groups.png"));
        progress(folder);
        guided(folder);
        curves(folder.resolve("curves.csv"));
        Files.writeString(folder.resolve("report.md"), words(table, setting));
    }

    /** Whether evaluations drew samples, as avg@k needs. */
    private boolean sampled() {
        return !Double.isNaN(recipes.get(0).last("average").get("all")[0]);
    }

    private List<Curve> curves(String level, String x, String y) {
        return recipes.stream().map(runs -> runs.evaluation(level, x, y)).toList();
    }

    /** Plots the accuracy by level: curves if the levels are numbers, bars if they are words, nothing if the problems have none. */
    private void levels(Path file) throws IOException {
        Map<String, double[]> first = recipes.get(0).last("greedy");
        List<String> names = first.keySet().stream().filter(level -> !level.equals("all")).toList();
        if (names.isEmpty()) {
            return;
        }
        String title = "Held-out accuracy by level, at the end";
        if (numbered(first)) {
            double[] x = names.stream().mapToDouble(Double::parseDouble).toArray();
            List<Curve> curves = recipes.stream().map(runs -> {
                Map<String, double[]> last = runs.last("greedy");
                return new Curve(runs.name(), x, IntStream.range(0, runs.folders().size())
                        .mapToObj(seed -> names.stream().mapToDouble(level -> last.get(level)[seed]).toArray()).toList());
            }).toList();
            Charts.write(Charts.shares(title, "level", "greedy accuracy", curves), file);
        } else {
            Map<String, double[]> bars = new LinkedHashMap<>();
            recipes.forEach(runs -> {
                Map<String, double[]> last = runs.last("greedy");
                bars.put(runs.name(), names.stream().mapToDouble(level -> Curve.mean(last.get(level))).toArray());
            });
            Charts.write(Charts.bars(title, "level", "greedy accuracy", names, bars), file);
        }
    }

    /** Returns whether every level is a number, so that levels can be an axis and have a maximum. */
    private static boolean numbered(Map<String, double[]> levels) {
        return levels.keySet().stream().allMatch(level -> level.equals("all") || level.matches("\\d{1,9}"));
    }

    /** Plots the EMA pass rate and weight over time of the three problems of the last recipe whose pass rate changed most. */
    private void progress(Path folder) throws IOException {
        Table visits = RunGroup.read(recipes.get(recipes.size() - 1).folders().get(0), "problems.csv");
        Map<String, List<double[]>> byProblem = new LinkedHashMap<>();
        for (int i = 0; i < visits.rowCount(); i++) {
            byProblem.computeIfAbsent(visits.stringColumn("problem").get(i), key -> new ArrayList<>()).add(new double[] {
                visits.doubleColumn("step").getDouble(i), visits.doubleColumn("ema").getDouble(i),
                visits.doubleColumn("weight").getDouble(i)});
        }
        List<String> chosen = byProblem.keySet().stream().sorted((a, b) -> Double.compare(
                spread(byProblem.get(b)), spread(byProblem.get(a)))).limit(3).toList();
        for (int column = 1; column <= 2; column++) {
            int c = column;
            List<Curve> curves = chosen.stream().map(problem -> new Curve(problem,
                    byProblem.get(problem).stream().mapToDouble(v -> v[0]).toArray(),
                    List.of(byProblem.get(problem).stream().mapToDouble(v -> v[c]).toArray()))).toList();
            Charts.write(Charts.curves(
                    c == 1 ? "Moving average of the pass rate" : "Learning-progress weight", "training step",
                    c == 1 ? "EMA pass rate" : "weight", curves), folder.resolve(c == 1 ? "ema.png" : "weights.png"));
        }
    }

    private static double spread(List<double[]> visits) {
        return visits.stream().mapToDouble(v -> v[1]).max().orElse(0) - visits.stream().mapToDouble(v -> v[1]).min().orElse(0);
    }

    /** How far a hint of some length carries: mean pass rate of the guided groups of all seeds, over beta. */
    private void guided(Path folder) throws IOException {
        Map<String, double[][]> series = new LinkedHashMap<>();
        for (RunGroup runs : recipes) {
            List<double[]> groups = new ArrayList<>();
            for (Path run : runs.folders()) {
                Table visits = RunGroup.read(run, "problems.csv");
                Table hints = visits.where(visits.doubleColumn("guided").isEqualTo(1));
                for (int i = 0; i < hints.rowCount(); i++) {
                    groups.add(new double[] {hints.doubleColumn("beta").getDouble(i), hints.doubleColumn("guided_pass_rate").getDouble(i)});
                }
            }
            if (!groups.isEmpty()) {
                series.put(runs.name(), new double[][] {groups.stream().mapToDouble(g -> g[0]).toArray(),
                    groups.stream().mapToDouble(g -> g[1]).toArray()});
            }
        }
        if (!series.isEmpty()) {
            Charts.write(Charts.means("Guided groups, and how many", "beta, share of the solution shown", "mean pass rate with the hint",
                    series), folder.resolve("guided.png"));
        }
    }

    private void curves(Path file) throws IOException {
        String columns = Files.readAllLines(recipes.get(0).folders().get(0).resolve("evaluation.csv")).get(0);
        StringBuilder csv = new StringBuilder("recipe,seed_index,").append(columns).append('\n');
        List<RunGroup> all = new ArrayList<>(recipes);
        all.addAll(controls);
        for (RunGroup runs : all) {
            for (int seed = 0; seed < runs.folders().size(); seed++) {
                for (String line : Files.readAllLines(runs.folders().get(seed).resolve("evaluation.csv")).stream().skip(1).toList()) {
                    csv.append(runs.name()).append(',').append(seed).append(',').append(line).append('\n');
                }
            }
        }
        Files.writeString(file, csv);
    }

    private String words(Table table, String setting) {
        StringBuilder text = new StringBuilder("# ").append(Tables.inline(title)).append("\n\n").append(Tables.inline(setting))
                .append("\n\n");
        text.append(Tables.markdown(table));
        int seeds = recipes.get(0).folders().size();
        text.append(seeds == 1 ? "\nOne seed: no difference here can be distinguished from chance.\n\n"
                : "\nMean ± standard deviation over seeds. The interval is a bootstrap over paired seeds: with " + seeds
                        + " of them it is rough, and it does not generalise to other tasks, sizes or settings.\n\n");
        for (RunGroup runs : recipes.subList(1, recipes.size())) {
            double[] difference = minus(runs.last("greedy").get("all"), recipes.get(0).last("greedy").get("all"));
            ConfidenceInterval interval = ConfidenceInterval.ofMean(difference);
            String verdict = difference.length < 3 ? "too few seeds for a verdict"
                    : interval.low() > 0 ? "above GRPO" : interval.high() < 0 ? "below GRPO" : "not distinguishable from GRPO";
            text.append("- ").append(Tables.inline(runs.name())).append(": ").append(verdict).append(".\n");
        }
        for (RunGroup control : controls) {
            Curve greedy = control.evaluation("all", "step", "greedy");
            text.append("- ").append(Tables.inline(control.name())).append(", supervised fine-tuning on the same demonstrations, ends at ")
                    .append(plusMinus(control.last("greedy").get("all")));
            if (greedy.x().length == 1) { // evaluated after it had been stopped
                text.append(", stopped at its best on the validation problems.\n");
                continue;
            }
            double[] peak = greedy.runs().stream().mapToDouble(run -> Arrays.stream(run).max().orElse(Double.NaN)).toArray();
            text.append("; the best of its evaluations on the held-out set, which flatters it, is ").append(plusMinus(peak)).append(".\n");
        }
        return text.toString();
    }

    private String reached(Curve curve) {
        double[] first = curve.runs().stream().mapToDouble(run -> {
            for (int i = 0; i < run.length; i++) {
                if (run[i] >= target) {
                    return curve.x()[i];
                }
            }
            return Double.NaN;
        }).toArray();
        long never = Arrays.stream(first).filter(Double::isNaN).count();
        double[] those = Arrays.stream(first).filter(v -> !Double.isNaN(v)).toArray();
        return those.length == 0 ? "never"
                : String.format(Locale.ROOT, "%.0f", Curve.mean(those)) + (never > 0 ? " (" + never + " never)" : "");
    }

    private static String hardest(Map<String, double[]> levels) {
        return levels.keySet().stream().filter(level -> !level.equals("all")).reduce((a, b) -> b).orElse("all");
    }

    static String difference(double[] values, double[] baseline) {
        double[] difference = minus(values, baseline);
        if (difference.length == 1) { // the spread of one seed is undefined, not zero
            return String.format(Locale.ROOT, "%+.3f", difference[0]);
        }
        ConfidenceInterval interval = ConfidenceInterval.ofMean(difference);
        return String.format(Locale.ROOT, "%+.3f [%+.3f, %+.3f]", Curve.mean(difference), interval.low(), interval.high());
    }

    static double[] minus(double[] a, double[] b) {
        double[] difference = new double[a.length];
        for (int i = 0; i < a.length; i++) {
            difference[i] = a[i] - b[i];
        }
        return difference;
    }

    static String plusMinus(double[] values) {
        return values.length == 1 ? String.format(Locale.ROOT, "%.3f", values[0])
                : String.format(Locale.ROOT, "%.3f ± %.3f", Curve.mean(values), Curve.deviation(values));
    }
}
