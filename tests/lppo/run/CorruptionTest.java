package lppo.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import common.BadInput;
import common.Checksums;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import llm.Lora;
import llm.Policy;
import lppo.Checkout;
import lppo.task.ModularChain;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests files of checkpoints, adapters and model folders that were truncated, changed, emptied, swapped or lost. */
class CorruptionTest {

    private static final int MUTATIONS = 400; // of each folder

    @TempDir
    static Path folder;
    private static TinyRun tiny;

    @BeforeAll
    static void aRun() throws Exception {
        Path skeleton = folder.resolve("skeleton");
        ModularChain.writeSkeleton(skeleton);
        tiny = new TinyRun(skeleton);
        tiny.run(TinyRun.recipe("lppo"), TinyRun.ENDS, folder.resolve("run"), 2);
    }

    /** With checksums, nothing goes unnoticed. */
    @Test
    void aDamagedCheckpointIsAlwaysRefused() throws Exception {
        Path checkpoint = folder.resolve("run/checkpoint");
        mutated(checkpoint, MUTATIONS, file -> refused(checkpoint, file, () -> resume(checkpoint)));
        resume(checkpoint); // all is as it was
    }

    @Test
    void aDamagedModelThatWeWroteIsAlwaysRefused() throws Exception {
        Path model = folder.resolve("model");
        try (Policy policy = tiny.policy(1)) {
            policy.save(model);
        }
        mutated(model, MUTATIONS, file -> refused(model, file, () -> Policy.load(model, Device.cpu()).close()));
        Policy.load(model, Device.cpu()).close();
    }

    @Test
    void damagedAdaptersAreAlwaysRefused() throws Exception {
        Path adapters = folder.resolve("adapters");
        try (Policy base = tiny.policy(1)) {
            Lora.fresh(base.config(), new Lora.Settings(2, 4, Lora.PROJECTIONS), new common.Seed(1), base.manager()).save(adapters, "base");
            mutated(adapters, MUTATIONS / 4, file -> refused(adapters, file, () -> Lora.load(adapters, base.config(), base.manager())));
        }
    }

    /** A table is refused if what stood in it at the checkpoint has changed. */
    @Test
    void damagedTablesAreAlwaysRefused() throws Exception {
        Path run = folder.resolve("run");
        int[] count = {0};
        Random random = new Random(2);
        for (String name : List.of("metrics.csv", "problems.csv", "evaluation.csv", "samples.jsonl")) {
            for (int i = 0; i < 25; i++) {
                byte[] bytes = Files.readAllBytes(run.resolve(name));
                Files.write(run.resolve(name), mutation(bytes, i % 3, random));
                byte[] damaged = Files.readAllBytes(run.resolve(name));
                refused(run, run.resolve(name), () -> resume(run.resolve("checkpoint")));
                assertArrayEquals(damaged, Files.readAllBytes(run.resolve(name)), "nothing was cut");
                Files.write(run.resolve(name), bytes);
                count[0]++;
            }
        }
        System.out.println(count[0] + " damaged tables were refused");
        resume(run.resolve("checkpoint"));
    }

    /** A model of somebody else's has no checksums: what cannot be read is refused in one line, and nothing else happens. */
    @Test
    void aDamagedModelWithoutChecksumsNeverCrashes() throws Exception {
        Path model = folder.resolve("foreign");
        try (Policy policy = tiny.policy(1)) {
            policy.save(model);
        }
        Files.delete(model.resolve(Checksums.NAME));
        int[] outcomes = new int[2];
        mutated(model, MUTATIONS, file -> {
            try {
                Policy.load(model, Device.cpu()).close();
                outcomes[0]++; // other weights that are finite numbers: nobody can know
            } catch (BadInput e) {
                oneLine(e);
                outcomes[1]++;
            }
        });
        System.out.printf("a model without checksums: %d refused, %d loaded%n", outcomes[1], outcomes[0]);
        assertTrue(outcomes[1] > MUTATIONS / 3);
    }

