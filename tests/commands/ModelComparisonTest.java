package commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import lppo.ChatModel;
import lppo.Checkout;
import lppo.Commands;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code reproduce --task arithmetic} on a small random model with a chat template. */
class ModelComparisonTest {

    @TempDir
    Path folder;

    @Test
    void recipesAndImitationAreComparedAndABrokenOffComparisonGoesOn() throws Exception {
        Path model = ChatModel.write(folder);
        Path out = folder.resolve("out");
        Commands commands = new Commands(folder);
        String[] line = {"reproduce", "--task", "arithmetic", "--model", model.toString(), "--out", out.toString(), "--quick", "--recipes",
            "grpo,sft,sft-lppo", "--steps", "10", "--tokens", "3000", "--samples", "2", "--on", "validation", "--demonstrations", "8",
            "--jobs", "2", "--", "--max-new-tokens", "12", "--problems-per-step=6", "--prompt-format", "chat"};
        String said = commands.run(0, line);
        assertTrue(said.contains("minutes left") && said.lines().anyMatch(l -> l.matches("sft-lppo +1 +\\d+ +\\d+ +0\\.\\d+ .*")), said);

        JsonObject after = JsonParser.parseString(Files.readString(out.resolve("runs/sft-lppo-1/config.json"))).getAsJsonObject();
        assertEquals(out.resolve("runs/sft-1/best").toString(), after.get("adapter").getAsString(), "begins where imitation was best");
        String imitation = Files.readString(out.resolve("runs/sft-1/config.json"));
        assertTrue(imitation.contains("validation.jsonl") && !imitation.contains("evaluated.jsonl"), "chosen on validation problems alone");
        assertEquals("50", lastProblems(out.resolve("scores/sft-1")), "and reported on those that are evaluated");
        assertEquals(50, Files.readAllLines(out.resolve("task/scored.jsonl")).size());
        JsonObject options = after.getAsJsonObject("options");
        assertEquals("12", options.get("maxNewTokens").getAsString());
        assertEquals("6", options.get("problemsPerStep").getAsString(), "what stands behind -- is taken, and not the default too");
        assertEquals(8 / 32.0, options.get("trustedShare").getAsDouble(), 1e-9, "all problems are visited alike");
        for (String run : List.of("grpo-1", "sft-lppo-1")) {
            List<String> metrics = Files.readAllLines(out.resolve("runs").resolve(run).resolve("metrics.csv"));
            assertTrue(Long.parseLong(metrics.get(metrics.size() - 1).split(",")[1]) >= 3000
                    && Long.parseLong(metrics.get(metrics.size() - 2).split(",")[1]) < 3000, "equal sampled tokens");
            assertEquals("50", lastProblems(out.resolve("runs").resolve(run)), "--quick evaluates fifty problems");
        }

        String report = Files.readString(out.resolve("report.md"));
        assertTrue(
                report.startsWith("# LPPO against GRPO on the task arithmetic\n") && report.contains("1 seeds, 3,000 sampled tokens each;")
                        && report.contains("8 demonstrations"),
                report);
        for (String row : List.of("| GRPO |", "| SFT then LPPO |", "| SFT |", "| before |", "| policy | pass@1 | pass@2 |")) {
            assertTrue(report.contains(row), row + " is missing in " + report);
        }
        assertTrue(report.contains("stopped at its best on the validation problems"), report);
        String page = Files.readString(out.resolve("completions.md"));
        assertEquals(10, page.lines().filter(l -> l.startsWith("## ")).count());
        assertEquals(40, page.lines().filter(l -> l.startsWith("- **")).count(), "of the model as it was and of three that learned");
        for (String chart : List.of("accuracy-steps.png", "accuracy-tokens.png", "accuracy-minutes.png", "pass-at-k.png")) {
            assertTrue(ImageIO.read(out.resolve(chart).toFile()).getWidth() > 0, chart);
        }

        Path adapters = out.resolve("runs/sft-1/checkpoint");
        for (String[] wrong : new String[][] {{"--adapter: needs --lora-rank"}, {"its adapters have --lora-rank 16 --lora-alpha 32.0",
            "--lora-rank", "8"}}) {
            List<String> train = new ArrayList<>(
                    List.of("train", "--recipe", "grpo", "--task", "arithmetic", "--model", model.toString(), "--out",
                            folder.resolve("wrong" + wrong.length).toString(), "--adapter", adapters.toString(), "--device", "cpu"));
            train.addAll(List.of(wrong).subList(1, wrong.length));
            String refused = commands.run(2, train.toArray(String[]::new));
            assertTrue(refused.contains(wrong[0]), refused);
        }

        byte[] trained = Files.readAllBytes(out.resolve("runs/grpo-1/metrics.csv"));
        Path scores = out.resolve("scores/sft-then-lppo/scores.csv");
        String scored = Files.readString(scores);
        Files.delete(scores); // as if it had been killed before the end
        long before = Files.getLastModifiedTime(out.resolve("scores/before/scores.csv")).toMillis();
        commands.run(0, Stream.concat(Stream.of(line).limit(1), Stream.concat(Stream.of("--resume"), Stream.of(line).skip(1)))
                .toArray(String[]::new));
        assertEquals(scored, Files.readString(scores));
        assertEquals(before, Files.getLastModifiedTime(out.resolve("scores/before/scores.csv")).toMillis(), "what is done is kept");
        assertEquals(new String(trained), Files.readString(out.resolve("runs/grpo-1/metrics.csv")));
    }

    private static String lastProblems(Path run) throws Exception {
        List<String> rows = Files.readAllLines(run.resolve("evaluation.csv"));
        return rows.get(rows.size() - 1).split(",")[3];
    }

    @Test
    void whatCannotBeIsRefusedBeforeAnythingIsWritten() throws Exception {
        Path out = folder.resolve("out");
        Path model = Checkout.ROOT.resolve("tests/fixtures/llama");
        assertRefused("--task arithmetic: needs --model DIR", out);
        assertRefused("recipe \"best\" is unknown", out, "--model", model.toString(), "--recipes", "grpo,sft-best");
        assertRefused("start with grpo", out, "--model", model.toString(), "--recipes", "sft,grpo");
        assertRefused("--lora-rank 0: a language model is compared by its adapters", out, "--model", model.toString(), "--",
                "--lora-rank=0");
        assertRefused("--seed behind --", out, "--model", model.toString(), "--", "--seed", "3");
        assertRefused("--across: compares on the task modular-chain alone", out, "--model", model.toString(), "--across", "losses");
        assertRefused("config.json", out, "--model", folder.toString());
        String refused = new Commands(folder).run(2, "reproduce", "--samples", "3", "--out", out.toString());
        assertTrue(refused.contains("--samples: goes with a language model"), refused);
        assertFalse(Files.exists(out));
    }

    private void assertRefused(String why, Path out, String... options) throws Exception {
        List<String> line = new ArrayList<>(List.of("reproduce", "--task", "arithmetic", "--out", out.toString()));
        line.addAll(List.of(options));
        String refused = new Commands(folder).run(2, line.toArray(String[]::new));
        assertTrue(refused.contains(why) && refused.strip().lines().count() == 1, refused);
    }
}
