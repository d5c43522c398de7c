package commands;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import common.BadInput;
import common.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A file that describes a whole experiment: recipes that train one model on one set of problems, and the benchmarks that each result is
 * measured on. {@code notebooks/examples/paper} has those of the paper's setting.
 *
 * @param title of the report
 * @param model folder or name that all recipes begin with
 * @param problems file or name of the training problems
 * @param recipes names
 * @param seeds how many runs each recipe has
 * @param training options of {@code train}
 * @param evaluation options of {@code evaluate}
 * @param benchmarks what is measured
 * @param paper settings that the paper gives
 * @param ours settings that are ours, for lack of a number in the paper
 * @param published results of others; null if none are given
 */
record BenchmarkPlan(String title, String model, String problems, List<String> recipes, int seeds, List<String> training,
        List<String> evaluation, List<Benchmarked> benchmarks, List<String> paper, List<String> ours, Published published) {

    private static final Set<String> KEYS = Set.of("title", "model", "problems", "recipes", "seeds", "training", "evaluation",
            "benchmarks", "from_the_paper", "ours", "published");

    /**
     * A benchmark.
     *
     * @param data file or name
     * @param samples k of avg@k
     */
    record Benchmarked(String data, int samples) {}

    /**
     * Results of others, in percent.
     *
     * @param note what they are, and where they are from
     * @param benchmarks titles of the columns
     * @param rows numbers by method
     */
    record Published(String note, List<String> benchmarks, Map<String, List<Double>> rows) {}

    /**
     * Reads a plan. Files that it names are relative to it.
     *
     * @throws BadInput if something is missing, unknown or of the wrong kind
     */
    static BenchmarkPlan read(Path file) {
        JsonObject plan = Json.object(file);
        String where = file.toString();
        for (String key : plan.keySet()) {
            BadInput.unless(KEYS.contains(key), "%s: unknown key \"%s\"", where, key);
        }
        List<Benchmarked> benchmarks = new ArrayList<>();
        for (JsonElement each : list(plan, "benchmarks", where)) {
            BadInput.unless(each.isJsonObject(), "%s: a benchmark is {\"data\": NAME, \"samples\": K}", where);
            benchmarks.add(new Benchmarked(beside(file, Json.text(each.getAsJsonObject(), "data", where)),
                    Json.positiveInteger(each.getAsJsonObject(), "samples", where)));
        }
        BadInput.unless(!benchmarks.isEmpty(), "%s: \"benchmarks\" is empty", where);
        List<String> recipes = texts(list(plan, "recipes", where), where);
        BadInput.unless(!recipes.isEmpty(), "%s: \"recipes\" is empty", where);
        return new BenchmarkPlan(Json.text(plan, "title", where), beside(file, Json.text(plan, "model", where)),
                beside(file, Json.text(plan, "problems", where)), recipes, Json.positiveInteger(plan, "seeds", where),
                options(plan, "training", where), options(plan, "evaluation", where), benchmarks,
                texts(list(plan, "from_the_paper", where), where), texts(list(plan, "ours", where), where), published(plan, where));
    }

    /** The same with another model. */
    BenchmarkPlan model(String other) {
        return new BenchmarkPlan(title, other, problems, recipes, seeds, training, evaluation, benchmarks, paper, ours, published);
    }

    private static String beside(Path file, String name) {
        Path there = file.resolveSibling(name);
        return Files.exists(there) ? there.toString() : name;
    }

    private static Published published(JsonObject plan, String where) {
        if (!Json.has(plan, "published")) {
            return null;
        }
        JsonObject given = object(plan, "published", where);
        List<String> titles = texts(list(given, "benchmarks", where), where);
        Map<String, List<Double>> rows = new LinkedHashMap<>();
        object(given, "rows", where).entrySet().forEach(row -> {
            BadInput.unless(row.getValue().isJsonArray() && row.getValue().getAsJsonArray().size() == titles.size(),
                    "%s: published \"%s\" needs %d numbers, one for each benchmark", where, row.getKey(), titles.size());
            List<Double> numbers = new ArrayList<>();
            row.getValue().getAsJsonArray().forEach(each -> {
                BadInput.unless(each.isJsonPrimitive() && each.getAsJsonPrimitive().isNumber(), "%s: published \"%s\" has %s, not a number",
                        where, row.getKey(), each);
                numbers.add(each.getAsDouble());
            });
            rows.put(row.getKey(), numbers);
        });
        return new Published(Json.text(given, "note", where), titles, rows);
    }

    private static JsonObject object(JsonObject in, String name, String where) {
        BadInput.unless(Json.has(in, name) && in.get(name).isJsonObject(), "%s: \"%s\" is missing or not an object", where, name);
        return in.getAsJsonObject(name);
    }

    private static JsonArray list(JsonObject in, String name, String where) {
        BadInput.unless(Json.has(in, name) && in.get(name).isJsonArray(), "%s: \"%s\" is missing or not a list", where, name);
        return in.getAsJsonArray(name);
    }

    private static List<String> texts(JsonArray list, String where) {
        List<String> texts = new ArrayList<>();
        for (JsonElement each : list) {
            BadInput.unless(each.isJsonPrimitive(), "%s: %s is not a text", where, each);
            texts.add(each.getAsString());
        }
        return texts;
    }

    /** {@code {"steps": 200, "recompute": true}} as {@code --steps=200 --recompute}. */
    private static List<String> options(JsonObject plan, String name, String where) {
        List<String> options = new ArrayList<>();
        object(plan, name, where).entrySet().forEach(each -> {
            BadInput.unless(each.getValue().isJsonPrimitive(), "%s: option \"%s\" is not a text, a number or true", where, each.getKey());
            boolean flag = each.getValue().getAsJsonPrimitive().isBoolean();
            if (!flag || each.getValue().getAsBoolean()) {
                options.add("--" + each.getKey() + (flag ? "" : "=" + each.getValue().getAsString()));
            }
        });
        return options;
    }
}
