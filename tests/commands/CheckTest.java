package commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** {@code check} judges leniently by default and strictly on request. */
class CheckTest {

    @Test
    void twoArgumentsAreJudgedAtBothLevels() {
        assertEquals(0, check("\\boxed{7 + 3}", "10"));
        assertEquals(1, check("--strict", "\\boxed{7 + 3}", "10"));
        assertEquals(0, check("--strict", "\\boxed{10}", "10"));
    }

    @Test
    void aFileIsGradedStrictly(@TempDir Path folder) throws Exception {
        Path pairs = Files.writeString(folder.resolve("pairs.jsonl"), """
                {"completion": "\\\\boxed{7 + 3}", "reference": "10"}
                {"completion": "The answer is 10.", "reference": "10", "question": "What is 7 + 3?"}
                """);
        Path strict = folder.resolve("strict.jsonl");
        assertEquals(0, check("--strict", "--file", pairs.toString(), "--out", strict.toString()));
        String verdicts = Files.readString(strict);
        assertTrue(verdicts.startsWith("{\"correct\":false,") && verdicts.contains("not in final form"), verdicts);
        assertTrue(verdicts.lines().toList().get(1).startsWith("{\"correct\":true,"), verdicts);
        Path lenient = folder.resolve("lenient.jsonl");
        assertEquals(0, check("--file", pairs.toString(), "--out", lenient.toString()));
        assertTrue(Files.readAllLines(lenient).stream().allMatch(line -> line.startsWith("{\"correct\":true,")));
    }

    private static int check(String... args) {
        return new CommandLine(new check()).execute(args);
    }
}
