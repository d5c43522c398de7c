package hub;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One cache for two: what Python's {@code huggingface_hub} has downloaded Java finds, and the other way round. */
class HubPythonTest {

    private static final String SNAPSHOT = """
            import sys
            from huggingface_hub import snapshot_download
            print(snapshot_download(sys.argv[1], revision=sys.argv[2], repo_type=sys.argv[3], allow_patterns=sys.argv[4:]), end="")
            """;
    private static final String ONE = """
            from huggingface_hub import hf_hub_download
            print(open(hf_hub_download("org/tiny", "config.json")).read(), end="")
            """;
    private static final byte[] WEIGHTS = new byte[200_000];

    @TempDir
    static Path environment;
    private static String python;
    private static HubServer server;

    @TempDir
    Path cache;

    @BeforeAll
    static void serve() throws Exception {
        python = PythonEnvironment.with("huggingface_hub", environment, "huggingface_hub");
        new Random(2).nextBytes(WEIGHTS);
        server = new HubServer().with("models/org/tiny", "config.json", "{\"a\": 1}".getBytes(StandardCharsets.UTF_8))
                .with("models/org/tiny", "tokenizer.json", "{}".getBytes(StandardCharsets.UTF_8))
                .with("models/org/tiny", "README.md", "#".getBytes(StandardCharsets.UTF_8))
                .with("models/org/tiny", "model.safetensors", WEIGHTS).with("datasets/org/sums", "main/test/0000.parquet", WEIGHTS);
    }

    @BeforeEach
    void forget() {
        server.asked.clear();
    }

    @AfterAll
    static void stop() {
        if (server != null) {
            server.close();
        }
    }

    @Test
    void javaFindsWhatPythonDownloaded() throws Exception {
        String folder = python(false, "org/tiny", "main", "model", "*.json", "*.safetensors");
        assertEquals(1, server.sent("model.safetensors"));
        server.asked.clear();
        assertEquals(folder, hub(false).model("org/tiny", HubListener.NONE).toString());
        assertEquals(List.of("hub GET /api/models/org/tiny/revision/main"), server.asked, "nothing was downloaded again");
        assertEquals(folder, hub(true).model("org/tiny", HubListener.NONE).toString());
        assertArrayEquals(WEIGHTS, Files.readAllBytes(Path.of(folder, "model.safetensors")));
    }

    @Test
    void pythonFindsWhatJavaDownloaded() throws Exception {
        String folder = hub(false).model("org/tiny", HubListener.NONE).toString();
        server.asked.clear();
        assertEquals(folder, python(false, "org/tiny", "main", "model", "*.json", "*.safetensors"));
        assertEquals(List.of(), bodies(), "nothing was downloaded again");
        server.asked.clear();
        assertEquals(folder, python(true, "org/tiny", "main", "model", "*.json", "*.safetensors"));
        assertEquals(folder, python(true, "org/tiny", HubServer.COMMIT, "model", "*.json", "*.safetensors"));
        assertEquals("{\"a\": 1}", PythonEnvironment.run(python, variables(true), "-c", ONE));
        assertEquals(List.of(), server.asked, "offline");
    }

    @Test
    void eachCompletesWhatTheOtherBegan() throws Exception {
        python(false, "org/tiny", "main", "model", "config.json");
        server.asked.clear();
        hub(false).model("org/tiny", HubListener.NONE);
        assertEquals(1, server.sent("model.safetensors"));
        assertEquals(0, server.sent("config.json"));
        server.asked.clear();
        String folder = python(false, "org/tiny", "main", "model", "*");
        assertEquals(List.of("hub GET /org/tiny/resolve/" + HubServer.COMMIT + "/README.md"), bodies());
        assertTrue(Files.isRegularFile(Path.of(folder, "README.md")));
    }

    @Test
    void dataSetsAreSharedToo() throws Exception {
        List<Path> files = hub(false).dataset("org/sums", all -> all, HubListener.NONE);
        server.asked.clear();
        String folder = python(false, "org/sums", "refs/convert/parquet", "dataset", "*");
        assertEquals(Path.of(folder, "main", "test", "0000.parquet"), files.get(0));
        assertEquals(List.of(), bodies());
    }

    /** The requests that brought the bytes of a file. */
    private static List<String> bodies() {
        return server.asked.stream().filter(line -> line.contains(" GET ") && !line.contains("/api/")).toList();
    }

    private String python(boolean offline, String... arguments) throws Exception {
        String[] command = new String[arguments.length + 2];
        command[0] = "-c";
        command[1] = SNAPSHOT;
        System.arraycopy(arguments, 0, command, 2, arguments.length);
        return PythonEnvironment.run(python, variables(offline), command);
    }

    private Map<String, String> variables(boolean offline) {
        return Map.of("HF_ENDPOINT", server.address(), "HF_HUB_CACHE", cache.toString(), "HF_HOME", cache.resolve("home").toString(),
                "HF_HUB_DISABLE_TELEMETRY", "1", "HF_HUB_DISABLE_PROGRESS_BARS", "1", "HF_HUB_OFFLINE", offline ? "1" : "0",
                "NO_PROXY", "*");
    }

    private Hub hub(boolean offline) {
        return new Hub(new HubSettings(URI.create(server.address()), cache, null, offline, Duration.ofSeconds(10)), Duration.ofMillis(1));
    }
}
