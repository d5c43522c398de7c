package commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import common.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import lppo.ChatModel;
import lppo.Commands;
import lppo.data.Problem;
import lppo.data.Problems;
import lppo.judge.Reward;
import lppo.task.ModularChain;
import lppo.task.Task;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code study demonstrations} on the built-in task, small. */
class DemonstrationStudyTest {

    @TempDir
    Path folder;

    @Test
    void everyMethodGetsTheSameDemonstrationsAndABrokenOffStudyGoesOn() throws Exception {
        Path out = folder.resolve("out");
        Commands commands = new Commands(folder);
        commands.run(0, line(out));
        assertEquals(Set.of("grpo-0-1", "lppo-0-1", "sft-4-1", "pg-4-1", "lppo-4-1", "sft-grpo-4-1", "sft-lppo-4-1"),
                names(out.resolve("runs")), "GRPO knows no demonstrations, so that it runs once");
        assertEquals("lp", config(out, "lppo-0-1").get("recipe").getAsString(), "without demonstrations there are no hints");
        for (String run : List.of("grpo-0-1", "pg-4-1", "lppo-4-1", "sft-grpo-4-1", "sft-lppo-4-1")) {
            JsonObject config = config(out, run);
            assertEquals(run.startsWith("grpo") ? "train-0.jsonl" : "train-4-1.jsonl", name(config, "data"), run);
            assertEquals(run.startsWith("sft") ? "best" : "base", name(config, "model"), run);
            assertEquals("even", config.getAsJsonObject("options").get("trustedShare").getAsString(), run);
            List<String> metrics = Files.readAllLines(out.resolve("runs").resolve(run).resolve("metrics.csv"));
            assertTrue(tokens(metrics, 1) >= 50_000 && tokens(metrics, 2) < 50_000, "equal sampled tokens: " + run);
        }
        assertEquals("validation.jsonl", Path.of(config(out, "sft-4-1").getAsJsonObject("options").get("evaluateOn").getAsString())
                .getFileName().toString(), "imitation is stopped by the validation problems");
        List<String> csv = Files.readAllLines(out.resolve("demonstrations.csv"));
        assertEquals(1 + 6 * 2, csv.size());
        assertEquals(value(csv, "GRPO", 0), value(csv, "GRPO", 4));
        assertEquals(value(csv, "GRPO", 0), value(csv, "GRPO + PG", 0));
        assertEquals(value(csv, "LPPO", 0), value(csv, "SFT then LPPO", 0));
        String scored = Files.readAllLines(out.resolve("scores/scores-sft-4-1/scores.csv")).stream()
                .filter(row -> row.contains(",all,500,greedy,")).findFirst().orElseThrow();
        assertTrue(scored.contains(",greedy," + value(csv, "SFT", 4) + ","), scored);

        String before = Files.readString(out.resolve("demonstrations.csv"));
        try (Stream<Path> files = Files.walk(out.resolve("runs/lppo-4-1"))) { // as if it had been killed before its first checkpoint
            for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
                Files.delete(file);
            }
        }
        long kept = Files.getLastModifiedTime(out.resolve("runs/pg-4-1/metrics.csv")).toMillis();
        commands.run(0, Stream.concat(Stream.of(line(out)), Stream.of("--resume")).toArray(String[]::new));
        assertEquals(before, Files.readString(out.resolve("demonstrations.csv")));
        assertEquals(kept, Files.getLastModifiedTime(out.resolve("runs/pg-4-1/metrics.csv")).toMillis());
    }

    @Test
    void aLanguageModelLearnsAdaptersAndGoesOnFromThoseOfImitation() throws Exception {
        Path model = ChatModel.write(folder);
        Path out = folder.resolve("language");
        new Commands(folder).run(0, "study", "demonstrations", "--task", "arithmetic", "--model", model.toString(), "--demonstrations", "4",
                "--quick", "--steps", "10", "--jobs", "2", "--out", out.toString());
        assertEquals(Set.of("grpo-0-1", "sft-4-1", "pg-4-1", "lppo-4-1", "sft-grpo-4-1", "sft-lppo-4-1"), names(out.resolve("runs")));
        assertEquals(out.resolve("runs/sft-4-1/best").toString(), config(out, "sft-lppo-4-1").get("adapter").getAsString());
        assertEquals("null", config(out, "lppo-4-1").get("adapter").getAsString());
        for (String run : List.of("grpo-0-1", "sft-4-1", "sft-lppo-4-1")) {
            assertEquals("model", name(config(out, run), "model"), run);
            assertEquals(16, config(out, run).get("lora_rank").getAsInt(), run);
            assertEquals("chat", config(out, run).getAsJsonObject("asking").get("prompt_format").getAsString(), run);
        }
        assertEquals(1 + 6, Files.readAllLines(out.resolve("demonstrations.csv")).size());
    }

    @Test
    void fewerDemonstrationsAreAmongTheMore() {
        List<Problem> solved = Task.builtIn().problems().stream()
                .map(p -> Set.of("9", "11").contains(p.level()) ? ModularChain.solved(p) : p)
                .toList();
        Reward reward = Task.builtIn().reward();
        for (Problem given : Task.builtIn().problems()) {
            if (given.hasDemonstration()) {
                assertEquals(given, ModularChain.solved(given.withoutSolution()), "the solution that comes with the task");
            }
        }
        solved.stream().filter(Problem::hasDemonstration).forEach(p -> assertEquals(1, reward.score(p, p.solution()), p.question()));
        Set<String> more = demonstrated(DemonstrationStudy.some(solved, 128, 1));
        Set<String> fewer = demonstrated(DemonstrationStudy.some(solved, 8, 1));
        assertEquals(128, more.size());
        assertEquals(8, fewer.size());
        assertTrue(more.containsAll(fewer));
        assertFalse(demonstrated(DemonstrationStudy.some(solved, 128, 2)).containsAll(fewer), "every seed draws its own");
        assertEquals(Set.of(), demonstrated(DemonstrationStudy.some(solved, 0, 1)));
    }

    @Test
    void whatCannotBeIsRefusedBeforeAnythingIsWritten() throws Exception {
        refused("the task modular-chain has only 560", "--demonstrations", "8,600");
        refused("the task arithmetic has only 160", "--task", "arithmetic", "--model", "tests/fixtures/llama", "--demonstrations", "161");
        refused("needs --model DIR", "--task", "arithmetic");
        refused("--demonstrations [-1]: must be 0 or more", "--demonstrations=-1");
        refused("--steps 3: must be 10 or more", "--steps", "3");
        refused("task \"sums\" is unknown", "--task", "sums");
    }

    private void refused(String why, String... options) throws Exception {
        Path out = folder.resolve("refused");
        List<String> line = new ArrayList<>(List.of("study", "demonstrations", "--out", out.toString()));
        line.addAll(List.of(options));
        String said = new Commands(folder).run(2, line.toArray(String[]::new));
        assertTrue(said.contains(why) && said.strip().lines().count() == 1, said);
        assertFalse(Files.exists(out));
    }

    private static String[] line(Path out) {
        return new String[] {"study", "demonstrations", "--demonstrations", "4,0", "--seeds", "1", "--steps", "10", "--jobs", "2", "--out",
            out.toString()};
    }

    private static long tokens(List<String> metrics, int fromEnd) {
        return Long.parseLong(metrics.get(metrics.size() - fromEnd).split(",")[1]);
    }

    private static String value(List<String> csv, String method, int count) {
        return csv.stream().filter(row -> row.startsWith(method + ",0," + count + ",")).map(row -> row.split(",")[3]).findFirst()
                .orElseThrow();
    }

    private static JsonObject config(Path out, String run) {
        return Json.object(out.resolve("runs").resolve(run).resolve("config.json"));
    }

    private static String name(JsonObject config, String path) {
        return Path.of(config.get(path).getAsString()).getFileName().toString();
    }

    private static Set<String> demonstrated(List<Problem> problems) {
        return problems.stream().filter(Problem::hasDemonstration).map(Problem::id).collect(Collectors.toSet());
    }

    private static Set<String> names(Path folder) throws Exception {
        try (Stream<Path> inside = Files.list(folder)) {
            return inside.map(file -> file.getFileName().toString()).collect(Collectors.toCollection(TreeSet::new));
        }
    }
}
