package lppo.run;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.ToLongFunction;
import lppo.learn.Diverged;
import lppo.rollout.Group;

/**
 * Detects silent failures of a run. The symptoms of each step are a column of {@code metrics.csv}; one that persists is reported once, with
 * its cause and remedy.
 */
final class Health {

    private static final int LASTS = 20; // steps
    private static final int AGAIN = 3;
    private static final int AT_ONCE = 1;
    private static final int ENOUGH = 10; // completions that a share is taken of

    private enum Sign {
        CERTAIN(LASTS, "the policy is almost certain of every token (sampled entropy below 0.01 nats) and no longer explores;"
                + " restart from an earlier checkpoint with a lower learning rate, a KL coefficient of 0.01 or a higher temperature"),
        CUT(LASTS, "every completion was truncated; raise the max new tokens, or add a stop token that ends an answer"),
        SILENT(LASTS, "all rewards were equal in every group, so nothing is learned; if they are all 0, check the reward by reading"
                + " completions, or use easier problems or hints; if they are all 1, the problems are solved"),
        GAMED(AGAIN, "more than 20 % of the rewarded completions repeat the question, or its expression as the answer, or give several"
                + " answers: the policy games the reward; read completions, judge strictly, or accept only boxed answers with the reward"
                + " boxed, and restart from an earlier checkpoint"),
        ENDED(AGAIN, "more than 20 % of the guided completions ended at once, so their hints teach nothing: hints end where the policy"
                + " stops; cut by tokens rather than at steps, or reword the demonstrations so that no step reads like an end, each on a"
                + " line of its own"),
        UNDECIDED(AT_ONCE, "more than 5 % of the answers could not be judged and count as wrong; read the completions and their reasons"),
        APART(AT_ONCE, "rollout and learner differ by more than 0.1 nats per token; use precision fp32, or an importance cap of 2");

        private final int patience;
        private final String text;

        Sign(int patience, String text) {
            this.patience = patience;
            this.text = text;
        }

        private boolean shows(StepMetrics step, int completions, Deque<Counts> recent) {
            return switch (this) {
                case CERTAIN -> step.sampledEntropy() < 0.01;
                case CUT -> step.truncatedShare() == 1;
                case SILENT -> step.silentShare() == 1;
                case GAMED -> isOften(recent, Counts::gamed, Counts::paid);
                case ENDED -> isOften(recent, Counts::ended, Counts::guided);
                case UNDECIDED -> step.undecided() > 0.05 * completions;
                case APART -> step.firstDifference() > 0.1;
            };
        }
    }

    /**
     * The numbers of completions of a step behind the signs gamed and ended.
     *
     * @param paid with reward 1
     * @param gamed of these, with a sign of gaming the reward
     * @param guided from a hint
     * @param ended of these, ended with their first token
     */
    record Counts(long paid, long gamed, long guided, long ended) {}

    private final Deque<Counts> recent = new ArrayDeque<>(); // the last step first
    private final Map<Sign, Integer> since = new EnumMap<>(Sign.class);
    private final Consumer<String> tell;
    private boolean rewardThrew;

    /** @param tell receives one line for each persistent symptom */
    Health(Consumer<String> tell) {
        this.tell = tell;
    }

    /** Whether more than a fifth are so in the last steps that have enough of them: one of one is no sign. */
    private static boolean isOften(Deque<Counts> recent, ToLongFunction<Counts> some, ToLongFunction<Counts> all) {
        long these = 0;
        long of = 0;
        for (Counts counts : recent) {
            these += some.applyAsLong(counts);
            of += all.applyAsLong(counts);
            if (of >= ENOUGH) {
                return these > 0.2 * of;
            }
        }
        return false;
    }

    /** Returns the symptoms of a step according to its metrics and counts, joined by {@code +}; empty for none. */
    String see(StepMetrics step, int completions, Counts counts) {
        recent.addFirst(counts);
        if (recent.size() > LASTS) {
            recent.removeLast();
        }
        List<String> troubles = new ArrayList<>();
        for (Sign sign : Sign.values()) {
            int steps = sign.shows(step, completions, recent) ? since.merge(sign, 1, Integer::sum) : 0;
            since.put(sign, steps);
            if (steps > 0) {
                troubles.add(sign.name().toLowerCase(Locale.ROOT));
            }
            if (steps == sign.patience) {
                tell.accept("step " + step.step() + (steps == 1 ? ": " : ": for " + steps + " steps ") + sign.text);
            }
        }
        return String.join("+", troubles);
    }

    /** Returns the counts of the last steps, the last first, for {@link #restore}. */
    long[][] recent() {
        return recent.stream().map(c -> new long[] {c.paid, c.gamed, c.guided, c.ended}).toArray(long[][]::new);
    }

    /** Replaces the counts of the last steps, so that a resumed run shows the same signs. */
    void restore(long[][] counts) {
        recent.clear();
        for (long[] c : counts) {
            recent.addLast(new Counts(c[0], c[1], c[2], c[3]));
        }
    }

    /** Reports once that a reward throws. */
    void rewardThrows(String trouble) {
        if (!rewardThrew) {
            tell.accept(trouble + "; such answers count as wrong and are counted as undecided");
        }
        rewardThrew = true;
    }

    /**
     * Checks the sampled completions.
     *
     * @throws Diverged if a log-probability is NaN or infinite
     */
    void check(List<Group> visited, long step, Optional<Path> checkpoint) {
        if (!Double.isFinite(Metrics.entropy(visited.stream().flatMap(g -> g.completions().stream()).toList()))) {
            throw new Diverged("step " + step + ": a log-probability of the rollout is NaN or infinite; the weights are corrupt, or"
                    + " the range of the precision is too small" + checkpoint.map(path -> ". The last checkpoint is " + path).orElse(""));
        }
    }
}
