///usr/bin/env jbang "$0" "$@" ; exit $?
//SOURCES ../lppo/Lppo.java
//SOURCES Commands.java

package commands;

import common.BadInput;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import llm.Gguf;
import llm.GgufExport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Writes a model folder as one file for llama.cpp, Ollama and other engines that read GGUF. */
@Command(name = "export-gguf", mixinStandardHelpOptions = true,
        description = "Write a model folder as one GGUF file, for llama.cpp and Ollama.",
        footer = {"", "Examples:", "  ./jbang export-gguf /tmp/lppo/checkpoint lppo.gguf --type q8_0",
            "  ./jbang export-gguf HuggingFaceTB/SmolLM2-135M-Instruct smollm2.gguf",
            "", "Adapters are merged first: ./jbang merge."})
public class gguf implements Callable<Integer> {

    @Parameters(index = "0", paramLabel = "MODEL", description = "Model folder, or OWNER/NAME[@REVISION] on the Hugging Face hub.")
    Path model;

    @Parameters(index = "1", paramLabel = "FILE", description = "File to write.")
    Path out;

    @Option(names = "--type", description = "Of the matrices: f32, f16, bf16 or q8_0 (default: ${DEFAULT-VALUE}).")
    String type = "f16";

    @Option(names = "--force", description = "Replace FILE if it exists.")
    boolean force;

    @Override
    public Integer call() throws Exception {
        Gguf.Type chosen = Gguf.Type.named(type);
        BadInput.unless(!Files.isDirectory(out), "%s: is a folder; name a file", out);
        BadInput.unless(force || Files.notExists(out), "%s: exists; name another, or replace it by --force", out);
        Path parent = out.toAbsolutePath().getParent();
        BadInput.unless(Files.isWritable(parent), "%s: is missing or cannot be written to", parent);
        Path folder = ByName.model(model);
        try (Progress progress = new Progress("export", GgufExport.tensors(folder))) {
            GgufExport.write(folder, out, chosen, progress);
        }
        System.out.printf("wrote %s, %,d MB%n", out, (Files.size(out) >> 20) + 1);
        return 0;
    }

    public static void main(String... args) {
        Cli.run(new gguf(), args);
    }
}
