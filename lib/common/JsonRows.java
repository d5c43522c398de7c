package common;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;

/**
 * Reads the rows of a text file as JSON objects: JSON Lines, one JSON array, or one object around an array (as dataset viewers return). The
 * format is detected from the content, not the file name.
 */
public final class JsonRows {

    private static final Pattern CSV = Pattern.compile("\"?[A-Za-z_][\\w ]*\"?[,;\t]");
    private static final String EXAMPLE = "is not a JSON object like {\"id\": …, \"question\": …, \"answer\": …}";

    private JsonRows() {}

    /**
     * Reads all rows.
     *
     * @throws BadInput naming file, place and reason if the file is missing, malformed or without rows
     */
    public static List<JsonRow> read(Path file) {
        BadInput.unless(Files.isRegularFile(file), "%s: no such problem file", file);
        List<JsonRow> rows;
        try {
            rows = json(file, Files.readString(file));
        } catch (MalformedInputException e) {
            throw new BadInput(file + ": is not UTF-8 text", e);
        } catch (IOException e) {
            throw new BadInput(file + ": cannot be read (" + e.getMessage() + ")", e);
        }
        BadInput.unless(!rows.isEmpty(), "%s: contains no problems", file);
        return rows;
    }

    private static List<JsonRow> json(Path file, String content) {
        String text = content.startsWith("\uFEFF") ? content.substring(1) : content;
        String start = text.stripLeading();
        BadInput.unless(!start.startsWith("version https://git-lfs"),
                "%s: is a Git LFS pointer, not the data; download the file itself", file);
        BadInput.unless(!CSV.matcher(start).lookingAt(), "%s: looks like CSV; save it as JSON Lines, JSON or Parquet", file);
        BadInput.unless(!start.startsWith("<"), "%s: is a web page, not data; download the file itself", file);
        if (start.startsWith("[")) {
            return array(file, parse(text, file + ": is not a complete JSON array").getAsJsonArray());
        }
        return wrapped(text).map(array -> array(file, array)).orElseGet(() -> lines(file, text));
    }

    private static List<JsonRow> lines(Path file, String text) {
        List<JsonRow> rows = new ArrayList<>();
        int number = 0;
        for (String line : (Iterable<String>) text.lines()::iterator) {
            number++;
            if (!line.isBlank()) {
                String where = file + ":" + number + ": ";
                rows.add(new JsonRow(where, number, object(parse(line, where + "is not a complete JSON object"), where)));
            }
        }
        return rows;
    }

    /** Parses one JSON value; the message of the exception says where it is malformed. */
    private static JsonElement parse(String text, String trouble) {
        try {
            return Json.parse(text);
        } catch (Json.Malformed e) {
            String reason = text.contains("\n") ? e.getMessage() : e.getMessage().replaceFirst("^line 1, ", "");
            throw new BadInput(trouble + " (" + reason + ")", e);
        }
    }

    private static List<JsonRow> array(Path file, JsonArray array) {
        List<JsonObject> objects = new ArrayList<>();
        for (JsonElement element : array) {
            JsonObject row = object(element, file + ", row " + (objects.size() + 1) + ": ");
            objects.add(row.has("row") && row.get("row").isJsonObject() ? row.getAsJsonObject("row") : row);
        }
        return numbered(file, objects);
    }

    private static JsonObject object(JsonElement element, String where) {
        BadInput.unless(element != null && element.isJsonObject(), "%s%s", where, EXAMPLE);
        return element.getAsJsonObject();
    }

    /** Returns the rows of a file, numbered from 1. */
    public static List<JsonRow> numbered(Path file, List<JsonObject> objects) {
        List<JsonRow> rows = new ArrayList<>();
        for (JsonObject object : objects) {
            rows.add(new JsonRow(file + ", row " + (rows.size() + 1) + ": ", rows.size() + 1, object));
        }
        return rows;
    }

    /** Returns the rows of a file that is one object: its array {@code rows} or {@code data}, or else its only array of objects. */
    private static Optional<JsonArray> wrapped(String text) {
        try {
            JsonElement first = Json.parse(text);
            if (!first.isJsonObject()) {
                return Optional.empty();
            }
            JsonObject object = first.getAsJsonObject();
            if (object.has("question") || object.has("problem")) {
                return Optional.empty(); // a single problem
            }
            for (String name : List.of("rows", "data")) {
                if (object.has(name) && object.get(name).isJsonArray()) {
                    return Optional.of(object.getAsJsonArray(name));
                }
            }
            List<JsonArray> arrays = object.entrySet().stream().map(e -> e.getValue()).filter(JsonElement::isJsonArray)
                    .map(JsonElement::getAsJsonArray).filter(a -> a.size() > 0
                            && StreamSupport.stream(a.spliterator(), false).allMatch(JsonElement::isJsonObject))
                    .toList();
            return arrays.size() == 1 ? Optional.of(arrays.get(0)) : Optional.empty();
        } catch (Json.Malformed e) {
            return Optional.empty(); // several objects, or a malformed one: reading line by line decides which
        }
    }

    /** Returns the first line of an exception's message, at most 200 characters. */
    public static String firstLine(Throwable e) {
        String line = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage().lines().findFirst().orElse("");
        return line.length() <= 200 ? line : line.substring(0, 200) + "…";
    }
}
