package hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A Python with libraries to compare with: the one that {@code LPPO_PYTHON} names, or one that is made for the test. */
public final class PythonEnvironment {

    private PythonEnvironment() {}

    /**
     * A Python that can import a module; the test is skipped if there is none.
     *
     * @param folder where a virtual environment may be made
     * @param packages what to install there by pip; none to make none
     */
    public static String with(String module, Path folder, String... packages) throws Exception {
        String named = System.getenv("LPPO_PYTHON");
        if (named != null) {
            assumeTrue(status(List.of(named, "-c", "import " + module)) == 0, "LPPO_PYTHON " + named + " has no " + module);
            return named;
        }
        assumeTrue(packages.length > 0, "set LPPO_PYTHON to a Python with " + module);
        assumeTrue(status(List.of("python3", "-m", "venv", folder.toString())) == 0, "no python3 with venv here, and no LPPO_PYTHON");
        String python = folder.resolve("bin/python").toString();
        List<String> install = new ArrayList<>(List.of(python, "-m", "pip", "install", "-q"));
        install.addAll(List.of(packages));
        assumeTrue(status(install) == 0, "pip cannot install " + String.join(" ", packages) + " here, and there is no LPPO_PYTHON");
        return python;
    }

    private static int status(List<String> command) throws InterruptedException {
        try {
            return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor();
        } catch (IOException e) {
            return -1;
        }
    }

    /** Runs a script, which must end well, and gives what it printed. */
    public static String run(String python, Map<String, String> variables, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(python));
        command.addAll(List.of(arguments));
        Path errors = Files.createTempFile("python", ".log");
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(errors.toFile());
        builder.environment().putAll(variables);
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), () -> said + text(errors));
        Files.delete(errors);
        return said;
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.toString();
        }
    }
}
