package commands;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/** Tests that Ctrl-C in a real terminal with a progress bar lets the run save. */
class InterruptTest {

    @Test
    void ctrlCLetsTheWorkSave() throws Exception {
        Path script = Path.of("/usr/bin/script"); // of util-linux: gives a command a terminal
        assumeTrue(Files.isExecutable(script) && Files.exists(Path.of("/proc")));
        // whatever runs the tests in the background may ignore the signal, and its children would too
        String reset = "env --default-signal=INT ";
        assumeTrue(new ProcessBuilder("sh", "-c", reset + "true").start().waitFor() == 0);
        String java = reset + "'%s' -cp '%s' %s".formatted(Path.of(System.getProperty("java.home"), "bin", "java"),
                System.getProperty("java.class.path"), InterruptTest.class.getName());
        Process terminal = new ProcessBuilder(script.toString(), "-qec", java, "/dev/null").redirectErrorStream(true).start();
        StringBuilder shown = new StringBuilder();
        try (BufferedReader out = terminal.inputReader()) {
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                shown.append(line).append('\n');
                if (line.contains("started")) {
                    terminal.getOutputStream().write(3); // what the key sends
                    terminal.getOutputStream().flush();
                }
            }
        }
        assertTrue(terminal.waitFor(10, TimeUnit.SECONDS));
        assertTrue(shown.toString().contains("saved"), shown::toString);
        assertTrue(shown.toString().contains("%"), "there was a bar: " + shown);
    }

    /** Works until it is asked to end. */
    public static void main(String... arguments) throws InterruptedException {
        BooleanSupplier stop = Interrupt.watch();
        try (Progress progress = new Progress("work", 100)) {
            progress.accept(1);
            Thread.sleep(700); // the bar is drawn twice a second
            System.out.println("started");
            for (int i = 0; i < 200 && !stop.getAsBoolean(); i++) {
                Thread.sleep(50);
            }
        }
        System.out.println(stop.getAsBoolean() ? "saved" : "never asked");
    }
}