    @Test
    void whatTheHuggingFaceClientNotedIsCompared() throws Exception {
        Path model = folder.resolve("downloaded");
        try (Policy policy = tiny.policy(1)) {
            policy.save(model);
        }
        Files.delete(model.resolve(Checksums.NAME));
        Path weights = model.resolve("model.safetensors");
        Path notes = Files.createDirectories(model.resolve(".cache/huggingface/download"));
        Files.writeString(notes.resolve("config.json.metadata"), "a".repeat(40) + "\n" + "b".repeat(40) + "\n1764000000.0\n");
        Files.writeString(notes.resolve("model.safetensors.metadata"),
                "a".repeat(40) + "\n" + Checksums.sha256(weights, Long.MAX_VALUE) + "\n1764000000.0\n");
        Policy.load(model, Device.cpu()).close();
        byte[] bytes = Files.readAllBytes(weights);
        bytes[bytes.length - 2] ^= 1;
        Files.write(weights, bytes);
        BadInput refused = assertThrows(BadInput.class, () -> Policy.load(model, Device.cpu()));
        assertTrue(refused.getMessage().contains("download it again"), refused.getMessage());
    }

    /** What {@code sha256sum} makes of our file. */
    @Test
    void otherToolsReadTheChecksums() throws Exception {
        Process check = new ProcessBuilder("sha256sum", "--check", "--strict", Checksums.NAME)
                .directory(folder.resolve("run/checkpoint").toFile())
                .redirectErrorStream(true).start();
        String said = new String(check.getInputStream().readAllBytes());
        assertEquals(0, check.waitFor(), said);
        assertTrue(said.contains("model.safetensors: OK"), said);
    }

    private static void resume(Path checkpoint) {
        try (Policy policy = Policy.load(checkpoint, Device.cpu())) {
            TinyRun.resumed(TinyRun.recipe("lppo"), policy, TinyRun.ENDS, checkpoint.getParent());
        }
    }

    private static void refused(Path whole, Path file, Runnable use) {
        BadInput refused = assertThrows(BadInput.class, use::run, file + " was damaged");
        oneLine(refused);
        assertTrue(refused.getMessage().contains(whole.toString()), refused.getMessage());
    }

    private static void oneLine(BadInput e) {
        assertFalse(e.getMessage().isBlank() || e.getMessage().contains("\n"), e.getMessage());
    }

    /** Does {@code check} with one file of a folder damaged at a time. */
    private static void mutated(Path folder, int times, Consumer<Path> check) throws IOException {
        Random random = new Random(1);
        List<Path> files = Checkout.list(folder);
        for (int i = 0; i < times; i++) {
            Path file = files.get(i % files.size());
            Path other = files.get((i + 1 + random.nextInt(files.size() - 1)) % files.size());
            byte[] bytes = Files.readAllBytes(file);
            byte[] others = Files.readAllBytes(other);
            int kind = i / files.size() % 5;
            if (kind == 4 && !file.endsWith(Checksums.NAME)) {
                Files.delete(file);
            } else if (kind == 3) {
                Files.write(file, others);
                Files.write(other, bytes);
            } else {
                Files.write(file, mutation(bytes, kind, random));
            }
            check.accept(file);
            Files.write(file, bytes);
            Files.write(other, others);
        }
        System.out.println(times + " damaged files of " + folder.getFileName());
    }

    /** Cut short, one to three bits flipped, or emptied. */
    private static byte[] mutation(byte[] bytes, int kind, Random random) {
        byte[] changed = kind == 1 ? bytes.clone() : java.util.Arrays.copyOf(bytes, kind == 0 ? random.nextInt(bytes.length) : 0);
        for (int flips = kind == 1 ? 1 + random.nextInt(3) : 0; flips > 0; flips--) {
            changed[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
        }
        return changed;
    }
}
