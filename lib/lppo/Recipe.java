package lppo;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import lppo.data.BadInput;

/**
 * A named composition of the two ideas over GRPO.
 *
 * <p>Seen in {@code notebooks/6-lppo-against-grpo.ipynb}.
 */
public enum Recipe {
    /** Group-relative policy optimisation alone. */
    GRPO(false, false, "GRPO"),
    /** GRPO with prefix-guided sampling. */
    PG(true, false, "GRPO + PG"),
    /** GRPO with learning-progress weights. */
    LP(false, true, "GRPO + LP"),
    /** Both: LPPO. */
    LPPO(true, true, "LPPO");

    private final boolean guided;
    private final boolean weighted;
    private final String title;

    Recipe(boolean guided, boolean weighted, String title) {
        this.guided = guided;
        this.weighted = weighted;
        this.title = title;
    }

    /** Whether failing problems are retried from a prefix of their expert solution ({@link PrefixSampler}). */
    public boolean guided() {
        return guided;
    }

    /** Whether advantages are weighted by learning progress ({@link ProgressTracker}). */
    public boolean weighted() {
        return weighted;
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
