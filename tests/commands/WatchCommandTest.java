package commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lppo.Checkout;
import lppo.Commands;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code watch}, and what {@code train} takes to be watched. */
class WatchCommandTest {

    @TempDir
    Path folder;
    @TempDir
    Path classes;

    private String[] train(String... more) {
        Path data = Checkout.ROOT.resolve("data");
        List<String> arguments = new ArrayList<>(List.of("train", "--recipe", "pg", "--model", data.resolve("base").toString(), "--data",
                data.resolve("train.jsonl").toString(), "--out", folder.resolve("run").toString(), "--problems-per-step", "32",
                "--group-size", "2",
                "--guide-after", "0", "--guide-below", "1", "--device", "cpu"));
        arguments.addAll(Arrays.asList(more));
        return arguments.toArray(String[]::new);
    }

    private static String address(Path log, Process process) throws Exception {
        Pattern told = Pattern.compile("watch at (http://127\\.0\\.0\\.1:\\d+/)");
        for (long end = System.nanoTime() + 60_000_000_000L; System.nanoTime() < end; Thread.sleep(50)) {
            Matcher found = told.matcher(Files.readString(log));
            if (found.find()) {
                return found.group(1);
            }
            assertTrue(process.isAlive(), () -> "it ended");
        }
        throw new AssertionError("no address: " + Files.readString(log));
    }

    private static String get(String address) throws Exception {
        return HttpClient.newHttpClient().send(HttpRequest.newBuilder(URI.create(address)).build(), HttpResponse.BodyHandlers.ofString())
                .body();
    }

    @Test
    void aRunIsWatchedWhileItLastsAndToldToTensorBoardAndAServerThatIsAway() throws Exception {
        Path log = folder.resolve("log");
        Process process = new Commands(classes).process(log, train("--steps", "12", "--log", "tensorboard,mlflow=http://127.0.0.1:1",
                "--watch=0")).start();
        String address = address(log, process);
        assertTrue(get(address).startsWith("<!doctype html>"));
        while (process.isAlive() && !get(address + "runs").contains("metrics.csv")) {
            Thread.sleep(50);
        }
        assertTrue(get(address + "runs/0/metrics.csv").startsWith("step,sampled_tokens,pass_rate"));
        assertTrue(process.waitFor(120, TimeUnit.SECONDS));
        assertEquals(0, process.exitValue(), Files.readString(log));
        assertEquals(1, Pattern.compile("MLflow at http://127\\.0\\.0\\.1:1").matcher(Files.readString(log)).results().count(),
                Files.readString(log));
        Path run = folder.resolve("run");
        assertEquals(1, Checkout.list(run).stream().filter(file -> file.getFileName().toString().startsWith("events.out.tfevents."))
                .count());
        assertEquals(13, Files.readAllLines(run.resolve("metrics.csv")).size());
        new Commands(classes).run(0, "plot", run.toString(), "--out", folder.resolve("charts").toString());
        for (String chart : List.of("pass_rate", "silent_share", "loss", "problems")) {
            assertTrue(Files.size(folder.resolve("charts").resolve(chart + ".png")) > 5_000, chart);
        }

        List<JsonObject> samples = Files.readAllLines(run.resolve("samples.jsonl")).stream().map(line -> JsonParser.parseString(line)
                .getAsJsonObject()).toList();
        assertTrue(samples.stream().filter(s -> s.get("step").getAsInt() == 2).count() <= 8);
        List<JsonObject> guided = samples.stream().filter(s -> !s.get("hint").getAsString().isEmpty()).toList();
        assertFalse(guided.isEmpty(), "some completions were sampled behind a hint");
        String solutions = Files.readString(Checkout.ROOT.resolve("data/train.jsonl"));
        guided.forEach(s -> assertTrue(s.get("beta").getAsDouble() > 0 && solutions.contains("\"" + s.get("hint").getAsString() + " "),
                s::toString));
    }

    @Test
    void watchServesUntilItIsAskedToEnd() throws Exception {
        Path run = Files.createDirectory(folder.resolve("run"));
        Files.writeString(run.resolve("metrics.csv"), "step\n1\n");
        Path log = folder.resolve("log");
        Process process = new Commands(classes).process(log, "watch", folder.toString(), "--port", "0").start();
        String address = address(log, process);
        assertEquals("step\n1\n", get(address + "runs/0/metrics.csv"));
        process.destroy();
        assertTrue(process.waitFor(10, TimeUnit.SECONDS), "it ends at SIGTERM");
        assertEquals(List.of("metrics.csv"), Checkout.list(run).stream().map(file -> file.getFileName().toString()).toList(),
                "it writes nothing");
    }

    @Test
    void mistakesAreToldBeforeAnythingIsDone() throws Exception {
        Commands commands = new Commands(classes);
        for (List<String> wrong : List.of(List.of("--watch=70000", "must be a port, 0 to 65535"), List.of("--log=wandb",
                "choose tensorboard, mlflow or mlflow=URL"),
                List.of("--log=mlflow=ftp://x", "ftp://x is no address of an MLflow server"), List.of("--log=mlflow=http://a b",
                        "is no address"))) {
            String said = commands.run(2, train("--steps", "1", wrong.get(0)));
            assertTrue(said.contains(wrong.get(1)) && said.lines().count() == 1, said);
            assertFalse(Files.exists(folder.resolve("run")));
        }
        assertTrue(commands.run(2, "watch", folder.resolve("none").toString()).contains("no such folder"));
        assertTrue(commands.run(2, "watch", folder.toString(), "--port", "-1").contains("--port -1: must lie in 0 to 65535"));
    }
}
