package commands;

import ai.djl.Device;
import java.nio.file.Path;
import llm.Policy;
import llm.Precision;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Options of commands that sample from a model. */
abstract class ModelCommand {

    @Option(names = "--model", required = true, description = "Model folder, or OWNER/NAME[@REVISION] on the Hugging Face hub.")
    Path model;

    @Option(names = "--adapter", description = "Folder of LoRA adapters that were trained on the model.")
    Path adapter;

    @Option(names = "--device", description = "auto, cpu, gpu or mps.")
    String device = "auto";

    @Option(names = "--precision", description = "fp32, fp16, bf16, or auto: bf16 on a GPU for a model stored in 16 bits, and on a CPU"
            + " that is faster in it.")
    String precision = "auto";

    @Option(names = "--top-p", description = "Nucleus sampling: sample from the most probable mass p.")
    double topP = 1;

    @Spec
    CommandSpec spec;

    /** The model, with its adapters if there are any; close it. */
    Policy policy() {
        model = ByName.model(model);
        Device chosen = Policy.device(device);
        return Policy.load(model, adapter, chosen, Precision.toSample(precision, Precision.named(precision, chosen, model), chosen, model));
    }
}
