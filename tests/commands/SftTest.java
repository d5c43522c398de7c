package commands;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import common.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import lppo.Checkout;
import lppo.Commands;
import lppo.data.Problems;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code sft}: the best policy is kept, and an interrupted run ends in the same bytes. */
class SftTest {

    private static final Path DATA = Checkout.ROOT.resolve("data");

    @TempDir
    Path folder;

    private Commands commands;

    @BeforeEach
    void writeProblems() throws Exception {
        commands = new Commands(folder);
        Problems.write(folder.resolve("validation.jsonl"), Problems.read(DATA.resolve("validation.jsonl")).subList(0, 60));
    }

    /** Eight demonstrations at a high learning rate: the policy forgets, and its best is not its last. */
    @Test
    void theBestIsThatOfTheEvaluationsAndTheFirstOfEquals() throws Exception {
        Path out = folder.resolve("out");
        commands.run(0, line(out, 30));
        List<String> rows = Files.readAllLines(out.resolve("evaluation.csv")).stream().filter(row -> row.contains(",all,")).toList();
        assertEquals(11, rows.size());
        double best = rows.stream().mapToDouble(SftTest::greedy).max().orElseThrow();
        String first = rows.stream().filter(row -> greedy(row) == best).findFirst().orElseThrow();
        assertEquals(first.split(",")[0], step(out.resolve("best")));
        assertEquals("30", step(out.resolve("checkpoint")));
        assertTrue(greedy(rows.get(10)) < best, "the last is not the best: " + rows);

        Path csv = folder.resolve("scores.csv");
        commands.run(0, "evaluate", "--model", out.resolve("best").toString(), "--task", "modular-chain", "--data",
                folder.resolve("validation.jsonl").toString(), "--samples", "0", "--csv", csv.toString());
        String all = Files.readAllLines(csv).stream().filter(row -> row.contains(",all,")).findFirst().orElseThrow();
        assertTrue(List.of(all.split(",")).stream().anyMatch(cell -> cell.equals(Double.toString(best))), best + " is not in " + all);
    }

    @Test
    void aRunThatWasEndedGoesOnAsIfItHadNot() throws Exception {
        Path whole = folder.resolve("whole");
        commands.run(0, line(whole, 60));
        for (boolean adapters : new boolean[] {false, true}) {
            String[] rank = adapters ? new String[] {"--lora-rank", "4"} : new String[0];
            Path expected = adapters ? folder.resolve("adapted") : whole;
            if (adapters) {
                commands.run(0, line(expected, 60, rank));
            }
            Path out = folder.resolve("ended-" + adapters);
            Process process = commands.process(folder.resolve("log"), line(out, 60, rank)).start();
            Path metrics = out.resolve("metrics.csv");
            while (process.isAlive() && (Files.notExists(metrics) || Files.readAllLines(metrics).size() < 12)) {
                Thread.sleep(5);
            }
            process.destroyForcibly(); // no time to save
            assertTrue(process.waitFor(1, TimeUnit.MINUTES));
            String reached = step(out.resolve("checkpoint"));
            assertNotEquals("60", reached, Files.readString(folder.resolve("log")));
            List<String> again = new ArrayList<>(List.of(line(out, 60, rank)));
            again.add("--resume");
            commands.run(0, again.toArray(String[]::new));
            for (String table : List.of("metrics.csv", "evaluation.csv", "samples.jsonl")) {
                assertEquals(Files.readString(expected.resolve(table)), Files.readString(out.resolve(table)), table);
            }
            for (String kept : List.of("checkpoint", "best")) {
                for (String name : List.of(adapters ? "adapter_model.safetensors" : "model.safetensors", "optimizer.safetensors",
                        "state.json")) {
                    assertArrayEquals(Files.readAllBytes(expected.resolve(kept).resolve(name)),
                            Files.readAllBytes(out.resolve(kept).resolve(name)), kept + "/" + name);
                }
            }
        }

        String longer = commands.run(2, with(line(whole, 120), "--resume"));
        assertTrue(longer.contains("was to take 60 steps") && longer.strip().lines().count() == 1, longer);
        String other = commands.run(2, with(line(whole, 60, "--seed", "2"), "--resume"));
        assertTrue(other.contains("was started with seed 1 and not 2"), other);
    }

    @Test
    void theBestNeedsAnEvaluation() throws Exception {
        String refused = commands.run(2, "sft", "--model", DATA.resolve("base").toString(), "--data",
                DATA.resolve("train.jsonl").toString(),
                "--keep-best", "--out", folder.resolve("none").toString());
        assertTrue(refused.contains("--keep-best: needs --evaluate-on"), refused);
        assertFalse(Files.exists(folder.resolve("none")));
    }

    private String[] line(Path out, int steps, String... more) {
        return with(new String[] {"sft", "--model", DATA.resolve("base").toString(), "--task", "modular-chain", "--data",
            DATA.resolve("train.jsonl").toString(), "--evaluate-on", folder.resolve("validation.jsonl").toString(), "--evaluate-every", "3",
            "--evaluate-samples", "0", "--keep-best", "--demonstrations", "8", "--batch", "5", "--learning-rate", "2e-3", "--device", "cpu",
            "--steps", Integer.toString(steps), "--out", out.toString()}, more);
    }

    private static String[] with(String[] line, String... more) {
        List<String> all = new ArrayList<>(List.of(line));
        all.addAll(List.of(more));
        return all.toArray(String[]::new);
    }

    private static double greedy(String row) {
        return Double.parseDouble(row.split(",")[4]);
    }

    private static String step(Path checkpoint) {
        return Json.object(checkpoint.resolve("state.json")).get("step").getAsString();
    }
}
