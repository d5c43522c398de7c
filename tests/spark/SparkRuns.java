package spark;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import llm.Lora;
import llm.Policy;
import llm.Precision;
import lppo.Checkout;
import lppo.run.Backend;
import lppo.run.Recipe;
import lppo.run.WorkerSetup;

/** What tests of Spark set up alike, and how they compare two runs. */
final class SparkRuns {

    static final Path MODEL = Checkout.ROOT.resolve("data/base");

    private SparkRuns() {}

    /** Workers that hold all weights of a model folder and decode up to 1,024 rows at a time. */
    static WorkerSetup setup(Path model, Recipe recipe) {
        return setup(model, recipe, null, 1024);
    }

    static WorkerSetup setup(Path model, Recipe recipe, Lora.Settings adapters, int rows) {
        return WorkerSetup.of(model, recipe, "cpu", Precision.FP32, adapters, List.of(), rows);
    }

    /** A cluster, or this process if {@code master} is null. */
    static Backend open(String master, Map<String, String> settings, WorkerSetup workers, Policy policy) {
        return master == null ? Backend.local(policy, workers.rows()) : new Cluster(master, settings, workers, policy);
    }

    /** That two runs wrote the same texts. */
    static void same(Path expected, Path found, String... files) throws Exception {
        for (String file : files) {
            assertEquals(Files.readString(expected.resolve(file)), Files.readString(found.resolve(file)), found.resolve(file).toString());
        }
    }
}
