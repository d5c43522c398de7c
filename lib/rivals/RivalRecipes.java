package rivals;

import common.BadInput;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import lppo.run.Recipe;

/** Recipes nearer to the papers of other methods, or of our own ideas, beside those of {@link Recipe}. */
public final class RivalRecipes {

    /** Steps over which a hint decays unless another number is given, those of a run by default. */
    private static final long STEPS = 300;

    private static final Map<String, Supplier<Recipe>> PRESETS = new LinkedHashMap<>();

    static {
        PRESETS.put("bread-search", RivalRecipes::breadSearch);
        PRESETS.put("prefix-rft", RivalRecipes::prefixRft);
        PRESETS.put("decaying", RivalRecipes::decaying);
        PRESETS.put("progress", RivalRecipes::progress);
    }

    private RivalRecipes() {}

    /** Returns BREAD with the search for a hint that works, at most three tries beginning at one half. */
    public static Recipe breadSearch() {
        return Recipe.grpo().title("BREAD with search").hint((problem, step) -> 0.5)
                .rescue((rollout, hints) -> new SearchedRollout(rollout, hints, 3));
    }

    /**
     * Returns hints after Prefix-RFT (arXiv 2507.01679): one completion of each group of a problem with a demonstration begins with a
     * prefix of it, whose length decays from 0.95 to 0.05 by a cosine. That paper also learns from the prefix tokens of highest entropy;
     * here, as in all recipes, prefix tokens carry no loss.
     */
    public static Recipe prefixRft() {
        return Recipe.grpo().title("Prefix-RFT").hint(new DecayingPrefix(0.95, 0.05, STEPS)).guidedShare(0.01); // of up to 100, one
    }

    /** Returns GRPO + PG with hints that decay from 0.95 to none by a cosine, instead of random ones. */
    public static Recipe decaying() {
        return Recipe.pg().title("decaying hints").hint(new DecayingPrefix(0.95, 0, STEPS));
    }

    /** Returns GRPO + PG on problems that are chosen by their progress. */
    public static Recipe progress() {
        return Recipe.pg().title("PG by progress").selection(new ProgressSelection(new ProgressFilter(), 0.01));
    }

    /** Returns the names of these recipes and, before them, those of {@link Recipe#names}. */
    public static List<String> names() {
        return Stream.concat(Recipe.names().stream(), PRESETS.keySet().stream()).toList();
    }

    /**
     * Returns the recipe of one of these {@link #names}.
     *
     * @throws BadInput listing the names if there is none
     */
    public static Recipe named(String id) {
        BadInput.unless(names().contains(id), "recipe \"%s\" is unknown; choose one of %s", id, String.join(", ", names()));
        return PRESETS.containsKey(id) ? PRESETS.get(id).get() : Recipe.named(id);
    }
}
