package commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import common.Json;
import common.Seed;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.StreamSupport;
import llm.Policy;
import lppo.Checkout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Tests that a script, {@code ./jbang shell} and a notebook's kernel have the same threads, way to wait and allocator. */
@DisabledOnOs(OS.WINDOWS)
class SameSettingsTest {

    private static final String MARK = "settings: ";
    private static final List<String> VARIABLES = List.of("GOMP_SPINCOUNT", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_");
    /** With a model so wide that all processors pay. */
    private static final String SAY = """
            var policy = Policy.random(Path.of("%s"), 0.02, new Seed(1), Policy.device("cpu"));
            System.out.println("settings: " + ai.djl.pytorch.jni.JniUtils.getNumThreads() + " " + new TreeMap<>(Map.of(
            "GOMP_SPINCOUNT", "" + System.getenv("GOMP_SPINCOUNT"), "MALLOC_MMAP_THRESHOLD_", "" + System.getenv("MALLOC_MMAP_THRESHOLD_"),
            "MALLOC_TRIM_THRESHOLD_", "" + System.getenv("MALLOC_TRIM_THRESHOLD_"))));
            """;

    /** As in a kernel. */
    public static void main(String... arguments) {
        try (Policy policy = Policy.random(Path.of(arguments[0]), 0.02, new Seed(1), Policy.device("cpu"))) {
            Map<String, String> variables = new TreeMap<>();
            VARIABLES.forEach(name -> variables.put(name, "" + System.getenv(name)));
            System.out.println(MARK + ai.djl.pytorch.jni.JniUtils.getNumThreads() + " " + variables);
        }
    }

    @Test
    void ofAScriptAShellAndAKernel(@TempDir Path folder) throws Exception {
        assumeTrue(VARIABLES.stream().allMatch(name -> System.getenv(name) != null), "the tests were not started by ./jbang");
        Path model = wide(folder);
        Path script = folder.resolve("Say.java");
        Files.writeString(script, """
                //SOURCES %s
                import common.Seed;
                import java.nio.file.Path;
                import java.util.*;
                import llm.Policy;
                class Say {
                    public static void main(String... arguments) {
                        %s
                    }
                }
                """.formatted(Checkout.ROOT.resolve("lib/llm/Llm.java"), SAY.formatted(model)));
        String wrapper = Checkout.ROOT.resolve("jbang").toString();
        String expected = said(new ProcessBuilder(wrapper, script.toString()), "");
        assertEquals(Runtime.getRuntime().availableProcessors(), Integer.parseInt(expected.split(" ")[0]), expected);
        for (String name : VARIABLES) {
            assertTrue(expected.contains(name + "=" + System.getenv(name)), expected);
        }
        assertEquals(expected, said(new ProcessBuilder(wrapper, "shell"), SAY.formatted(model).replace("\n", " ").strip() + "\n"), "shell");
        assertEquals(expected, kernel(folder, model), "kernel");
    }

    /** Starts the Java of the kernel as its description says, but with this class instead of the kernel. */
    private static String kernel(Path folder, Path model) throws Exception {
        notebook notebook = new notebook();
        notebook.home = folder.resolve("home");
        notebook.writeKernels(folder.resolve("kernels"));
        JsonObject description = Json.object(folder.resolve("kernels/lppo/kernel.json"));
        List<String> line = new ArrayList<>(StreamSupport.stream(description.getAsJsonArray("argv").spliterator(), false)
                .map(JsonElement::getAsString).toList());
        line.subList(line.indexOf("-cp"), line.size()).clear();
        line.addAll(List.of("-cp", System.getProperty("java.class.path"), SameSettingsTest.class.getName(), model.toString()));
        ProcessBuilder builder = new ProcessBuilder(line);
        builder.environment().keySet().removeAll(VARIABLES); // JupyterLab may have been started by anything
        description.getAsJsonObject("env").entrySet().forEach(e -> builder.environment().put(e.getKey(), e.getValue().getAsString()));
        return said(builder, "");
    }

    private static String said(ProcessBuilder builder, String input) throws IOException, InterruptedException {
        builder.environment().remove("OMP_NUM_THREADS");
        Process process = builder.redirectErrorStream(true).start();
        process.getOutputStream().write(input.getBytes(StandardCharsets.UTF_8));
        process.getOutputStream().close();
        String all = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), all);
        return all.lines().filter(line -> line.contains(MARK)).findFirst().map(line -> line.substring(line.indexOf(MARK) + MARK.length()))
                .orElseThrow(() -> new AssertionError(all));
    }

    private static Path wide(Path folder) throws IOException {
        Path model = Files.createDirectory(folder.resolve("model"));
        JsonObject config = Json.object(Checkout.ROOT.resolve("tests/fixtures/llama/config.json"));
        config.addProperty("hidden_size", 256);
        Files.writeString(model.resolve("config.json"), config.toString());
        Files.copy(Checkout.ROOT.resolve("tests/fixtures/llama/tokenizer.json"), model.resolve("tokenizer.json"));
        return model;
    }
}
