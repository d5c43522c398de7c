package llm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import hub.PythonEnvironment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import lppo.Checkout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Exported files of three families in four types, read by Python's {@code gguf} and by {@code transformers}: {@code check_gguf.py}. */
class GgufPythonTest {

    /** How far logits of about 5 may be off. */
    private static final Map<Gguf.Type, String> TOLERANCES = Map.of(Gguf.Type.F32, "1e-4", Gguf.Type.F16, "0.02", Gguf.Type.BF16, "0.2",
            Gguf.Type.Q8_0, "0.2");

    @Test
    void bitsAndLogitsAreTheFolders(@TempDir Path world) throws Exception {
        String python = PythonEnvironment.with("gguf, torch, transformers", world);
        List<String> arguments = new ArrayList<>(List.of(Checkout.ROOT.resolve("tests/fixtures/check_gguf.py").toString()));
        for (String family : List.of("llama", "qwen2", "qwen3")) { // transformers reads no scaling of rotations from GGUF
            Path folder = GgufModels.make(Files.createDirectory(world.resolve(family)), family, GgufModels.plain());
            for (Gguf.Type type : Gguf.Type.values()) {
                Path out = world.resolve(family + "-" + type + ".gguf");
                GgufExport.write(folder, out, type, done -> {});
                arguments.addAll(List.of(folder.toString(), out.toString(), TOLERANCES.get(type)));
            }
        }
        String said = PythonEnvironment.run(python, Map.of("OMP_NUM_THREADS", "1", "HF_HUB_OFFLINE", "1"), arguments.toArray(String[]::new));
        System.out.print(said);
        assertEquals(12, said.lines().count(), said);
    }
}
