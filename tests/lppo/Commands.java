package lppo;

import static org.junit.jupiter.api.Assertions.assertEquals;

import commands.Cli;
import common.BadInput;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import picocli.CommandLine;

/** Runs commands in this process, as starting one with {@code ./jbang} takes seconds. */
public final class Commands {

    private final Path classes;

    /** @param classes a folder that comes before the class path of a {@link #process} */
    public Commands(Path classes) {
        this.classes = classes;
    }

    /** A command in a process of its own, with one thread; both streams go to {@code log}. */
    public ProcessBuilder process(Path log, String... arguments) {
        List<String> line = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx256m",
                "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dai.djl.pytorch.num_threads=1", "-DOPT_OUT_TRACKING=true",
                "-Dslf4j.provider=org.slf4j.nop.NOPServiceProvider", "-Dslf4j.internal.verbosity=ERROR", "-cp", // Spark brings another
                classes + File.pathSeparator + System.getProperty("java.class.path")));
        line.add("commands." + arguments[0]);
        line.addAll(List.of(arguments).subList(1, arguments.length));
        ProcessBuilder builder = new ProcessBuilder(line).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().put("OMP_NUM_THREADS", "1");
        return builder;
    }

    private static int execute(CommandLine command, String... arguments) {
        try {
            return command.execute(Cli.arguments(command, arguments));
        } catch (BadInput e) {
            System.out.println(e.getMessage());
            return 2;
        }
    }

    /** Runs a command, which must end with this status; returns what it said on both streams. */
    public String run(int status, String... arguments) throws Exception {
        String name = arguments[0];
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        PrintStream screen = System.out;
        PrintStream errors = System.err;
        try {
            System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
            System.setErr(System.out);
            CommandLine command = new CommandLine(Class.forName("commands." + name).getDeclaredConstructor().newInstance());
            command.setExecutionExceptionHandler((e, line, parsed) -> {
                System.out.println(e instanceof BadInput ? Cli.flagged(e.getMessage(), line.getCommandSpec()) : e.toString());
                return e instanceof BadInput ? 2 : 1;
            });
            assertEquals(status, execute(command, Arrays.copyOfRange(arguments, 1, arguments.length)), said::toString);
        } finally {
            System.setOut(screen);
            System.setErr(errors);
        }
        return said.toString(StandardCharsets.UTF_8);
    }
}
