package rivals;

import common.BadInput;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import lppo.Weighting;
import lppo.run.Recipe;

/** The weightings that commands know by name. */
public final class Weightings {

    private static final Map<String, UnaryOperator<Recipe>> NAMED = new LinkedHashMap<>();

    static {
        NAMED.put("none", recipe -> recipe.weighting(Weighting.none()));
        NAMED.put("progress", recipe -> recipe.progressWeighted(true));
        NAMED.put("earlier", recipe -> recipe.weighting(EarlierWeighting.of(recipe.tracker())));
        NAMED.put("filtered", recipe -> recipe.weighting(new ProgressFilter()));
        NAMED.put("earlier-filtered", recipe -> recipe.weighting(EarlierWeighting.of(new ProgressFilter())));
        NAMED.put("ranked", recipe -> recipe.weighting(RankedWeighting.of(recipe.tracker(), 0.5, 2)));
        NAMED.put("variance", recipe -> recipe.weighting(new VarianceWeighting(0.5)));
    }

    private Weightings() {}

    /** Returns the names: none, the paper's, and the others. */
    public static List<String> names() {
        return List.copyOf(NAMED.keySet());
    }

    /**
     * Returns a recipe with the weighting of one of these {@link #names}; alpha, kappa and b are those of its tracker.
     *
     * @throws BadInput listing the names if there is none
     */
    public static Recipe weighted(Recipe recipe, String name) {
        BadInput.unless(NAMED.containsKey(name), "weighting \"%s\" is unknown; choose one of %s, or a file, MyWeighting.java", name,
                String.join(", ", names()));
        return NAMED.get(name).apply(recipe);
    }
}
