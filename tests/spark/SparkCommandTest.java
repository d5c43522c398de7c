package spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import lppo.Checkout;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code --master} as a user types it: JBang fetches, compiles and starts everything else that is needed. */
@EnabledOnOs(OS.LINUX)
class SparkCommandTest {

    private static final int STEPS = 20;

    @TempDir
    static Path folder;

    @BeforeAll
    static void theRunWithoutSpark() throws Exception {
        assertEquals(0, start("alone").waitFor(), SparkCommandTest::said);
    }

    @Test
    void aClusterInSmallWritesTheSame() throws Exception {
        assertEquals(0, start("cluster", "--master", "local-cluster[3,1,1024]").waitFor(), SparkCommandTest::said);
        same("cluster");
    }

    /** Asked to end, or killed so that only the process that computes is left. */
    @ParameterizedTest
    @ValueSource(strings = {"TERM", "KILL"})
    void endedItSavesAndGoesOnWithoutSpark(String signal) throws Exception {
        Process process = start(signal, "--master", "local[2]");
        Path metrics = folder.resolve(signal).resolve("metrics.csv");
        while (process.isAlive() && (!Files.exists(metrics) || Files.readAllLines(metrics).size() < 4)) {
            Thread.sleep(10);
        }
        List<ProcessHandle> computing = process.descendants().toList();
        new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start().waitFor();
        assertTrue(process.waitFor() != 0, SparkCommandTest::said);
        computing.forEach(one -> one.onExit().join());
        assertTrue(said().contains("continue with --resume"), SparkCommandTest::said);
        assertEquals(0, start(signal, "--resume").waitFor(), SparkCommandTest::said);
        same(signal);
    }

    @Test
    void whatIsWrongIsSaidInOneLine() throws Exception {
        assertEquals(2, start("wrong", "--master", "yarm").waitFor(), SparkCommandTest::said);
        assertTrue(said().contains("Spark master yarm: is unknown to Spark here"), SparkCommandTest::said);
        assertTrue(said().strip().endsWith("(--master)"), SparkCommandTest::said);
        assertFalse(said().contains("\tat "), SparkCommandTest::said);
        assertEquals(2, start("wrong", "--conf", "spark.executor.memory=1g").waitFor(), SparkCommandTest::said);
        assertTrue(said().contains("--conf: is a Spark setting and needs --master"), SparkCommandTest::said);
    }

    private static void same(String name) throws Exception {
        for (String table : List.of("metrics.csv", "problems.csv")) {
            assertEquals(Files.readString(folder.resolve("alone").resolve(table)), Files.readString(folder.resolve(name).resolve(table)),
                    table);
        }
    }

    private static String said() {
        try {
            return Files.readString(folder.resolve("log"));
        } catch (IOException e) {
            return e.toString();
        }
    }

    private static Process start(String name, String... more) throws Exception {
        List<String> line = new ArrayList<>(List.of(Checkout.ROOT.resolve("jbang").toString(), "train", "--recipe", "lppo", "--model",
                Checkout.ROOT.resolve("data/base").toString(), "--data", Checkout.ROOT.resolve("data/train.jsonl").toString(), "--out",
                folder.resolve(name).toString(), "--steps", Integer.toString(STEPS), "--problems-per-step", "16", "--token-budget", "256",
                "--learning-rate", "1e-3", "--device", "cpu"));
        line.addAll(List.of(more));
        ProcessBuilder builder = new ProcessBuilder(line).redirectErrorStream(true).redirectOutput(folder.resolve("log").toFile());
        builder.environment().put("OMP_NUM_THREADS", "1");
        return builder.start();
    }
}
