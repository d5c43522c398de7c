package lppo.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import llm.Policy;
import logs.Mlflow;
import logs.TensorBoard;
import lppo.task.ModularChain;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs that are told to TensorBoard and to an MLflow server, read back by TensorBoard's own reader and from the server. Both come from the
 * Python at {@code LPPO_LOGS_PYTHON}, or a virtual environment that is made for this test; where there is none, it is skipped.
 */
class LogsPeerTest {

    @TempDir
    static Path scratch;
    private static Path python;

    @TempDir
    Path folder;

    @BeforeAll
    static void install() throws Exception {
        ModularChain.writeSkeleton(Files.createDirectory(scratch.resolve("skeleton")));
        String named = System.getenv("LPPO_LOGS_PYTHON");
        python = named != null ? Path.of(named) : scratch.resolve("venv/bin/python");
        if (named == null) {
            assumeTrue(done(List.of("python3", "-m", "venv", scratch.resolve("venv").toString())) && done(List.of(python.toString(), "-m",
                    "pip", "install",
                    "--quiet", "tensorboard", "mlflow")),
                    "tensorboard and mlflow cannot be had by pip: set LPPO_LOGS_PYTHON to a Python that has them");
        }
    }

    private static boolean done(List<String> command) throws InterruptedException {
        try {
            Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(scratch.resolve("log").toFile()).start();
            return process.waitFor(15, TimeUnit.MINUTES) && process.exitValue() == 0;
        } catch (IOException e) {
            return false;
        }
    }

    private Policy policy() {
        return new TinyRun(scratch.resolve("skeleton")).policy(1);
    }

    private static Map<String, BufferedImage> chart() {
        return Map.of("one", new BufferedImage(20, 10, BufferedImage.TYPE_INT_RGB));
    }

    private static void train(Policy policy, Path out, long steps, boolean resumed, RunListener listener) {
        FolderListener tables = new FolderListener(new RunFolder(out), 0, false, policy);
        Trainer trainer = TinyRun.training(TinyRun.recipe("lppo"), policy, TinyRun.ENDS).listener(tables).listener(listener).trainer();
        if (resumed) {
            tables.resume(trainer);
        }
        trainer.run(steps, Long.MAX_VALUE, () -> false, step -> {});
    }

    private static final String READER = """
            import json, sys
            from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
            from tensorboard.plugins.hparams import metadata
            events = EventAccumulator(sys.argv[1], size_guidance={"images": 0, "tensors": 0, "scalars": 0})
            events.Reload()
            tags = events.Tags()
            content = events.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
            start = metadata.parse_session_start_info_plugin_data(content)
            end = metadata.parse_session_end_info_plugin_data(events.SummaryMetadata("_hparams_/session_end_info").plugin_data.content)
            print(json.dumps({
                "scalars": {tag: {e.step: e.value for e in events.Scalars(tag)} for tag in tags["scalars"]},
                "images": {tag: [[e.step, e.width, e.height, e.encoded_image_string[:4].hex()] for e in events.Images(tag)] for tag in \
            tags["images"]},
                "texts": {tag: [e.tensor_proto.string_val[0].decode() for e in events.Tensors(tag)] for tag in tags["tensors"]
                    if events.SummaryMetadata(tag).plugin_data.plugin_name == "text"},
                "settings": {name: value.number_value or value.string_value for name, value in start.hparams.items()}, "end": end.status}))
            """;

    @Test
    void tensorBoardReadsWhatTheTablesSay() throws Exception {
        Path out = Files.createDirectory(folder.resolve("run"));
        try (Policy policy = policy();
                TensorBoard board = new TensorBoard(out, policy, Map.of("recipe", "lppo", "options", Map.of("kappa",
                        "8.0")),
                        LogsPeerTest::chart)) {
            train(policy, out, 3, false, board);
            board.ended(true);
        }
        try (Policy policy = Policy.load(new Checkpoints(out).latest(), ai.djl.Device.cpu());
                TensorBoard board = new TensorBoard(out,
                        policy,
                        Map.of("recipe", "lppo", "options", Map.of("kappa", "8.0")), LogsPeerTest::chart)) {
            train(policy, out, 5, true, board);
            board.ended(true);
        }
        Path script = Files.writeString(folder.resolve("read.py"), READER);
        Process process = new ProcessBuilder(python.toString(), script.toString(), out.toString()).redirectError(folder.resolve("errors")
                .toFile()).start();
        String said = new String(process.getInputStream().readAllBytes());
        assertEquals(0, process.waitFor(), Files.readString(folder.resolve("errors")));
        JsonObject read = JsonParser.parseString(said).getAsJsonObject();
        int numbers = 0;
        for (Map<String, String> row : TinyRun.rows(out.resolve("metrics.csv"))) {
            for (Map.Entry<String, String> cell : row.entrySet()) {
                if (!List.of("step", "trouble").contains(cell.getKey()) && !cell.getValue().equals("NaN")) {
                    double value = read.getAsJsonObject("scalars").getAsJsonObject("train/" + cell.getKey()).get(row.get("step"))
                            .getAsDouble();
                    assertEquals((float) Double.parseDouble(cell.getValue()), (float) value, 1e-6 * Math.abs(value), cell.getKey());
                    numbers++;
                }
            }
        }
        assertTrue(numbers > 70, numbers + " numbers");
        assertEquals(2, read.getAsJsonObject("scalars").getAsJsonObject("evaluation/all/average").entrySet().stream()
                .filter(e -> List.of("0", "5").contains(e.getKey())).count());
        assertEquals("[[0,20,10,\"89504e47\"],[3,20,10,\"89504e47\"],[5,20,10,\"89504e47\"]]", read.getAsJsonObject("images")
                .get("charts/one").toString());
        JsonObject texts = read.getAsJsonObject("texts");
        assertTrue(texts.getAsJsonArray("completions/evaluation").get(0).getAsString().contains("    " + TinyRun.PROBLEMS.get(0)
                .question()), said);
        assertTrue(texts.has("completions/training") && texts.getAsJsonArray("config").get(0).getAsString().contains("\"kappa\": \"8.0\""),
                said);
        assertEquals("{\"options.kappa\":8.0,\"recipe\":\"lppo\"}", read.get("settings").toString()
                .replace("\"recipe\":\"lppo\",\"options.kappa\":8.0",
                        "\"options.kappa\":8.0,\"recipe\":\"lppo\"")
                .replace(", ", ","));
        assertEquals(1, read.get("end").getAsInt());
    }

