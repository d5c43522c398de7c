package lppo.data;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import common.BadInput;
import common.JsonRow;
import common.JsonRows;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Reads and writes problems as JSON Lines: one object per line with {@code id}, {@code question}, {@code answer} and
 * optionally {@code solution}, {@code level}, {@code source}. A missing {@code id} defaults to the line number. Published benchmarks,
 * with other columns or as Parquet, are read by {@code benchmarks.ProblemFiles}.
 *
 * <p>Seen in {@code notebooks/7-bring-your-own-model.ipynb}.
 */
public final class Problems {

    private static final Gson WRITER = new GsonBuilder().disableHtmlEscaping().create();

    private Problems() {}

    /**
     * Returns the problems of a file.
     *
     * @throws BadInput naming file, place and reason if the file is missing or empty, has a malformed line, lacks a column, or has two
     *     problems with the same id
     */
    public static List<Problem> read(Path file) {
        return unique(JsonRows.read(file), Problems::problem);
    }

    /**
     * Returns the problems of rows; null stands for a row without a problem.
     *
     * @throws BadInput naming the rows of two problems with the same id
     */
    public static List<Problem> unique(List<JsonRow> rows, Function<JsonRow, Problem> convert) {
        List<Problem> problems = new ArrayList<>();
        Map<String, String> places = new HashMap<>();
        for (JsonRow row : rows) {
            Problem problem = convert.apply(row);
            if (problem != null) {
                String other = places.put(problem.id(), row.where());
                BadInput.unless(other == null, "%sid \"%s\" was used before, at %s", row.where(), problem.id(),
                        other == null ? "" : other.substring(0, other.length() - 2));
                problems.add(problem);
            }
        }
        return problems;
    }

    /**
     * Returns the problem of a row with the columns {@code question} and {@code answer}.
     *
     * @throws BadInput naming the row and the missing or empty column
     */
    public static Problem problem(JsonRow row) {
        String id = row.columns().has("id") ? row.text("id") : Integer.toString(row.number());
        String question = row.text("question");
        String answer = row.only("answer");
        BadInput.unless(id != null && !id.isBlank(), "%s\"id\" is empty", row.where());
        BadInput.unless(question != null && !question.isBlank(), "%s\"question\" is missing or empty", row.where());
        BadInput.unless(answer != null && !answer.isBlank(), "%s\"answer\" is missing or empty", row.where());
        return new Problem(id, question, answer, row.text("solution"), row.text("level"), row.text("source"));
    }

    /** Writes problems, one per line, replacing the file. */
    public static void write(Path file, List<Problem> problems) throws IOException {
        try (BufferedWriter writer = Files.newBufferedWriter(file)) {
            for (Problem problem : problems) {
                writer.write(WRITER.toJson(problem));
                writer.write('\n');
            }
        }
    }

    /**
     * Returns the problems with exactly {@code count} demonstrations, chosen evenly; the other problems keep only their answers.
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
            some.add(drop ? p.withoutSolution() : p);
        }
        return some;
    }
}
