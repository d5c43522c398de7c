package lppo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Locates the files of the project: the folder of {@code jbang-catalog.json}. */
public final class Checkout {
    public static final Path ROOT = find(Path.of("").toAbsolutePath());

    private Checkout() {}

    /** The files of a folder. */
    public static List<Path> list(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList();
        }
    }

    private static Path find(Path folder) {
        if (folder == null) throw new IllegalStateException("run the tests inside a checkout");
        return Files.exists(folder.resolve("jbang-catalog.json")) ? folder : find(folder.getParent());
    }
}
