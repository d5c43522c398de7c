package commands;

//FILES watch/page.html=watch.html
//SOURCES FileTail.java
//SOURCES WatchedRuns.java

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import common.BadInput;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Serves a page that shows runs, and the files of their folders, to browsers on this machine only: it listens on the loopback address,
 * answers to no other host name, so that no site can reach it under a name of its own, and only ever reads.
 */
final class WatchServer implements AutoCloseable {

    /** The port that is tried first. */
    static final int PORT = 7070;

    /** The files of a run folder that the page may read. */
    static final List<String> FILES = List.of("config.json", "metrics.csv", "timing.csv", "evaluation.csv", "problems.csv",
            "samples.jsonl");
    private static final Pattern FILE = Pattern.compile("/runs/(\\d{1,6})/([a-z.]+)");
    private static final Pattern HOST = Pattern.compile("(localhost|127\\.0\\.0\\.1|\\[::1\\])(:\\d+)?");

    private final HttpServer server;
    private final ExecutorService threads;
    private final WatchedRuns runs;
    private final byte[] page;
    private final String policy;

    /**
     * Serves until it is closed.
     *
     * @param port to listen on; 0 for any that is free
     * @throws BadInput if the port is taken
     */
    WatchServer(WatchedRuns runs, int port) {
        this.runs = runs;
        runs.find();
        page = page();
        policy = policy(new String(page, StandardCharsets.UTF_8));
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        } catch (IOException e) {
            throw new BadInput("port " + port + ": cannot be listened on (" + e.getMessage() + "); give another one, or 0 for any", e);
        }
        threads = Executors.newFixedThreadPool(2, task -> {
            Thread thread = new Thread(task, "watch");
            thread.setDaemon(true);
            return thread;
        });
        server.setExecutor(threads);
        server.createContext("/", this::answer);
        server.start();
    }

    /** Where the page is. */
    String address() {
        return "http://" + (server.getAddress().getAddress().getAddress().length == 4 ? "127.0.0.1" : "[::1]") + ":"
                + server.getAddress().getPort() + "/";
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            Headers headers = exchange.getResponseHeaders();
            headers.set("Cache-Control", "no-store");
            headers.set("X-Content-Type-Options", "nosniff");
            headers.set("Referrer-Policy", "no-referrer");
            headers.set("Cross-Origin-Resource-Policy", "same-origin");
            headers.set("Content-Security-Policy", policy);
            String path = exchange.getRequestURI().getPath();
            Matcher file = FILE.matcher(path);
            if (!HOST.matcher(String.valueOf(exchange.getRequestHeaders().getFirst("Host"))).matches()) {
                send(exchange, 403, "text/plain", bytes("this page is for browsers on this machine: use localhost or 127.0.0.1\n"));
            } else if (!exchange.getRequestMethod().equals("GET")) {
                send(exchange, 405, "text/plain", bytes("only GET\n"));
            } else if (path.equals("/")) {
                send(exchange, 200, "text/html", page);
            } else if (path.equals("/runs")) {
                send(exchange, 200, "application/json", bytes(list().toString()));
            } else if (file.matches() && FILES.contains(file.group(2))) {
                file(exchange, Integer.parseInt(file.group(1)), file.group(2));
            } else {
                send(exchange, 404, "text/plain", bytes("nothing is here\n"));
            }
        }
    }

    /** The runs: number, name, whether a process holds the folder, seconds since the last step, sizes and identities of files. */
    private JsonArray list() {
        JsonArray list = new JsonArray();
        List<Path> folders = runs.find();
        List<String> names = WatchedRuns.names(folders);
        for (int i = 0; i < folders.size(); i++) {
            Path folder = folders.get(i);
            JsonObject run = new JsonObject();
            run.addProperty("id", i);
            run.addProperty("name", names.get(i));
            run.addProperty("held", Files.exists(folder.resolve(".lock")));
            JsonObject files = new JsonObject();
            for (String name : FILES) {
                try {
                    JsonObject file = new JsonObject();
                    file.addProperty("size", Files.size(folder.resolve(name)));
                    file.addProperty("identity", FileTail.identity(folder.resolve(name)));
                    file.addProperty("age", (System.currentTimeMillis() - Files.getLastModifiedTime(folder.resolve(name))
                            .toMillis()) / 1000);
                    files.add(name, file);
                } catch (IOException e) {
                    continue; // not there yet, or no longer
                }
            }
            run.add("files", files);
            list.add(run);
        }
        return list;
    }

    /** What was added to a file since {@code from}: whole lines of a table, all of {@code config.json}. */
    private void file(HttpExchange exchange, int run, String name) throws IOException {
        List<Path> folders = runs.found();
        String query = String.valueOf(exchange.getRequestURI().getQuery());
        Path file = run < folders.size() ? folders.get(run).resolve(name) : Path.of("");
        try {
            FileTail tail = FileTail.read(file, number(query), value(query, "identity"));
            exchange.getResponseHeaders().set("X-From", Long.toString(tail.from()));
            exchange.getResponseHeaders().set("X-Next", Long.toString(tail.next()));
            exchange.getResponseHeaders().set("X-Size", Long.toString(tail.size()));
            exchange.getResponseHeaders().set("X-Identity", tail.identity());
            send(exchange, 200, "text/plain", tail.lines());
        } catch (IOException e) {
            exchange.sendResponseHeaders(204, -1); // not there yet, or no longer
        }
    }

    private static long number(String query) {
        String digits = value(query, "from");
        return digits.matches("\\d{1,18}") ? Long.parseLong(digits) : 0;
    }

    private static String value(String query, String name) {
        Matcher found = Pattern.compile("(?:^|&)" + name + "=(\\w+)").matcher(query);
        return found.find() ? found.group(1) : "";
    }

    private static void send(HttpExchange exchange, int status, String type, byte[] body) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", type + "; charset=utf-8");
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] page() {
        try (InputStream resource = WatchServer.class.getResourceAsStream("/watch/page.html")) {
            return resource.readAllBytes();
        } catch (IOException e) {
            throw new IllegalStateException("the page is missing from the jar", e);
        }
    }

    /** Only the page's own script and style run, and nothing is loaded from elsewhere: whatever a model wrote stays text. */
    private static String policy(String page) {
        return "default-src 'none'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
                + "script-src " + hash(page, "script") + "; style-src " + hash(page, "style");
    }

    private static String hash(String page, String tag) {
        String content = page.substring(page.indexOf("<" + tag + ">") + tag.length() + 2, page.indexOf("</" + tag + ">"));
        try {
            return "'sha256-" + Base64.getEncoder().encodeToString(MessageDigest.getInstance("SHA-256").digest(bytes(content))) + "'";
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
