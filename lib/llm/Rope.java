package llm;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import common.BadInput;
import common.Json;
import java.util.List;

/**
 * The rotation speed of each pair of dimensions with the position: the {@code rope_scaling} (transformers 5:
 * {@code rope_parameters}) of a {@code config.json}. Plain rotary embedding (arXiv 2104.09864) has frequency
 * theta^(-2i/D); the kinds {@code linear}, {@code dynamic}, {@code yarn} (arXiv 2309.00071) and {@code llama3} slow it down
 * for sequences longer than the model was first trained on.
 *
 * <p>{@code dynamic} differs from plain rotation only beyond {@code max_position_embeddings}, which this project does not support.
 *
 * @param frequencies radians per position, {@code [D/2]}
 * @param scale of cosines and sines; 1 except for {@code yarn}
 * @param maxPositions longest sequence that they are meant for
 */
public record Rope(float[] frequencies, double scale, int maxPositions) {

    private static final List<String> KINDS = List.of("default", "linear", "dynamic", "yarn", "llama3");

    /**
     * Reads the settings of a {@code config.json}.
     *
     * @param dim width of a head, D
     * @param maxPositions its {@code max_position_embeddings}
     * @param file starts each error message
     * @throws BadInput if the kind is unknown or a setting is missing
     */
    static Rope of(JsonObject json, int dim, int maxPositions, String file) {
        String where = file + ", rotary embedding";
        JsonObject settings = settings(json, where);
        String kind = text(settings, where);
        double theta = settings.has("rope_theta") ? Json.positive(settings, "rope_theta", where)
                : json.has("rope_theta") ? Json.positive(json, "rope_theta", where) : 10000;
        float[] plain = new float[dim / 2];
        for (int i = 0; i < plain.length; i++) {
            plain[i] = (float) Math.pow(theta, -2.0 * i / dim); // fp32, as the reference has it
        }
        return switch (kind) {
            case "linear" -> new Rope(each(plain, f -> f / Json.positive(settings, "factor", where)), 1, maxPositions);
            case "llama3" -> new Rope(llama3(plain, settings, where), 1, maxPositions);
            case "yarn" -> yarn(plain, theta, settings, maxPositions, where);
            default -> new Rope(plain, 1, maxPositions);
        };
    }

    /** Llama 3.1: slow rotations are divided by the factor, fast ones left, those between blended. */
    private static float[] llama3(float[] plain, JsonObject settings, String where) {
        double factor = Json.positive(settings, "factor", where);
        double low = Json.positive(settings, "low_freq_factor", where);
        double high = Json.positive(settings, "high_freq_factor", where);
        double original = Json.positive(settings, "original_max_position_embeddings", where);
        return each(plain, f -> {
            double wavelength = 2 * Math.PI / f;
            if (wavelength > original / low) {
                return f / factor;
            }
            double smooth = (original / wavelength - low) / (high - low);
            return wavelength < original / high ? f : (1 - smooth) * f / factor + smooth * f;
        });
    }

    /** YaRN, section 3.2: a ramp over the dimensions from rotations left alone to rotations divided by the factor. */
    private static Rope yarn(float[] plain, double theta, JsonObject settings, int maxPositions, String where) {
        double factor = Json.positive(settings, "factor", where);
        double original = settings.has("original_max_position_embeddings")
                ? Json.positive(settings, "original_max_position_embeddings", where) : maxPositions;
        double scale = Json.has(settings, "attention_factor") ? Json.positive(settings, "attention_factor", where)
                : Json.has(settings, "mscale") && Json.has(settings, "mscale_all_dim")
                        ? temperature(factor, Json.positive(settings, "mscale", where))
                                / temperature(factor, Json.positive(settings, "mscale_all_dim", where))
                : temperature(factor, 1);
        int dim = 2 * plain.length;
        double fast = Json.has(settings, "beta_fast") ? Json.positive(settings, "beta_fast", where) : 32;
        double slow = Json.has(settings, "beta_slow") ? Json.positive(settings, "beta_slow", where) : 1;
        double from = dimension(fast, dim, theta, original);
        double to = dimension(slow, dim, theta, original);
        if (!Json.has(settings, "truncate") || Json.flag(settings, "truncate", where)) {
            from = Math.floor(from);
            to = Math.ceil(to);
        }
        from = Math.max(from, 0);
        to = Math.min(to, dim - 1);
        to = to == from ? to + 0.001 : to;
        float[] frequencies = new float[plain.length];
        for (int i = 0; i < plain.length; i++) {
            double ramp = Math.min(1, Math.max(0, (i - from) / (to - from)));
            frequencies[i] = (float) (plain[i] / factor * ramp + plain[i] * (1 - ramp));
        }
        return new Rope(frequencies, scale, (int) Math.max(maxPositions, factor * original));
    }

    /** The dimension that makes so many rotations within the original positions. */
    private static double dimension(double rotations, int dim, double theta, double original) {
        return dim * Math.log(original / (rotations * 2 * Math.PI)) / (2 * Math.log(theta));
    }

    private static double temperature(double factor, double mscale) {
        return factor <= 1 ? 1 : 0.1 * mscale * Math.log(factor) + 1;
    }

    private static JsonObject settings(JsonObject json, String where) {
        for (String name : List.of("rope_parameters", "rope_scaling")) {
            if (Json.has(json, name)) {
                BadInput.unless(json.get(name).isJsonObject(), "%s: %s is not an object", where, name);
                return json.getAsJsonObject(name);
            }
        }
        return new JsonObject();
    }

    private static String text(JsonObject settings, String where) {
        JsonElement kind = settings.has("rope_type") ? settings.get("rope_type") : settings.get("type");
        BadInput.unless(kind == null || kind.isJsonPrimitive() && KINDS.contains(kind.getAsString()),
                "%s: rotary scaling %s is not supported; %s are", where, kind, String.join(", ", KINDS));
        return kind == null ? "default" : kind.getAsString();
    }

    private static float[] each(float[] values, java.util.function.DoubleUnaryOperator change) {
        float[] changed = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            changed[i] = (float) change.applyAsDouble(values[i]);
        }
        return changed;
    }
}
