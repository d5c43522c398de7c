package common;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.StreamSupport;

/**
 * One row of a problem file. Column names are case-insensitive.
 *
 * @param where file and position, for messages; ends with ": "
 * @param number line or row number, from 1
 * @param columns the values by name
 */
public record JsonRow(String where, int number, JsonObject columns) {

    /** Returns whether there is a value. */
    public boolean has(String name) {
        return value(name) != null;
    }

    /**
     * Returns a value as text, whole numbers without a decimal point: 27.0 is 27; null if there is none.
     *
     * @throws BadInput if it is a list or an object
     */
    public String text(String name) {
        JsonElement value = value(name);
        return value == null ? null : text(value, name);
    }

    /** Returns the value of the first of these columns that is not blank; null if all are. */
    public String first(String... names) {
        return Arrays.stream(names).map(this::text).filter(Objects::nonNull).filter(text -> !text.isBlank()).findFirst()
                .orElse(null);
    }

    /**
     * Returns the text of a column that may be a list of one, {@code ['70']}; null if there is none.
     *
     * @throws BadInput if it lists several
     */
    public String only(String name) {
        List<String> texts = texts(name);
        BadInput.unless(texts.size() < 2, "%s\"%s\" is a list of %d, %s; give one", where, name, texts.size(), String.join(", ", texts));
        return texts.isEmpty() ? null : texts.get(0);
    }

    /** Returns the texts of a list, which some files store as a Python literal, {@code ['$2$']}; a plain text is a list of one. */
    public List<String> texts(String name) {
        JsonElement value = value(name);
        if (value != null && value.isJsonArray()) {
            return StreamSupport.stream(value.getAsJsonArray().spliterator(), false).filter(e -> !e.isJsonNull())
                    .map(e -> text(e, name)).filter(text -> !text.isBlank()).toList();
        }
        String text = first(name);
        Optional<List<String>> listed = text == null ? Optional.empty() : PythonList.of(text);
        return listed.orElseGet(() -> text == null ? List.of() : List.of(text)).stream().filter(each -> !each.isBlank()).toList();
    }

    private String text(JsonElement value, String name) {
        BadInput.unless(value.isJsonPrimitive(), "%s\"%s\" is not a text or a number, but %s", where, name, shortened(value.toString()));
        JsonPrimitive primitive = value.getAsJsonPrimitive();
        if (primitive.isNumber()) {
            double number = primitive.getAsDouble();
            if (number == Math.rint(number) && Math.abs(number) < 1e15) {
                return Long.toString((long) number);
            }
        }
        String text = primitive.getAsString();
        BadInput.unless(StandardCharsets.UTF_8.newEncoder().canEncode(text), "%s\"%s\" has half a character", where, name);
        return text;
    }

    private static String shortened(String text) {
        return text.length() <= 100 ? text : text.substring(0, 100) + "…";
    }

    private JsonElement value(String name) {
        JsonElement value = columns.has(name) ? columns.get(name)
                : columns.entrySet().stream().filter(e -> e.getKey().equalsIgnoreCase(name)).map(e -> e.getValue())
                        .findFirst().orElse(null);
        return value == null || value.isJsonNull() ? null : value;
    }
}
