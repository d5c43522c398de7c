package spark;

import static org.junit.jupiter.api.Assertions.assertEquals;

import commands.Children;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import lppo.Checkout;

/** Spark's own master and workers as processes on loopback, from the libraries on the class path. */
final class Standalone implements AutoCloseable {

    private static final String HOST = "127.0.0.1";

    private final Path folder;
    private final TemporarySparkHome home = TemporarySparkHome.of(distribution());
    private final Process master;
    private final List<Process> workers = new ArrayList<>();
    private final int port;

    /** A master, and so many workers of one core. */
    Standalone(Path folder, int workers) throws Exception {
        this.folder = folder;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getByName(HOST))) {
            port = free.getLocalPort();
        }
        master = start("master", "org.apache.spark.deploy.master.Master", "--host", HOST, "--port", Integer.toString(port),
                "--webui-port", "0");
        for (int i = 0; !answers(); i++) {
            if (i == 300) {
                throw new IllegalStateException("the master does not answer: " + Files.readString(folder.resolve("master.log")));
            }
            Thread.sleep(100);
        }
        for (int i = 0; i < workers; i++) {
            add();
        }
    }

    /** What a distribution of Spark has: the libraries of Spark alone, in its versions, and none of this project. */
    private static List<Path> distribution() throws Exception {
        Process jbang = new ProcessBuilder(Checkout.ROOT.resolve("jbang").toString(), "info", "classpath", "--deps-only",
                Checkout.ROOT.resolve("lib/spark/Spark.java").toString()).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        String said = new String(jbang.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        assertEquals(0, jbang.waitFor());
        return Stream.of(said.split(File.pathSeparator)).map(Path::of).toList();
    }

    /** Hands a jar to {@code spark-submit}; what it says is in {@code submit.log}. */
    Process submit(Path jar, List<String> arguments) throws IOException {
        List<String> line = new ArrayList<>(List.of("org.apache.spark.deploy.SparkSubmit", "--class", "commands.spark", "--master", url()));
        settings().forEach((key, value) -> line.addAll(List.of("--conf", key + "=" + value)));
        line.add(jar.toString());
        line.addAll(arguments);
        return start("submit", line.toArray(String[]::new));
    }

    /** Settings of an application. */
    static Map<String, String> settings() {
        return Map.of("spark.driver.host", HOST, "spark.driver.bindAddress", HOST, "spark.executor.memory", "512m");
    }

    String url() {
        return "spark://" + HOST + ":" + port;
    }

    /** Starts a worker; its executors come by themselves. */
    void add() throws IOException {
        String name = "worker" + workers.size();
        workers.add(start(name, "org.apache.spark.deploy.worker.Worker", "--host", HOST, "--port", "0", "--webui-port", "0",
                "--cores", "1", "--memory", "1g", "--work-dir", folder.resolve(name).toString(), url()));
    }

    /** Kills the worker of an executor, and the executor, as a machine dies. */
    boolean kill(String executor) {
        for (Process worker : workers) {
            Optional<ProcessHandle> mine = worker.descendants().filter(p -> executor(p).equals(executor)).findAny();
            if (mine.isPresent()) {
                worker.destroyForcibly();
                mine.get().destroyForcibly();
                return true;
            }
        }
        return false;
    }

    private static String executor(ProcessHandle process) {
        List<String> arguments = Arrays.asList(process.info().arguments().orElse(new String[0]));
        int at = arguments.indexOf("--executor-id");
        return at < 0 ? "" : arguments.get(at + 1);
    }

    private boolean answers() {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(HOST, port), 100);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private Process start(String name, String... command) throws IOException {
        List<String> line = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx512m",
                "-XX:+UseSerialGC"));
        line.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments().stream().filter(a -> a.startsWith("--add-opens")).toList());
        line.addAll(List.of("-Dai.djl.pytorch.num_threads=1", "-cp", home.path().resolve("jars") + "/*"));
        line.addAll(List.of(command));
        ProcessBuilder builder = new ProcessBuilder(line).redirectErrorStream(true).redirectOutput(folder.resolve(name + ".log").toFile());
        builder.environment().putAll(Map.of("SPARK_HOME", home.path().toString(), "SPARK_SCALA_VERSION", "2.13", "SPARK_LOCAL_IP", HOST));
        return builder.start();
    }

    @Override
    public void close() throws IOException {
        for (Process worker : workers) {
            worker.descendants().forEach(ProcessHandle::destroyForcibly);
            worker.destroyForcibly().onExit().join();
        }
        master.destroyForcibly().onExit().join();
        home.close();
        for (int i = 0; i < workers.size(); i++) {
            Children.delete(folder.resolve("worker" + i));
        }
    }
}