    @Test
    void anMlflowServerHasWhatTheTablesSay() throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        URI address = URI.create("http://127.0.0.1:" + port);
        Path out = Files.createDirectory(folder.resolve("run"));
        List<String> warnings = new ArrayList<>();
        Process server = new ProcessBuilder(python.toString(), "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", "" + port,
                "--workers", "1",
                "--backend-store-uri", "sqlite:///" + folder.resolve("mlflow.db"), "--artifacts-destination", folder.resolve("artifacts")
                        .toString())
                .redirectErrorStream(true).redirectOutput(folder.resolve("server.log").toFile()).start();
        try {
            long end = System.nanoTime() + 180_000_000_000L;
            while (get(address + "/health").filter("OK"::equals).isEmpty()) {
                assertTrue(System.nanoTime() < end && server.isAlive(), () -> "the server did not begin: " + log());
                Thread.sleep(500);
            }
            for (int part = 1; part <= 2; part++) {
                try (Policy policy = part == 1 ? policy() : Policy.load(new Checkpoints(out).latest(), ai.djl.Device.cpu());
                        Mlflow mlflow = new Mlflow(address, "lppo", out, Map.of("recipe", "lppo", "options", Map.of("kappa", "8.0")),
                                LogsPeerTest::chart,
                                warnings::add)) {
                    train(policy, out, 2 * part, part == 2, mlflow);
                    mlflow.ended(part == 2);
                }
            }
            assertEquals(List.of(), warnings);
            String id = JsonParser.parseString(Files.readString(out.resolve("mlflow.json"))).getAsJsonObject().get("run_id").getAsString();
            JsonObject run = JsonParser.parseString(get(address + "/api/2.0/mlflow/runs/get?run_id=" + id).orElseThrow()).getAsJsonObject()
                    .getAsJsonObject("run");
            assertEquals("FINISHED", run.getAsJsonObject("info").get("status").getAsString());
            assertEquals("run", run.getAsJsonObject("info").get("run_name").getAsString());
            assertEquals(2, run.getAsJsonObject("data").getAsJsonArray("params").size());
            for (String column : List.of("pass_rate", "loss", "learning_rate", "sampled_tokens")) {
                JsonArray history = JsonParser.parseString(get(address + "/api/2.0/mlflow/metrics/get-history?run_id=" + id
                        + "&metric_key=" + column)
                        .orElseThrow()).getAsJsonObject().getAsJsonArray("metrics");
                List<Map<String, String>> rows = TinyRun.rows(out.resolve("metrics.csv"));
                assertEquals(4, history.size());
                for (JsonElement each : history) {
                    int step = each.getAsJsonObject().get("step").getAsInt();
                    assertEquals(Double.parseDouble(rows.get(step - 1).get(column)), each.getAsJsonObject().get("value").getAsDouble(),
                            column);
                }
            }
            String files = get(address + "/api/2.0/mlflow/artifacts/list?run_id=" + id).orElseThrow();
            for (String name : List.of("metrics.csv", "problems.csv", "samples.jsonl", "charts")) {
                assertTrue(files.contains(name), files);
            }
        } finally {
            server.descendants().forEach(ProcessHandle::destroy);
            server.destroy();
            server.waitFor(20, TimeUnit.SECONDS);
        }
    }

    private String log() {
        try {
            return Files.readString(folder.resolve("server.log"));
        } catch (IOException e) {
            return e.toString();
        }
    }

    private static Optional<String> get(String address) throws InterruptedException {
        try {
            HttpResponse<String> answer = HttpClient.newHttpClient().send(HttpRequest.newBuilder(URI.create(address)).build(),
                    HttpResponse.BodyHandlers.ofString());
            return answer.statusCode() == 200 ? Optional.of(answer.body()) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
