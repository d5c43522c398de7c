package commands;

//FILES spark/Spark.java=../spark/Spark.java
//FILES spark/Cluster.java=../spark/Cluster.java
//FILES spark/FlatTensors.java=../spark/FlatTensors.java
//FILES spark/Replica.java=../spark/Replica.java
//FILES spark/SerializedObjective.java=../spark/SerializedObjective.java
//FILES spark/SparkErrors.java=../spark/SparkErrors.java
//FILES spark/SparkRollout.java=../spark/SparkRollout.java
//FILES spark/SparkUpdate.java=../spark/SparkUpdate.java
//FILES spark/TemporarySparkHome.java=../spark/TemporarySparkHome.java
//FILES spark/WeightBroadcast.java=../spark/WeightBroadcast.java

import common.BadInput;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.InvocationTargetException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import llm.Policy;
import lppo.run.Backend;
import lppo.run.WorkerSetup;

/**
 * Implements {@code --master}. A command that has Spark on its class path uses it; any other restarts itself with JBang, with
 * {@code lib/spark} and its libraries added. So nothing of Spark is downloaded, compiled or loaded unless it is requested.
 */
public final class WithSpark {

    private static final String CLUSTER = "spark.Cluster";

    private WithSpark() {}

    /** Returns whether Spark is on the class path. */
    public static boolean here() {
        try {
            Class.forName(CLUSTER, false, WithSpark.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException e) {
            return false;
        }
    }

    /** Returns a Spark cluster, see {@code spark.Cluster}, or this process if {@code master} is null. */
    public static Backend backend(String master, Map<String, String> settings, WorkerSetup workers, Policy policy) {
        if (master == null) {
            return Backend.local(policy, workers.rows());
        }
        try {
            return (Backend) Class.forName(CLUSTER).getMethod("closedBeforeExit", String.class, Map.class, WorkerSetup.class, Policy.class)
                    .invoke(null, master, settings, workers, policy);
        } catch (InvocationTargetException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * Restarts a command in a process that has Spark.
     *
     * @param command the command's class
     * @return its exit status
     */
    public static int again(Class<?> command, List<String> arguments) throws IOException, InterruptedException {
        Path folder;
        try { // beside the command's jar
            folder = new File(command.getProtectionDomain().getCodeSource().getLocation().toURI()).toPath().resolveSibling("with-spark");
            Files.createDirectories(folder);
        } catch (URISyntaxException | IOException e) {
            folder = Files.createTempDirectory("with-spark");
        }
        String threads = "ai.djl.pytorch.num_threads";
        List<String> options = new ArrayList<>(List.of("-D" + Interrupt.PARENT + "=" + ProcessHandle.current().pid()));
        if (System.getProperty(threads) != null) {
            options.add("-D" + threads + "=" + System.getProperty(threads));
        }
        List<String> line = new ArrayList<>(line(command, folder, System.getProperty("java.class.path"), command.getName(), options));
        line.addAll(arguments);
        try {
            Process process = new ProcessBuilder(line).inheritIO().start();
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                process.destroy();
                process.onExit().join(); // it saves its progress
            }));
            return process.waitFor();
        } catch (IOException e) {
            throw new BadInput("--master: cannot start " + line.get(0) + " (" + e.getMessage() + "); install JBang, or use the portable jar"
                    + " of lib/spark/README.md", e);
        }
    }

    /**
     * Returns the command line with which JBang starts a class in a process that has Spark.
     *
     * @param command a class whose jar contains the sources of {@code lib/spark}
     * @param folder to unpack these into
     * @param classPath of everything else
     * @param main class to start
     * @param options of Java
     */
    public static List<String> line(Class<?> command, Path folder, String classPath, String main, List<String> options) throws IOException {
        List<String> line = new ArrayList<>(List.of(jbang(), "run", "--class-path", classPath, "--main", main));
        options.forEach(option -> line.add("--runtime-option=" + option));
        line.add(unpacked(command, folder).toString());
        return line;
    }

    /** Returns the JBang that started this process, else the installed one. */
    private static String jbang() {
        String launched = System.getenv("JBANG_LAUNCH_CMD");
        return launched != null && Files.isRegularFile(Path.of(launched)) ? Path.of(launched).toAbsolutePath().toString()
                : Cli.isWindows() ? "jbang.cmd" : "jbang";
    }

    /** Unpacks the sources of {@code lib/spark} and returns the header. */
    private static Path unpacked(Class<?> command, Path folder) throws IOException {
        Path header = folder.resolve("Spark.java");
        unpack(command, header);
        for (String line : Files.readAllLines(header)) {
            if (line.startsWith("//SOURCES ")) {
                unpack(command, folder.resolve(line.substring(10).strip()));
            }
        }
        return header;
    }

    private static void unpack(Class<?> command, Path file) throws IOException {
        try (InputStream in = command.getResourceAsStream("/spark/" + file.getFileName())) {
            BadInput.unless(in != null, "--master: this jar lacks the sources of lib/spark; use the portable jar of lib/spark/README.md");
            byte[] source = in.readAllBytes();
            if (!Files.exists(file) || !Arrays.equals(source, Files.readAllBytes(file))) { // another process may be compiling it
                Path whole = Files.createTempFile(file.getParent(), "source", null);
                Files.write(whole, source);
                Files.move(whole, file, StandardCopyOption.REPLACE_EXISTING);
            }
        }
    }
}
