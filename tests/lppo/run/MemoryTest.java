package lppo.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import ai.djl.Device;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import llm.Policy;
import lppo.Checkout;
import lppo.task.Task;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests native memory over 300 steps, in a process whose Java heap is too small to hide a leak. */
class MemoryTest {

    private static final int STEPS = 300;

    @Test
    void memoryIsFlatOver300Steps(@TempDir Path folder) throws Exception {
        assumeFalse(Double.isNaN(Metrics.residentMegabytes()), "this system does not tell");
        Path log = folder.resolve("log");
        Process run = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx64m", "-Xmn8m",
                "-XX:+UseSerialGC", "-Dai.djl.pytorch.num_threads=1", "-DOPT_OUT_TRACKING=true", "-cp",
                System.getProperty("java.class.path"), MemoryTest.class.getName(), folder.resolve("run").toString())
                .redirectErrorStream(true).redirectOutput(log.toFile()).start();
        assertEquals(0, run.waitFor(), () -> read(log));
        List<Double> resident = Files.readAllLines(folder.resolve("run/timing.csv")).stream().skip(1)
                .map(line -> Double.parseDouble(line.substring(line.lastIndexOf(',') + 1))).toList();
        assertEquals(STEPS, resident.size());
        double begin = mean(resident.subList(50, 75));
        double end = mean(resident.subList(275, 300));
        assertTrue(end < begin + 64, "from %.1f to %.1f MB".formatted(begin, end));
    }

    /** The run itself. */
    public static void main(String... arguments) {
        try (Policy policy = Policy.load(Checkout.ROOT.resolve("data/base"), Device.cpu())) {
            Training.of(policy, Task.builtIn()).recipe(Recipe.lppo().problemsPerStep(8)).into(Path.of(arguments[0])).run(STEPS);
        }
    }

    private static double mean(List<Double> values) {
        return values.stream().collect(Collectors.averagingDouble(x -> x));
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (java.io.IOException e) {
            return "no output";
        }
    }
}
