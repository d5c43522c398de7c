package logs;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import common.BadInput;
import common.OneLine;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;
import javax.imageio.ImageIO;
import lppo.judge.Evaluation;
import lppo.run.Columns;
import lppo.run.RunListener;
import lppo.run.StepMetrics;
import lppo.run.StepTiming;
import lppo.run.Visit;

/**
 * Logs a run to an MLflow tracking server through its REST API: settings as parameters, every number of a step, of its timing and of an
 * evaluation as metrics, and at the end the files of the run folder and charts as artefacts. A separate thread sends everything. A server
 * that is away never stops or slows a run: one warning is given, what could not be sent waits, and it is tried again with later steps.
 *
 * <p>The run's number on the server is in {@code mlflow.json} in the run folder, so that a resumed run goes on there.
 */
public final class Mlflow implements RunListener, AutoCloseable {

    private static final long PAUSE_NANOS = 10_000_000_000L; // after a failure
    private static final int MOST_WAITING = 500_000;
    private static final int BATCH = 1000; // metrics in a request, by the protocol
    private static final int PARAMETERS = 100;
    private static final List<String> FILES = List.of("config.json", "metrics.csv", "timing.csv", "evaluation.csv", "problems.csv",
            "samples.jsonl");

    private final URI server;
    private final String experiment;
    private final Path folder;
    private final Map<String, ?> config;
    private final Supplier<Map<String, BufferedImage>> charts;
    private final Consumer<String> tell;
    private final Duration patience; // with one request
    private final HttpClient client = HttpClient.newHttpClient();
    private final ExecutorService sender = Executors.newSingleThreadExecutor(task -> {
        Thread thread = new Thread(task, "mlflow");
        thread.setDaemon(true);
        return thread;
    });
    private final Deque<JsonObject> waiting = new ArrayDeque<>(); // guarded by itself
    private final AtomicBoolean told = new AtomicBoolean();
    private Future<?> sending;
    private String status = "FAILED";
    private long failedAt; // from here on: used by the sender alone
    private String run;
    private String artifacts;

    /**
     * A listener for one run.
     *
     * @param server the tracking server, say {@code http://127.0.0.1:5000}
     * @param experiment that the run belongs to; it is made where there is none
     * @param folder of the run, which exists and whose name the run has there
     * @param config what {@code config.json} says
     * @param charts pictures of the run, by name, asked for at the end
     * @param tell takes the warning
     * @throws BadInput if the address is none of HTTP
     */
    public Mlflow(URI server, String experiment, Path folder, Map<String, ?> config, Supplier<Map<String, BufferedImage>> charts,
            Consumer<String> tell) {
        this(server, experiment, folder, config, charts, tell, Duration.ofSeconds(10));
    }

    Mlflow(URI server, String experiment, Path folder, Map<String, ?> config, Supplier<Map<String, BufferedImage>> charts,
            Consumer<String> tell, Duration patience) {
        BadInput.unless(server.getHost() != null && String.valueOf(server.getScheme()).matches("https?"),
                "%s: is no address of an MLflow server; one is http://127.0.0.1:5000", server);
        this.server = server;
        this.experiment = experiment;
        this.folder = folder;
        this.config = config;
        this.charts = charts;
        this.tell = tell;
        this.patience = patience;
    }

    @Override
    public void stepped(StepMetrics metrics, List<Visit> visits, StepTiming timing) {
        numbers("", metrics.step(), Columns.of(metrics));
        numbers("timing/", metrics.step(), Columns.of(timing));
        send();
    }

    @Override
    public void evaluated(long step, long sampledTokens, Evaluation evaluation) {
        evaluation.rows().forEach(row -> numbers("evaluation/" + row.level() + "/", step, Columns.of(row)));
        send();
    }

    /** Notes how the run ended; without it, it failed. */
    public void ended(boolean finished) {
        status = finished ? "FINISHED" : "KILLED";
    }

    private void numbers(String prefix, long step, Map<String, Object> row) {
        long now = System.currentTimeMillis();
        row.forEach((name, value) -> {
            if (value instanceof Number number && !name.equals("step") && Double.isFinite(number.doubleValue())) {
                JsonObject metric = new JsonObject();
                metric.addProperty("key", name(prefix + name));
                metric.addProperty("value", number.doubleValue());
                metric.addProperty("timestamp", now);
                metric.addProperty("step", step);
                synchronized (waiting) {
                    waiting.add(metric);
                    if (waiting.size() > MOST_WAITING) {
                        waiting.remove();
                    }
                }
            }
        });
    }

    /** A name with the characters that the protocol has. */
    private static String name(String name) {
        String plain = name.replaceAll("[^\\w.\\- /]", "_");
        return plain.substring(0, Math.min(250, plain.length()));
    }

    private void send() {
        if (sending == null || sending.isDone()) {
            sending = sender.submit(() -> attempt(false));
        }
    }

