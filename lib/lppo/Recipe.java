package lppo;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import lppo.data.BadInput;

/**
 * A named composition: the two ideas of LPPO over GRPO, and rivals made of the same operators. Each goes with every
 * {@link Loss}.
 *
 * <p>Seen in {@code notebooks/6-lppo-against-grpo.ipynb}.
 */
public enum Recipe {
    /** Group-relative policy optimisation alone. */
    GRPO("GRPO", Hints.NONE, false, false, 0),
    /** GRPO with prefix-guided sampling. */
    PG("GRPO + PG", Hints.RANDOM, false, false, 0),
    /** GRPO with learning-progress weights. */
    LP("GRPO + LP", Hints.NONE, true, false, 0),
    /** Both: LPPO. */
    LPPO("LPPO", Hints.RANDOM, true, false, 0),
    /** Hints whose length follows their success, the idea of G2RPO-A (arXiv 2508.13023). */
    ADAPTIVE("adaptive hints", Hints.ADAPTIVE, false, false, 0),
    /** A hint in the same step where the unguided group is all zero, the idea of BREAD (arXiv 2506.17211). */
    BREAD("BREAD", Hints.RESCUE, false, false, 0),
    /** Problems chosen by predicted difficulty, the idea of MoPPS (arXiv 2507.04632). */
    MOPPS("MoPPS", Hints.NONE, false, true, 0),
    /** Silent groups replaced by those of other problems, dynamic sampling (DAPO, arXiv 2503.14476), bounded. */
    DYNAMIC("dynamic sampling", Hints.NONE, false, false, 3);

    /** How expert prefixes are given. */
    public enum Hints {
        /** Never. */
        NONE,
        /** Cut at a random ratio, to problems that keep failing ({@link PrefixSampler}). */
        RANDOM,
        /** Cut where the problem's last hints worked half the time ({@link AdaptivePrefix}), to problems that keep failing. */
        ADAPTIVE,
        /** Cut at a random ratio, in the step in which the whole unguided group failed. */
        RESCUE
    }

    private final String title;
    private final Hints hints;
    private final boolean weighted;
    private final boolean selective;
    private final int refills;

    Recipe(String title, Hints hints, boolean weighted, boolean selective, int refills) {
        this.title = title;
        this.hints = hints;
        this.weighted = weighted;
        this.selective = selective;
        this.refills = refills;
    }

    /** How expert prefixes are given. */
    public Hints hints() {
        return hints;
    }

    /** Whether problems are retried from a prefix of their expert solution. */
    public boolean guided() {
        return hints != Hints.NONE;
    }

    /** Whether advantages are weighted by learning progress ({@link ProgressTracker}). */
    public boolean weighted() {
        return weighted;
    }

    /** Whether problems are chosen by predicted difficulty ({@link DifficultySelection}) and not in a fixed order. */
    public boolean selective() {
        return selective;
    }

    /** How often a step replaces its silent groups by those of other problems. */
    public int refills() {
        return refills;
    }

    /** The name for tables and charts. */
    public String title() {
        return title;
    }

    /** The name for commands and files. */
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The recipe of this name.
     *
     * @throws BadInput listing the names, if there is none
     */
    public static Recipe named(String id) {
        return Arrays.stream(values()).filter(r -> r.id().equals(id)).findFirst().orElseThrow(() -> new BadInput(
                "recipe \"" + id + "\" is unknown; choose one of "
                        + Arrays.stream(values()).map(Recipe::id).collect(Collectors.joining(", "))));
    }
}
