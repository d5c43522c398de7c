package lppo.run;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import lppo.learn.Diverged;
import lppo.rollout.Completion;

/**
 * Watches a run for what goes wrong without an error. Each step's troubles are a column of {@code metrics.csv}; one that lasts is
 * told, once, with its cause and remedy.
 */
final class Health {

    /** Nats, mean absolute, by which rollout and learner may differ before an update is refused: the ratios would mean nothing. */
    static final double APART = 2;

    private static final int LASTS = 20; // steps
    private static final int AT_ONCE = 1;

    private enum Trouble {
        CERTAIN(LASTS, "the policy is all but certain of every token (sampled entropy below 0.01 nats), so that it tries nothing new;"
                + " begin again from an earlier checkpoint with a lower --learning-rate, --kl 0.01 or a higher --temperature"),
        CUT(LASTS, "every completion was cut; raise --max-new-tokens, or name the token that ends an answer with --stop"),
        SILENT(LASTS, "all rewards were equal in every group, so that nothing is learned; if they are all 0, check the reward by evaluate"
                + " --completions, or use easier problems or hints (--recipe pg); if all 1, the problems are learned"),
        UNDECIDED(AT_ONCE, "more than 5 % of the answers could not be judged and count as wrong; see why with evaluate --completions"
                + " and check"),
        APART(AT_ONCE, "rollout and learner differ by more than 0.1 nats per token; use --precision fp32, or --importance-cap 2");

        private final int patience;
        private final String text;

        Trouble(int patience, String text) {
            this.patience = patience;
            this.text = text;
        }

        private boolean is(Map<String, Object> row, int completions) {
            return switch (this) {
                case CERTAIN -> number(row, "sampled_entropy") < 0.01;
                case CUT -> number(row, "truncated_share") == 1;
                case SILENT -> number(row, "silent_share") == 1;
                case UNDECIDED -> number(row, "undecided") > 0.05 * completions;
                case APART -> number(row, "first_difference") > 0.1;
            };
        }

        private static double number(Map<String, Object> row, String column) {
            return ((Number) row.get(column)).doubleValue();
        }
    }

    private final Map<Trouble, Integer> since = new EnumMap<>(Trouble.class);
    private final Consumer<String> tell;

    /** @param tell takes one line for each trouble that lasts */
    Health(Consumer<String> tell) {
        this.tell = tell;
    }

    /** The troubles of a step by its row of metrics, joined by {@code +}; empty for none. */
    String see(Map<String, Object> row, int completions) {
        List<String> troubles = new ArrayList<>();
        for (Trouble trouble : Trouble.values()) {
            int steps = trouble.is(row, completions) ? since.merge(trouble, 1, Integer::sum) : 0;
            since.put(trouble, steps);
            if (steps > 0) {
                troubles.add(trouble.name().toLowerCase(java.util.Locale.ROOT));
            }
            if (steps == trouble.patience) {
                tell.accept("step " + row.get("step") + (steps == 1 ? ": " : ": for " + steps + " steps ") + trouble.text);
            }
        }
        return troubles.stream().collect(Collectors.joining("+"));
    }

    /** Mean negative log-probability of the sampled tokens, in nats: the entropy of the policy, estimated by its samples. */
    static double entropy(List<Completion> completions) {
        return completions.stream().flatMapToDouble(c -> IntStream.range(0, c.logProbs().length).mapToDouble(i -> -c.logProbs()[i]))
                .average().orElse(Double.NaN);
    }

    /**
     * Checks what was sampled.
     *
     * @throws Diverged if a log-probability is no finite number
     */
    static void finite(List<Completion> completions, long step, RunFolder folder) {
        if (!Double.isFinite(entropy(completions))) {
            throw new Diverged("step " + step + ": a log-probability of the rollout is no finite number; the weights are destroyed, or"
                    + " --precision is too narrow for them. The last checkpoint is " + folder.latestCheckpoint());
        }
    }
}
