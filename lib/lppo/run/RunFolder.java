package lppo.run;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.reflect.TypeToken;
import com.univocity.parsers.csv.CsvWriter;
import com.univocity.parsers.csv.CsvWriterSettings;
import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import lppo.data.BadInput;
import lppo.data.Checksums;

/**
 * The folder of a run: plain files that a spreadsheet opens. {@code config.json}, {@code metrics.csv},
 * {@code timing.csv}, {@code problems.csv}, {@code evaluation.csv}, {@code samples.jsonl}, {@code checkpoint/}. Nothing
 * but {@code timing.csv} depends on the clock. Every row is on disk before the next step begins.
 *
 * @param path the folder
 */
public record RunFolder(Path path) {

    private static final Gson PRETTY = new GsonBuilder().setPrettyPrinting().disableHtmlEscaping()
            .serializeSpecialFloatingPointValues().create();
    private static final Gson LINE = new GsonBuilder().disableHtmlEscaping().create();
    private static final Set<String> FREE = Set.of("steps", "tokens", "machine", "device", "rolloutRows", "tokenBudget", "recompute",
            "keep", "keepBest");
    private static final Set<String> PATHS = Set.of("model", "data", "evaluateOn");
    private static final List<String> TABLES =
            List.of("metrics.csv", "problems.csv", "evaluation.csv", "samples.jsonl"); // equal in equal runs, unlike timing.csv
    private static final String KEPT = "checkpoint-";

    /**
     * A folder to write to.
     *
     * @throws BadInput if it exists and is not empty, or cannot be made
     */
    public static RunFolder create(Path path) {
        try {
            if (Files.exists(path)) {
                BadInput.unless(Files.isDirectory(path), "%s: is a file; give --out a folder", path);
                try (Stream<Path> inside = Files.list(path)) {
                    BadInput.unless(inside.findAny().isEmpty(),
                            "%s: exists and is not empty; choose another --out, or go on with --resume if the run has a checkpoint", path);
                }
            }
            Files.createDirectories(path);
            BadInput.unless(Files.isWritable(path), "%s: cannot be written to; choose another --out", path);
            return new RunFolder(path);
        } catch (IOException e) {
            throw new BadInput(path + ": cannot be made (" + e.getMessage() + "); choose another --out", e);
        }
    }

    /**
     * Checks that a file can be written anew.
     *
     * @throws BadInput if it exists, or its folder does not or cannot be written to
     */
    public static void unused(Path file) {
        BadInput.unless(Files.notExists(file), "%s: exists; name another file, or remove it", file);
        Path folder = file.toAbsolutePath().getParent();
        BadInput.unless(folder != null && Files.isWritable(folder), "%s: its folder is missing or cannot be written to", file);
    }

    /** Writes an object as {@code name}, pretty JSON. */
    public void json(String name, Object value) {
        try {
            Files.writeString(path.resolve(name), PRETTY.toJson(value) + "\n");
        } catch (IOException e) {
            throw new UncheckedIOException(path.resolve(name) + ": cannot be written", e);
        }
    }

    /**
     * Checks that a run goes on as it began: what {@code config.json} says of it, against what it would say now. Steps, tokens, machine and
     * what decides only about memory may differ, and of paths all but the name.
     *
     * @throws BadInput listing what differs
     */
    public void sameAs(Map<String, Object> now) {
        try {
            JsonObject before = JsonParser.parseString(Files.readString(path.resolve("config.json"))).getAsJsonObject();
            List<String> differing = new ArrayList<>();
            differences("", before, PRETTY.toJsonTree(now).getAsJsonObject(), differing);
            BadInput.unless(differing.isEmpty(), "%s: was begun with %s; resume it with the same, or begin anew with another --out", path,
                    String.join(", ", differing));
        } catch (IOException | JsonParseException | IllegalStateException e) {
            throw new BadInput(path.resolve("config.json") + ": cannot be read, so this run cannot be resumed", e);
        }
    }

    private static void differences(String where, JsonObject before, JsonObject now, List<String> differing) {
        now.asMap().forEach((name, value) -> {
            JsonElement old = before.get(name);
            if (old == null || FREE.contains(name)) { // an older version did not know it
                return;
            }
            if (value.isJsonObject() && old.isJsonObject()) {
                differences(name + " ", old.getAsJsonObject(), value.getAsJsonObject(), differing);
            } else if (!(PATHS.contains(name) ? name(old).equals(name(value)) : old.toString().equals(value.toString()))) {
                differing.add(where + name + " " + old + " and not " + value);
            }
        });
    }

