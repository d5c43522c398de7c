package hub;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A hub on this machine, and a store on another port that it redirects to for large files. Speaks what clients of the hub ask. */
public final class HubServer implements AutoCloseable {

    /** The commit of every branch of every repository. */
    public static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

    private final HttpServer hub = server();
    private final HttpServer store = server();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final Map<String, Map<String, byte[]>> repositories = new ConcurrentHashMap<>();

    /** What was asked: {@code hub GET /path}, with {@code +token} and {@code +bytes=7-} behind it where they were sent. */
    final List<String> asked = new CopyOnWriteArrayList<>();

    /** How often the answer with a file's bytes breaks off in its middle. */
    final Map<String, Integer> cuts = new ConcurrentHashMap<>();

    /** How often it answers with this status first. */
    final Map<String, Integer> busy = new ConcurrentHashMap<>();

    /** Files that other bytes are sent of, so often. */
    final Map<String, Integer> spoilt = new ConcurrentHashMap<>();

    /** Files whose store says nothing after the half. */
    final List<String> silent = new CopyOnWriteArrayList<>();

    /** Sizes that the hub states although they are others. */
    final Map<String, Long> sizes = new ConcurrentHashMap<>();

    /** A token without which files are refused; null for none. */
    volatile String token;

    /** Whether ranges are answered with the whole. */
    volatile boolean noRanges;

    public HubServer() throws IOException {
        for (HttpServer server : List.of(hub, store)) {
            server.createContext("/", exchange -> {
                try (exchange) {
                    answer(exchange, server == hub);
                }
            });
            server.setExecutor(threads);
            server.start();
        }
    }

