package logs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import lppo.run.StepMetrics;
import lppo.run.StepTiming;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An MLflow server that accepts connections and never says a word. */
class SilentServerTest {

    @TempDir
    Path folder;

    @Test
    void noStepWaitsForItAndTheRunEnds() throws Exception {
        List<String> warnings = new CopyOnWriteArrayList<>();
        long begin = System.nanoTime();
        try (ServerSocket silent = new ServerSocket(0, 9, InetAddress.getLoopbackAddress());
                Mlflow mlflow = new Mlflow(URI.create("http://127.0.0.1:" + silent.getLocalPort()), "e", folder, Map.of(), Map::of,
                        warnings::add,
                        Duration.ofMillis(1500))) {
            IntStream.range(0, 1000)
                    .forEach(i -> mlflow.stepped(new StepMetrics(i, i, 0.5, Double.NaN, 0, 0, 0, Double.NaN, 0, 3, 0.1, 1, 0, 0, 1, 1, 0,
                            1, 1e-3, 0,
                            "", Map.of()), List.of(), new StepTiming(i, 1, 1, 1, 1)));
            assertTrue(System.nanoTime() - begin < 1.4e9, "a thousand steps are told before the first request has timed out");
        }
        assertTrue(System.nanoTime() - begin < 10e9, "the end comes");
        assertEquals(1, warnings.size(), warnings::toString);
    }
}
