package lppo.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import common.BadInput;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import llm.Policy;
import logs.Mlflow;
import logs.TensorBoard;
import lppo.task.ModularChain;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs that are told to TensorBoard and to a small server that speaks as MLflow does. */
class LogsTest {

    @TempDir
    static Path skeleton;
    @TempDir
    Path folder;

    private final List<String> warnings = new CopyOnWriteArrayList<>();
    private final Map<String, String> metrics = new ConcurrentSkipListMap<>(); // step and name to value
    private final Map<String, String> parameters = new ConcurrentSkipListMap<>();
    private final Map<String, byte[]> artifacts = new ConcurrentSkipListMap<>();
    private final List<String> calls = new CopyOnWriteArrayList<>();
    private final List<String> states = new CopyOnWriteArrayList<>();
    private HttpServer server;

    @BeforeAll
    static void write() throws Exception {
        ModularChain.writeSkeleton(skeleton);
    }

    @AfterEach
    void end() {
        if (server != null) {
            server.stop(0);
        }
    }

    private static Map<String, BufferedImage> chart() {
        return Map.of("one", new BufferedImage(2, 1, BufferedImage.TYPE_INT_RGB));
    }

    private Mlflow mlflow(URI address, Path out) {
        return new Mlflow(address, "an experiment", out, Map.of("recipe", "lppo", "options", Map.of("kappa", "8.0")), LogsTest::chart,
                warnings::add);
    }

