package hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import lppo.Checkout;
import lppo.Commands;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Commands that are given names instead of folders and files, in processes of their own, with a hub on this machine. */
class HubCommandTest {

    private static final Path FIXTURES = Checkout.ROOT.resolve("tests/fixtures");
    private static final String[] GENERATE = {"generate", "--temperature", "0", "--device", "cpu", "start 17 +3", "--model"};

    @TempDir
    Path folder;
    private HubServer server;

    @BeforeEach
    void serve() throws Exception {
        server = new HubServer();
        for (String fixture : List.of("qwen2", "llama")) {
            for (Path file : Checkout.list(FIXTURES.resolve(fixture))) {
                server.with("models/org/" + fixture, file.getFileName().toString(), Files.readAllBytes(file));
            }
        }
        server.with("datasets/openai/gsm8k", "main/test/0000.parquet", Files.readAllBytes(FIXTURES.resolve("benchmarks/gsm8k.parquet")))
                .with("datasets/openai/gsm8k", "main/train/0000.parquet", Files.readAllBytes(FIXTURES.resolve("benchmarks/gsm8k.parquet")))
                .with("datasets/openai/gsm8k", "socratic/test/0000.parquet", new byte[9]);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void aNameGivesWhatItsFolderGives() throws Exception {
        for (String fixture : List.of("qwen2", "llama")) { // one file, several shards
            String there = run(0, with(FIXTURES.resolve(fixture).toString()));
            String said = run(0, with("org/" + fixture + "@main"));
            assertEquals("downloading org/" + fixture + "@main, 1 MB\n" + there, said);
            assertEquals(there, run(0, with("org/" + fixture)), "from the cache, in silence");
        }
        assertEquals(1, server.sent("model.safetensors"));
    }

    @Test
    void anExistingFolderWins() throws Exception {
        Path own = Files.createDirectories(folder.resolve("org/qwen2"));
        for (Path file : Checkout.list(FIXTURES.resolve("qwen2"))) {
            Files.copy(file, own.resolve(file.getFileName()));
        }
        run(0, with("org/qwen2"));
        assertEquals(List.of(), server.asked);
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void aBlobThatWasDamagedIsRefused() throws Exception {
        run(0, with("org/qwen2"));
        Path weights = folder.resolve("cache/models--org--qwen2/snapshots/" + HubServer.COMMIT + "/model.safetensors");
        byte[] bytes = Files.readAllBytes(weights);
        bytes[bytes.length - 2] ^= 1;
        Files.write(weights, bytes);
        String said = run(2, with("org/qwen2"));
        assertTrue(said.lines().count() == 1 && said.contains("is damaged or was changed"), said);
    }

    @Test
    void whatIsNeitherIsToldInOneLine() throws Exception {
        String said = run(2, with("org/none"));
        assertTrue(said.lines().count() == 1 && said.startsWith("org/none is nothing here; on the hub, org/none: does not exist"), said);
        said = run(2, "evaluate", "--model", "org/qwen2", "--data", "org/none");
        assertTrue(said.lines().count() == 1 && said.startsWith("org/none is nothing here"), said);
        said = run(2, with("no folder"));
        assertTrue(said.startsWith("no folder: "), said);
    }

    @Test
    void aBenchmarkIsItsTestSplitByName() throws Exception {
        Path out = folder.resolve("gsm8k.jsonl");
        String said = run(0, "dataset", "openai/gsm8k", "--out", out.toString());
        assertTrue(said.contains("recognised by question, answer with ####")
                && said.contains("the test set of GSM8K has 1319 problems"), said);
        assertTrue(server.asked.toString().contains("/main/test/0000.parquet"), server.asked::toString);
        assertTrue(!server.asked.toString().contains("train"), server.asked::toString);
        run(0, "dataset", "openai/gsm8k", "--split", "train");
        assertTrue(server.asked.toString().contains("/main/train/0000.parquet"), server.asked::toString);
        said = run(2, "dataset", "openai/gsm8k", "--split", "dev");
        assertTrue(said.contains("has no split dev, only test, train"), said);
        said = run(0, "evaluate", "--model", "org/qwen2", "--data", "openai/gsm8k", "--samples", "0", "--max-new-tokens", "2",
                "--device", "cpu");
        assertTrue(said.contains("GSM8K"), said);
    }

    private static String[] with(String model) {
        String[] command = java.util.Arrays.copyOf(GENERATE, GENERATE.length + 1);
        command[GENERATE.length] = model;
        return command;
    }

    private String run(int status, String... arguments) throws Exception {
        Path log = folder.resolve("log");
        ProcessBuilder builder = new Commands(folder).process(log, arguments).directory(folder.toFile());
        builder.environment().put("HF_ENDPOINT", server.address());
        builder.environment().put("HF_HUB_CACHE", folder.resolve("cache").toString());
        builder.environment().put("HF_TOKEN_PATH", folder.resolve("none").toString());
        builder.environment().remove("HF_TOKEN");
        builder.environment().remove("HF_HUB_OFFLINE");
        int ended = builder.start().waitFor();
        String said = Files.readString(log);
        assertEquals(status, ended, said);
        return said;
    }
}
