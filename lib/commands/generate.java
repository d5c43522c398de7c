///usr/bin/env jbang "$0" "$@" ; exit $?
//SOURCES ../lppo/Lppo.java
//SOURCES Commands.java
//SOURCES ModelCommand.java
//SOURCES ChatFormat.java

package commands;

import common.BadInput;
import common.Seed;
import java.util.Collections;
import java.util.concurrent.Callable;
import llm.Policy;
import lppo.data.Problem;
import lppo.data.PromptFormat;
import lppo.data.Step;
import lppo.rollout.Completion;
import lppo.rollout.GpuRollout;
import lppo.rollout.Group;
import lppo.rollout.Prompt;
import lppo.rollout.Sampling;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import view.Display;

/** Samples completions of a prompt. */
@Command(name = "generate", mixinStandardHelpOptions = true, showDefaultValues = true,
        description = "Sample completions of a prompt from a model folder.",
        footer = {"", "Example:",
            "  ./jbang generate --model data/base --count 4 'start 17 +3 *2 -7 . . . . . . . . . ='"})
public class generate extends ModelCommand implements Callable<Integer> {

    @Parameters(paramLabel = "PROMPT", description = "Prompt text.")
    String prompt;

    @Option(names = "--count", description = "Number of completions.")
    int count = 1;

    @Option(names = "--temperature", description = "Sampling temperature; 0 is greedy.")
    double temperature = 1;

    @Option(names = "--top-k", description = "Sample from the k most probable tokens; 0 for all.")
    int topK = 0;

    @Option(names = "--max-new-tokens", description = "Maximum length of a completion, in tokens.")
    int maxNewTokens = 14;

    @Option(names = "--prompt-format", description = "plain; chat, with the model's chat template; or qwen-math.")
    String promptFormat = "plain";

    @Option(names = "--system", paramLabel = "TEXT", description = "System message of the chat.")
    String system;

    @Option(names = "--seed", description = "Random seed.")
    long seed = 1;

    @Override
    public Integer call() {
        BadInput.unless(count > 0, "--count %d: must be positive", count);
        BadInput.unless(!prompt.isBlank(), "the prompt is empty");
        Sampling sampling = new Sampling(temperature, topK, topP, maxNewTokens);
        try (Policy policy = policy()) {
            PromptFormat format = ChatFormat.named(promptFormat, model, system, policy.tokenizer());
            Prompt asked = Prompt.unguided(new Problem("prompt", prompt, "?", null, null, null),
                    policy.encode(format.of(prompt)));
            Group group = new GpuRollout(policy, sampling, count).sample(Collections.nCopies(count, asked), new Step(0, new Seed(seed)))
                    .get(0);
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
