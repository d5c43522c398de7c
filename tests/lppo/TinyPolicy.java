package lppo;

import ai.djl.Device;
import common.Seed;
import java.nio.file.Path;
import llm.Policy;
import lppo.task.ModularChain;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** What tests of a tiny random policy share: the folder of an untrained model, written once a class, and a folder for each test. */
public abstract class TinyPolicy {

    @TempDir
    protected static Path skeleton;
    @TempDir
    protected Path folder;

    @BeforeAll
    protected static void writeSkeleton() throws Exception {
        ModularChain.writeSkeleton(skeleton);
    }

    protected static Policy policy() {
        return policy(1);
    }

    protected static Policy policy(long seed) {
        return Policy.random(skeleton, 0.05, new Seed(seed), Device.cpu());
    }
}
