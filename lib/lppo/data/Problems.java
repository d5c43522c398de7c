package lppo.data;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.Strictness;
import com.google.gson.TypeAdapter;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads and writes problems as JSON Lines: one object a line with {@code id}, {@code question}, {@code answer} and
 * optionally {@code solution}, {@code level}, {@code source}. A missing {@code id} becomes the line number.
 *
 * <p>Seen in {@code notebooks/7-bring-your-own-model.ipynb}.
 */
public final class Problems {

    private static final TypeAdapter<JsonElement> STRICT =
            new GsonBuilder().setStrictness(Strictness.STRICT).create().getAdapter(JsonElement.class);
    private static final Gson WRITER = new GsonBuilder().disableHtmlEscaping().create();

    private Problems() {}

    /**
     * Reads a file of problems.
     *
     * @throws BadInput naming file, line and reason if the file is missing, empty or has a broken line
     */
    public static List<Problem> read(Path file) {
        BadInput.unless(Files.isRegularFile(file), "%s: no such problem file", file);
        List<String> lines;
        try {
            lines = Files.readAllLines(file);
        } catch (MalformedInputException e) {
            throw new BadInput(file + ": is not UTF-8 text", e);
        } catch (IOException e) {
            throw new BadInput(file + ": cannot be read (" + e.getMessage() + ")", e);
        }
        List<Problem> problems = new ArrayList<>();
        Map<String, Integer> lineOfId = new HashMap<>();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            if (line.isEmpty()) {
                continue;
            }
            String where = file + ":" + (i + 1) + ": ";
            Problem problem = parse(line, where, i + 1);
            Integer earlier = lineOfId.put(problem.id(), i + 1);
            BadInput.unless(earlier == null, "%sid \"%s\" was used before, on line %s", where, problem.id(), earlier);
            problems.add(problem);
        }
        BadInput.unless(!problems.isEmpty(), "%s: holds no problems", file);
        return problems;
    }

    /** Writes problems, one a line, replacing the file. */
    public static void write(Path file, List<Problem> problems) throws IOException {
        try (BufferedWriter writer = Files.newBufferedWriter(file)) {
            for (Problem problem : problems) {
                writer.write(WRITER.toJson(problem));
                writer.write('\n');
            }
        }
    }

    private static Problem parse(String line, String where, int number) {
        JsonElement element;
        try {
            element = STRICT.fromJson(line);
        } catch (IOException | JsonParseException e) {
            throw new BadInput(where + "is not one whole JSON object (" + firstLine(e) + ")", e);
        }
        BadInput.unless(element != null && element.isJsonObject(),
                "%sis not a JSON object like {\"id\": …, \"question\": …, \"answer\": …}", where);
        JsonObject object = element.getAsJsonObject();
        String id = object.has("id") ? text(object, "id", where) : Integer.toString(number);
        String question = text(object, "question", where);
        String answer = text(object, "answer", where);
        BadInput.unless(id != null && !id.isBlank(), "%s\"id\" is empty", where);
        BadInput.unless(question != null && !question.isBlank(), "%s\"question\" is missing or empty", where);
        BadInput.unless(answer != null && !answer.isBlank(), "%s\"answer\" is missing or empty", where);
        return new Problem(id, question, answer, text(object, "solution", where), text(object, "level", where),
                text(object, "source", where));
    }

    private static String text(JsonObject object, String name, String where) {
        JsonElement value = object.get(name);
        if (value == null || value.isJsonNull()) {
            return null;
        }
        BadInput.unless(value.isJsonPrimitive(), "%s\"%s\" is not a text or a number", where, name);
        return value.getAsString();
    }

    private static String firstLine(Exception e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }

    /**
     * The problems with at most {@code count} demonstrations, evenly chosen from those there are; the other problems keep
     * their answer only.
     *
     * @throws BadInput if there are fewer
     */
    public static List<Problem> withDemonstrations(List<Problem> problems, int count) {
        long there = problems.stream().filter(Problem::hasDemonstration).count();
        BadInput.unless(count >= 0 && count <= there, "%d demonstrations: there are only %d", count, there);
        List<Problem> some = new ArrayList<>();
        int seen = 0;
        for (Problem p : problems) {
            boolean drop = p.hasDemonstration() && (long) (seen + 1) * count / there == (long) seen++ * count / there;
            some.add(drop ? new Problem(p.id(), p.question(), p.answer(), null, p.level(), p.source()) : p);
        }
        return some;
    }
}
