///usr/bin/env jbang "$0" "$@" ; exit $?
//SOURCES ../lppo/Lppo.java
//SOURCES Commands.java
//SOURCES ModelCommand.java
//SOURCES ChatFormat.java
//SOURCES ProblemOptions.java
//SOURCES Choices.java
//SOURCES Conversation.java
//SOURCES ../benchmarks/Benchmarks.java

package commands;

import common.BadInput;
import common.Seed;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
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

/** Samples completions of a prompt, or converses. */
@Command(name = "generate", mixinStandardHelpOptions = true, showDefaultValues = true,
        description = "Sample completions of a prompt from a model folder; without a prompt, converse with a chat model in the"
                + " terminal.",
        footer = {"", "Examples:",
            "  ./jbang generate --model data/base --count 4 'start 17 +3 *2 -7 . . . . . . . . . ='",
            "  ./jbang generate --model HuggingFaceTB/SmolLM2-135M-Instruct"})
public class generate extends ModelCommand implements Callable<Integer> {

    @Parameters(paramLabel = "PROMPT", arity = "0..1", description = "Prompt text (default: a conversation, read from standard input).")
    String prompt;

    @Option(names = "--count", description = "Number of completions.")
    int count = 1;

    @Option(names = "--temperature", description = "Sampling temperature; 0 is greedy.")
    double temperature = 1;

    @Option(names = "--top-k", description = "Sample from the k most probable tokens; 0 for all.")
    int topK = 0;

    @Option(names = "--max-new-tokens", description = "Maximum length of a completion, in tokens; for a language model 512 or what its"
            + " positions leave.")
    int maxNewTokens = 14;

    @Option(names = "--prompt-format", description = "plain; chat, with the model's chat template; or qwen-math. If the model has a"
            + " template, it is used.")
    String promptFormat = "plain";

    @Option(names = "--stop", paramLabel = "TOKEN", description = "A further stop token, as text; repeatable.")
    List<String> stop = List.of();

    @Option(names = "--system", paramLabel = "TEXT", description = "System message of the chat.")
    String system;

    @Option(names = "--seed", description = "Random seed.")
    long seed = 1;

    @Override
    public Integer call() {
        BadInput.unless(count > 0, "--count %d: must be positive", count);
        BadInput.unless(prompt == null || !prompt.isBlank(), "the prompt is empty");
        BadInput.unless(prompt != null || count == 1, "--count %d: a conversation has one answer; give a prompt", count);
        new Sampling(temperature, topK, topP, maxNewTokens); // checks the ranges
        choose();
        Sampling sampling = new Sampling(temperature, topK, topP, maxNewTokens);
        try (Policy loaded = policy()) {
            Policy policy = loaded.endingAlsoAt(stop);
            if (prompt == null) {
                converse(policy, sampling);
                return 0;
            }
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

    /** Chooses what no option says. */
    private void choose() {
        model = ByName.model(model);
        Choices choices = Choices.of(spec, model, Policy.device(device));
        if (!choices.any()) {
            return;
        }
        boolean open = choices.open("--prompt-format");
        promptFormat = choices.choose("--prompt-format", promptFormat, () -> choices.format() == null ? "plain" : "chat",
                "the model's template");
        if (open && promptFormat.equals("chat")) {
            stop = choices.choose("--stop", stop, choices::furtherEnd, "ends a turn");
        }
        maxNewTokens = choices.answer(maxNewTokens);
        if (prompt == null) {
            temperature = choices.recommended("--temperature", temperature);
            topP = choices.recommended("--top-p", topP);
            topK = (int) choices.recommended("--top-k", topK);
        }
        choices.tell();
    }

    private void converse(Policy policy, Sampling sampling) {
        BadInput.unless(!promptFormat.equals("plain"), "without a prompt this is a conversation, which needs a chat template;"
                + " give a prompt");
        String said = system == null && promptFormat.equals("qwen-math") ? ChatFormat.BOXED : system;
        ChatFormat.named(promptFormat, model, said, policy.tokenizer()); // checks the name
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        policy.sampling(sampler -> {
            new Conversation(sampler, ChatFormat.template(model), said, sampling, new Seed(seed), System.out, System.err).run(in,
                    System.console() != null);
            return null;
        });
    }

    public static void main(String... args) {
        Cli.run(new generate(), args);
    }
}