    private static HttpServer server() {
        try {
            return HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The address of the hub. */
    public String address() {
        return "http://127.0.0.1:" + hub.getAddress().getPort();
    }

    /** Adds a file; {@code repository} is {@code models/OWNER/NAME} or {@code datasets/OWNER/NAME}. */
    public HubServer with(String repository, String file, byte[] content) {
        repositories.computeIfAbsent(repository, r -> new TreeMap<>()).put(file, content);
        return this;
    }

    /** Removes a repository. */
    void remove(String repository) {
        repositories.remove(repository);
    }

    /** How often the bytes of a file were sent. */
    long sent(String file) {
        return asked.stream().filter(line -> line.contains(" GET ") && line.matches(".*/" + file + "(\\s.*)?")
                && (line.startsWith("store") || !large(file))).count();
    }

    private void answer(HttpExchange exchange, boolean atHub) throws IOException {
        String path = exchange.getRequestURI().getRawPath();
        String authorization = exchange.getRequestHeaders().getFirst("Authorization");
        String range = exchange.getRequestHeaders().getFirst("Range");
        asked.add((atHub ? "hub " : "store ") + exchange.getRequestMethod() + " " + path + (authorization == null ? "" : " +token")
                + (range == null ? "" : " +" + range));
        if (!atHub) {
            String[] parts = path.substring(1).split("/", 4);
            send(exchange, parts[3], repositories.get(String.join("/", Arrays.copyOf(parts, 3))).get(parts[3]), range);
            return;
        }
        boolean api = path.startsWith("/api/");
        String whole = api ? path.substring(5) : path.startsWith("/datasets/") ? path.substring(1) : "models" + path;
        String[] parts = whole.split("/", 6); // kind, owner, name, word, revision, file
        Map<String, byte[]> files = parts.length < 5 ? null : repositories.get(parts[0] + "/" + parts[1] + "/" + parts[2]);
        if (files == null) {
            refuse(exchange, authorization == null ? 401 : 404, "RepoNotFound");
        } else if (!List.of("main", COMMIT, "refs%2Fconvert%2Fparquet", "v1").contains(parts[4])) {
            refuse(exchange, 404, "RevisionNotFound");
        } else if (api && less(busy, "api")) {
            refuse(exchange, 503, "");
        } else if (parts[3].equals("revision")) {
            json(exchange, listing(parts[1] + "/" + parts[2], files));
        } else if (parts[3].equals("tree")) {
            json(exchange, tree(files).toString());
        } else if (token != null && !("Bearer " + token).equals(authorization)) {
            refuse(exchange, authorization == null ? 401 : 403, "GatedRepo");
        } else if (!files.containsKey(parts[5])) {
            exchange.getResponseHeaders().set("X-Repo-Commit", COMMIT);
            refuse(exchange, 404, "EntryNotFound");
        } else {
            file(exchange, parts, files.get(parts[5]), range);
        }
    }

    private void file(HttpExchange exchange, String[] parts, byte[] content, String range) throws IOException {
        String file = parts[5];
        exchange.getResponseHeaders().set("X-Repo-Commit", COMMIT);
        if (large(file)) {
            exchange.getResponseHeaders().set("X-Linked-Etag", "\"" + etag(file, content) + "\"");
            exchange.getResponseHeaders().set("X-Linked-Size", Long.toString(sizes.getOrDefault(file, (long) content.length)));
            exchange.getResponseHeaders().set("Location", "http://127.0.0.1:" + store.getAddress().getPort() + "/"
                    + String.join("/", parts[0], parts[1], parts[2], file));
            exchange.sendResponseHeaders(302, -1);
        } else if (file.equals("tokenizer.json") && !moved(exchange)) { // as the hub has it since 2025: small files behind its own cache
            exchange.getResponseHeaders().set("Location", exchange.getRequestURI().getRawPath() + "?moved");
            exchange.sendResponseHeaders(307, -1);
        } else {
            exchange.getResponseHeaders().set("ETag", "\"" + etag(file, content) + "\"");
            send(exchange, file, content, range);
        }
    }

    private static boolean moved(HttpExchange exchange) {
        return exchange.getRequestURI().getRawQuery() != null;
    }

    private void send(HttpExchange exchange, String file, byte[] content, String range) throws IOException {
        if (exchange.getRequestMethod().equals("HEAD")) {
            exchange.getResponseHeaders().set("Content-Length", Integer.toString(content.length));
            exchange.sendResponseHeaders(200, -1);
            return;
        }
        if (less(busy, file)) {
            refuse(exchange, 503, "");
            return;
        }
        int from = range == null || noRanges ? 0 : Integer.parseInt(range.replaceAll("bytes=(\\d+)-", "$1"));
        if (from >= content.length && from > 0) {
            refuse(exchange, 416, "");
            return;
        }
        byte[] rest = Arrays.copyOfRange(content, from, content.length);
        if (less(spoilt, file)) {
            rest[rest.length - 1] ^= 1;
        }
        exchange.sendResponseHeaders(from > 0 ? 206 : 200, rest.length == 0 ? -1 : rest.length);
        if (less(cuts, file)) {
            exchange.getResponseBody().write(rest, 0, rest.length / 2);
            exchange.getResponseBody().flush();
            return; // the connection is closed with bytes owing
        }
        if (silent.contains(file)) {
            exchange.getResponseBody().write(rest, 0, rest.length / 2);
            exchange.getResponseBody().flush();
            silent.remove(file);
            try {
                Thread.sleep(10_000);
            } catch (InterruptedException e) {
                return;
            }
        }
        exchange.getResponseBody().write(rest);
        exchange.getResponseBody().flush();
    }

    private static boolean less(Map<String, Integer> times, String name) {
        return times.merge(name, -1, Integer::sum) >= 0;
    }

    private static void refuse(HttpExchange exchange, int status, String code) throws IOException {
        exchange.getResponseHeaders().set("X-Error-Code", code);
        exchange.sendResponseHeaders(status, -1);
    }

    private static void json(HttpExchange exchange, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(200, bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    private static String listing(String id, Map<String, byte[]> files) {
        JsonObject json = new JsonObject();
        json.addProperty("id", id);
        json.addProperty("sha", COMMIT);
        JsonArray siblings = new JsonArray();
        for (String file : files.keySet()) {
            JsonObject sibling = new JsonObject();
            sibling.addProperty("rfilename", file);
            siblings.add(sibling);
        }
        json.add("siblings", siblings);
        return json.toString();
    }

    private static JsonArray tree(Map<String, byte[]> files) {
        JsonArray tree = new JsonArray();
        files.forEach((file, content) -> {
            JsonObject entry = new JsonObject();
            entry.addProperty("type", "file");
            entry.addProperty("path", file);
            entry.addProperty("size", content.length);
            entry.addProperty("oid", etag("small", content));
            if (large(file)) {
                JsonObject lfs = new JsonObject();
                lfs.addProperty("oid", etag(file, content));
                lfs.addProperty("size", content.length);
                lfs.addProperty("pointerSize", 130);
                entry.add("lfs", lfs);
            }
            tree.add(entry);
        });
        return tree;
    }

    private static boolean large(String file) {
        return file.endsWith(".safetensors") || file.endsWith(".parquet");
    }

    /** SHA-256 of large files, of small ones the SHA-1 that git gives them. */
    static String etag(String file, byte[] content) {
        try {
            MessageDigest digest = MessageDigest.getInstance(large(file) ? "SHA-256" : "SHA-1");
            if (!large(file)) {
                digest.update(("blob " + content.length + "\0").getBytes(StandardCharsets.US_ASCII));
            }
            return HexFormat.of().formatHex(digest.digest(content));
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        hub.stop(0);
        store.stop(0);
        threads.shutdownNow();
    }
}
