package lppo.data;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.Strictness;
import com.google.gson.TypeAdapter;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.StreamSupport;

/**
 * The rows of a file as JSON objects, whatever it is: JSON Lines, one JSON array, one object around an array (what dataset
 * viewers give), or Apache Parquet. What a file is, its first bytes say, not its name.
 */
final class Rows {

    private static final TypeAdapter<JsonElement> ELEMENT = new Gson().getAdapter(JsonElement.class);
    private static final String EXAMPLE = "is not a JSON object like {\"id\": …, \"question\": …, \"answer\": …}";

    private Rows() {}

    /**
     * Reads all rows.
     *
     * @throws BadInput naming file, place and reason if the file is missing, broken or without rows
     */
    static List<Row> read(Path file) {
        BadInput.unless(Files.isRegularFile(file), "%s: no such problem file", file);
        List<Row> rows;
        try {
            rows = isParquet(file) ? parquet(file) : json(file, Files.readString(file));
        } catch (MalformedInputException e) {
            throw new BadInput(file + ": is neither Parquet nor UTF-8 text", e);
        } catch (IOException e) {
            throw new BadInput(file + ": cannot be read (" + e.getMessage() + ")", e);
        }
        BadInput.unless(!rows.isEmpty(), "%s: holds no problems", file);
        return rows;
    }

    private static boolean isParquet(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return new String(in.readNBytes(4), StandardCharsets.ISO_8859_1).equals("PAR1");
        }
    }

    private static List<Row> parquet(Path file) {
        try {
            return numbered(file, ParquetRows.read(file));
        } catch (LinkageError e) { // the reader's way to say that it has no such codec
            throw new BadInput(file + ": is compressed with gzip or brotli; write it anew with snappy or zstd", e);
        } catch (IOException | RuntimeException | OutOfMemoryError | StackOverflowError e) { // a broken length asks for any amount
            throw new BadInput(file + ": cannot be read as Parquet (" + firstLine(e) + "); download it again", e);
        }
    }

    private static List<Row> json(Path file, String content) {
        String text = content.startsWith("\uFEFF") ? content.substring(1) : content;
        String start = text.stripLeading();
        BadInput.unless(!start.startsWith("version https://git-lfs"),
                "%s: is a Git LFS pointer, not the data; download the file itself", file);
        BadInput.unless(!start.startsWith("<"), "%s: is a web page, not data; download the file itself", file);
        if (start.startsWith("[")) {
            return array(file, parse(text, file + ": is not one whole JSON array").getAsJsonArray());
        }
        return wrapped(text).map(array -> array(file, array)).orElseGet(() -> lines(file, text));
    }

    private static List<Row> lines(Path file, String text) {
        List<Row> rows = new ArrayList<>();
        int number = 0;
        for (String line : (Iterable<String>) text.lines()::iterator) {
            number++;
            if (!line.isBlank()) {
                String where = file + ":" + number + ": ";
                rows.add(new Row(where, number, object(parse(line.strip(), where + "is not one whole JSON object"), where)));
            }
        }
        return rows;
    }

    /** The one JSON value that a text is; an exception's message says where it is not. */
    private static JsonElement parse(String text, String trouble) {
        try (JsonReader reader = new JsonReader(new StringReader(text))) {
            reader.setStrictness(Strictness.STRICT);
            JsonElement element = ELEMENT.read(reader);
            BadInput.unless(reader.peek() == JsonToken.END_DOCUMENT, "%s (more follows)", trouble);
            return element;
        } catch (IOException | JsonParseException e) {
            throw new BadInput(trouble + " (" + firstLine(e) + ")", e);
        }
    }

    private static List<Row> array(Path file, JsonArray array) {
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

    private static List<Row> numbered(Path file, List<JsonObject> objects) {
        List<Row> rows = new ArrayList<>();
        for (JsonObject object : objects) {
            rows.add(new Row(file + ", row " + (rows.size() + 1) + ": ", rows.size() + 1, object));
        }
        return rows;
    }

    /** The rows of a file that is one object: its array {@code rows} or {@code data}, or else its only array of objects. */
    private static Optional<JsonArray> wrapped(String text) {
        try (JsonReader reader = new JsonReader(new StringReader(text))) {
            reader.setStrictness(Strictness.STRICT);
            JsonElement first = ELEMENT.read(reader);
            if (!first.isJsonObject() || reader.peek() != JsonToken.END_DOCUMENT) {
                return Optional.empty();
            }
            JsonObject object = first.getAsJsonObject();
            if (object.has("question") || object.has("problem")) {
                return Optional.empty(); // a problem by itself
            }
            for (String name : List.of("rows", "data")) {
                if (object.has(name) && object.get(name).isJsonArray()) {
                    return Optional.of(object.getAsJsonArray(name));
                }
            }
            List<JsonArray> arrays = object.entrySet().stream().map(e -> e.getValue()).filter(JsonElement::isJsonArray)
                    .map(JsonElement::getAsJsonArray).filter(a -> !a.isEmpty()
                            && StreamSupport.stream(a.spliterator(), false).allMatch(JsonElement::isJsonObject)).toList();
            return arrays.size() == 1 ? Optional.of(arrays.get(0)) : Optional.empty();
        } catch (IOException | JsonParseException e) {
            return Optional.empty(); // several objects, or a broken one: the lines will tell which
        }
    }

    private static String firstLine(Throwable e) {
        String line = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage().lines().findFirst().orElse("");
        return line.length() <= 200 ? line : line.substring(0, 200) + "…";
    }
}
