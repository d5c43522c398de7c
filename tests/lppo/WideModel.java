package lppo;

import ai.djl.Device;
import common.Seed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import llm.Policy;

/** A random model wide enough for the results of oneDNN to differ from those of MKL, and narrower than those whose kernels are probed. */
public final class WideModel {

    private WideModel() {}

    /** Writes it into a new folder, with the tokenizer of the built-in policy; returns the folder. */
    public static Path in(Path folder) throws IOException {
        Path base = Checkout.ROOT.resolve("data/base");
        Files.createDirectories(folder);
        Files.copy(base.resolve("tokenizer.json"), folder.resolve("tokenizer.json"));
        Files.writeString(folder.resolve("config.json"), Files.readString(base.resolve("config.json"))
                .replace("\"intermediate_size\": 192", "\"intermediate_size\": 1024")
                .replace("\"hidden_size\": 64", "\"hidden_size\": 192"));
        try (Policy policy = Policy.random(folder, 0.05, new Seed(1), Device.cpu())) {
            policy.save(folder);
        }
        return folder;
    }
}
