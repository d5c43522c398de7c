package view;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import lppo.ProgressTracker;
import lppo.run.StepMetrics;
import org.junit.jupiter.api.Test;
import tech.tablesaw.api.DoubleColumn;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;

class TablesTest {

    @Test
    void htmlIsEscaped() { // a completion is text from a model: never markup
        Table table = Table.create("t", StringColumn.create("a<b", "<script>alert(\"1\")</script> & so"), DoubleColumn.create("n", 0.5));
        assertEquals("<table><thead><tr><th>a&lt;b</th><th>n</th></tr></thead><tbody><tr><td style=\"text-align:left\">"
                + "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; so</td><td style=\"text-align:right\">0.5</td></tr>"
                + "</tbody></table>", Tables.html(table));
    }

    @Test
    void aTrackerIsARowForEachProblem() {
        ProgressTracker tracker = new ProgressTracker();
        tracker.observe("p", 0.25);
        tracker.observe("q", 0);
        tracker.observe("p", 1);
        assertEquals("""
                | problem | pass_rate | ema | progress | weight | seen |
                | --- | --- | --- | --- | --- | --- |
                | p | 1.000 | 0.625 | 0.375 | 1.453 | 2 |
                | q | 0.000 | 0.000 | 0.000 | 1.000 | 1 |
                """, Tables.markdown(Tables.of(tracker)));
    }

    @Test
    void metricsAreARowForEachStep() {
        List<StepMetrics> metrics = List.of(step(1, 0.25, Double.NaN), step(2, 0.5, 0.125));
        Table table = Tables.of(metrics);
        assertEquals(List.of("step", "sampled_tokens", "pass_rate", "guided_pass_rate", "guided_share", "silent_share", "truncated_share",
                "guided_ended_share", "gamed_share", "mean_length", "loss", "ratio", "clip_fraction", "kl", "entropy", "sampled_entropy",
                "first_difference", "gradient_norm", "learning_rate", "undecided", "trouble", "mine"), table.columnNames());
        assertEquals("""
                | step | pass_rate | guided_pass_rate | loss | learning_rate | trouble | mine |
                | --- | --- | --- | --- | --- | --- | --- |
                | 1 | 0.2500 |  | -0.0003000 | 1.000e-06 | cut | 7.000 |
                | 2 | 0.5000 | 0.1250 | -0.0003000 | 1.000e-06 | cut | 7.000 |
                """, Tables.markdown(table.selectColumns("step", "pass_rate", "guided_pass_rate", "loss", "learning_rate", "trouble",
                "mine")));
        assertEquals(0, Tables.of(List.<StepMetrics>of()).rowCount());
    }

    private static StepMetrics step(long step, double passRate, double guidedPassRate) {
        return new StepMetrics(step, 100 * step, passRate, guidedPassRate, 0.1, 0.2, 0, 0, 0, 9, -3e-4, 1, 0, 0, 0.5, 0.6, 1e-8, 0.3, 1e-6,
                0,
                "cut", Map.of("mine", 7.0));
    }
}