    private static String name(JsonElement path) {
        return String.valueOf(Path.of(path.getAsString()).getFileName());
    }

    /** Appends a row to a table, whose header is that of its first row; columns that an older version did not write stay out. */
    public void row(String name, Map<String, Object> row) {
        Path file = path.resolve(name);
        StringWriter text = new StringWriter();
        CsvWriterSettings settings = new CsvWriterSettings();
        settings.getFormat().setLineSeparator("\n");
        CsvWriter writer = new CsvWriter(text, settings);
        if (Files.exists(file)) {
            writer.writeRow(header(file).map(row::get).toArray());
        } else {
            writer.writeHeaders(row.keySet());
            writer.writeRow(row.values().toArray());
        }
        writer.close();
        append(file, text.toString());
    }

    private static Stream<String> header(Path table) {
        try (BufferedReader reader = Files.newBufferedReader(table)) {
            return Stream.of(String.valueOf(reader.readLine()).split(","));
        } catch (IOException e) {
            throw new UncheckedIOException(table + ": cannot be read", e);
        }
    }

    /** Appends an object as a line of JSON. */
    public void line(String name, Object value) {
        append(path.resolve(name), LINE.toJson(value) + "\n");
    }

    /**
     * Cuts all tables back to where they were at a checkpoint, so that a resumed run writes the later rows again. Rows that
     * were half written when the run was killed go with them.
     *
     * @param step of the checkpoint, after whose row {@code timing.csv} is cut
     * @throws BadInput if a table has lost rows since the checkpoint, or earlier ones were changed; nothing is cut then
     */
    public void rewind(Path checkpoint, long step) throws IOException {
        Map<String, Extent> extents = new Gson().fromJson(Files.readString(checkpoint.resolve("tables.json")), new TypeToken<>() {});
        for (String name : TABLES) {
            Path table = path.resolve(name);
            Extent then = extents.get(name);
            String remedy = "put it back, or begin a new run with --model " + checkpoint;
            BadInput.unless(then == null || Files.exists(table) && Files.size(table) >= then.bytes,
                    "%s: is shorter than when its checkpoint was written; %s", table, remedy);
            BadInput.unless(then == null || Checksums.sha256(table, then.bytes).equals(then.sha256),
                    "%s: was changed since its checkpoint was written; %s", table, remedy);
        }
        for (String name : TABLES) {
            if (extents.get(name) == null) {
                Files.deleteIfExists(path.resolve(name));
            } else {
                try (FileChannel file = FileChannel.open(path.resolve(name), StandardOpenOption.WRITE)) {
                    file.truncate(extents.get(name).bytes);
                }
            }
        }
        Path timing = path.resolve("timing.csv");
        if (Files.exists(timing)) {
            Files.writeString(timing, Files.readAllLines(timing).stream().limit(step + 1).map(line -> line + "\n").collect(Collectors.joining()));
        }
    }

    /** How much of a table was there, and what. */
    private record Extent(long bytes, String sha256) {}

    /**
     * A step's checkpoint, written by {@code writer} into a new folder that takes the place of the old one once it is whole and on
     * the disk. It has the checksums of its files, and the sizes of the tables and their checksums as {@code tables.json}.
     *
     * @param keep how many of those before it stay, as {@code checkpoint-STEP}
     */
    public void checkpoint(int keep, FolderWriter writer) {
        Path fresh = path.resolve("checkpoint.new");
        Path current = path.resolve("checkpoint");
        Path old = path.resolve("checkpoint.old");
        try {
            delete(fresh);
            Files.createDirectory(fresh);
            writer.write(fresh);
            Map<String, Extent> extents = new LinkedHashMap<>();
            for (String name : TABLES) {
                Path table = path.resolve(name);
                if (Files.exists(table)) {
                    Checksums.flush(table);
                    extents.put(name, new Extent(Files.size(table), Checksums.sha256(table, Long.MAX_VALUE)));
                }
            }
            Files.writeString(fresh.resolve("tables.json"), PRETTY.toJson(extents) + "\n");
            Checksums.write(fresh);
            swap(fresh, current, old);
            if (keep > 0 && Files.exists(old)) {
                long step = JsonParser.parseString(Files.readString(old.resolve("state.json"))).getAsJsonObject().get("step").getAsLong();
                delete(path.resolve(KEPT + step));
                Files.move(old, path.resolve(KEPT + step), StandardCopyOption.ATOMIC_MOVE);
                List<Path> kept = kept();
                for (Path older : kept.subList(0, Math.max(0, kept.size() - keep))) {
                    delete(older);
                }
            }
            delete(old);
        } catch (IOException e) {
            throw new UncheckedIOException(Files.isDirectory(path)
                    ? current + ": the checkpoint cannot be written; the previous one is kept, go on with --resume. Is the disk full?"
                    : path + ": is gone, and the run with it", e);
        }
    }

