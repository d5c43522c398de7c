package llm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonObject;
import common.Seed;
import hub.PythonEnvironment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import lppo.Checkout;
import lppo.data.Problem;
import lppo.data.Step;
import lppo.rollout.Completion;
import lppo.rollout.GpuRollout;
import lppo.rollout.Prompt;
import lppo.rollout.Sampling;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Exported files of three families in four types, read by Python's {@code gguf} and {@code transformers}, and run by llama.cpp. */
class GgufPythonTest {

    private static final Path SCRIPTS = Checkout.ROOT.resolve("tests/fixtures");

    /** How far logits may be off; the bits themselves are compared, too. */
    private static final Map<Gguf.Type, String> TOLERANCES = Map.of(Gguf.Type.F32, "1e-4", Gguf.Type.F16, "0.05", Gguf.Type.BF16, "0.5",
            Gguf.Type.Q8_0, "1");

    @Test
    void bitsAreTheFolders(@TempDir Path world) throws Exception {
        compared("gguf, numpy, safetensors", "check_gguf_bits.py", false, world);
    }

    @Test
    void logitsAreTheFolders(@TempDir Path world) throws Exception {
        compared("gguf, torch, transformers", "check_gguf.py", true, world);
    }

    private static void compared(String modules, String script, boolean tolerant, Path world) throws Exception {
        String python = PythonEnvironment.with(modules, world);
        List<String> arguments = new ArrayList<>(List.of(SCRIPTS.resolve(script).toString()));
        for (String family : List.of("llama", "qwen2", "qwen3")) { // transformers reads no scaling of rotations from GGUF
            Path folder = GgufModels.make(Files.createDirectory(world.resolve(family)), family, GgufModels.plain());
            for (Gguf.Type type : Gguf.Type.values()) {
                Path out = world.resolve(family + "-" + type + ".gguf");
                GgufExport.write(folder, out, type, done -> {});
                arguments.addAll(List.of(folder.toString(), out.toString()));
                if (tolerant) {
                    arguments.add(TOLERANCES.get(type));
                }
            }
        }
        String said = PythonEnvironment.run(python, Map.of("OMP_NUM_THREADS", "1", "HF_HUB_OFFLINE", "1"),
                arguments.toArray(String[]::new));
        System.out.print(said);
        assertEquals(12, said.lines().count(), said);
    }

    @Test
    void llamaCppContinuesAsWeDo(@TempDir Path world) throws Exception {
        String python = PythonEnvironment.with("llama_cpp", world);
        List<String> texts = List.of("Find the sum of all", "the answer is 12345 it's equal to the sum of the first one hundred numbers,"
                + " and then multiply by 1000 so it is", "数学：证明 naïve", "<|im_start|>user\nhi<|im_end|>\n");
        JsonObject yarn = scaled("yarn", 4);
        yarn.addProperty("original_max_position_embeddings", 16);
        JsonObject none = GgufModels.plain();
        for (Object[] model : new Object[][] {{"llama", null}, {"llama", none}, {"llama", scaled("linear", 3)}, {"qwen2", none},
            {"qwen2", yarn}, {"qwen3", none}}) {
            Path folder = GgufModels.make(Files.createTempDirectory(world, "model"), (String) model[0], (JsonObject) model[1]);
            Path out = folder.resolve("out.gguf");
            GgufExport.write(folder, out, Gguf.Type.F32, done -> {});
            List<String> arguments = new ArrayList<>(List.of(SCRIPTS.resolve("llama_cpp_greedy.py").toString(), "40", out.toString()));
            arguments.addAll(texts);
            assertEquals(ours(folder, texts), PythonEnvironment.run(python, Map.of(), arguments.toArray(String[]::new)),
                    model[0] + " " + model[1]);
        }
    }

    private static JsonObject scaled(String kind, double factor) {
        JsonObject rope = GgufModels.plain();
        rope.addProperty("rope_type", kind);
        rope.addProperty("factor", factor);
        return rope;
    }

    private static String ours(Path folder, List<String> texts) {
        StringBuilder lines = new StringBuilder();
        try (Policy policy = Policy.load(folder, Policy.device("cpu"))) {
            for (String text : texts) {
                Prompt prompt = Prompt.unguided(new Problem("p", text, "?", null, null, null), policy.encode(text));
                Completion more = new GpuRollout(policy, new Sampling(0, 0, 1, 40), 1).sample(List.of(prompt), new Step(0, new Seed(1)))
                        .get(0).completions().get(0);
                lines.append(Arrays.toString(prompt.tokens())).append(" -> ").append(Arrays.toString(more.tokens())).append('\n');
            }
        }
        return lines.toString();
    }
}
