package benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import lppo.Checkout;
import lppo.Commands;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests the commands {@code dataset} and {@code evaluate}. */
class BenchmarkTest {

    private static final Path FIXTURES = Checkout.ROOT.resolve("tests/fixtures/benchmarks");

    @TempDir
    Path folder;

    @Test
    void aDownloadedFileBecomesProblems() throws Exception {
        String list = run(0, "dataset");
        assertTrue(list.contains("https://huggingface.co/datasets/HuggingFaceH4/MATH-500") && list.contains("Apache-2.0"), list);
        Path out = folder.resolve("olympiad.jsonl");
        String said = run(0, "dataset", FIXTURES.resolve("olympiad.parquet").toString(), "--out", out.toString());
        assertTrue(said.contains("6 rows, recognised by question, final_answer"), said);
        assertTrue(said.contains("2 problems, 2 of them with a solution; skipped: 1 not in English, 1 not of mathematics,"), said);
        assertTrue(said.contains("the test set of OlympiadBench has 674 problems"), said);
        assertEquals(ProblemFiles.read(FIXTURES.resolve("olympiad.parquet")), ProblemFiles.read(out));

        Files.writeString(out, "mine");
        String refused = run(2, "dataset", FIXTURES.resolve("gsm8k.parquet").toString(), "--out", out.toString());
        assertEquals(out + ": exists; name another --out, or overwrite with --force", refused.strip());
        assertEquals("mine", Files.readString(out));
        run(0, "dataset", FIXTURES.resolve("gsm8k.parquet").toString(), "--out", out.toString(), "--force", "--name", "gsm8k");
        assertEquals(List.of("gsm8k", "gsm8k"), ProblemFiles.read(out).stream().map(p -> p.source()).toList());
    }

    @Test
    void severalFilesGiveATableEachAndOneOfAll() throws Exception {
        Path data = Checkout.ROOT.resolve("data");
        List<String> lines = Files.readAllLines(data.resolve("validation.jsonl"));
        Path easy = Files.write(folder.resolve("easy.jsonl"), lines.subList(0, 10));
        Path hard = Files.write(folder.resolve("hard.jsonl"), lines.subList(160, 165));
        Path csv = folder.resolve("scores.csv");
        Path completions = folder.resolve("completions.jsonl");
        String[] command = {"evaluate", "--model", data.resolve("base").toString(), "--device", "cpu", "--data", easy.toString(),
            hard.toString(), "--samples", "4", "--pass-at", "1,4", "--temperature", "0.8", "--top-p", "0.95", "--max-rows", "8",
            "--csv", csv.toString(), "--completions", completions.toString()};
        String said = run(0, command);
        for (String expected : List.of("easy", "hard", "benchmarks", "average", "greedy", "avg@4", "pass@1", "pass@4", "maj@4",
                "95 %", "0.0 % of the completions were truncated at 14 tokens")) {
            assertTrue(said.contains(expected), expected + " in " + said);
        }
        List<String> rows = Files.readAllLines(csv);
        assertEquals("benchmark,level,problems,score,value,low,high", rows.get(0));
        assertEquals(2 * 2 * 5, rows.size() - 1, "files, levels and all, scores");
        List<JsonObject> written = new ArrayList<>();
        Files.readAllLines(completions).forEach(line -> written.add(JsonParser.parseString(line).getAsJsonObject()));
        assertEquals(15 * 5, written.size());
        double greedy = written.stream().filter(c -> c.get("kind").getAsString().equals("greedy")
                && c.get("benchmark").getAsString().equals("easy")).mapToDouble(c -> c.get("reward").getAsDouble()).average().orElseThrow();
        assertTrue(rows.stream().anyMatch(row -> row.startsWith("easy,all,10,greedy," + greedy)), rows.toString());
        written.forEach(c -> assertEquals(c.get("answer").equals(c.get("reference")) ? 1 : 0, c.get("reward").getAsDouble(), c.toString()));

        assertEquals(csv + ": exists; name another file, or remove it", run(2, command).strip(), "nothing is overwritten");
        assertEquals("--pass-at 9: must lie in 1 to the 4 --samples", run(2, "evaluate", "--model", "none", "--data", easy.toString(),
                "--samples", "4", "--pass-at", "9").strip());
        String base = data.resolve("base").toString();
        assertEquals(easy + ": given twice", run(2, "evaluate", "--model", base, "--data", easy.toString(), easy.toString()).strip());
        Path endless = Files.writeString(folder.resolve("endless.jsonl"),
                "{\"question\": \"" + "1 + ".repeat(40) + "\", \"answer\": \"0\"}");
        assertEquals("endless: no question fits the model's 64 positions", run(2, "evaluate", "--model", base, "--data", easy.toString(),
                endless.toString()).lines().reduce((x, y) -> y).orElseThrow(), "before anything is sampled");
    }

    private String run(int status, String... arguments) throws Exception {
        return new Commands(folder).run(status, arguments);
    }
}
