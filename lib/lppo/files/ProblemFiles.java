package lppo.files;

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
 * Reads problems from files of any {@link Layout}, ours or that of a published benchmark, as JSON Lines, JSON or Parquet.
 *
 * <p>Seen in {@code notebooks/7-bring-your-own-model.ipynb}.
 */
public final class ProblemFiles {

    private ProblemFiles() {}

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
        BadInput.unless(!problems.isEmpty(), "%s: holds no problems, only rows %s", file, loaded.leftOut());
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
            BadInput.unless(!rows.isEmpty(), "%s: holds no problems", file);
            return rows;
        } catch (BadInput e) {
            throw e;
        } catch (LinkageError e) { // the reader's way to say that it has no such codec
            throw new BadInput(file + ": is compressed with gzip or brotli; write it anew with snappy or zstd", e);
        } catch (IOException | RuntimeException | OutOfMemoryError | StackOverflowError e) { // a broken length asks for any amount
            String reason = e instanceof IOException || e instanceof ParquetRuntimeException ? JsonRows.firstLine(e)
                    : "its content is damaged";
            throw new BadInput(file + ": cannot be read as Parquet (" + reason + "); download it again", e);
        }
    }
}
