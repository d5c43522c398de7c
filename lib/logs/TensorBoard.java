package logs;

import com.google.gson.GsonBuilder;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import llm.Policy;
import lppo.judge.Evaluation;
import lppo.rollout.Completion;
import lppo.rollout.Group;
import lppo.run.Columns;
import lppo.run.FolderListener;
import lppo.run.RunListener;
import lppo.run.StepMetrics;
import lppo.run.StepTiming;
import lppo.run.Visit;

/**
 * Writes a run as an event file, which {@code tensorboard --logdir} shows: every number of a step and of its timing and every accuracy as
 * scalars; settings; and at each checkpoint charts and some completions to read. A resumed run writes another file, which takes the place
 * of what the first one has of the steps that are done again.
 *
 * <p>{@link #ended} and {@link #close} are for the end.
 */
public final class TensorBoard implements RunListener, AutoCloseable {

    private final Path folder;
    private final Policy policy;
    private final Map<String, ?> config;
    private final Supplier<Map<String, BufferedImage>> charts;
    private final List<Completion> latest = new ArrayList<>();
    private EventFile file; // made by the first event, so that a run that never begins leaves nothing
    private boolean finished;
    private long step;

    /**
     * Writes a new event file, from the first step or evaluation on.
     *
     * @param folder of the run, which exists
     * @param policy whose completions are written as text
     * @param config what {@code config.json} says
     * @param charts pictures of the run so far, by name
     */
    public TensorBoard(Path folder, Policy policy, Map<String, ?> config, Supplier<Map<String, BufferedImage>> charts) {
        this.folder = folder;
        this.policy = policy;
        this.config = config;
        this.charts = charts;
    }

    @Override
    public void sampled(long step, List<Group> groups) {
        latest.clear();
        latest.addAll(FolderListener.shown(groups));
    }

    @Override
    public void stepped(StepMetrics metrics, List<Visit> visits, StepTiming timing) {
        begin(metrics.step());
        Map<String, Double> scalars = numbers("train/", Columns.of(metrics));
        scalars.putAll(numbers("timing/", Columns.of(timing)));
        file.scalars(metrics.step(), scalars);
    }

    @Override
    public void evaluated(long step, long sampledTokens, Evaluation evaluation) {
        begin(step);
        Map<String, Double> scalars = new LinkedHashMap<>();
        evaluation.rows().forEach(row -> scalars.putAll(numbers("evaluation/" + row.level() + "/", Columns.of(row))));
        file.scalars(step, scalars);
        text("completions/evaluation", FolderListener.asked(evaluation));
    }

    @Override
    public void checkpoint(Checkpoint state, boolean best) {
        if (file != null) {
            charts.get().forEach((name, chart) -> file.image(step, "charts/" + name, chart));
            text("completions/training", latest);
        }
    }

    private void begin(long now) {
        if (file == null) {
            file = new EventFile(folder, () -> System.currentTimeMillis() / 1e3);
            file.start(now); // an earlier file may have this step, if the run was resumed
            file.settings(Settings.flat(config));
            file.text(now, "config", verbatim(new GsonBuilder().setPrettyPrinting().disableHtmlEscaping()
                    .serializeSpecialFloatingPointValues()
                    .create().toJson(config)));
        }
        step = now;
    }

    private void text(String tag, List<Completion> completions) {
        StringBuilder text = new StringBuilder();
        for (Completion c : completions) {
            text.append("**%s, reward %s, reference answer**\n\n".formatted(c.prompt().guided() ? "with a hint" : "without a hint",
                    c.reward()))
                    .append(verbatim(c.prompt().problem().answer())).append("question\n\n").append(verbatim(c.prompt().problem()
                            .question()))
                    .append(c.prompt().guided() ? "hint\n\n" + verbatim(policy.decode(c.prompt().prefix())) : "").append("completion\n\n")
                    .append(verbatim(policy.decode(c.tokens()))).append("---\n\n");
        }
        if (!completions.isEmpty()) {
            file.text(step, tag, text.toString());
        }
    }

    /** A text that is shown as it is, whatever is in it. */
    private static String verbatim(String text) {
        return "    " + text.replaceAll("\\R|[\\x00-\\x08\\x0b-\\x1f]", "\n    ") + "\n\n";
    }

    private static Map<String, Double> numbers(String prefix, Map<String, Object> row) {
        Map<String, Double> numbers = new LinkedHashMap<>();
        row.forEach((name, value) -> {
            if (value instanceof Number number && !name.equals("step") && !Double.isNaN(number.doubleValue())) {
                numbers.put(prefix + name, number.doubleValue());
            }
        });
        return numbers;
    }

    /** Notes whether the run came to its end; without it, it failed. */
    public void ended(boolean whole) {
        finished = whole;
    }

    @Override
    public void close() {
        if (file != null) {
            file.ended(finished);
            file.close();
        }
    }
}
