package commands;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/** A headless Chromium, driven by its DevTools protocol. */
final class Browser implements AutoCloseable, WebSocket.Listener {

    /** What the page complained about, and every address outside this machine that it asked for. */
    final List<String> complaints = new CopyOnWriteArrayList<>();

    private final Process process;
    private final WebSocket socket;
    private final Map<Integer, CompletableFuture<JsonObject>> answers = new ConcurrentHashMap<>();
    private final AtomicInteger count = new AtomicInteger();
    private final StringBuilder message = new StringBuilder();
    private String session = "";

    private Browser(Process process, String address) {
        this.process = process;
        socket = HttpClient.newHttpClient().newWebSocketBuilder().buildAsync(URI.create(address), this).join();
        String target = call("Target.createTarget", object("url", "about:blank")).get("targetId").getAsString();
        JsonObject attach = object("targetId", target);
        attach.addProperty("flatten", true);
        session = call("Target.attachToTarget", attach).get("sessionId").getAsString();
        List.of("Page.enable", "Runtime.enable", "Log.enable", "Network.enable").forEach(each -> call(each, new JsonObject()));
    }

    /** The Chromium or Chrome on the path; empty if there is none. */
    static Optional<Path> installed() {
        return Stream.of(System.getenv("PATH").split(":")).flatMap(folder -> Stream.of("chromium", "chromium-browser", "google-chrome")
                .map(name -> Path.of(folder, name))).filter(Files::isExecutable).findFirst();
    }

    /** Starts one with a profile of its own. */
    static Browser start(Path chromium, Path profile) throws IOException {
        List<String> line = new ArrayList<>(List.of(chromium.toString(), "--headless", "--no-sandbox", "--disable-gpu",
                "--disable-dev-shm-usage",
                "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run", "--hide-scrollbars",
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--remote-debugging-port=0", "--user-data-dir=" + profile,
                "about:blank"));
        Process process = new ProcessBuilder(line).redirectErrorStream(true).start();
        BufferedReader reader = process.inputReader();
        for (String said = reader.readLine(); said != null; said = reader.readLine()) {
            if (said.startsWith("DevTools listening on ")) {
                Thread rest = new Thread(() -> reader.lines().forEach(each -> {}));
                rest.setDaemon(true);
                rest.start();
                return new Browser(process, said.substring("DevTools listening on ".length()));
            }
        }
        throw new IOException("the browser ended at once");
    }

    /** A window of this size. */
    void window(int width, int height, boolean dark) {
        JsonObject size = object("mobile", false);
        size.addProperty("width", width);
        size.addProperty("height", height);
        size.addProperty("deviceScaleFactor", 1);
        call("Emulation.setDeviceMetricsOverride", size);
        JsonObject feature = object("name", "prefers-color-scheme");
        feature.addProperty("value", dark ? "dark" : "light");
        JsonArray features = new JsonArray();
        features.add(feature);
        JsonObject media = new JsonObject();
        media.add("features", features);
        call("Emulation.setEmulatedMedia", media);
    }

    void open(String address) {
        call("Page.navigate", object("url", address));
    }

    /** The value of an expression; a promise is waited for. */
    JsonElement value(String expression) {
        JsonObject what = object("expression", expression);
        what.addProperty("returnByValue", true);
        what.addProperty("awaitPromise", true);
        JsonObject answer = call("Runtime.evaluate", what);
        if (answer.has("exceptionDetails")) {
            throw new IllegalStateException(expression + ": " + answer);
        }
        JsonElement value = answer.getAsJsonObject("result").get("value");
        return value == null ? com.google.gson.JsonNull.INSTANCE : value;
    }

    String text(String expression) {
        return value(expression).getAsString();
    }

    /** Waits until an expression is true, ten seconds at most. */
    void until(String expression) throws InterruptedException {
        long end = System.nanoTime() + 10_000_000_000L;
        for (;;) {
            JsonElement value = value("Boolean(" + expression + ")");
            if (value.getAsBoolean()) {
                return;
            }
            if (System.nanoTime() > end) {
                throw new AssertionError("did not come to be: " + expression + "; the page shows " + text("document.body.innerText")
                        + complaints);
            }
            Thread.sleep(50);
        }
    }

    /** Presses a key, say {@code Tab} or {@code ArrowLeft}. */
    void key(String name) {
        int code = Map.of("Tab", 9, "Enter", 13, "Escape", 27, " ", 32, "ArrowLeft", 37, "ArrowUp", 38, "ArrowRight", 39, "ArrowDown", 40)
                .get(name);
        for (String type : List.of("keyDown", "keyUp")) {
            JsonObject key = object("type", type);
            key.addProperty("key", name);
            key.addProperty("code", name.equals(" ") ? "Space" : name);
            key.addProperty("windowsVirtualKeyCode", code);
            if (type.equals("keyDown") && (name.equals("Enter") || name.equals(" "))) {
                key.addProperty("text", name.equals(" ") ? " " : "\r");
            }
            call("Input.dispatchKeyEvent", key);
        }
    }

    void screenshot(Path file, boolean whole) throws IOException {
        JsonObject how = object("format", "png");
        how.addProperty("captureBeyondViewport", whole);
        Files.write(file, Base64.getDecoder().decode(call("Page.captureScreenshot", how).get("data").getAsString()));
    }

    private JsonObject call(String method, JsonObject parameters) {
        int id = count.incrementAndGet();
        JsonObject request = object("method", method);
        request.addProperty("id", id);
        request.add("params", parameters);
        if (!session.isEmpty()) {
            request.addProperty("sessionId", session);
        }
        CompletableFuture<JsonObject> answer = new CompletableFuture<>();
        answers.put(id, answer);
        socket.sendText(request.toString(), true).join();
        JsonObject got = answer.orTimeout(60, TimeUnit.SECONDS).join();
        if (got.has("error")) {
            throw new IllegalStateException(method + ": " + got.get("error"));
        }
        return got.getAsJsonObject("result");
    }

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
        message.append(part);
        if (last) {
            JsonObject got = JsonParser.parseString(message.toString()).getAsJsonObject();
            message.setLength(0);
            if (got.has("id")) {
                answers.remove(got.get("id").getAsInt()).complete(got);
            } else {
                event(got.get("method").getAsString(), got.getAsJsonObject("params"));
            }
        }
        from.request(1);
        return null;
    }

    private void event(String method, JsonObject parameters) {
        switch (method) {
            case "Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Page.javascriptDialogOpening" -> complaints.add(method + " "
                    + parameters);
            case "Log.entryAdded" -> complaints.add(parameters.getAsJsonObject("entry").toString());
            case "Network.requestWillBeSent" -> {
                String address = parameters.getAsJsonObject("request").get("url").getAsString();
                if (!address.matches("(http://127\\.0\\.0\\.1:\\d+/|data:|about:).*")) {
                    complaints.add("asked for " + address);
                }
            }
            default -> {}
        }
    }

    private static JsonObject object(String name, Object value) {
        JsonObject object = new JsonObject();
        if (value instanceof Boolean yes) {
            object.addProperty(name, yes);
        } else {
            object.addProperty(name, String.valueOf(value));
        }
        return object;
    }

    @Override
    public void close() {
        List<ProcessHandle> all = Stream.concat(process.descendants(), Stream.of(process.toHandle())).toList();
        session = "";
        call("Browser.close", new JsonObject());
        all.forEach(each -> each.onExit().orTimeout(10, TimeUnit.SECONDS).exceptionally(late -> {
            each.destroyForcibly();
            return each;
        }).join());
    }
}
