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
 * What another process needs to know to sample and to compute gradients as this one does: a plain value that travels. The
 * weights that learn are sent apart.
 *
 * @param folder model folder, at the same absolute path on every machine
 * @param fingerprint of that folder, see {@link #fingerprint}
 * @param device auto, cpu or gpu
 * @param precision to compute in
 * @param sampled the precision to sample in
 * @param adapters what learns; null if all weights do
 * @param stop further tokens that end a completion
 * @param reference whether a KL term needs the model as it is in the folder
 * @param rows most completions decoded at a time
 */
public record WorkerSetup(String folder, String fingerprint, String device, Precision precision, Precision sampled,
        Lora.Settings adapters, List<String> stop, boolean reference, int rows) implements Serializable {

    /** That of a run of a recipe on a model folder. */
    public static WorkerSetup of(Path model, Recipe recipe, String device, Precision precision, Lora.Settings adapters, List<String> stop,
            int rows) {
        Path folder = model.toAbsolutePath().normalize();
        return new WorkerSetup(folder.toString(), fingerprint(folder), device, precision, precision, adapters, List.copyOf(stop),
                recipe.algorithm().objective().needsReference(), rows);
    }

    /** The same, sampled in another precision: see {@link llm.Policy#sampledIn}. */
    public WorkerSetup sampledIn(Precision value) {
        return new WorkerSetup(folder, fingerprint, device, precision, value, adapters, stop, reference, rows);
    }

    /**
     * The configuration's checksum and the sizes of the weights: tells another model under the same path, not other weights of
     * the same shapes.
     *
     * @throws BadInput if there is no model folder
     */
    public static String fingerprint(Path folder) {
        BadInput.unless(Files.isRegularFile(folder.resolve("config.json")), "%s: the model folder is missing, or has no config.json", folder);
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
