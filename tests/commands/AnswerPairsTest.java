package commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import answers.MathAnswer;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import common.BadInput;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests files of answers. */
class AnswerPairsTest {

    @Test
    void everyLineGetsAVerdictInOrder() throws Exception {
        List<Long> done = new ArrayList<>();
        StringWriter out = new StringWriter();
        AnswerPairs.Tally tally;
        try (MathAnswer judge = new MathAnswer()) {
            tally = AnswerPairs.judge(judge, List.of("{\"completion\": \"\\\\boxed{1/2}\", \"reference\": \"0.5\"}",
                    "{\"completion\": \"so 5 < 6 & \\\"x\\\", the answer is 7\", \"reference\": \"8\"}",
                    "{\"completion\": \"first 4, and\", \"reference\": \"4\", \"truncated\": true}"), "f", out, done::add);
        }
        List<JsonObject> lines = out.toString().lines().map(line -> JsonParser.parseString(line).getAsJsonObject()).toList();
        assertEquals(List.of("true 1/2", "false 7", "false "),
                lines.stream().map(line -> line.get("correct") + " " + line.get("extracted").getAsString()).toList());
        assertTrue(lines.stream().noneMatch(line -> line.get("reason").getAsString().isBlank()));
        assertEquals(new AnswerPairs.Tally(1, 3), tally);
        assertEquals(List.of(1L, 2L, 3L), done);
    }

    @Test
    void aStrictJudgeIsToldTheQuestionOfALine() throws Exception {
        List<String> lines = List.of("{\"completion\": \"\\\\boxed{23}\", \"reference\": \"23\", \"question\": \"What is 20 + 3?\"}",
                "{\"completion\": \"\\\\boxed{20+3}\", \"reference\": \"23\", \"question\": \"What is 20 + 3?\"}",
                "{\"completion\": \"\\\\boxed{20+3}\", \"reference\": \"23\"}");
        try (MathAnswer judge = new MathAnswer()) {
            StringWriter strict = new StringWriter();
            assertEquals(1, AnswerPairs.judge(judge.strict(), lines, "f", strict, n -> {}).correct());
            List<String> reasons = strict.toString().lines()
                    .map(line -> JsonParser.parseString(line).getAsJsonObject().get("reason").getAsString()).toList();
            assertEquals(List.of("boxed: the same text", "boxed: restates the question", "boxed: not in final form"), reasons);
            assertEquals(3, AnswerPairs.judge(judge, lines, "f", new StringWriter(), n -> {}).correct(), "lenient");
        }
    }

    @Test
    void aBrokenLineIsNamed(@TempDir Path folder) throws Exception {
        for (String broken : List.of("", "{", "[]", "3", "{\"completion\": \"1\"}",
                "{\"completion\": [], \"reference\": \"1\"}",
                "{\"completion\": null, \"reference\": \"1\"}",
                "{\"completion\": \"1\", \"reference\": \"1\", \"question\": {}}", "{\"completion\": {}, \"reference\": \"1\"}")) {
            try (MathAnswer judge = new MathAnswer()) {
                BadInput e = assertThrows(BadInput.class, () -> AnswerPairs.judge(judge,
                        List.of("{\"completion\": \"1\", \"reference\": \"1\"}", broken), "some.jsonl", new StringWriter(), n -> {}),
                        broken);
                assertTrue(e.getMessage().startsWith("some.jsonl, line 2: must be"), e.getMessage());
            }
        }
        assertThrows(BadInput.class, () -> AnswerPairs.lines(folder.resolve("none")));
        Path bytes = Files.write(folder.resolve("bytes"), new byte[] {(byte) 0xc3, 0x28});
        assertTrue(assertThrows(BadInput.class, () -> AnswerPairs.lines(bytes)).getMessage().contains("UTF-8"));
    }
}
