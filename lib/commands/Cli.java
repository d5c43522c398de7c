package commands;

import common.BadInput;
import common.OneLine;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lppo.learn.Diverged;
import lppo.run.OutOfMemory;
import lppo.run.RunFolder;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Runs a command: exit status 0 on success, 2 for wrong usage or input, 1 for a failure. Errors are one line; the stack
 * trace is shown with {@code --verbose}.
 */
public final class Cli {

    private static final String LESS_MEMORY = "out of memory: lower --rollout-rows (evaluate: --max-rows) or --token-budget, add"
            + " --recompute or --lora-rank 16; train --dry-run estimates";

    /** Words in messages of the library for which options have other names. */
    private static final Map<String, String> WORDS = Map.of("recompute", "--recompute", "output folder", "--out", "longest completion",
            "--max-new-tokens", "resume the run", "--resume", "stop token", "--stop", "KL coefficient", "--kl", "Spark master", "--master",
            "Spark setting", "--conf", "the cut", "--cut", "the reward boxed", "--reward");

    private Cli() {}

    /** Runs a picocli command and ends the process with its status. */
    public static void run(Callable<Integer> command, String... args) {
        Locale.setDefault(Locale.ROOT); // English text with English number formats
        int status = execute(command, new PrintWriter(System.err, true), args);
        Thread exit = new Thread(() -> System.exit(status)); // from a thread that no shutdown hook waits for
        exit.setDaemon(false);
        exit.start();
    }

    /** Runs a picocli command and returns its exit status; errors go to {@code err}. */
    static int execute(Callable<Integer> command, PrintWriter err, String... args) {
        boolean verbose = Arrays.asList(args).contains("--verbose");
        String[] rest = Arrays.stream(args).filter(a -> !a.equals("--verbose")).toArray(String[]::new);
        CommandLine line = new CommandLine(command).setCaseInsensitiveEnumValuesAllowed(true).setErr(err);
        line.getCommandSpec().versionProvider(() -> new String[] {"lppo-java, commit " + commit() + ", Java " + Runtime.version()});
        line.setExecutionExceptionHandler((e, cmd, parsed) -> report(e, verbose, cmd));
        line.setParameterExceptionHandler((e, unused) -> {
            line.getErr().println(line.getCommandName() + ": " + OneLine.line(e.getMessage()) + "; see --help");
            return 2;
        });
        try {
            return line.execute(arguments(line, rest));
        } catch (BadInput e) {
            return report(e, verbose, line);
        } catch (OutOfMemoryError e) {
            err.println(LESS_MEMORY + ", or give Java more than its heap of "
                    + Runtime.getRuntime().maxMemory() / (1 << 20) + " MB: JAVA_TOOL_OPTIONS=-Xmx4g");
            return 1;
        }
    }

    /**
     * Returns the arguments of a command with those added that it takes from a file, see {@link RecordedRun}.
     *
     * @throws BadInput if the file cannot be used
     */
    public static String[] arguments(CommandLine line, String... given) {
        return RecordedRun.arguments(line.getCommandSpec(), given);
    }

    /** Returns what a run depends on besides its options, for {@code config.json}: commit, Java, platform, threads. */
    public static Map<String, Object> machine() {
        return RunFolder.columns("commit", commit(), "java", Runtime.version().toString(), "platform",
                System.getProperty("os.name") + " " + System.getProperty("os.arch"), "cores",
                Runtime.getRuntime().availableProcessors(), "threads", System.getProperty("ai.djl.pytorch.num_threads", "default"));
    }

    /** Returns the user's home folder, {@code HOME}, which the wrapper sets for a user without one. */
    public static Path home() {
        String named = System.getenv("HOME");
        return Path.of(named == null || named.isBlank() ? System.getProperty("user.home") : named);
    }

    /** Returns whether this is Windows. */
    public static boolean isWindows() {
        return System.getProperty("os.name").startsWith("Windows");
    }

    /** Returns the folder where programs of this user keep what they can make again. */
    public static Path cache() {
        return cache(System.getProperty("os.name"), System.getenv(), home());
    }

    static Path cache(String system, Map<String, String> variables, Path home) {
        return named(variables, system.startsWith("Windows") ? "LOCALAPPDATA" : "XDG_CACHE_HOME", home.resolve(".cache"));
    }

    /** Returns the folder of Jupyter's data, kernels above all, of this user. */
    public static Path jupyter() {
        return jupyter(System.getProperty("os.name"), System.getenv(), home());
    }

    static Path jupyter(String system, Map<String, String> variables, Path home) {
        return named(variables, "JUPYTER_DATA_DIR", system.startsWith("Windows") ? named(variables, "APPDATA", home).resolve("jupyter")
                : system.startsWith("Mac") ? home.resolve("Library/Jupyter")
                : named(variables, "XDG_DATA_HOME", home.resolve(".local/share")).resolve("jupyter"));
    }

    private static Path named(Map<String, String> variables, String name, Path otherwise) {
        String named = variables.get(name);
        return named == null || named.isBlank() ? otherwise : Path.of(named);
    }

    /** Returns the commit of the checkout that this runs in; {@code unknown} outside one. */
    public static String commit() {
        try {
            Process git = new ProcessBuilder("git", "-c", "safe.directory=*", "rev-parse", "--short", "HEAD").redirectErrorStream(true)
                    .start();
            String text = new String(git.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8).strip();
            return git.waitFor() == 0 ? text : "unknown";
        } catch (java.io.IOException e) {
            return "unknown";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "unknown";
        }
    }

    /**
     * Appends the options of the command to a message of the library that names settings in words: a message about the learning rate ends
     * with "(--learning-rate)".
     */
    public static String flagged(String message, CommandSpec command) {
        Map<String, String> names = new LinkedHashMap<>();
        command.options().stream().map(OptionSpec::longestName).filter(name -> name.lastIndexOf('-') > 1)
                .forEach(name -> names.put(name.substring(2).replace('-', ' '), name));
        WORDS.forEach((words, name) -> {
            if (command.findOption(name) != null) {
                names.put(words, name);
            }
        });
        TreeMap<Integer, String> flags = new TreeMap<>(); // by position of their words
        names.forEach((words, name) -> {
            Matcher found = Pattern.compile("\\b" + words + "\\b").matcher(message);
            if (!message.contains(name) && found.find()) {
                flags.put(found.start(), name);
            }
        });
        return flags.isEmpty() ? message : message + " (" + String.join(", ", flags.values()) + ")";
    }

    private static int report(Exception e, boolean verbose, CommandLine command) {
        PrintWriter err = command.getErr();
        if (verbose) {
            e.printStackTrace(err);
        }
        String message = e.getMessage() == null ? e.toString() : e.getMessage();
        if (e instanceof BadInput || e instanceof Diverged || e instanceof OutOfMemory) {
            err.println(flagged(message, command.getCommandSpec()));
        } else if (e instanceof UncheckedIOException io) {
            err.println(flagged(message, command.getCommandSpec()) + " (" + io.getCause().getMessage() + ")");
        } else if (e instanceof FileSystemException f
                && (e instanceof AccessDeniedException || "Read-only file system".equals(f.getReason()))) {
            err.println(f.getFile() + ": no permission to write; choose another --out");
        } else if (OutOfMemory.is(e)) {
            err.println(LESS_MEMORY);
        } else {
            err.println(e.getClass().getSimpleName() + ": " + OneLine.line(message.lines().findFirst().orElse(""))
                    + "; add --verbose for the stack trace");
        }
        return e instanceof BadInput ? 2 : 1;
    }
}
