package commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import benchmarks.Benchmark;
import common.BadInput;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import lppo.ChatModel;
import lppo.Checkout;
import lppo.Commands;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** {@code reproduce --plan}: a whole experiment from one file. */
class BenchmarkPlanTest {

    private static final Path PAPER = Checkout.ROOT.resolve("notebooks/examples/paper");

    @TempDir
    Path folder;

    @Test
    void recipesAreTrainedAndMeasuredOnAllBenchmarks() throws Exception {
        ChatModel.write(folder);
        problems("train.jsonl", 6);
        problems("aime24.jsonl", 3);
        problems("amc23.jsonl", 4);
        Path plan = plan("");
        Path out = folder.resolve("out");
        String dry = new Commands(folder).run(0, "reproduce", "--plan", plan.toString(), "--out", out.toString(), "--dry-run");
        assertTrue(dry.contains("./jbang train --recipe lppo") && dry.contains("MB at peak") && dry.contains("./jbang evaluate"), dry);
        assertFalse(Files.exists(out), "a dry run writes nothing");

        new Commands(folder).run(0, "reproduce", "--plan", plan.toString(), "--out", out.toString());
        String report = Files.readString(out.resolve("report.md"));
        List<String> table = report.lines().filter(line -> line.startsWith("|")).toList();
        assertEquals("| policy | AIME24 (2) | AMC23 (1) | mean |", table.get(0));
        assertEquals(List.of("before training", "GRPO", "LPPO", "Another, published"),
                table.stream().skip(2).map(row -> row.split("\\|")[1].strip()).toList());
        assertEquals("| Another, published | 12.5 | 50.0 | 31.3 |", table.get(5));
        assertTrue(report.contains("- alpha 0.5") && report.contains("- kappa 8") && report.contains("Published: for orientation"), report);
        assertEquals(2, Files.readAllLines(out.resolve("runs/grpo-1/metrics.csv")).size());
        assertEquals(3, Files.readAllLines(out.resolve("scores/grpo-1/1/completions.jsonl")).stream()
                .filter(line -> line.contains("\"kind\":\"sample 1\"")).count(), "two samples of each of three problems");

        Path kept = out.resolve("runs/grpo-1/metrics.csv");
        long trained = Files.getLastModifiedTime(kept).toMillis();
        Files.delete(out.resolve("scores/lppo-1/2/scores.csv")); // as if it had been killed before the end
        new Commands(folder).run(0, "reproduce", "--plan", plan.toString(), "--out", out.toString(), "--resume");
        assertEquals(trained, Files.getLastModifiedTime(kept).toMillis(), "what is done is kept");
        assertEquals(table, Files.readAllLines(out.resolve("report.md")).stream().filter(line -> line.startsWith("|")).toList());
    }

    @Test
    void whatIsWrongIsSaidInOneLine() throws Exception {
        assertRefused("unknown key \"recipe\"", plan("\"recipe\": 1,"));
        Path plan = plan("");
        String text = Files.readString(plan);
        assertRefused("published \"Another\" needs 2 numbers", Files.writeString(plan, text.replace("[12.5, 50]", "[12.5]")));
        assertRefused("\"benchmarks\" is empty",
                Files.writeString(plan, text.replaceFirst("\"benchmarks\": \\[.*\\],", "\"benchmarks\": [],")));
        assertRefused("recipe \"best\" is unknown", Files.writeString(plan, text.replace("\"lppo\"", "\"best\"")));
        String refused = new Commands(folder).run(2, "reproduce", "--dry-run", "--out", folder.resolve("out").toString());
        assertTrue(refused.contains("goes with --plan"), refused);
        assertFalse(Files.exists(folder.resolve("out")));
    }

    private void assertRefused(String why, Path plan) throws Exception {
        String refused = new Commands(folder).run(2, "reproduce", "--plan", plan.toString(), "--out", folder.resolve("out").toString());
        assertTrue(refused.contains(why) && refused.strip().lines().count() == 1, refused);
    }

    /** The checked-in plans cannot be run here; their options, benchmarks and published numbers can be checked. */
    @Test
    void thePlansOfThePaperAreSound() throws Exception {
        for (Path file : Checkout.list(PAPER)) {
            BenchmarkPlan plan = BenchmarkPlan.read(file);
            parsed(new train(), plan.training(), "--model", "m", "--recipe", "lppo", "--out", "o");
            parsed(new evaluate(), plan.evaluation(), "--model", "m");
            Set<Benchmark> all = Arrays.stream(Benchmark.values()).filter(b -> b != Benchmark.GSM8K).collect(Collectors.toSet());
            List<String> titles = new ArrayList<>();
            for (BenchmarkPlan.Benchmarked each : plan.benchmarks()) {
                Benchmark named = Benchmark.named(each.data()).orElseThrow();
                assertTrue(named.pages().stream().anyMatch(page -> page.dataset().equals(each.data())), each.data());
                assertTrue(all.remove(named), each.data());
                titles.add(named.title());
            }
            assertTrue(all.isEmpty(), "not measured: " + all);
            assertEquals(plan.published().benchmarks(), titles);
            assertTrue(plan.ours().size() >= 4 && plan.recipes().equals(List.of("grpo", "lppo")), file.toString());
            List<Double> sft = plan.published().rows().entrySet().iterator().next().getValue();
            assertEquals(52.2, sft.stream().mapToDouble(v -> v).average().orElseThrow(), 0.1, "the mean that its paper prints");
        }
        assertThrows(BadInput.class, () -> BenchmarkPlan.read(folder.resolve("none.json")));
    }

    private static void parsed(Object command, List<String> options, String... more) {
        new CommandLine(command).parseArgs(Stream.concat(options.stream(), Stream.of(more)).toArray(String[]::new));
    }

    private void problems(String name, int count) throws Exception {
        List<String> lines = new ArrayList<>();
        for (int a = 0; a < count; a++) {
            lines.add("{\"question\": \"What is %d plus 2?\", \"answer\": \"%d\", \"solution\": \"We add.\\nIt is \\\\boxed{%d}\"}"
                    .formatted(a,
                            a + 2, a + 2));
        }
        Files.write(folder.resolve(name), lines);
    }

    private Path plan(String more) throws Exception {
        return Files.writeString(folder.resolve("plan.json"), """
                {%s "title": "Tiny", "model": "model", "problems": "train.jsonl", "recipes": ["grpo", "lppo"], "seeds": 1,
                 "training": {"prompt-format": "chat", "reward": "boxed", "max-new-tokens": 8, "steps": 1, "problems-per-step": 4,
                              "group-size": 2, "lora-rank": 2, "device": "cpu", "recompute": true},
                 "evaluation": {"prompt-format": "chat", "reward": "boxed", "max-new-tokens": 8, "device": "cpu"},
                 "benchmarks": [{"data": "aime24.jsonl", "samples": 2}, {"data": "amc23.jsonl", "samples": 1}],
                 "from_the_paper": ["kappa 8"], "ours": ["alpha 0.5"],
                 "published": {"note": "for orientation", "benchmarks": ["AIME24", "AMC23"], "rows": {"Another": [12.5, 50]}}}
                """.formatted(more));
    }
}
