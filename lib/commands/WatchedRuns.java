package commands;

import common.BadInput;
import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The run folders at and below some folders, in the order in which they were found, so that a run keeps its number. Runs that start
 * later are found too. Folders are only read, so they may be on a file system shared with another machine.
 */
final class WatchedRuns {

    private static final int DEPTH = 3;

    private final List<Path> roots;
    private final List<Path> runs = new ArrayList<>();

    /**
     * Runs to watch.
     *
     * @param roots run folders, or folders with run folders up to three levels below
     * @throws BadInput if one is no folder
     */
    WatchedRuns(List<Path> roots) {
        for (Path root : roots) {
            BadInput.unless(Files.isDirectory(root), "%s: no such folder; give a run folder, or a folder with run folders in it", root);
        }
        this.roots = roots.stream().map(root -> root.toAbsolutePath().normalize()).distinct().toList();
    }

    /** All found so far, after another look. */
    synchronized List<Path> find() {
        for (Path root : roots) {
            try (Stream<Path> folders = Files.walk(root, isRun(root) ? 0 : DEPTH, FileVisitOption.FOLLOW_LINKS)) {
                folders.filter(folder -> isRun(folder) && !runs.contains(folder)).sorted().forEach(runs::add);
            } catch (IOException | java.io.UncheckedIOException e) {
                continue; // it is gone or out of reach for now: what was found stays
            }
        }
        return List.copyOf(runs);
    }

    /** All found so far. */
    synchronized List<Path> found() {
        return List.copyOf(runs);
    }

    /** The shortest ends of paths that tell the runs apart. */
    static List<String> names(List<Path> runs) {
        return runs.stream().map(run -> {
            int parts = 1;
            while (parts < run.getNameCount() && ambiguous(runs, run, parts)) {
                parts++;
            }
            return end(run, parts).toString().replace('\\', '/');
        }).toList();
    }

    private static boolean ambiguous(List<Path> runs, Path run, int parts) {
        return runs.stream().anyMatch(other -> !other.equals(run) && end(other, parts).equals(end(run, parts)));
    }

    private static Path end(Path path, int parts) {
        int names = path.getNameCount();
        return names == 0 ? path : path.subpath(Math.max(0, names - parts), names);
    }

    private static boolean isRun(Path folder) {
        return Files.isRegularFile(folder.resolve("metrics.csv"))
                || Files.isRegularFile(folder.resolve("config.json"))
                        && !Files.exists(folder.resolve("tokenizer.json")); // a model has both
    }
}
