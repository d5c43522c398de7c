package lppo.task;

//FILES lppo/base/config.json=../../../data/base/config.json
//FILES lppo/base/tokenizer.json=../../../data/base/tokenizer.json
//FILES lppo/base/model.safetensors=../../../data/base/model.safetensors

import common.BadInput;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import llm.Policy;

/** The base policy of the built-in task, 0.1 million parameters, which comes with the library. */
public final class BasePolicy {

    private static final List<String> FILES = List.of("config.json", "tokenizer.json", "model.safetensors");

    private BasePolicy() {}

    /**
     * Loads the policy on the device that {@code auto} selects; the caller closes it.
     *
     * @throws BadInput if the library was compiled without its files
     */
    public static Policy load() {
        try {
            Path folder = Files.createTempDirectory("lppo-base");
            try {
                copyTo(folder);
                return Policy.load(folder, Policy.device("auto"));
            } finally {
                for (String name : FILES) {
                    Files.deleteIfExists(folder.resolve(name));
                }
                Files.delete(folder);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the base policy cannot be unpacked", e);
        }
    }

    /**
     * Writes its model folder, replacing existing files.
     *
     * @throws BadInput if the library was compiled without its files
     */
    public static void copyTo(Path folder) throws IOException {
        for (String name : FILES) {
            try (InputStream in = BasePolicy.class.getResourceAsStream("/lppo/base/" + name)) {
                BadInput.unless(in != null, "the base policy is not on the class path; load it from the folder data/base");
                Files.copy(in, folder.resolve(name), StandardCopyOption.REPLACE_EXISTING);
            }
        }
    }
}