    /** Keeps the latest checkpoint as {@code best} too. Its files are the same ones, where the file system can do that. */
    public void best() {
        Path fresh = path.resolve("best.new");
        try {
            delete(fresh);
            Files.createDirectory(fresh);
            try (Stream<Path> files = Files.list(path.resolve("checkpoint"))) {
                for (Path file : files.toList()) {
                    Path copy = fresh.resolve(file.getFileName());
                    try {
                        Files.createLink(copy, file);
                    } catch (UnsupportedOperationException | IOException e) {
                        Files.copy(file, copy);
                    }
                }
            }
            swap(fresh, path.resolve("best"), path.resolve("best.old"));
            delete(path.resolve("best.old"));
        } catch (IOException e) {
            throw new UncheckedIOException(path.resolve("best") + ": cannot be written. Is the disk full?", e);
        }
    }

    private static void swap(Path fresh, Path current, Path old) throws IOException {
        delete(old);
        if (Files.exists(current)) {
            Files.move(current, old, StandardCopyOption.ATOMIC_MOVE);
        }
        Files.move(fresh, current, StandardCopyOption.ATOMIC_MOVE);
    }

    private List<Path> kept() throws IOException {
        try (Stream<Path> all = Files.list(path)) {
            return all.filter(f -> f.getFileName().toString().matches(KEPT + "\\d+"))
                    .sorted(Comparator.comparingLong(f -> Long.parseLong(f.getFileName().toString().substring(KEPT.length())))).toList();
        }
    }

    /**
     * Keeps other processes out of this folder until it is closed, or this process ends in whatever way.
     *
     * @throws BadInput if another one is still at work here after some seconds
     */
    public Closeable lock() {
        Path file = path.resolve(".lock");
        try {
            FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            FileLock lock = channel.tryLock();
            for (int i = 0; lock == null && i < 100; i++) { // one that was asked to end may be saving
                Thread.sleep(200);
                lock = channel.tryLock();
            }
            if (lock == null) {
                channel.close();
                throw new BadInput(path + ": another process is at work in it; wait for it to end, or end it");
            }
            return () -> {
                channel.close();
                Files.deleteIfExists(file);
            };
        } catch (IOException e) {
            throw new BadInput(path + ": cannot be written to (" + e.getMessage() + ")", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new BadInput(path + ": interrupted while another process was at work in it");
        }
    }

    /** Whether a folder has a checkpoint to go on from. */
    public static boolean resumable(Path run) {
        return Files.isDirectory(run.resolve("checkpoint")) || Files.isDirectory(run.resolve("checkpoint.old"));
    }

    /** The latest whole checkpoint. */
    public Path latestCheckpoint() {
        Path current = path.resolve("checkpoint");
        Path latest = Files.isDirectory(current) ? current : path.resolve("checkpoint.old");
        BadInput.unless(Files.isDirectory(latest), "%s: has no checkpoint to resume from", path);
        return latest;
    }

    /** Writes files into a folder. */
    @FunctionalInterface
    public interface FolderWriter {
        void write(Path folder) throws IOException;
    }

    /** A row in the making: names and values in order. */
    public static Map<String, Object> columns(Object... namesAndValues) {
        Map<String, Object> row = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            row.put((String) namesAndValues[i], namesAndValues[i + 1]);
        }
        return row;
    }

    private static void append(Path file, String text) {
        try {
            Files.writeString(file, text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(Files.isDirectory(file.getParent()) ? file
                    + ": cannot be written. Is the disk full? What is in the last checkpoint is kept, go on with --resume"
                    : file.getParent() + ": is gone, and the run with it", e);
        }
    }

    private static void delete(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            } catch (DirectoryNotEmptyException e) {
                throw new IOException(folder + " cannot be removed", e);
            }
        }
    }
}
