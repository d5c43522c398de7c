package lppo.run;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.univocity.parsers.csv.CsvWriter;
import com.univocity.parsers.csv.CsvWriterSettings;
import common.BadInput;
import common.Json;
import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The folder of a run, with files that a spreadsheet can open: {@code config.json}, {@code metrics.csv},
 * {@code timing.csv}, {@code problems.csv}, {@code evaluation.csv}, {@code samples.jsonl}, {@code checkpoint/}. Only {@code timing.csv}
 * depends on the clock. Every row is on disk before the next step starts.
 *
 * @param path the folder
 */
public record RunFolder(Path path) {

    private static final Gson PRETTY = new GsonBuilder().setPrettyPrinting().disableHtmlEscaping()
            .serializeSpecialFloatingPointValues().create();
    private static final Gson LINE = new GsonBuilder().disableHtmlEscaping().create();
    private static final Set<String> FREE = Set.of("steps", "tokens", "chosen", "machine", "device", "rolloutRows", "tokenBudget",
            "recompute",
            "keep", "keepBest");
    /** What runs of an older version did, which did not write it. */
    private static final Map<String, String> BEFORE = Map.of("asking judging", "lenient", "cut", "steps", "rollout_precision", "FP32");
    private static final Set<String> PATHS = Set.of("model", "data", "adapter", "evaluateOn");

    /**
     * Opens a new folder for writing.
     *
     * @throws BadInput if it exists and is not empty, or cannot be created
     */
    public static RunFolder create(Path path) {
        try {
            if (Files.exists(path)) {
                BadInput.unless(Files.isDirectory(path), "%s: is a file; give the output folder another name", path);
                try (Stream<Path> inside = Files.list(path)) {
                    BadInput.unless(inside.findAny().isEmpty(),
                            "%s: exists and is not empty; choose another output folder, or resume the run if it has a checkpoint", path);
                }
            }
            Files.createDirectories(path);
            BadInput.unless(Files.isWritable(path), "%s: cannot be written to; choose another output folder", path);
            return new RunFolder(path);
        } catch (IOException e) {
            throw new BadInput(path + ": cannot be created (" + e.getMessage() + "); choose another output folder", e);
        }
    }

    /**
     * Checks that a new file can be written.
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
     * Checks that a run is resumed with the settings in its {@code config.json}. Steps, tokens, machine and settings that affect only
     * memory may differ; of paths, only the file name is compared.
     *
     * @throws BadInput listing what differs
     */
    public void sameAs(Map<String, Object> now) {
        try {
            JsonObject before = Json.object(path.resolve("config.json"));
            List<String> differing = new ArrayList<>();
            differences("", before, PRETTY.toJsonTree(now).getAsJsonObject(), differing);
            BadInput.unless(differing.isEmpty(), "%s: was started with %s; resume it with the same, or choose another output folder", path,
                    String.join(", ", differing));
        } catch (BadInput e) {
            throw e;
        } catch (IllegalStateException e) {
            throw new BadInput(path.resolve("config.json") + ": cannot be read, so this run cannot be resumed", e);
        }
    }

    private static void differences(String where, JsonObject before, JsonObject now, List<String> differing) {
        now.entrySet().forEach(entry -> {
            String name = entry.getKey();
            JsonElement value = entry.getValue();
            JsonElement old = before.get(name);
            if (FREE.contains(name)) {
                return;
            }
            if (old == null || name.equals("importanceCap") && old.getAsString().equals("null")) { // an older version did not write it
                String then = BEFORE.get(where + name);
                if (then != null && !value.getAsString().equals(then)) {
                    differing.add(where + name + " " + then + " and not " + value.getAsString());
                }
                return;
            }
            if (where.startsWith("checksums") && !old.toString().equals(value.toString())) {
                differing.add("different contents of the " + name);
            } else if (value.isJsonObject() && old.isJsonObject()) {
                differences(name + " ", old.getAsJsonObject(), value.getAsJsonObject(), differing);
            } else if (!(PATHS.contains(name) ? name(old).equals(name(value)) : old.toString().equals(value.toString()))) {
                differing.add(where + name + " " + old + " and not " + value);
            }
        });
    }

    private static String name(JsonElement path) {
        return String.valueOf(Path.of(path.getAsString()).getFileName());
    }

    /** Appends a row to a table; the header is that of the first row, and columns that an older version did not write are omitted. */
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
     * Locks this folder against other processes until the lock is closed or this process ends.
     *
     * @throws BadInput if another process still holds the lock after some seconds
     */
    public Closeable lock() {
        Path file = path.resolve(".lock");
        try {
            FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            FileLock lock = channel.tryLock();
            for (int i = 0; lock == null && i < 100; i++) { // a process that was asked to end may still be saving
                Thread.sleep(200);
                lock = channel.tryLock();
            }
            if (lock == null) {
                channel.close();
                throw new BadInput(path + ": another process is using it; wait for it to end, or end it");
            }
            return () -> {
                channel.close();
                Files.deleteIfExists(file);
            };
        } catch (IOException e) {
            throw new BadInput(path + ": cannot be written to (" + e.getMessage() + ")", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new BadInput(path + ": interrupted while another process was using it");
        }
    }

    /** Returns the checkpoints in this folder. */
    public Checkpoints checkpoints() {
        return new Checkpoints(path);
    }

    /** Returns a mutable row: names and values in order. */
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
                    + ": cannot be written. Is the disk full? The last checkpoint is kept, so that you can resume the run"
                    : file.getParent() + ": no longer exists, so the run cannot continue", e);
        }
    }
}
