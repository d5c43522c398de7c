package spark;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * A temporary folder that Spark takes for its distribution ({@code SPARK_HOME}): its {@code jars} are links to the libraries on the
 * class path, so that no distribution has to be downloaded.
 *
 * @param path the folder
 */
public record TemporarySparkHome(Path path) implements AutoCloseable {

    static final List<String> NEEDED = List.of("spark/Replica.class", "llm/Policy.class", "ai/djl/Device.class",
            "ai/djl/pytorch/engine/PtEngine.class", "native/lib/pytorch.properties", "native/lib/tokenizers.properties",
            "jnilib/pytorch.properties", "ai/djl/huggingface/tokenizers/HuggingFaceTokenizer.class", "com/google/gson/Gson.class",
            "com/sun/jna/Native.class");

    /** The jars that executors need besides Spark's own, found by classes and files that they contain. */
    public static List<String> needed() {
        return NEEDED.stream().flatMap(TemporarySparkHome::holding).distinct().toList();
    }

    private static Stream<String> holding(String name) {
        try {
            return Collections.list(TemporarySparkHome.class.getClassLoader().getResources(name)).stream()
                    .map(Object::toString).filter(url -> url.startsWith("jar:")).map(url -> url.substring(4, url.indexOf("!/")))
                    .map(url -> Path.of(URI.create(url)).toString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Makes the folder, with these libraries in their order. */
    public static TemporarySparkHome of(List<Path> libraries) {
        try {
            Path path = Files.createTempDirectory("spark-home");
            Path jars = Files.createDirectories(path.resolve("jars"));
            for (int i = 0; i < libraries.size(); i++) {
                link(jars.resolve("%03d-%s".formatted(i, libraries.get(i).getFileName())), libraries.get(i));
            }
            return new TemporarySparkHome(path);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot create the folder of Spark's libraries", e);
        }
    }

    private static void link(Path at, Path jar) throws IOException {
        try {
            Files.createSymbolicLink(at, jar);
        } catch (IOException | UnsupportedOperationException e) {
            Files.copy(jar, at); // Windows without the permission to create links
        }
    }

    /** Makes the folder for workers inside this process, which find it by the properties that Spark has for its own tests. */
    static TemporarySparkHome forLocalCluster() {
        TemporarySparkHome home = of(Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(entry -> Path.of(entry).toAbsolutePath()).filter(Files::isRegularFile)
                .filter(jar -> !jar.toString().contains("parquet-floor")).toList()); // it has stubs of Hadoop's classes
        System.setProperty("spark.testing", "true");
        System.setProperty("spark.test.home", home.path().toString());
        return home;
    }

    @Override
    public void close() {
        System.clearProperty("spark.testing");
        System.clearProperty("spark.test.home");
        try (Stream<Path> files = Files.walk(path)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException | UncheckedIOException e) {
            return; // a worker still holds it: it is a temporary folder
        }
    }
}
