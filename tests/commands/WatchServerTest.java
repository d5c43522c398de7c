package commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import common.BadInput;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lppo.Checkout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the page to watch runs on is served with: files of run folders, as they grow, to this machine alone. */
class WatchServerTest {

    @TempDir
    Path folder;

    private final HttpClient client = HttpClient.newHttpClient();
    private WatchServer server;

    @BeforeEach
    void serve() throws Exception {
        run("a/run", "step,loss\n1,0.5\n");
        server = new WatchServer(new WatchedRuns(List.of(folder)), 0);
    }

    @AfterEach
    void end() {
        server.close();
    }

    private Path run(String name, String metrics) throws Exception {
        Path run = Files.createDirectories(folder.resolve(name));
        Files.writeString(run.resolve("config.json"), "{}\n");
        Files.writeString(run.resolve("metrics.csv"), metrics);
        return run;
    }

    private HttpResponse<String> get(String path) throws Exception {
        return client.send(HttpRequest.newBuilder(URI.create(server.address() + path)).build(), HttpResponse.BodyHandlers.ofString());
    }

    private JsonArray runs() throws Exception {
        return JsonParser.parseString(get("runs").body()).getAsJsonArray();
    }

    private static String header(HttpResponse<String> answer, String name) {
        return answer.headers().firstValue(name).orElseThrow();
    }

    @Test
    void aFileIsReadOnFromWhereItWasReadBeforeAndByWholeLines() throws Exception {
        Path metrics = folder.resolve("a/run/metrics.csv");
        HttpResponse<String> first = get("runs/0/metrics.csv");
        assertEquals("step,loss\n1,0.5\n", first.body());
        assertEquals("16", header(first, "X-Next"));
        String identity = header(first, "X-Identity");
        String on = "runs/0/metrics.csv?identity=" + identity + "&from=";
        assertEquals("", get(on + 16).body());

        Files.writeString(metrics, "2,0.4\n3,0", StandardOpenOption.APPEND);
        HttpResponse<String> second = get(on + 16);
        assertEquals("2,0.4\n", second.body(), "not the line that is half written");
        assertEquals("22", header(second, "X-Next"));
        assertEquals("25", header(second, "X-Size"));
        Files.writeString(metrics, ".é\n", StandardOpenOption.APPEND);
        assertEquals("3,0.é\n", get(on + 22).body());
    }

