package lppo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.univocity.parsers.common.record.Record;
import com.univocity.parsers.csv.CsvParser;
import com.univocity.parsers.csv.CsvParserSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tests the README's recipe for a real model end to end with its commands: a checkpoint of the Qwen2.5 architecture with random
 * weights, bf16 shards, a byte-level tokenizer and a chat template; problems with worked solutions; answers judged as
 * mathematics.
 */
class RealModelTest {

    @TempDir
    Path folder;
    private Path model;
    private Path data;

    @BeforeEach
    void makeModelAndProblems() throws Exception {
        model = ChatModel.write(folder);
        data = ChatModel.problems(folder);
    }

    @Test
    void aModelIsWarmedUpTrainedMergedAndEvaluated() throws Exception {
        Commands commands = new Commands(folder);
        String[] asking = {"--prompt-format", "qwen-math", "--reward", "boxed", "--max-new-tokens", "48", "--device", "cpu"};
        Path warm = folder.resolve("warm");
        commands.run(0, all(asking, "sft", "--model", model, "--data", data, "--out", warm, "--steps", 90, "--batch", 6,
                "--learning-rate", 4e-3));

        Path run = folder.resolve("run");
        String dry = commands.run(0, all(asking, "train", "--recipe", "lppo", "--model", warm.resolve("checkpoint"), "--data", data,
                "--out", run, "--lora-rank", 4, "--dry-run"));
        assertTrue(dry.contains("6 problems, 6 with a solution") && dry.contains("MB at peak"), dry);
        assertFalse(Files.exists(run), "a dry run writes nothing");

        commands.run(0, all(asking, "train", "--recipe", "lppo", "--model", warm.resolve("checkpoint"), "--data", data, "--out", run,
                "--lora-rank", 4, "--recompute", "--steps", 4, "--problems-per-step", 6, "--group-size", 6, "--evaluate-on", data,
                "--evaluate-every", 4, "--evaluate-samples", 1, "--kl", 0.01, "--temperature", 1.2, "--learning-rate", 1e-3));
        CsvParserSettings settings = new CsvParserSettings();
        settings.setHeaderExtractionEnabled(true);
        List<Record> rows = new CsvParser(settings).parseAllRecords(run.resolve("metrics.csv").toFile());
        assertEquals(4, rows.size());
        double solved = 0;
        for (Record row : rows) {
            solved += row.getDouble("pass_rate").isNaN() ? 0 : row.getDouble("pass_rate");
            assertTrue(row.getDouble("truncated_share") < 1, "some completions end by themselves");
            assertEquals(0, row.getInt("undecided"));
            if (!row.getDouble("first_difference").isNaN()) {
                assertEquals(0, row.getDouble("first_difference"), 1e-4, "rollout and update agree");
            }
        }
        assertTrue(solved > 0, "some completions are right");

        String refused = commands.run(2, all(asking, "train", "--recipe", "lppo", "--model", warm.resolve("checkpoint"), "--data", data,
                "--out", run, "--lora-rank", 8, "--resume", "--kl", 0.02, "--recompute", "--token-budget", 1000));
        assertTrue(refused.contains("lora_rank 4 and not 8") && refused.contains("options kl \"0.01\" and not \"0.02\"")
                && !refused.contains("token"), refused);

        Path merged = folder.resolve("merged");
        commands.run(0, "merge", "--model", warm.resolve("checkpoint").toString(), "--adapter", run.resolve("checkpoint").toString(),
                "--out", merged.toString());
        assertTrue(Files.exists(merged.resolve("chat_template.jinja")) && Files.exists(merged.resolve("tokenizer_config.json")),
                "whatever a tool needs comes along");
        String judged = commands.run(0, all(asking, "evaluate", "--model", merged, "--data", data, "--samples", 2));
        assertTrue(judged.contains("greedy") && judged.contains("maj@2"), judged);
        String adapted = commands.run(0, all(asking, "evaluate", "--model", warm.resolve("checkpoint"), "--adapter",
                run.resolve("checkpoint"), "--data", data, "--samples", 2));
        assertEquals(adapted, judged, "merged or beside, the same completions");
    }

    @Test
    void whatDoesNotFitIsCountedAndWhatDoesNotReachItsAnswerIsNotUsed() throws Exception {
        List<String> lines = new ArrayList<>(Files.readAllLines(data));
        lines.add("{\"question\": \"" + "long ".repeat(300) + "\", \"answer\": \"1\"}");
        lines.add("{\"question\": \"What is 1 + 1?\", \"answer\": \"2\", \"solution\": \"" + "so ".repeat(300) + "\\\\boxed{2}\"}");
        lines.add("{\"question\": \"What is 2 + 2?\", \"answer\": \"4\", \"solution\": \"It is 5.\\n\\\\boxed{5}\"}");
        Files.write(data, lines);
        String said = new Commands(folder).run(0, "train", "--recipe", "lppo", "--model", model.toString(), "--data", data.toString(),
                "--out",
                folder.resolve("run").toString(), "--reward", "math", "--max-new-tokens", "200", "--problems-per-step", "2", "--group-size",
                "2", "--steps", "1", "--device", "cpu");
        assertTrue(said.contains("the solutions of 1 problems (9 …) do not end in their answers and are not used"), said);
        assertTrue(said.contains("1 of 9 problems are dropped: their question fills the model's 256 positions"), said);
        assertTrue(said.contains("1 of 9 problems lose their solution: it exceeds the model's 256 positions"), said);
        assertTrue(said.contains(
                "problems may be truncated: prompt, prefix and the longest completion exceed the model's 256 positions (--max-new-tokens)"),
                said);
    }

    private static String[] all(String[] more, Object... words) {
        List<String> line = new ArrayList<>();
        for (Object word : words) {
            line.add(word.toString());
        }
        line.addAll(List.of(more));
        return line.toArray(String[]::new);
    }
}
