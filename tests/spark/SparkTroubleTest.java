package spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static spark.SparkRuns.MODEL;

import ai.djl.Device;
import ai.djl.engine.EngineException;
import common.BadInput;
import common.Seed;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import llm.Lora;
import llm.Policy;
import lppo.Checkout;
import lppo.PolicyLoss;
import lppo.data.Problem;
import lppo.data.Step;
import lppo.learn.Learner;
import lppo.learn.LearnerSettings;
import lppo.learn.Sample;
import lppo.rollout.Prompt;
import lppo.rollout.Sampling;
import lppo.run.Recipe;
import lppo.run.WorkerSetup;
import org.apache.spark.SparkException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests that errors are one line that names the host and a remedy. */
class SparkTroubleTest {

    @TempDir
    Path folder;

    private static WorkerSetup setup(Path model) {
        return SparkRuns.setup(model, Recipe.grpo());
    }

    @Test
    void aMissingOrOtherModelFolderNamesTheHost() throws Exception {
        Path model = Files.createDirectory(folder.resolve("model"));
        for (Path file : Checkout.list(MODEL)) {
            Files.copy(file, model.resolve(file.getFileName()));
        }
        try (Policy policy = Policy.load(model, Device.cpu()); Cluster cluster = new Cluster("local[1]", Map.of(), setup(model), policy)) {
            List<Prompt> prompts = List.of(Prompt.unguided(new Problem("p", "", "", null, null, null), new int[] {1}));
            Runnable sampling = () -> cluster.rollout(Sampling.plain(2)).sample(prompts, new Step(1, new Seed(1)));
            Files.writeString(model.resolve("config.json"), Files.readString(model.resolve("config.json")) + "\n");
            refused(sampling, "host ", "is another model than the driver's");
            Files.delete(model.resolve("config.json"));
            refused(sampling, "host ", "the model folder is missing", "put it at this path on every worker");
        }
    }

    @Test
    void anotherEngineNamesTheHost() {
        try (Policy policy = Policy.load(MODEL, Device.cpu()); Cluster cluster = new Cluster("local[1]", Map.of(), setup(MODEL), policy)) {
            Replica.RunSetup other = new Replica.RunSetup("other", setup(MODEL), "PyTorch 1.0.0 for CP/M z80");
            refused(() -> SparkErrors.translated(() -> {
                cluster.context().parallelize(List.of(1), 1).foreach(part -> Replica.work(other, null, replica -> part));
                return null;
            }), "host ", "where the driver has PyTorch 1.0.0 for CP/M z80", "give it the driver's jars");
        }
    }

    @Test
    void anotherPolicyThanTheSetupSaysIsRefused() {
        WorkerSetup adapters = SparkRuns.setup(MODEL, Recipe.grpo(), Lora.Settings.of(4), 1024);
        try (Policy policy = Policy.load(MODEL, Device.cpu()); Cluster cluster = new Cluster("local[1]", Map.of(), adapters, policy)) {
            refused(() -> cluster.run("nothing", List.of(1), (replica, piece) -> piece), "host ",
                    "has other parameters than the worker setup");
        }
    }

    @Test
    void whatSparkThrowsIsTranslated() {
        translated("Job aborted: Serialized task 1:1 was 200 bytes, which exceeds max allowed: spark.rpc.message.maxSize (128 bytes)",
                "lower the token budget");
        translated("Total size of serialized results of 3 tasks is bigger than spark.driver.maxResultSize 1024.0 MiB",
                "spark.lppo.sum=tree");
    }

    @Test
    void anExecutorWithoutMemoryIsTheTrainersMatter() {
        EngineException memory = new EngineException("CUDA out of memory");
        assertSame(memory, assertThrows(EngineException.class, () -> SparkErrors.translated(() -> {
            throw new SparkException("Job aborted due to stage failure", memory);
        })));
    }

    /** An attempt that fails after a backward pass leaves nothing behind that the next one would add to. */
    @Test
    void aFailedAttemptLeavesNoGradient() {
        try (Policy policy = Policy.load(MODEL, Device.cpu()); Cluster cluster = new Cluster("local[1]", Map.of(), setup(MODEL), policy)) {
            LinkedHashMap<Integer, Learner.Micro> micros = new LinkedHashMap<>(Map.of(0, micro(3)));
            long whole = checksum(cluster, micros);
            LinkedHashMap<Integer, Learner.Micro> broken = new LinkedHashMap<>(micros);
            broken.put(1, micro(1_000_000)); // no such token
            assertThrows(RuntimeException.class, () -> checksum(cluster, broken));
            assertEquals(whole, checksum(cluster, micros));
        }
    }

    private static long checksum(Cluster cluster, LinkedHashMap<Integer, Learner.Micro> micros) {
        SerializedObjective objective = SerializedObjective.of(PolicyLoss.grpo());
        LearnerSettings settings = new LearnerSettings();
        return cluster.run("update", List.of(micros), (replica, all) -> replica.gradient(all, objective, settings)).get(0)
                .values().checksum();
    }

    private static Learner.Micro micro(int token) {
        float[] logProbs = {-1, -1};
        return new Learner.Micro(List.of(List.of(new Sample(new int[] {5, token}, new int[] {6, 7}, logProbs, 1, 1))),
                Learner.Layout.PADDED);
    }

    @Test
    void aMasterThatIsNotThereIsNamed() throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        try (Policy policy = Policy.load(MODEL, Device.cpu())) {
            String url = "spark://127.0.0.1:" + port;
            refused(() -> new Cluster(url, Map.of(), setup(MODEL), policy), "Spark master " + url + ": does not answer (", "is it up");
            refused(() -> new Cluster("spark://nowhere", Map.of(), setup(MODEL), policy),
                    "Spark master spark://nowhere: does not answer (");
        }
    }

    @Test
    void anUnknownSumIsRefused() {
        try (Policy policy = Policy.load(MODEL, Device.cpu())) {
            refused(() -> new Cluster("local[1]", Map.of("spark.lppo.sum", "best"), setup(MODEL), policy), "choose ordered or tree");
        }
    }

    private static void translated(String message, String told) {
        refused(() -> SparkErrors.translated(() -> {
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