    @Test
    void aFileThatWasCutBackOrReplacedIsReadAnew() throws Exception {
        Path metrics = folder.resolve("a/run/metrics.csv");
        String identity = header(get("runs/0/metrics.csv"), "X-Identity");
        Files.writeString(metrics, "step,loss\n"); // a resumed run takes rows back
        HttpResponse<String> cut = get("runs/0/metrics.csv?from=16&identity=" + identity);
        assertEquals("0", header(cut, "X-From"));
        assertEquals("step,loss\n", cut.body());

        Path other = Files.writeString(folder.resolve("other"), "step,loss\n1,0.1\n2,0.2\n");
        Files.move(other, metrics, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        HttpResponse<String> replaced = get("runs/0/metrics.csv?from=10&identity=" + identity);
        assertEquals("0", header(replaced, "X-From"));
        assertFalse(identity.equals(header(replaced, "X-Identity")));
    }

    @Test
    void aLongFileComesInPartsAndALongLineWhole() throws Exception {
        Path file = folder.resolve("samples.jsonl");
        String line = "x".repeat(99) + "\n";
        String longer = "y".repeat(3 * FileTail.PART) + "\n";
        Files.writeString(file, line.repeat(FileTail.PART / 100 + 5) + longer + "half");
        StringBuilder all = new StringBuilder();
        FileTail tail = FileTail.read(file, 0, "");
        for (int parts = 0; tail.next() > tail.from(); parts++) {
            assertTrue(parts < 5);
            all.append(new String(tail.lines(), StandardCharsets.UTF_8));
            tail = FileTail.read(file, tail.next(), tail.identity());
        }
        assertEquals(Files.readString(file).length() - 4, all.length());
        assertTrue(all.toString().endsWith(longer));
    }

    @Test
    void runsAreListedWithTheShortestNamesThatDifferAndLaterOnesAreFound() throws Exception {
        assertEquals("run", runs().get(0).getAsJsonObject().get("name").getAsString());
        Path later = run("b/run", "step\n");
        Files.writeString(later.resolve(".lock"), "");
        Files.writeString(Files.createDirectories(folder.resolve("model")).resolve("tokenizer.json"), "{}");
        Files.writeString(folder.resolve("model/config.json"), "{}");
        JsonArray runs = runs();
        assertEquals(2, runs.size(), "a model is no run");
        assertEquals("a/run", runs.get(0).getAsJsonObject().get("name").getAsString());
        JsonObject second = runs.get(1).getAsJsonObject();
        assertEquals("b/run", second.get("name").getAsString());
        assertTrue(second.get("held").getAsBoolean());
        assertEquals(5, second.getAsJsonObject("files").getAsJsonObject("metrics.csv").get("size").getAsInt());
        Files.delete(later.resolve("metrics.csv"));
        assertEquals(204, get("runs/1/metrics.csv").statusCode());
        assertEquals(204, get("runs/7/metrics.csv").statusCode());
    }

    @Test
    void nothingElseIsServedAndNothingIsChanged() throws Exception {
        Files.writeString(folder.resolve("a/run/secret.txt"), "secret");
        Files.writeString(folder.resolve("a/secret.csv"), "secret");
        for (String path : List.of("runs/0/secret.txt", "runs/0/..%2fsecret.csv", "runs/0/%2e%2e/secret.csv", "runs/0/",
                "runs/x/metrics.csv", "etc/passwd",
                "runs/0/metrics.csv/", "runs/-1/metrics.csv", "runs/99999999999/metrics.csv")) {
            assertEquals(404, get(path).statusCode(), path);
        }
        for (String path : List.of("runs/0/metrics.csv?from=-5", "runs/0/metrics.csv?from=99999999999999999999999",
                "runs/0/metrics.csv?from=x&identity=%00")) {
            assertEquals("step,loss\n1,0.5\n", get(path).body(), path);
        }
        for (String method : List.of("POST", "PUT", "DELETE", "OPTIONS")) {
            assertEquals(405, client.send(HttpRequest.newBuilder(URI.create(server.address() + "runs")).method(method,
                    HttpRequest.BodyPublishers.noBody())
                    .build(), HttpResponse.BodyHandlers.ofString()).statusCode());
        }
    }

    /** A site whose name was made to point at this machine would be of the same origin as the page. */
    @Test
    void otherHostNamesAreRefused() throws Exception {
        int port = URI.create(server.address()).getPort();
        for (String host : List.of("evil.example", "127.0.0.1.evil.example", "localhost.evil.example:" + port, "")) {
            assertTrue(raw(port, host).startsWith("HTTP/1.1 403"), host);
        }
        for (String host : List.of("localhost:8000", "127.0.0.1", "[::1]:" + port)) {
            assertTrue(raw(port, host).startsWith("HTTP/1.1 200"), host);
        }
    }

    private static String raw(int port, String host) throws Exception {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            OutputStream out = socket.getOutputStream();
            out.write(("GET /runs HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void itListensOnLoopbackAlone() throws Exception {
        int port = URI.create(server.address()).getPort();
        try (Socket socket = new Socket()) { // on Linux, what listens on every address listens on this one too
            assertThrows(java.io.IOException.class, () -> socket.connect(new InetSocketAddress("127.0.0.2", port), 2000));
        }
        for (NetworkInterface network : NetworkInterface.networkInterfaces().toList()) {
            for (InetAddress address : network.inetAddresses().filter(each -> !each.isLoopbackAddress()).toList()) {
                try (Socket socket = new Socket()) {
                    assertThrows(java.io.IOException.class, () -> socket.connect(new InetSocketAddress(address, port), 2000),
                            address::toString);
                }
            }
        }
        server.close();
        assertThrows(ConnectException.class, () -> new Socket(InetAddress.getLoopbackAddress(), port).close(), "it has ended");
    }

    @Test
    void thePageIsOneFileThatAsksNobodyElseAndRunsOnlyItsOwnScript() throws Exception {
        HttpResponse<String> answer = get("");
        assertEquals("text/html; charset=utf-8", header(answer, "Content-Type"));
        assertEquals("nosniff", header(answer, "X-Content-Type-Options"));
        String policy = header(answer, "Content-Security-Policy");
        assertTrue(policy.startsWith("default-src 'none'; connect-src 'self'") && !policy.contains("unsafe"), policy);
        String page = answer.body();
        assertEquals(page, Files.readString(Checkout.ROOT.resolve("lib/commands/watch.html")));
        Matcher outside = Pattern.compile(
                "(https?:)?//(?!www\\.w3\\.org/2000/svg)[a-z]|\\b(src|srcset|@import|url\\()=?|<link (?!rel=\"icon\" href=\"data:,\")")
                .matcher(page);
        assertFalse(outside.find(), () -> outside.group());
        Matcher markup = Pattern
                .compile("innerHTML|outerHTML|insertAdjacent|document\\.write|\\beval\\b|new Function|DOMParser|srcdoc|\\.href\\s*=")
                .matcher(page);
        assertFalse(markup.find(), () -> markup.group() + " makes more than text of a text");
        assertTrue(page.length() < 60_000);
    }

    @Test
    void mistakesAreToldInALine() {
        assertTrue(assertThrows(BadInput.class, () -> new WatchedRuns(List.of(folder.resolve("none")))).getMessage()
                .contains("no such folder"));
        int port = URI.create(server.address()).getPort();
        BadInput taken = assertThrows(BadInput.class, () -> new WatchServer(new WatchedRuns(List.of(folder)), port));
        assertTrue(taken.getMessage().startsWith("port " + port + ": cannot be listened on"), taken.getMessage());
    }
}
