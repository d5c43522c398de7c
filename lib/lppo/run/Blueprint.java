package lppo.run;

import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import lppo.PolicyLoss;
import lppo.data.BadInput;
import lppo.model.Lora;
import lppo.model.Precision;

/**
 * What another process needs to know to sample and to compute gradients as this one does: a plain value that travels. The
 * weights that learn are sent apart.
 *
 * @param folder model folder, at the same absolute path on every machine
 * @param fingerprint of that folder, see {@link #fingerprint}
 * @param device auto, cpu or gpu
 * @param adapters what learns; null if all weights do
 * @param stop further tokens that end a completion
 * @param reference whether the loss has a KL term to the model as it is in the folder
 * @param loss the policy loss
 * @param temperature of the sampling that is learned from
 * @param tokenBudget most padded tokens of a micro-batch
 * @param recompute activations instead of keeping them
 * @param rows most completions decoded at a time
 */
public record Blueprint(String folder, String fingerprint, String device, Precision precision, Lora.Settings adapters, List<String> stop,
        boolean reference, PolicyLoss loss, double temperature, int tokenBudget, boolean recompute, int rows) implements Serializable {

    /** That of a run. */
    public static Blueprint of(Path model, Options options, Precision precision, Lora.Settings adapters, List<String> stop) {
        Path folder = model.toAbsolutePath().normalize();
        return new Blueprint(folder.toString(), fingerprint(folder), options.device, precision, adapters, List.copyOf(stop),
                options.kl > 0 && !options.klInReward(), options.policyLoss(), options.temperature, options.tokenBudget, options.recompute,
                options.rolloutRows);
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
