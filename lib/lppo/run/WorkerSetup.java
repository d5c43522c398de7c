package lppo.run;

import common.BadInput;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import llm.Lora;
import llm.Precision;

/**
 * The settings with which another process samples and computes gradients exactly as this one does, as a serialisable value. The trainable
 * weights are sent separately.
 *
 * @param folder model folder, at the same absolute path on every machine
 * @param fingerprint fingerprint of that folder, see {@link #fingerprint}
 * @param device auto, cpu, gpu or mps
 * @param precision of the computation
 * @param sampled precision for sampling
 * @param byOneDnn whether sampling in fp32 multiplies matrices by oneDNN, see {@link llm.Policy#sampledBy}; a cluster sends its driver's
 * @param adapters trainable adapters; null if all weights are trained
 * @param stop further stop tokens
 * @param reference whether a KL term needs the original model of the folder
 * @param rows maximum number of completions decoded at a time
 */
public record WorkerSetup(String folder, String fingerprint, String device, Precision precision, Precision sampled,
        boolean byOneDnn, Lora.Settings adapters, List<String> stop, boolean reference, int rows) implements Serializable {

    /** Creates the setup for a run of a recipe on a model folder. */
    public static WorkerSetup of(Path model, Recipe recipe, String device, Precision precision, Lora.Settings adapters, List<String> stop,
            int rows) {
        Path folder = model.toAbsolutePath().normalize();
        return new WorkerSetup(folder.toString(), fingerprint(folder), device, precision, precision, false, adapters, List.copyOf(stop),
                recipe.algorithm().objective().needsReference(), rows);
    }

    /** The same, sampled in another precision: see {@link llm.Policy#sampledIn}. */
    public WorkerSetup sampledIn(Precision value) {
        return new WorkerSetup(folder, fingerprint, device, precision, value, byOneDnn, adapters, stop, reference, rows);
    }

    /** The same, sampled with or without oneDNN: see {@link llm.Policy#sampledBy}. */
    public WorkerSetup sampledBy(boolean oneDnn) {
        return new WorkerSetup(folder, fingerprint, device, precision, sampled, oneDnn, adapters, stop, reference, rows);
    }

    /**
     * Returns the checksum of the configuration and the sizes of the weights. It distinguishes a different model under the same path, but
     * not other weights of the same shapes.
     *
     * @throws BadInput if there is no model folder
     */
    public static String fingerprint(Path folder) {
        BadInput.unless(Files.isRegularFile(folder.resolve("config.json")), "%s: the model folder is missing, or has no config.json",
                folder);
        try (Stream<Path> files = Files.list(folder)) {
            CRC32C config = new CRC32C();
            config.update(Files.readAllBytes(folder.resolve("config.json")));
            long bytes = 0;
            for (Path file : files.filter(f -> f.toString().endsWith(".safetensors")).toList()) {
                bytes += Files.size(file);
            }
            return "%08x-%d".formatted(config.getValue(), bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(folder + ": cannot be read", e);
        }
    }
}
