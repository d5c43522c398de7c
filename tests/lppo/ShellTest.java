package lppo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Tests lines piped into {@code ./jbang shell}: those of its greeting, and of a notebook. */
@DisabledOnOs(OS.WINDOWS)
class ShellTest {

    @Test
    void linesOfItsGreetingAndOfANotebookWork(@TempDir Path folder) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(Checkout.ROOT.resolve("jbang").toString(), "shell")
                .directory(folder.toFile()).redirectErrorStream(true);
        builder.environment().remove("DISPLAY");
        builder.environment().put("JAVA_TOOL_OPTIONS", "-Djava.io.tmpdir=" + folder);
        // from elsewhere, so that nothing of the checkout is in the current folder
        builder.command().set(1, Checkout.ROOT.resolve("lib/commands/shell.java").toString());
        Process shell = builder.start();
        shell.getOutputStream().write("""
                var policy = Policy.load(data.resolve("base"), Policy.device("cpu"))
                Evaluation.of(policy, Problems.read(data.resolve("validation.jsonl")), Reward.lastWord(), 14, 0, new Seed(1)).all()
                var tracker = new ProgressTracker(); tracker.observe("p", 0.25); tracker.observe("p", 1); display(Tables.of(tracker))
                var picture = Charts.bars("title", "x", "y", List.of("a"), Map.of("s", new double[] {1}))
                display(picture)
                String live = display("a table comes here")
                updateDisplay(live, Tables.html(Tables.of(tracker)), "text/html")
                """.getBytes(StandardCharsets.UTF_8));
        shell.getOutputStream().close();
        String said = new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, shell.waitFor(), said);
        assertTrue(said.contains("Try:") && said.contains("Policy[2 layers, width 64, 74 tokens"), said);
        assertTrue(said.contains("Accuracy[level=all, problems=200, greedy=0."), said);
        assertTrue(said.contains("learning progress") && said.contains("1.453"), said);
        Matcher wrote = Pattern.compile("wrote (\\S+\\.(png|html))").matcher(said);
        int files = 0;
        while (wrote.find()) {
            files++;
            assertTrue(Files.size(Path.of(wrote.group(1))) > 100, wrote.group(1));
        }
        assertEquals(2, files, said);
    }
}
