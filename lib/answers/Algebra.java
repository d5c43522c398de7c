package answers;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Writer;
import java.net.URI;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Decides with Symja, a computer-algebra system, whether two expressions are equal. It runs in a separate Java process with a small heap,
 * which is started on first use, killed when it does not answer in time, and restarted for the next question. It ends with this process.
 * Calls from several threads are serialised. Without Symja on the class path every question is undecided.
 */
final class Algebra implements AutoCloseable {

    enum Decision { EQUAL, DIFFERENT, UNDECIDED }

    /** The result; {@code failed} if the process was killed, died or could not be started. */
    record Reply(Decision decision, String reason, boolean failed) {}

    private static final Duration START = Duration.ofSeconds(60);
    private static final String WORKER = "answers.AlgebraWorker";
    private static final String END = "\0end";
    private static final String SYMJA = "org/matheclipse/core/eval/ExprEvaluator.class";

    private final Duration deadline;
    private Process process;
    private Writer questions;
    private LinkedBlockingQueue<String> answers;

    /** @param deadline for one question; the start of the process does not count */
    Algebra(Duration deadline) {
        this.deadline = deadline;
    }

    /** Whether {@code a - b} is zero, in Answers's notation with variables {@code x0, x1, ...}. */
    synchronized Reply compare(String a, String b, int variables) {
        try {
            String problem = start();
            if (problem != null) {
                stop();
                return new Reply(Decision.UNDECIDED, problem, true);
            }
            questions.write(variables + "\t" + a + "\t" + b + "\n");
            questions.flush();
            String answer = answers.poll(deadline.toMillis(), TimeUnit.MILLISECONDS);
            if (answer == null) {
                stop();
                return new Reply(Decision.UNDECIDED, "no decision within " + deadline.toMillis() + " ms", true);
            } else if (answer.equals(END)) {
                stop();
                return new Reply(Decision.UNDECIDED, "the algebra process died", true);
            }
            String[] parts = answer.split("\t", 2);
            return new Reply(Decision.valueOf(parts[0]), parts[1], parts[1].startsWith("error"));
        } catch (IOException e) {
            stop();
            return new Reply(Decision.UNDECIDED, "the algebra process died (" + e.getMessage() + ")", true);
        } catch (InterruptedException e) {
            stop();
            Thread.currentThread().interrupt();
            return new Reply(Decision.UNDECIDED, "interrupted", true);
        }
    }

    /** Null if the process is ready, else why it is not. */
    private String start() throws IOException, InterruptedException {
        if (process != null && process.isAlive()) {
            return null;
        }
        stop();
        if (Algebra.class.getClassLoader().getResource(SYMJA) == null) {
            return "needs computer algebra; add org.matheclipse:matheclipse-core to the class path";
        }
        ProcessBuilder builder = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx256m",
                "-Xss4m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:+ExitOnOutOfMemoryError", "-Djava.awt.headless=true",
                "-cp", classPath(), WORKER);
        builder.redirectError(ProcessBuilder.Redirect.DISCARD);
        builder.environment().remove("JAVA_TOOL_OPTIONS");
        process = builder.start();
        questions = process.outputWriter(StandardCharsets.UTF_8);
        LinkedBlockingQueue<String> lines = new LinkedBlockingQueue<>();
        answers = lines;
        BufferedReader reader = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        Thread pump = new Thread(() -> {
            try (reader) {
                for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                    lines.add(line);
                }
            } catch (IOException e) {
                // the process was killed
            }
            lines.add(END);
        }, "algebra answers");
        pump.setDaemon(true);
        pump.start();
        String greeting = answers.poll(START.toSeconds(), TimeUnit.SECONDS);
        return "ready".equals(greeting) ? null : "computer algebra does not start in a process of its own";
    }

    /** The class path of this process and, in a program that loads its libraries itself as Maven's exec:java does, of this class. */
    private static String classPath() {
        String system = System.getProperty("java.class.path");
        return !(Algebra.class.getClassLoader() instanceof URLClassLoader loader) ? system
                : Stream.concat(Stream.of(system), Arrays.stream(loader.getURLs()).filter(url -> url.getProtocol().equals("file"))
                        .map(url -> Path.of(URI.create(url.toString())).toString())).collect(Collectors.joining(File.pathSeparator));
    }

    /** The process that answers, if one runs; for tests. */
    synchronized List<ProcessHandle> processes() {
        return process == null || !process.isAlive() ? List.of() : List.of(process.toHandle());
    }

    private void stop() {
        if (process != null) {
            process.destroyForcibly();
            process = null;
        }
    }

    /** Ends the process, if one runs; a later question starts one again. */
    @Override
    public synchronized void close() {
        stop();
    }
}