    /** Sends all that waits, and at the end files and charts. */
    private void attempt(boolean last) {
        if (!last && failedAt != 0 && System.nanoTime() - failedAt < PAUSE_NANOS) {
            return;
        }
        try {
            begin();
            for (JsonArray batch = batch(); batch.size() > 0; batch = batch()) {
                log("metrics", batch);
                synchronized (waiting) {
                    batch.forEach(sent -> waiting.removeFirstOccurrence(sent));
                }
            }
            if (last) {
                JsonObject end = of("run_id", run);
                end.addProperty("status", status);
                end.addProperty("end_time", System.currentTimeMillis());
                call("runs/update", end);
                upload();
            }
        } catch (IOException | RuntimeException e) {
            failedAt = System.nanoTime();
            warn(e.getMessage() == null ? "cannot be reached" : e.getMessage(),
                    "the run goes on" + (last ? "" : ", and what was not sent is tried again with later steps"));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void warn(String what, String then) {
        if (told.compareAndSet(false, true)) {
            tell.accept(OneLine.line("MLflow at " + server + ": " + what + "; " + then));
        }
    }

    private JsonArray batch() {
        JsonArray batch = new JsonArray();
        synchronized (waiting) {
            waiting.stream().limit(BATCH).forEach(batch::add);
        }
        return batch;
    }

    /** Finds the run on the server, or makes it. */
    private void begin() throws IOException, InterruptedException {
        if (run != null) {
            return;
        }
        Path note = folder.resolve("mlflow.json");
        if (Files.exists(note)) {
            String id = new Gson().fromJson(Files.readString(note), JsonObject.class).get("run_id").getAsString();
            JsonObject again = of("run_id", id);
            again.addProperty("status", "RUNNING");
            artifacts = call("runs/update", again).getAsJsonObject("run_info").get("artifact_uri").getAsString();
            run = id;
            return;
        }
        JsonObject wanted = of("experiment_id", experiment());
        wanted.addProperty("run_name", String.valueOf(folder.toAbsolutePath().normalize().getFileName()));
        wanted.addProperty("start_time", System.currentTimeMillis());
        JsonObject info = call("runs/create", wanted).getAsJsonObject("run").getAsJsonObject("info");
        artifacts = info.get("artifact_uri").getAsString();
        run = info.get("run_id").getAsString();
        Files.writeString(note, info + "\n");
        JsonArray parameters = new JsonArray();
        Settings.flat(config).forEach((name, value) -> {
            JsonObject parameter = of("key", name(name));
            String text = String.valueOf(value);
            parameter.addProperty("value", text.substring(0, Math.min(500, text.length())));
            parameters.add(parameter);
        });
        for (int from = 0; from < parameters.size(); from += PARAMETERS) {
            JsonArray part = new JsonArray();
            for (int i = from; i < Math.min(parameters.size(), from + PARAMETERS); i++) {
                part.add(parameters.get(i));
            }
            log("params", part);
        }
    }

    private String experiment() throws IOException, InterruptedException {
        HttpResponse<String> found = answer(request("api/2.0/mlflow/experiments/get-by-name?experiment_name="
                + URLEncoder.encode(experiment, StandardCharsets.UTF_8)).GET().build());
        return found.statusCode() == 404 ? call("experiments/create", of("name", experiment)).get("experiment_id").getAsString()
                : whole(found).getAsJsonObject("experiment").get("experiment_id").getAsString();
    }

    private void log(String what, JsonArray all) throws IOException, InterruptedException {
        JsonObject batch = of("run_id", run);
        batch.add(what, all);
        call("runs/log-batch", batch);
    }

    /** Files and charts, to a server that takes them. */
    private void upload() throws IOException, InterruptedException {
        if (!artifacts.startsWith("mlflow-artifacts:/")) {
            throw new IOException("takes no artefacts (they are to be at " + artifacts + "); start it with --serve-artifacts");
        }
        String path = "api/2.0/mlflow-artifacts/artifacts/" + URI.create(artifacts).getPath().replaceFirst("^/+", "") + "/";
        for (String name : FILES) {
            if (Files.exists(folder.resolve(name))) {
                whole(answer(request(path + name).PUT(BodyPublishers.ofFile(folder.resolve(name))).build()));
            }
        }
        for (Map.Entry<String, BufferedImage> chart : charts.get().entrySet()) {
            ByteArrayOutputStream png = new ByteArrayOutputStream();
            ImageIO.write(chart.getValue(), "png", png);
            whole(answer(request(path + "charts/" + chart.getKey() + ".png").PUT(BodyPublishers.ofByteArray(png.toByteArray())).build()));
        }
    }

    private JsonObject call(String method, JsonObject body) throws IOException, InterruptedException {
        return whole(answer(request("api/2.0/mlflow/" + method).header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(body.toString())).build()));
    }

    private HttpRequest.Builder request(String path) {
        String base = server.toString();
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(base + (base.endsWith("/") ? "" : "/") + path)).timeout(patience);
        String token = System.getenv("MLFLOW_TRACKING_TOKEN");
        String user = System.getenv("MLFLOW_TRACKING_USERNAME");
        if (token != null) {
            request.header("Authorization", "Bearer " + token);
        } else if (user != null) {
            request.header("Authorization", "Basic " + Base64.getEncoder().encodeToString(
                    (user + ":" + System.getenv("MLFLOW_TRACKING_PASSWORD")).getBytes(StandardCharsets.UTF_8)));
        }
        return request;
    }

    private HttpResponse<String> answer(HttpRequest request) throws IOException, InterruptedException {
        return client.send(request, HttpResponse.BodyHandlers.ofString());
    }

    private static JsonObject whole(HttpResponse<String> answer) throws IOException {
        if (answer.statusCode() / 100 != 2) {
            throw new IOException("answers " + answer.statusCode() + " to " + answer.request().uri().getPath() + ": "
                    + answer.body().substring(0, Math.min(200, answer.body().length())));
        }
        return answer.body().isBlank() ? new JsonObject() : new Gson().fromJson(answer.body(), JsonObject.class);
    }

    private static JsonObject of(String name, String value) {
        JsonObject object = new JsonObject();
        object.addProperty(name, value);
        return object;
    }

    /** Sends what is left, half a minute at most. */
    @Override
    public void close() {
        if (sending == null) { // nothing has happened
            sender.shutdownNow();
            return;
        }
        try {
            sender.submit(() -> attempt(true)).get(30, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            warn(e instanceof TimeoutException ? "is too slow" : String.valueOf(e.getCause()), "not all was sent");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            sender.shutdownNow();
        }
    }
}
