package commands;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * Runs commands of this project in separate Java processes, with this one's class path and one thread each: the engine collects gradients
 * once per process. When interrupted, they save their progress.
 */
public final class Children implements AutoCloseable {

    private final Set<Process> running = ConcurrentHashMap.newKeySet();
    private final Path logs;
    private volatile boolean closed;

    /** @param out folder of {@code logs/NAME.log}, the output of each process */
    public Children(Path out) {
        logs = out.resolve("logs");
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            if (!running.isEmpty()) {
                System.err.println("\ninterrupted; finished work is kept in " + out + ", continue with --resume");
                close();
            }
        }));
    }

    /**
     * Runs a command and waits for it.
     *
     * @param command its name, then arguments
     * @throws IllegalStateException with the last line of its output, if it fails
     */
    public void run(String name, List<String> command) throws IOException, InterruptedException {
        Files.createDirectories(logs);
        Path log = logs.resolve(name + ".log");
        List<String> line = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx1g", "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1", // the engine does the work, so the optimising compiler takes more time than it saves
                "-Dai.djl.pytorch.num_threads=1", "-Dai.djl.pytorch.num_interop_threads=1", "-Djava.awt.headless=true",
                "-DOPT_OUT_TRACKING=true", "-D" + Interrupt.PARENT + "=" + ProcessHandle.current().pid(), "-cp",
                System.getProperty("java.class.path")));
        line.add("commands." + command.get(0));
        line.addAll(command.subList(1, command.size()));
        if (closed) {
            return;
        }
        ProcessBuilder builder = new ProcessBuilder(line).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.redirectInput(new File(Cli.isWindows() ? "NUL" : "/dev/null"));
        builder.environment().put("OMP_NUM_THREADS", "1");
        Process process = builder.start();
        running.add(process);
        int status = process.waitFor();
        running.remove(process);
        if (status != 0 && !closed) {
            String last = Files.readAllLines(log).stream().reduce((a, b) -> b).orElse("no message");
            throw new IllegalStateException("run " + name + " ended with status " + status + ": " + last);
        }
    }

    /** Ends the running processes with SIGTERM and waits for them to save. */
    @Override
    public void close() {
        closed = true;
        running.forEach(Process::destroy);
        running.forEach(process -> process.onExit().join());
    }

    /** Removes a temporary folder at the end of the process and reports a failure. */
    static void deleteAtEnd(Path folder) {
        try {
            delete(folder);
        } catch (IOException e) {
            System.err.println(folder + ": could not be removed (" + e.getMessage() + ")");
        }
    }

    /** Removes a folder and its contents, if it exists. */
    public static void delete(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }
}
