package lppo.data;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Reads and writes problems as JSON Lines: one object a line with {@code id}, {@code question}, {@code answer} and
 * optionally {@code solution}, {@code level}, {@code source}. A missing {@code id} becomes the line number. Reads published
 * benchmarks too, in any {@link Layout}, as JSON Lines, JSON or Parquet.
 *
 * <p>Seen in {@code notebooks/7-bring-your-own-model.ipynb}.
 */
public final class Problems {

    private static final Gson WRITER = new GsonBuilder().disableHtmlEscaping().create();

    private Problems() {}

    /**
     * What a file holds.
     *
     * @param layout how it was laid out
     * @param problems in order
     * @param dropped rows of a published layout that were left out, by reason; our own layout drops none
     */
    public record Loaded(Layout layout, List<Problem> problems, Map<String, Integer> dropped) {

        /** How many rows the file has. */
        public int rows() {
            return problems.size() + dropped.values().stream().mapToInt(count -> count).sum();
        }

        /** What was left out, in words: {@code 2 not in English, 1 with pictures}; empty if nothing. */
        public String leftOut() {
            return String.join(", ", dropped.entrySet().stream().map(e -> e.getValue() + " " + e.getKey()).toList());
        }
    }

    /**
     * The problems of a file.
     *
     * @throws BadInput as {@link #load}
     */
    public static List<Problem> read(Path file) {
        return load(file).problems();
    }

    /**
     * Reads a file of problems.
     *
     * @throws BadInput naming file, place and reason if the file is missing, empty, has a broken line or unknown columns,
     *     or two problems with one id
     */
    public static Loaded load(Path file) {
        List<Row> rows = Rows.read(file);
        Layout layout = Layout.of(rows.get(0), file);
        List<Problem> problems = new ArrayList<>();
        Map<String, Integer> dropped = new TreeMap<>();
        Map<String, String> places = new HashMap<>();
        for (Row row : rows) {
            Layout.Converted converted = layout.convert(row);
            if (converted.problem() == null) {
                dropped.merge(converted.dropped(), 1, Integer::sum);
                continue;
            }
            String id = converted.problem().id();
            String other = places.put(id, row.where());
            BadInput.unless(other == null, "%sid \"%s\" was used before, at %s", row.where(), id,
                    other == null ? "" : other.substring(0, other.length() - 2));
            problems.add(converted.problem());
        }
        Loaded loaded = new Loaded(layout, problems, dropped);
        BadInput.unless(!problems.isEmpty(), "%s: holds no problems, only rows %s", file, loaded.leftOut());
        return loaded;
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
            some.add(drop ? p.withoutSolution() : p);
        }
        return some;
    }
}
