///usr/bin/env jbang "$0" "$@" ; exit $?
//SOURCES ../lppo/Lppo.java
//SOURCES Commands.java
//SOURCES ChatFormat.java

package commands;

import ai.djl.Device;
import common.BadInput;
import common.Seed;
import java.nio.file.Path;
import java.util.Collections;
import java.util.concurrent.Callable;
import llm.Policy;
import llm.Precision;
import lppo.data.Problem;
import lppo.data.PromptFormat;
import lppo.data.Step;
import lppo.rollout.Completion;
import lppo.rollout.GpuRollout;
import lppo.rollout.Group;
import lppo.rollout.Prompt;
import lppo.rollout.Sampling;
import lppo.view.Display;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Samples completions of a prompt. */
@Command(name = "generate", mixinStandardHelpOptions = true, showDefaultValues = true,
        description = "Sample completions of a prompt from a model folder.",
        footer = {"", "Example:",
            "  ./jbang generate --model data/base --count 4 'start 17 +3 *2 -7 . . . . . . . . . ='"})
public class generate implements Callable<Integer> {

    @Parameters(paramLabel = "PROMPT", description = "What the model reads.")
    String prompt;

    @Option(names = "--model", required = true, description = "Model folder.")
    Path model;

    @Option(names = "--count", description = "Completions.")
    int count = 1;

    @Option(names = "--temperature", description = "0 is greedy.")
    double temperature = 1;

    @Option(names = "--top-k", description = "Sample from the k most probable tokens; 0 for all.")
    int topK = 0;

    @Option(names = "--top-p", description = "Sample from the most probable mass p.")
    double topP = 1;

    @Option(names = "--max-new-tokens", description = "Longest completion.")
    int maxNewTokens = 14;

    @Option(names = "--adapter", description = "Folder of LoRA adapters that were trained on the model.")
    Path adapter;

    @Option(names = "--prompt-format", description = "plain; chat, by the model's chat template; or qwen-math.")
    String promptFormat = "plain";

    @Option(names = "--system", paramLabel = "TEXT", description = "System message of the chat.")
    String system;

    @Option(names = "--precision", description = "fp32, fp16, bf16, or auto: bf16 on a GPU for a model stored in 16 bits, and on a CPU"
            + " that is faster in it.")
    String precision = "auto";

    @Option(names = "--seed", description = "Root of the draws.")
    long seed = 1;

    @Option(names = "--device", description = "auto, cpu or gpu.")
    String device = "auto";

    @Override
    public Integer call() {
        BadInput.unless(count > 0, "--count %d: must be positive", count);
        BadInput.unless(!prompt.isBlank(), "the prompt is empty");
        Sampling sampling = new Sampling(temperature, topK, topP, maxNewTokens);
        Device chosen = Policy.device(device);
        try (Policy policy = Policy.load(model, adapter, chosen, Precision.toSample(precision, Precision.named(precision, chosen, model), chosen, model))) {
            PromptFormat format = ChatFormat.named(promptFormat, model, system, policy.tokenizer());
            Prompt asked = Prompt.unguided(new Problem("prompt", prompt, "?", null, null, null),
                    policy.encode(format.of(prompt)));
            Group group = new GpuRollout(policy, sampling, count).sample(Collections.nCopies(count, asked), new Step(0, new Seed(seed))).get(0);
            for (Completion c : group.completions()) {
                Display.print(policy.decode(c.tokens()) + (c.finish() == Completion.Finish.LENGTH ? " …" : ""));
            }
        }
        return 0;
    }

    public static void main(String... args) {
        Cli.run(new generate(), args);
    }
}