    private URI serve(int port) throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        server.createContext("/", this::answer);
        server.start();
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    private void answer(HttpExchange exchange) throws IOException {
        byte[] body = exchange.getRequestBody().readAllBytes();
        String path = exchange.getRequestURI().getPath();
        calls.add(path.replaceFirst(".*/(mlflow|artifacts)/", ""));
        String said = "{}";
        int status = 200;
        if (path.contains("/mlflow-artifacts/artifacts/")) {
            artifacts.put(path.replaceFirst(".*/mlflow-artifacts/artifacts/", ""), body);
        } else if (path.endsWith("get-by-name")) {
            status = 404;
        } else {
            JsonObject asked = JsonParser.parseString(new String(body, StandardCharsets.UTF_8)).getAsJsonObject();
            String info = "{\"run_id\": \"r1\", \"artifact_uri\": \"mlflow-artifacts:/7/r1/artifacts\"}";
            if (path.endsWith("experiments/create")) {
                assertEquals("an experiment", asked.get("name").getAsString());
                said = "{\"experiment_id\": \"7\"}";
            } else if (path.endsWith("runs/create")) {
                said = "{\"run\": {\"info\": " + info + "}}";
            } else if (path.endsWith("runs/update")) {
                states.add(asked.get("status").getAsString());
                said = "{\"run_info\": " + info + "}";
            } else {
                for (String kind : List.of("metrics", "params")) {
                    for (JsonElement each : asked.has(kind) ? asked.getAsJsonArray(kind) : new com.google.gson.JsonArray()) {
                        JsonObject one = each.getAsJsonObject();
                        String name = one.get("key").getAsString();
                        String key = kind.equals("params") ? name : "%03d %s".formatted(one.get("step").getAsInt(), name);
                        assertEquals(null, (kind.equals("params") ? parameters : metrics).put(key, one.get("value").getAsString()), key
                                + " was sent twice");
                    }
                }
            }
        }
        byte[] answer = said.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, answer.length);
        exchange.getResponseBody().write(answer);
        exchange.close();
    }

    private void run(Path out, long steps, boolean resumed, RunListener... listeners) {
        Recipe recipe = TinyRun.recipe("lppo");
        try (Policy policy = resumed ? Policy.load(new Checkpoints(out).latest(), ai.djl.Device.cpu()) : new TinyRun(skeleton).policy(1)) {
            FolderListener tables = new FolderListener(new RunFolder(out), 0, false, policy);
            Training training = TinyRun.training(recipe, policy, TinyRun.ENDS).listener(tables);
            for (RunListener listener : listeners) {
                training = training.listener(listener);
            }
            Trainer trainer = training.trainer();
            if (resumed) {
                tables.resume(trainer);
            }
            trainer.run(steps, Long.MAX_VALUE, () -> false, step -> {});
        }
    }

    @Test
    void everyNumberOfTheTablesIsAMetricAndTheFilesAreArtefacts() throws Exception {
        Path out = Files.createDirectory(folder.resolve("run"));
        try (Mlflow mlflow = mlflow(serve(0), out)) {
            run(out, 3, false, mlflow);
            mlflow.ended(true);
        }
        assertEquals(List.of(), warnings);
        assertEquals(new TreeMap<>(Map.of("recipe", "lppo", "options.kappa", "8.0")), new TreeMap<>(parameters));
        assertEquals(List.of("FINISHED"), states);
        int numbers = 0;
        for (Map<String, String> row : TinyRun.rows(out.resolve("metrics.csv"))) {
            for (Map.Entry<String, String> cell : row.entrySet()) {
                if (!List.of("step", "trouble").contains(cell.getKey()) && !cell.getValue().equals("NaN")) {
                    String key = "%03d %s".formatted(Integer.parseInt(row.get("step")), cell.getKey());
                    assertEquals(Double.parseDouble(cell.getValue()), Double.parseDouble(metrics.get(key)), key);
                    numbers++;
                }
            }
        }
        assertTrue(numbers > 40, numbers + " numbers");
        assertEquals(TinyRun.rows(out.resolve("evaluation.csv")).get(0).get("greedy"), metrics.get("000 evaluation/3/greedy"));
        assertTrue(metrics.containsKey("003 timing/rollout_seconds"));
        for (String name : List.of("metrics.csv", "problems.csv", "evaluation.csv", "samples.jsonl")) {
            assertArrayEquals(Files.readAllBytes(out.resolve(name)), artifacts.get("7/r1/artifacts/" + name), name);
        }
        assertTrue(artifacts.containsKey("7/r1/artifacts/charts/one.png"));
    }

    @Test
    void aResumedRunGoesOnWhereItWas() throws Exception {
        Path out = Files.createDirectory(folder.resolve("run"));
        URI address = serve(0);
        try (Mlflow mlflow = mlflow(address, out)) {
            run(out, 2, false, mlflow);
            mlflow.ended(false);
        }
        try (Mlflow mlflow = mlflow(address, out)) {
            run(out, 4, true, mlflow);
            mlflow.ended(true);
        }
        assertEquals(List.of("KILLED", "RUNNING", "FINISHED"), states);
        assertEquals(1, calls.stream().filter("runs/create"::equals).count());
        assertTrue(metrics.keySet().containsAll(List.of("002 loss", "003 loss", "004 loss")));
        assertEquals(List.of(), warnings);
    }

    @Test
    void aServerThatIsAwayStopsNothingAndOneThatComesBackGetsAll() throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        Path out = Files.createDirectory(folder.resolve("run"));
        try (Mlflow mlflow = mlflow(URI.create("http://127.0.0.1:" + port), out)) {
            run(out, 3, false, mlflow);
            assertEquals(4, Files.readAllLines(out.resolve("metrics.csv")).size());
            assertEquals(1, warnings.size(), warnings::toString);
            assertTrue(
                    warnings.get(0).matches(
                            "MLflow at http://127.0.0.1:\\d+: .*; the run goes on, and what was not sent is tried again with later steps"),
                    warnings.get(0));
            serve(port);
            mlflow.ended(true);
        }
        assertTrue(metrics.keySet().containsAll(List.of("001 loss", "002 loss", "003 loss", "000 evaluation/all/greedy")),
                metrics::toString);
        assertEquals(1, warnings.size());
        Path other = Files.createDirectory(folder.resolve("other"));
        server.stop(0);
        try (Mlflow mlflow = mlflow(URI.create("http://127.0.0.1:" + port), other)) {
            run(other, 2, false, mlflow);
        }
        assertEquals(2, warnings.size(), "one for this run, however it ends: " + warnings);
    }

    private static StepMetrics step(long i) {
        return new StepMetrics(i, i, 0.5, Double.NaN, 0, 0, 0, Double.NaN, 0, 3, 0.1, 1, 0, 0, 1, 1, 0, 1, 1e-3, 0, "",
                Map.of("my own: é", 2.0));
    }

    @Test
    void namesHaveTheCharactersThatTheProtocolTakesAndRefusalsAreTold() throws Exception {
        Path out = Files.createDirectory(folder.resolve("run"));
        try (Mlflow mlflow = mlflow(serve(0), out)) {
            mlflow.stepped(step(1), List.of(), new StepTiming(1, 1, 1, 1, Double.NaN));
        }
        assertEquals("2.0", metrics.get("001 my own_ _"));
        assertFalse(metrics.containsKey("001 guided_pass_rate"), "NaN is no number");
        assertEquals(List.of("FAILED"), states, "it was not said how it ended");
        for (String wrong : List.of("nowhere", "file:///tmp/x", "http:///x")) {
            assertThrows(BadInput.class, () -> mlflow(URI.create(wrong), out), wrong);
        }
    }

    @Test
    void anEventFileIsWrittenFromTheFirstEventOn() throws Exception {
        Path out = Files.createDirectory(folder.resolve("run"));
        try (Policy policy = new TinyRun(skeleton).policy(1)) {
            new TensorBoard(out, policy, Map.of(), Map::of).close();
            assertEquals(0, Files.list(out).count(), "a run that never began");
            try (TensorBoard board = new TensorBoard(out, policy, Map.of("recipe", "lppo"), LogsTest::chart)) {
                run(out, 2, false, board);
                board.ended(true);
            }
        }
        List<Path> files = new ArrayList<>(Files.list(out).filter(file -> file.getFileName().toString().startsWith("events.out.tfevents."))
                .toList());
        assertEquals(1, files.size());
        String bytes = Files.readString(files.get(0), StandardCharsets.ISO_8859_1);
        for (String tag : List.of("train/pass_rate", "timing/rollout_seconds", "evaluation/all/greedy", "charts/one",
                "completions/evaluation", "completions/training",
                "_hparams_/session_start_info", "_hparams_/session_end_info", TinyRun.PROBLEMS.get(0).question())) {
            assertTrue(bytes.contains(tag), tag);
        }
    }
}
