package commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.engine.EngineException;
import common.BadInput;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import lppo.learn.Diverged;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Tests the error messages that a user sees. */
class CliTest {

    @Test
    void everyFailureIsOneLineWithAStatus() {
        told(2, "x: no such file", () -> { throw new BadInput("x: no such file"); });
        told(1, "step 3: the loss is NaN", () -> { throw new Diverged("step 3: the loss is NaN"); });
        told(1, "out of memory: lower --rollout-rows", () -> { throw new EngineException("DefaultCPUAllocator: not enough memory"); });
        told(1, "JAVA_TOOL_OPTIONS=-Xmx4g", () -> { throw new OutOfMemoryError("Java heap space"); });
        told(1, "f: cannot be written (No space left on device)",
                () -> {
                    throw new UncheckedIOException("f: cannot be written", new IOException("No space left on device"));
                });
        told(1, "IllegalStateException: first; add --verbose", () -> { throw new IllegalStateException("first\nsecond"); });
        told(1, "NullPointerException", () -> { throw new NullPointerException(); });
    }

    @Test
    void wrongUsageIsStatusTwo() {
        for (String[] arguments : new String[][] {{"--nonsense"}, {"--number", "many"}, {"--number"}, {"stray"}}) {
            StringWriter err = new StringWriter();
            assertEquals(2, Cli.execute(new Work(() -> 0), new PrintWriter(err), arguments));
            assertTrue(err.toString().startsWith("work: ") && err.toString().contains("--help"), err.toString());
            assertEquals(1, err.toString().lines().count());
        }
        assertEquals(0, Cli.execute(new Work(() -> 0), new PrintWriter(new StringWriter()), "--number", "3"));
    }

    @Test
    void verboseShowsTheStack() {
        StringWriter err = new StringWriter();
        assertEquals(1, Cli.execute(new Work(() -> { throw new IllegalStateException("first"); }), new PrintWriter(err), "--verbose"));
        assertTrue(err.toString().contains("\tat commands.CliTest"), err.toString());
    }

    @Test
    void foldersOfAUserAreWhereEachSystemHasThem() {
        Path home = Path.of("h");
        Map<String, String> windows = Map.of("LOCALAPPDATA", "local", "APPDATA", "roaming", "XDG_CACHE_HOME", "x", "XDG_DATA_HOME", "x");
        assertEquals(Path.of("local"), Cli.cache("Windows 11", windows, home));
        assertEquals(Path.of("roaming/jupyter"), Cli.jupyter("Windows 11", windows, home));
        assertEquals(Path.of("x"), Cli.cache("Linux", windows, home));
        assertEquals(Path.of("x/jupyter"), Cli.jupyter("Linux", windows, home));
        assertEquals(Path.of("h/.local/share/jupyter"), Cli.jupyter("Linux", Map.of("XDG_DATA_HOME", ""), home));
        assertEquals(Path.of("h/Library/Jupyter"), Cli.jupyter("Mac OS X", Map.of(), home));
        assertEquals(Path.of("own"), Cli.jupyter("Mac OS X", Map.of("JUPYTER_DATA_DIR", "own"), home));
    }

    /** doctor says before all else what nobody tried; on what the tests run on there is nothing to say. */
    @Test
    void doctorNamesWhatIsMissingOnOtherSystems() {
        assertEquals(List.of(), doctor.untried("Linux", "amd64"));
        assertEquals(1, doctor.untried("Linux", "aarch64").size());
        assertEquals(1, doctor.untried("Mac OS X", "aarch64").size());
        String windows = String.join("\n", doctor.untried("Windows 11", "amd64"));
        assertTrue(windows.contains("free and peak memory") && windows.contains("Ctrl-C") && windows.contains("links"), windows);
    }

    private static void told(int status, String message, Callable<Integer> work) {
        StringWriter err = new StringWriter();
        assertEquals(status, Cli.execute(new Work(work), new PrintWriter(err)));
        assertTrue(err.toString().contains(message), err.toString());
        assertEquals(1, err.toString().lines().count());
        assertFalse(err.toString().contains("\tat "), "no stack");
    }

    @Command(name = "work")
    private static final class Work implements Callable<Integer> {

        @Option(names = "--number")
        int number;

        private final Callable<Integer> work;

        Work(Callable<Integer> work) {
            this.work = work;
        }

        @Override
        public Integer call() throws Exception {
            return work.call();
        }
    }

    @Test
    void theTimeLeftOfARolloutFollowsFromItsShare() {
        assertEquals("sampling 25%, 3:00 left", Progress.untilSampled(0.25, 60));
        assertEquals("sampling 98%, 0:01 left", Progress.untilSampled(0.98, 61));
        assertEquals("sampling 3%", Progress.untilSampled(0.03, 0.4), "too early to say");
        assertEquals("", Progress.untilSampled(1, 100));
    }
}
