package lppo;

import java.nio.file.Files;
import java.nio.file.Path;

/** Where the tests find the files of the project: the folder of {@code jbang-catalog.json}. */
public final class Checkout {
    public static final Path ROOT = find(Path.of("").toAbsolutePath());

    private Checkout() {}

    private static Path find(Path folder) {
        if (folder == null) throw new IllegalStateException("run the tests inside a checkout");
        return Files.exists(folder.resolve("jbang-catalog.json")) ? folder : find(folder.getParent());
    }
}
