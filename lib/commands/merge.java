///usr/bin/env jbang "$0" "$@" ; exit $?
//SOURCES ../lppo/Lppo.java
//SOURCES Commands.java

package commands;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import llm.Policy;
import llm.Precision;
import lppo.run.RunFolder;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Merges adapters into the weights of their base, for tools without adapter support. */
@Command(name = "merge", mixinStandardHelpOptions = true, description = "Merge LoRA adapters into a model folder.",
        footer = {"", "Example:", "  ./jbang merge --model data/base --adapter /tmp/lppo/checkpoint --out /tmp/merged"})
public class merge implements Callable<Integer> {

    @Option(names = "--model", required = true,
            description = "Model folder that the adapters were trained on, or OWNER/NAME[@REVISION] on the hub.")
    Path model;

    @Option(names = "--adapter", required = true, description = "Folder with adapter_config.json and adapter_model.safetensors.")
    Path adapter;

    @Option(names = "--out", required = true, description = "Folder to write to; it must be new or empty.")
    Path out;

    @Option(names = "--precision", description = "Precision of the output: fp32 or bf16 (default: ${DEFAULT-VALUE}).")
    String precision = "fp32";

    @Override
    public Integer call() throws Exception {
        model = ByName.model(model);
        Precision written = Precision.named(precision, Policy.device("cpu"), model);
        RunFolder folder = RunFolder.create(out);
        try (Policy adapted = Policy.load(model, adapter, Policy.device("cpu"), Precision.FP32)) {
            adapted.save(folder.path(), written);
        }
        System.out.println("wrote " + out);
        return 0;
    }

    public static void main(String... args) {
        Cli.run(new merge(), args);
    }
}
