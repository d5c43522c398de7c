package benchmarks;

import common.BadInput;
import common.JsonRow;
import common.JsonRows;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import lppo.data.Problem;
import lppo.data.Problems;
import org.apache.parquet.ParquetRuntimeException;

/**
 * Reads problems from JSON Lines, JSON or Parquet files in any {@link Layout}: that of this project or of a published benchmark.
 *
 * <p>Seen in {@code notebooks/7-bring-your-own-model.ipynb}.
 */
public final class ProblemFiles {

    private ProblemFiles() {}

    /**
     * The contents of a file.
     *
     * @param layout its layout
     * @param problems in order
     * @param dropped number of skipped rows by reason; always empty for the layout of this project
     */
    public record Loaded(Layout layout, List<Problem> problems, Map<String, Integer> dropped) {

        /** Returns the number of rows in the file. */
        public int rows() {
            return problems.size() + dropped.values().stream().mapToInt(count -> count).sum();
        }

        /** Describes the skipped rows: {@code 2 not in English, 1 with pictures}; empty if there are none. */
        public String leftOut() {
            return String.join(", ", dropped.entrySet().stream().map(e -> e.getValue() + " " + e.getKey()).toList());
        }
    }

    /**
     * Returns the problems of a file.
     *
     * @throws BadInput as {@link #load}
     */
    public static List<Problem> read(Path file) {
        return load(file).problems();
    }

    /**
     * Reads a file of problems.
     *
     * @throws BadInput naming file, place and reason if the file is missing or empty, has a malformed line or unknown columns, or two
     *     problems with the same id
     */
    public static Loaded load(Path file) {
        List<JsonRow> rows = isParquet(file) ? parquet(file) : JsonRows.read(file);
        Layout layout = Layout.of(rows.get(0), file);
        Map<String, Integer> dropped = new TreeMap<>();
        List<Problem> problems = Problems.unique(rows, row -> {
            Layout.Converted converted = layout.convert(row);
            if (converted.problem() == null) {
                dropped.merge(converted.dropped(), 1, Integer::sum);
            }
            return converted.problem();
        });
        Loaded loaded = new Loaded(layout, problems, dropped);
        BadInput.unless(!problems.isEmpty(), "%s: contains no usable problems; skipped: %s", file, loaded.leftOut());
        return loaded;
    }

    private static boolean isParquet(Path file) {
        BadInput.unless(Files.isRegularFile(file), "%s: no such problem file", file);
        try (InputStream in = Files.newInputStream(file)) {
            return new String(in.readNBytes(4), StandardCharsets.ISO_8859_1).equals("PAR1");
        } catch (IOException e) {
            throw new BadInput(file + ": cannot be read (" + e.getMessage() + ")", e);
        }
    }

    private static List<JsonRow> parquet(Path file) {
        try {
            List<JsonRow> rows = JsonRows.numbered(file, ParquetRows.read(file));
            BadInput.unless(!rows.isEmpty(), "%s: contains no problems", file);
            return rows;
        } catch (BadInput e) {
            throw e;
        } catch (LinkageError e) { // thrown by the reader if it lacks the codec
            throw new BadInput(file + ": is compressed with gzip or brotli; rewrite it with snappy or zstd", e);
        } catch (IOException | RuntimeException | OutOfMemoryError | StackOverflowError e) { // a corrupt length may request any amount
            String reason = e instanceof IOException || e instanceof ParquetRuntimeException ? JsonRows.firstLine(e)
                    : "its contents are damaged";
            throw new BadInput(file + ": cannot be read as Parquet (" + reason + "); download it again", e);
        }
    }
}
