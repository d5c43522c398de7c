package lppo.run;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import common.BadInput;
import common.Checksums;
import common.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The checkpoints of a run folder: {@code checkpoint}, the latest; {@code checkpoint-STEP}, earlier ones; {@code best}, the one with the
 * best accuracy.
 * Each has checksums and is replaced atomically.
 *
 * @param path the run folder
 */
public record Checkpoints(Path path) {

    private static final Gson PRETTY = new GsonBuilder().setPrettyPrinting().create();
    // identical in identical runs, unlike timing.csv
    private static final List<String> TABLES = List.of("metrics.csv", "problems.csv", "evaluation.csv", "samples.jsonl");
    private static final String KEPT = "checkpoint-";

    /**
     * Writes the checkpoint of a step with {@code state}, into a new folder that replaces the old one once it is complete and flushed to
     * disk. It includes the checksums of its files, and the sizes and checksums of the tables in {@code tables.json}.
     *
     * @param keep number of previous checkpoints to keep, as {@code checkpoint-STEP}
     */
    public void write(int keep, RunListener.Checkpoint state) {
        Path fresh = path.resolve("checkpoint.new");
        Path current = path.resolve("checkpoint");
        Path old = path.resolve("checkpoint.old");
        try {
            delete(fresh);
            Files.createDirectory(fresh);
            state.write(fresh);
            JsonObject extents = new JsonObject();
            for (String name : TABLES) {
                Path table = path.resolve(name);
                if (Files.exists(table)) {
                    Checksums.flush(table);
                    extents.add(name, new Extent(Files.size(table), Checksums.sha256(table, Long.MAX_VALUE)).json());
                }
            }
            Files.writeString(fresh.resolve("tables.json"), PRETTY.toJson(extents) + "\n");
            Checksums.write(fresh);
            swap(fresh, current, old);
            if (keep > 0 && Files.exists(old)) {
                long step = Json.object(old.resolve("state.json")).get("step").getAsLong();
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
                    ? current
                            + ": the checkpoint cannot be written; the previous one is kept, so that you can resume the run. Is the"
                            + " disk full?"
                    : path + ": no longer exists, so the run cannot continue", e);
        }
    }

    /** Keeps the latest checkpoint as {@code best} too, by hard links if the file system supports them. */
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

    /**
     * Truncates all tables to their length at a checkpoint, so that a resumed run writes the later rows again. This also removes rows that
     * were half written when the run was killed.
     *
     * @param step of the checkpoint, after whose row {@code timing.csv} is truncated
     * @throws BadInput if a table has lost rows since the checkpoint or earlier ones were changed; nothing is truncated then
     */
    public void rewind(Path checkpoint, long step) throws IOException {
        JsonObject extents = Json.object(checkpoint.resolve("tables.json"));
        for (String name : TABLES) {
            Path table = path.resolve(name);
            Extent then = Extent.of(extents, name);
            String remedy = "restore it, or start a new run from the model " + checkpoint;
            BadInput.unless(then == null || Files.exists(table) && Files.size(table) >= then.bytes,
                    "%s: is shorter than when its checkpoint was written; %s", table, remedy);
            BadInput.unless(then == null || Checksums.sha256(table, then.bytes).equals(then.sha256),
                    "%s: was changed since its checkpoint was written; %s", table, remedy);
        }
        for (String name : TABLES) {
            Extent then = Extent.of(extents, name);
            if (then == null) {
                Files.deleteIfExists(path.resolve(name));
            } else {
                try (FileChannel file = FileChannel.open(path.resolve(name), StandardOpenOption.WRITE)) {
                    file.truncate(then.bytes);
                }
            }
        }
        Path timing = path.resolve("timing.csv");
        if (Files.exists(timing)) {
            Files.writeString(timing,
                    Files.readAllLines(timing).stream().limit(step + 1).map(line -> line + "\n").collect(Collectors.joining()));
        }
    }

    /** Size and checksum of a table at a checkpoint. */
    private record Extent(long bytes, String sha256) {

        static Extent of(JsonObject extents, String table) {
            JsonObject then = extents.getAsJsonObject(table);
            return then == null ? null : new Extent(then.get("bytes").getAsLong(), then.get("sha256").getAsString());
        }

        JsonObject json() {
            JsonObject json = new JsonObject();
            json.addProperty("bytes", bytes);
            json.addProperty("sha256", sha256);
            return json;
        }
    }

    /** Returns whether a folder has a checkpoint to resume from. */
    public static boolean resumable(Path run) {
        return Files.isDirectory(run.resolve("checkpoint")) || Files.isDirectory(run.resolve("checkpoint.old"));
    }

    /** Returns the latest complete checkpoint. */
    public Path latest() {
        Path current = path.resolve("checkpoint");
        Path latest = Files.isDirectory(current) ? current : path.resolve("checkpoint.old");
        BadInput.unless(Files.isDirectory(latest), "%s: has no checkpoint to resume from", path);
        return latest;
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
