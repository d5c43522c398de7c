package spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.engine.EngineException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import lppo.Checkout;
import lppo.data.BadInput;
import lppo.data.Problem;
import lppo.data.Seed;
import lppo.learn.Learner;
import lppo.learn.Sample;
import lppo.model.Policy;
import lppo.model.Precision;
import lppo.rollout.Prompt;
import lppo.rollout.Sampling;
import lppo.run.Blueprint;
import lppo.run.Options;
import org.apache.spark.SparkException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What goes wrong is told in one line that names the host and what to do. */
class SparkTroubleTest {

    @TempDir Path folder;

    @Test
    void aMissingOrOtherModelFolderNamesTheHost() throws Exception {
        Path model = Files.createDirectory(folder.resolve("model"));
        for (Path file : Checkout.list(Checkout.ROOT.resolve("data/base"))) {
            Files.copy(file, model.resolve(file.getFileName()));
        }
        Blueprint blueprint = Blueprint.of(model, options(), Precision.FP32, null, List.of());
        try (Policy policy = Policy.load(model, Device.cpu()); Cluster cluster = new Cluster("local[1]", Map.of(), blueprint, policy)) {
            List<Prompt> prompts = List.of(Prompt.unguided(new Problem("p", "", "", null, null, null), new int[] {1}));
            Files.writeString(model.resolve("config.json"), Files.readString(model.resolve("config.json")) + "\n");
            refused(() -> cluster.rollout(Sampling.plain(2), new Seed(1)).sample(prompts, 1), "host ", "is another model than the driver's");
            Files.delete(model.resolve("config.json"));
            refused(() -> cluster.rollout(Sampling.plain(2), new Seed(1)).sample(prompts, 1), "host ", "the model folder is missing",
                    "put it at this path on every worker");
        }
    }

    @Test
    void anotherEngineNamesTheHost() {
        Blueprint blueprint = Blueprint.of(Checkout.ROOT.resolve("data/base"), options(), Precision.FP32, null, List.of());
        try (Policy policy = Policy.load(Checkout.ROOT.resolve("data/base"), Device.cpu()); Cluster cluster = new Cluster("local[1]", Map.of(), blueprint, policy)) {
            Replica.RunSetup other = new Replica.RunSetup("other", blueprint, "PyTorch 1.0.0 for CP/M z80");
            refused(() -> SparkErrors.told(() -> {
                cluster.context().parallelize(List.of(1), 1).foreach(part -> Replica.work(other, null, replica -> part));
                return null;
            }), "host ", "where the driver has PyTorch 1.0.0 for CP/M z80", "give it the driver's jars");
        }
    }

    @Test
    void whatSparkThrowsIsTranslated() {
        translated("Job aborted: Serialized task 1:1 was 200 bytes, which exceeds max allowed: spark.rpc.message.maxSize (128 bytes)", "lower --token-budget");
        translated("Total size of serialized results of 3 tasks is bigger than spark.driver.maxResultSize 1024.0 MiB", "spark.lppo.sum=tree");
    }

    @Test
    void anExecutorWithoutMemoryIsTheTrainersMatter() {
        EngineException memory = new EngineException("CUDA out of memory");
        assertSame(memory, assertThrows(EngineException.class, () -> SparkErrors.told(() -> {
            throw new SparkException("Job aborted due to stage failure", memory);
        })));
    }

    /** An attempt that fails after a backward pass leaves nothing behind that the next one would add to. */
    @Test
    void aFailedAttemptLeavesNoGradient() {
        Blueprint blueprint = Blueprint.of(Checkout.ROOT.resolve("data/base"), options(), Precision.FP32, null, List.of());
        try (Policy policy = Policy.load(Checkout.ROOT.resolve("data/base"), Device.cpu()); Cluster cluster = new Cluster("local[1]", Map.of(), blueprint, policy)) {
            LinkedHashMap<Integer, Learner.Micro> micros = new LinkedHashMap<>(Map.of(0, micro(3)));
            long whole = cluster.run("update", List.of(micros), Replica::gradients).get(0).get(0).values().checksum();
            LinkedHashMap<Integer, Learner.Micro> broken = new LinkedHashMap<>(micros);
            broken.put(1, micro(1_000_000)); // no such token
            assertThrows(RuntimeException.class, () -> cluster.run("update", List.of(broken), Replica::gradient));
            assertEquals(whole, cluster.run("update", List.of(micros), Replica::gradients).get(0).get(0).values().checksum());
        }
    }

    private static Learner.Micro micro(int token) {
        return new Learner.Micro(List.of(List.of(new Sample(new int[] {5, token}, new int[] {6, 7}, new float[] {-1, -1}, new float[] {-1, -1}, null, 1, 1))),
                false);
    }

    @Test
    void aMasterThatIsNotThereIsNamed() throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        Map<String, String> settings = Map.of();
        try (Policy policy = Policy.load(Checkout.ROOT.resolve("data/base"), Device.cpu())) {
            Blueprint blueprint = Blueprint.of(Checkout.ROOT.resolve("data/base"), options(), Precision.FP32, null, List.of());
            refused(() -> new Cluster("spark://127.0.0.1:" + port, settings, blueprint, policy), "--master spark://127.0.0.1:" + port + ": does not answer (", "is the master up");
            refused(() -> new Cluster("spark://nowhere", settings, blueprint, policy), "--master spark://nowhere: does not answer (");
        }
    }

    @Test
    void anUnknownSumIsRefused() {
        try (Policy policy = Policy.load(Checkout.ROOT.resolve("data/base"), Device.cpu())) {
            Blueprint blueprint = Blueprint.of(Checkout.ROOT.resolve("data/base"), options(), Precision.FP32, null, List.of());
            refused(() -> new Cluster("local[1]", Map.of("spark.lppo.sum", "best"), blueprint, policy), "choose ordered or tree");
        }
    }

    private static Options options() {
        Options options = new Options();
        options.device = "cpu";
        return options;
    }

    private static void translated(String message, String told) {
        refused(() -> SparkErrors.told(() -> {
            throw new SparkException(message);
        }), told);
    }

    private static void refused(Runnable work, String... told) {
        BadInput refused = assertThrows(BadInput.class, work::run);
        assertEquals(1, refused.getMessage().lines().count(), refused.getMessage());
        for (String part : told) {
            assertTrue(refused.getMessage().contains(part), refused.getMessage());
        }
    }
}
