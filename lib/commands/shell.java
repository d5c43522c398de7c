///usr/bin/env jbang "$0" "$@" ; exit $?
//SOURCES reproduce.java

package commands;

import common.BadInput;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import lppo.task.Task;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Starts JShell with lib on its class path, imports, the built-in task, and display as in a notebook. */
@Command(name = "shell", mixinStandardHelpOptions = true, description = "JShell with the library imported.",
        footer = {"", "Examples:", "  ./jbang shell", "  echo 'System.out.println(new ProgressTracker().weight(0.25))' | ./jbang shell"})
public class shell implements Callable<Integer> {

    private static final String START = """
            import java.nio.file.*;
            import java.util.*;
            import java.util.stream.*;
            import ai.djl.ndarray.*;
            import answers.*;
            import chat.*;
            import common.*;
            import llm.*;
            import lppo.*;
            import lppo.data.*;
            import lppo.judge.*;
            import lppo.learn.*;
            import lppo.rollout.*;
            import lppo.run.*;
            import lppo.task.*;
            import view.*;
            import tech.tablesaw.api.*;
            Path data = Path.of("%s");
            Display screen = Display.on(Path.of("%s"));
            String display(Object value) { return screen.show(value); }
            String display(Object value, String type) { return screen.show(value, type); }
            String render(Object value, String type) { return screen.show(value, type); }
            void updateDisplay(String id, Object value) { screen.update(id, value); }
            void updateDisplay(String id, Object value, String type) { screen.update(id, value, type); }
            """;

    private static final String GREETING = """
            lppo-java: the library is imported, and `data` is the folder of the built-in task. Try:
              var policy = Policy.load(data.resolve("base"), Policy.device("cpu"))
              Evaluation.of(policy, Problems.read(data.resolve("validation.jsonl")), Reward.lastWord(), 14, 0, new Seed(1)).all()
              var tracker = new ProgressTracker(); tracker.observe("p", 0.25); tracker.observe("p", 1); display(Tables.of(tracker))
            """;

    @Option(names = "--threads",
            description = "Threads of the engine (default: one for tiny models, which are fastest with one, else one per"
                    + " core).")
    Integer threads;

    @Override
    public Integer call() throws Exception {
        BadInput.unless(threads == null || threads > 0, "--threads %d: must be positive", threads);
        Path folder = Files.createTempDirectory("lppo-shell");
        try {
            Path data = reproduce.unpack(folder, Task.builtIn());
            Path start = folder.resolve("start.jsh");
            Files.writeString(start, START.formatted(escaped(data), escaped(Path.of(System.getProperty("java.io.tmpdir"), "lppo-shell"))));
            System.out.print(GREETING);
            System.out.flush();
            Process jshell = new ProcessBuilder(
                    List.of(Path.of(System.getProperty("java.home"), "bin", "jshell").toString(), "--class-path",
                            System.getProperty("java.class.path"), "--startup", start.toString(), "-R-DOPT_OUT_TRACKING=true",
                            "-R-Dai.djl.pytorch.num_threads=" + (threads == null ? 1 : threads),
                            "-R-Dllm.threads=" + (threads == null ? "auto" : threads)))
                    .inheritIO().start();
            Runtime.getRuntime().addShutdownHook(new Thread(() -> jshell.onExit().join())); // JShell handles Ctrl-C and continues
            return jshell.waitFor();
        } finally {
            Children.delete(folder);
        }
    }

    private static String escaped(Path path) {
        return path.toString().replace("\\", "\\\\");
    }

    public static void main(String... args) {
        Cli.run(new shell(), args);
    }
}
