package hub;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import common.BadInput;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The client against a hub on this machine: what is asked, what arrives, what lies in the cache, and every way to fail. */
class HubTest {

    private static final String MODEL = "models/org/tiny";
    private static final String BLOBS = "models--org--tiny/blobs";
    private static final String SNAPSHOT = "models--org--tiny/snapshots/" + HubServer.COMMIT;
    private static final byte[] WEIGHTS = bytes(300_000);

    @TempDir
    Path cache;
    private HubServer server;

    @BeforeEach
    void serve() throws IOException {
        server = new HubServer().with(MODEL, "config.json", text("{\"model_type\": \"llama\"}")).with(MODEL, "tokenizer.json", text("{}"))
                .with(MODEL, "chat_template.jinja", text("{{ messages }}")).with(MODEL, "generation_config.json", text("{ }"))
                .with(MODEL, "model.safetensors", WEIGHTS).with(MODEL, "pytorch_model.bin", bytes(10)).with(MODEL, "README.md", text("#"))
                .with(MODEL, "model.gguf", bytes(10)).with(MODEL, "onnx/model.onnx", bytes(10))
                .with(MODEL, "original/config.json", text("{}"));
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void aModelIsWhatIsNeededOfItInTheStandardCache() throws IOException {
        List<Long> heard = new ArrayList<>();
        Path folder = hub().model("org/tiny", (file, done, total) -> heard.add(total - done));
        assertEquals(cache.resolve(SNAPSHOT), folder);
        assertEquals("chat_template.jinja config.json generation_config.json model.safetensors tokenizer.json", names(folder));
        assertArrayEquals(WEIGHTS, Files.readAllBytes(folder.resolve("model.safetensors")));
        assertEquals(HubServer.COMMIT, Files.readString(cache.resolve("models--org--tiny/refs/main")));
        assertEquals(List.of(), server.asked.stream().filter(line -> line.matches(".*(bin|gguf|onnx|README|original).*")).toList());
        assertEquals(0, heard.get(heard.size() - 1), "all bytes were told");
        assertEquals(heard.stream().sorted(java.util.Comparator.reverseOrder()).toList(), heard, "and never fewer");
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void aSnapshotIsRelativeLinksToBlobsByTheirEtag() throws IOException {
        Path folder = hub().model("org/tiny@v1", HubListener.NONE);
        Path link = Files.readSymbolicLink(folder.resolve("model.safetensors"));
        assertEquals("../../blobs/" + HubServer.etag("model.safetensors", WEIGHTS), link.toString());
        assertEquals("refs/v1", cache.resolve("models--org--tiny").relativize(cache.resolve("models--org--tiny/refs/v1")).toString());
        assertEquals(5, names(cache.resolve(BLOBS)).split(" ").length, "nothing incomplete is left");
    }

    /** As Python does on Windows without the right to make links: what is new is moved, what another commit may have is copied. */
    @Test
    void withoutLinksTheFilesThemselvesAreInTheSnapshot() throws IOException {
        HubCache disk = new HubCache(cache, HubName.of(HubName.Kind.MODEL, "org/tiny"));
        disk.prepare();
        Files.write(disk.blob("new"), bytes(5));
        Files.write(disk.blob("old"), bytes(6));
        HubCache.Linker none = (at, target) -> {
            throw new FileSystemException(at.toString(), null, "A required privilege is not held by the client");
        };
        disk.link(HubServer.COMMIT, "model.safetensors", "new", true, none);
        disk.link(HubServer.COMMIT, "sub/config.json", "old", false, none);
        assertArrayEquals(bytes(5), Files.readAllBytes(cache.resolve(SNAPSHOT).resolve("model.safetensors")));
        assertArrayEquals(bytes(6), Files.readAllBytes(cache.resolve(SNAPSHOT).resolve("sub/config.json")));
        assertEquals("old", names(cache.resolve(BLOBS)), "not twice on the disk");
        Files.write(disk.blob("new"), bytes(7));
        disk.link(HubServer.COMMIT, "model.safetensors", "new", true, none);
        assertArrayEquals(bytes(7), Files.readAllBytes(cache.resolve(SNAPSHOT).resolve("model.safetensors")));
    }

    @Test
    void theSecondTimeNothingIsDownloaded() {
        hub().model("org/tiny", HubListener.NONE);
        server.asked.clear();
        hub().model("org/tiny", HubListener.NONE);
        assertEquals(List.of("hub GET /api/models/org/tiny/revision/main"), server.asked);
    }

    @Test
    void aFileThatTheCacheHasUnderAnotherCommitIsOnlyLinked() throws IOException {
        Path folder = hub().model("org/tiny", HubListener.NONE);
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        server.asked.clear();
        hub().model("org/tiny", HubListener.NONE);
        assertEquals(0, server.sent("model.safetensors"));
        assertArrayEquals(WEIGHTS, Files.readAllBytes(folder.resolve("model.safetensors")));
    }

    @Test
    void aCutIsGoneOnWithBehindWhatIsThere() throws IOException {
        server.cuts.put("model.safetensors", 2);
        server.busy.put("config.json", 1);
        server.busy.put("api", 2);
        Path folder = hub().model("org/tiny", HubListener.NONE);
        assertArrayEquals(WEIGHTS, Files.readAllBytes(folder.resolve("model.safetensors")));
        assertEquals(3, server.sent("model.safetensors"));
        assertTrue(server.asked.stream().anyMatch(line -> line.matches("store GET .*\\+bytes=[1-9]\\d*-")), server.asked::toString);
    }

    @Test
    void anEarlierProcessIsGoneOnWithToo() throws IOException {
        server.cuts.put("model.safetensors", 99);
        String said = refused("org/tiny"); // every attempt brings some bytes more until only one is left to cut
        assertTrue(said.contains("what was downloaded is kept"), said);
        Path part = cache.resolve(BLOBS).resolve(HubServer.etag("model.safetensors", WEIGHTS) + ".java.incomplete");
        long kept = Files.size(part);
        assertTrue(kept > WEIGHTS.length / 2 && kept < WEIGHTS.length, part + " has " + kept);
        server.cuts.clear();
        server.asked.clear();
        Path folder = hub().model("org/tiny", HubListener.NONE);
        assertTrue(server.asked.stream().anyMatch(line -> line.contains("+bytes=" + kept + "-")), server.asked::toString);
        assertArrayEquals(WEIGHTS, Files.readAllBytes(folder.resolve("model.safetensors")));
    }

    @Test
    void aServerWithoutRangesSendsItAllAnew() throws IOException {
        server.cuts.put("model.safetensors", 1);
        server.noRanges = true;
        assertArrayEquals(WEIGHTS, Files.readAllBytes(hub().model("org/tiny", HubListener.NONE).resolve("model.safetensors")));
    }

    @Test
    void aSilentServerIsLeft() throws IOException {
        server.silent.add("model.safetensors");
        Hub impatient = new Hub(settings(null, false, Duration.ofSeconds(1)), Duration.ofMillis(1));
        assertArrayEquals(WEIGHTS, Files.readAllBytes(impatient.model("org/tiny", HubListener.NONE).resolve("model.safetensors")));
    }

    @Test
    void wrongBytesAreFetchedOnceMoreAndThenRefused() throws IOException {
        server.spoilt.put("model.safetensors", 1);
        Path folder = hub().model("org/tiny", HubListener.NONE);
        assertArrayEquals(WEIGHTS, Files.readAllBytes(folder.resolve("model.safetensors")));
        for (String file : List.of("model.safetensors", "config.json")) {
            String name = "bad-" + file.length();
            server.with("models/org/" + name, "config.json", text(name)).with("models/org/" + name, "model.safetensors", text(name));
            server.spoilt.put(file, 2);
            String said = refused("org/" + name);
            assertTrue(said.contains(file + " has another checksum than the hub states"), said);
            Path repository = cache.resolve("models--org--" + name);
            assertFalse(Files.exists(repository.resolve("snapshots").resolve(HubServer.COMMIT).resolve(file)), "it is not in the cache");
            assertFalse(Files.exists(repository.resolve("refs/main")), "nor is the model offered without the network");
        }
    }

    @Test
    void damagedBytesOfAnEarlierProcessAreNotKept() throws IOException {
        Path part = cache.resolve(BLOBS).resolve(HubServer.etag("model.safetensors", WEIGHTS) + ".java.incomplete");
        Files.createDirectories(part.getParent());
        Files.write(part, bytes(1000)); // the right ones
        Files.write(part, new byte[] {1}, java.nio.file.StandardOpenOption.APPEND);
        assertArrayEquals(WEIGHTS, Files.readAllBytes(hub().model("org/tiny", HubListener.NONE).resolve("model.safetensors")));
        assertEquals(2, server.sent("model.safetensors"));
    }

    @Test
    void shardsAreThoseOfTheIndex() throws IOException {
        String repository = "models/org/sharded";
        server.with(repository, "config.json", text("{}")).with(repository, "model-00001-of-00002.safetensors", bytes(5))
                .with(repository, "model-00002-of-00002.safetensors", bytes(6)).with(repository, "consolidated.safetensors", bytes(7))
                .with(repository, "model.safetensors.index.json", text("{\"weight_map\": {\"a\": \"model-00001-of-00002.safetensors\","
                        + " \"b\": \"model-00002-of-00002.safetensors\"}}"));
        assertEquals("config.json model-00001-of-00002.safetensors model-00002-of-00002.safetensors model.safetensors.index.json",
                names(hub().model("org/sharded", HubListener.NONE)));
    }

    @Test
    void theTokenGoesToTheHubAlone() {
        server.token = "hf_secret";
        new Hub(settings("hf_secret", false, Duration.ofSeconds(10)), Duration.ofMillis(1)).model("org/tiny", HubListener.NONE);
        assertTrue(server.asked.stream().filter(line -> line.startsWith("hub")).allMatch(line -> line.contains("+token")),
                server.asked::toString);
        List<String> stored = server.asked.stream().filter(line -> line.startsWith("store")).toList();
        assertEquals(1, stored.size());
        assertFalse(stored.get(0).contains("+token"), stored::toString);
    }

    @Test
    void gatedMissingAndMisspelt() {
        assertSays("org/none: does not exist on", "HF_TOKEN", refused("org/none"));
        assertSays("org/tiny: has no revision v9 (404)", server.address() + "/org/tiny", refused("org/tiny@v9"));
        assertSays("neither OWNER/NAME nor OWNER/NAME@REVISION", "org/ti ny", refused("org/ti ny"));
        server.with("models/org/pickle", "config.json", text("{}")).with("models/org/pickle", "pytorch_model.bin", bytes(3));
        assertSays("org/pickle: has no model.safetensors", "pickles", refused("org/pickle"));
        server.token = "hf_secret";
        assertSays("org/tiny: is gated (401)", "set HF_TOKEN", refused("org/tiny"));
        Hub other = new Hub(settings("hf_other", false, Duration.ofSeconds(10)), Duration.ofMillis(1));
        String said = assertThrows(BadInput.class, () -> other.model("org/tiny", HubListener.NONE)).getMessage();
        assertSays("org/tiny: is gated (403)", "see that the token may read it", said);
        assertFalse(said.contains("hf_other"), "no message shows a token");
        assertSays("org/none: neither a folder here nor on", "(404)", assertThrows(BadInput.class,
                () -> other.model("org/none", HubListener.NONE)).getMessage());
    }

    @Test
    void withoutTheNetworkTheCacheServes() {
        Hub offline = new Hub(settings(null, true, Duration.ofSeconds(10)), Duration.ofMillis(1));
        assertSays("HF_HUB_OFFLINE is set", "not in the cache",
                assertThrows(BadInput.class, () -> offline.model("org/tiny", HubListener.NONE)).getMessage());
        assertEquals(List.of(), server.asked);
        Path folder = hub().model("org/tiny", HubListener.NONE);
        server.asked.clear();
        assertEquals(folder, offline.model("org/tiny", HubListener.NONE));
        assertEquals(folder, offline.model("org/tiny@" + HubServer.COMMIT, HubListener.NONE));
        assertEquals(List.of(), server.asked);
        server.close();
        assertEquals(folder, toldAndFound("cannot reach " + server.address(), "taking what is in the cache"));
        assertSays("cannot reach " + server.address(), "and it is not in the cache", refused("org/other"));
    }

    /** As in Python: whoever has a model keeps it when its terms, its name or his token have changed. */
    @Test
    void whatTheHubNoLongerGivesTheCacheServes() throws IOException {
        Path folder = hub().model("org/tiny", HubListener.NONE);
        Path old = folder.resolveSibling("f".repeat(40)); // as if the hub had another commit since
        Files.move(folder, old);
        Files.writeString(cache.resolve("models--org--tiny/refs/main"), "f".repeat(40));
        server.token = "hf_secret";
        assertEquals(old, toldAndFound("org/tiny: is gated (401)", "; taking what is in the cache"));
        Files.delete(old.resolve("model.safetensors"));
        assertSays("org/tiny: is gated (401)", "set HF_TOKEN", refused("org/tiny"));
        Files.writeString(old.resolve("model.safetensors"), "back");

        server.remove(MODEL);
        assertEquals(old, toldAndFound("org/tiny: does not exist on", "; taking what is in the cache"));
    }

    private Path toldAndFound(String what, String remedy) {
        List<String> told = new ArrayList<>();
        Path found = hub().model("org/tiny", new HubListener() {
            @Override
            public void at(String file, long done, long total) {}

            @Override
            public void told(String line) {
                told.add(line);
            }
        });
        assertEquals(1, told.size(), told::toString);
        assertSays(what, remedy, told.get(0));
        return found;
    }

    @Test
    void halfACacheIsNotAModel() throws IOException {
        Path folder = hub().model("org/tiny", HubListener.NONE);
        Files.delete(folder.resolve("model.safetensors"));
        Hub offline = new Hub(settings(null, true, Duration.ofSeconds(10)), Duration.ofMillis(1));
        assertSays("org/tiny: has no model.safetensors in the cache", "the hub was not asked",
                assertThrows(BadInput.class, () -> offline.model("org/tiny", HubListener.NONE)).getMessage());
    }

    @Test
    void aDiskThatIsTooSmallIsToldBeforeAnythingIsDownloaded() {
        server.sizes.put("model.safetensors", 1L << 60);
        assertSays("needs 1,099,511,627,77", "HF_HUB_CACHE", refused("org/tiny"));
        assertEquals(0, server.sent("model.safetensors") + server.sent("config.json"));
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void aCacheThatCannotBeWrittenToIsTold() throws IOException {
        Path file = Files.writeString(cache.resolve("file"), "");
        Hub hub = new Hub(new HubSettings(URI.create(server.address()), file, null, false, Duration.ofSeconds(10)), Duration.ofMillis(1));
        assertSays(file + ": cannot be written to", "HF_HUB_CACHE", assertThrows(BadInput.class,
                () -> hub.model("org/tiny", HubListener.NONE)).getMessage());
    }

    @Test
    void twoAtATimeDownloadOnce() throws Exception {
        server.cuts.put("model.safetensors", 1);
        Thread[] threads = new Thread[4];
        List<Throwable> failed = new ArrayList<>();
        for (int i = 0; i < threads.length; i++) {
            threads[i] = new Thread(() -> hub().model("org/tiny", HubListener.NONE));
            threads[i].setUncaughtExceptionHandler((t, e) -> failed.add(e));
            threads[i].start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertEquals(List.of(), failed);
        assertEquals(2, server.sent("model.safetensors"), server.asked::toString);
    }

    @Test
    void aDataSetIsTheFilesThatAreChosen() throws IOException {
        server.with("datasets/org/sums", "main/test/0000.parquet", bytes(9)).with("datasets/org/sums", "main/train/0000.parquet", bytes(8));
        List<Path> files = hub().dataset("org/sums", all -> all.stream().filter(file -> file.contains("test")).toList(), HubListener.NONE);
        assertEquals(List.of(cache.resolve("datasets--org--sums/snapshots/" + HubServer.COMMIT + "/main/test/0000.parquet")), files);
        assertArrayEquals(bytes(9), Files.readAllBytes(files.get(0)));
        assertTrue(Files.exists(cache.resolve("datasets--org--sums/refs/refs/convert/parquet")));
    }

    @Test
    void variablesMeanWhatTheyMeanToPython() throws IOException {
        Path home = Files.createDirectories(cache.resolve("home"));
        HubSettings plain = HubSettings.of(Map.of(), home);
        assertEquals(new HubSettings(URI.create("https://huggingface.co"), home.resolve(".cache/huggingface/hub"), null, false,
                Duration.ofSeconds(10)), plain);
        Files.writeString(Files.createDirectories(home.resolve(".cache/huggingface")).resolve("token"), "hf_file\n");
        assertEquals("hf_file", HubSettings.of(Map.of(), home).token());
        assertEquals("hf_env", HubSettings.of(Map.of("HF_TOKEN", " hf_env "), home).token());
        assertEquals(home.resolve("a/huggingface/hub"), HubSettings.of(Map.of("XDG_CACHE_HOME", "~/a"), home).cache());
        assertEquals(Path.of("/b/hub"), HubSettings.of(Map.of("HF_HOME", "/b", "XDG_CACHE_HOME", "/a"), home).cache());
        HubSettings all = HubSettings.of(Map.of("HF_HUB_CACHE", "/c", "HF_HOME", "/b", "HF_ENDPOINT", "http://mirror:8080/hub/",
                "HF_HUB_OFFLINE", "on", "HF_HUB_DOWNLOAD_TIMEOUT", "3"), home);
        assertEquals(new HubSettings(URI.create("http://mirror:8080/hub"), Path.of("/c"), null, true, Duration.ofSeconds(3)), all);
        assertFalse(HubSettings.of(Map.of("HF_HUB_OFFLINE", "0"), home).offline());
        assertEquals(Path.of("/h"), HubSettings.home("Linux", "/h", "/u"));
        assertEquals(Path.of("/u"), HubSettings.home("Linux", " ", "/u"));
        assertEquals(Path.of("/u"), HubSettings.home("Windows 11", "/h", "/u"));
        for (Map<String, String> wrong : List.of(Map.of("HF_ENDPOINT", "mirror"), Map.of("HF_TOKEN", "two words"),
                Map.of("HF_HUB_DOWNLOAD_TIMEOUT", "soon"))) {
            String name = wrong.keySet().iterator().next();
            assertTrue(assertThrows(BadInput.class, () -> HubSettings.of(wrong, home)).getMessage().startsWith(name), name);
        }
    }

    @Test
    void namesAreTold() {
        assertEquals("Qwen/Qwen2.5-0.5B refs/pr/1", HubName.of(HubName.Kind.MODEL, "Qwen/Qwen2.5-0.5B@refs/pr/1").id() + " "
                + HubName.of(HubName.Kind.MODEL, "Qwen/Qwen2.5-0.5B@refs/pr/1").revision());
        for (String no : List.of("gpt2", "a/b/c", "../x", "a/..", "/a/b", "a/b@", "a/b@../../x", "a--b/c", "a/b@x/", "./a/b", "a b/c")) {
            assertFalse(HubName.is(no), no);
        }
    }

    private Hub hub() {
        return new Hub(settings(null, false, Duration.ofSeconds(10)), Duration.ofMillis(1));
    }

    private HubSettings settings(String token, boolean offline, Duration timeout) {
        return new HubSettings(URI.create(server.address()), cache, token, offline, timeout);
    }

    private String refused(String name) {
        String said = assertThrows(BadInput.class, () -> hub().model(name, HubListener.NONE)).getMessage();
        assertFalse(said.contains("\n"), said);
        return said;
    }

    private static void assertSays(String what, String remedy, String said) {
        assertTrue(said.contains(what) && said.contains(remedy), said);
    }

    private static String names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).collect(Collectors.toCollection(TreeSet::new)).stream()
                    .collect(Collectors.joining(" "));
        }
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] bytes(int count) {
        byte[] bytes = new byte[count];
        new Random(1).nextBytes(bytes);
        return bytes;
    }
}
