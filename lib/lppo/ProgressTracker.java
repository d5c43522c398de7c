package lppo;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import lppo.data.BadInput;
import lppo.view.Tables;
import tech.tablesaw.api.DoubleColumn;
import tech.tablesaw.api.IntColumn;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;

/**
 * What the policy is learning now (LPPO, arXiv 2507.06573, learning-progress weighting). Per problem it keeps the
 * exponential moving average of the pass rate,
 *
 * <pre>  p~(t) = alpha p(t) + (1 - alpha) p~(t-1),   Delta(t) = p~(t) - p~(t-1),   w(t) = sigmoid(kappa Delta(t)) + b,</pre>
 *
 * where t counts the observations of that problem. The first sight sets p~ to the pass rate and Delta to 0, so that w is
 * 1 (with b = 0.5). Only unguided completions are observed: a pass rate with a hint says nothing honest.
 *
 * <p>The paper as available to us gives kappa = 8 and b = 0.5, and no alpha; ours is 0.5.
 *
 * <p>Seen in {@code notebooks/4-what-am-i-learning-now.ipynb} and {@code notebooks/8-when-do-weights-pay.ipynb}.
 */
public final class ProgressTracker {

    private static final Gson GSON = new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();

    private final double alpha;
    private final double kappa;
    private final double bias;
    private final Map<String, Entry> entries = new LinkedHashMap<>();

    /**
     * What is known of one problem.
     *
     * @param passRate the last observed pass rate p(t), in [0, 1]
     * @param average p~(t), in [0, 1]
     * @param progress Delta(t), in [-1, 1]
     * @param seen observations so far
     * @param guidedSince visits with only guided completions since the last observation
     */
    public record Entry(double passRate, double average, double progress, int seen, int guidedSince) {

        private boolean possible() {
            return passRate >= 0 && passRate <= 1 && average >= 0 && average <= 1 && progress >= -1 && progress <= 1
                    && seen >= 0 && guidedSince >= 0;
        }
    }

    private record Saved(double alpha, double kappa, double bias, Map<String, Entry> entries) {}

    /**
     * An empty tracker.
     *
     * @param alpha share of the new pass rate in the average, in (0, 1]
     * @param kappa steepness of the weight, 0 or more
     * @param bias lower bound of the weight, 0 or more
     * @throws BadInput outside these ranges
     */
    public ProgressTracker(double alpha, double kappa, double bias) {
        BadInput.unless(alpha > 0 && alpha <= 1, "alpha %s: must lie in (0, 1]", alpha);
        BadInput.unless(kappa >= 0 && Double.isFinite(kappa), "kappa %s: must be 0 or more", kappa);
        BadInput.unless(bias >= 0 && Double.isFinite(bias), "b %s: must be 0 or more", bias);
        this.alpha = alpha;
        this.kappa = kappa;
        this.bias = bias;
    }

    /** A tracker with alpha = 0.5, kappa = 8, b = 0.5. */
    public ProgressTracker() {
        this(0.5, 8, 0.5);
    }

    /**
     * Takes in the pass rate of the unguided completions of one visit.
     *
     * @throws IllegalArgumentException if it does not lie in [0, 1]
     */
    public Entry observe(String problem, double passRate) {
        if (!(passRate >= 0 && passRate <= 1)) {
            throw new IllegalArgumentException("pass rate %s of problem %s: must lie in [0, 1]".formatted(passRate, problem));
        }
        Entry before = entries.get(problem);
        Entry after;
        if (before == null || before.seen() == 0) {
            after = new Entry(passRate, passRate, 0, 1, 0);
        } else {
            double average = alpha * passRate + (1 - alpha) * before.average();
            after = new Entry(passRate, average, average - before.average(), before.seen() + 1, 0);
        }
        entries.put(problem, after);
        return after;
    }

    /** Notes a visit whose completions were all guided: nothing is learned about the pass rate. */
    public void visitGuided(String problem) {
        Entry e = entries.getOrDefault(problem, new Entry(0, 0, 0, 0, 0));
        entries.put(problem, new Entry(e.passRate(), e.average(), e.progress(), e.seen(), e.guidedSince() + 1));
    }

    /** What is known of a problem; empty before its first visit. */
    public Optional<Entry> entry(String problem) {
        return Optional.ofNullable(entries.get(problem));
    }

    /** All entries by problem, in order of first visit. */
    public Map<String, Entry> entries() {
        return Collections.unmodifiableMap(entries);
    }

    /** The weight of a problem's advantages as of its last observation: 0.5 + b if it was not observed yet. */
    public double weight(String problem) {
        Entry entry = entries.get(problem);
        return weight(entry == null ? 0 : entry.progress());
    }

    /** w = sigmoid(kappa Delta) + b. */
    public double weight(double progress) {
        return 1 / (1 + Math.exp(-kappa * progress)) + bias;
    }

    /** A row per problem: id, pass rate, EMA, progress, weight, times seen. */
    public Table table() {
        Table table = Table.create("learning progress", StringColumn.create("problem"), DoubleColumn.create("pass_rate"),
                DoubleColumn.create("ema"), DoubleColumn.create("progress"), DoubleColumn.create("weight"),
                IntColumn.create("seen"));
        entries.forEach((problem, e) -> {
            table.stringColumn(0).append(problem);
            table.doubleColumn(1).append(e.passRate());
            table.doubleColumn(2).append(e.average());
            table.doubleColumn(3).append(e.progress());
            table.doubleColumn(4).append(weight(e.progress()));
            table.intColumn(5).append(e.seen());
        });
        table.columns().stream().filter(DoubleColumn.class::isInstance)
                .forEach(c -> ((DoubleColumn) c).setPrintFormatter(Tables.decimals(3)));
        return table;
    }

    /** Writes everything as JSON; {@link #load} gives an equal tracker, to the last bit. */
    public void save(Path file) throws IOException {
        Files.writeString(file, GSON.toJson(new Saved(alpha, kappa, bias, entries)) + "\n");
    }

    /**
     * Reads what {@link #save} wrote.
     *
     * @throws BadInput if the file is missing or malformed
     */
    public static ProgressTracker load(Path file) {
        try {
            Saved saved = GSON.fromJson(Files.readString(file), Saved.class);
            BadInput.unless(saved != null && saved.entries() != null, "%s: is no saved progress tracker", file);
            ProgressTracker tracker = new ProgressTracker(saved.alpha(), saved.kappa(), saved.bias());
            saved.entries().forEach((problem, e) -> {
                BadInput.unless(e != null && e.possible(), "%s: the record of problem \"%s\" is impossible: %s", file, problem, e);
                tracker.entries.put(problem, e);
            });
            return tracker;
        } catch (IOException | JsonParseException e) {
            throw new BadInput(file + ": is no saved progress tracker (" + e.getMessage() + ")", e);
        }
    }
}
