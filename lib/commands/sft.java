///usr/bin/env jbang "$0" "$@" ; exit $?
//SOURCES ../lppo/Lppo.java
//SOURCES Commands.java
//SOURCES Asking.java
//SOURCES ../lppo/files/FileFormats.java

package commands;

import ai.djl.Device;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import lppo.ShuffledSelection;
import lppo.data.BadInput;
import lppo.data.Problem;
import lppo.data.Seed;
import lppo.data.Problems;
import lppo.model.Policy;
import lppo.model.Precision;
import lppo.run.Imitation;
import lppo.run.Options;
import lppo.run.PromptFit;
import lppo.run.RunFolder;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Supervised fine-tuning on the expert solutions of a problem file. The result is OUT/checkpoint. */
@Command(name = "sft", mixinStandardHelpOptions = true,
        description = "Supervised warm-up of a model on expert solutions.",
        footer = {"", "Example:", "  ./jbang sft --model data/base --data data/train.jsonl --steps 300 --out /tmp/sft"})
public class sft implements Callable<Integer> {

    @Option(names = "--model", required = true, description = "Model folder.")
    Path model;

    @Option(names = "--data", required = true, description = "Problems; those without a solution are left out.")
    Path data;

    @Option(names = "--out", required = true, description = "Run folder; it must be new or empty.")
    Path out;

    @Option(names = "--steps", description = "Optimiser steps (default: ${DEFAULT-VALUE}).")
    long steps = 180;

    @Option(names = "--batch", description = "Demonstrations in a step (default: ${DEFAULT-VALUE}).")
    int batch = 128;

    @Option(names = "--seed", description = "Root of all draws (default: ${DEFAULT-VALUE}).")
    long seed = 1;

    @Option(names = "--demonstrations", description = "Use only so many of the solutions, evenly chosen (default: all).")
    Integer demonstrations;

    @Option(names = "--from-scratch", description = "Begin with random weights; the folder needs no model.safetensors.")
    boolean fromScratch;

    @Mixin
    Options options;

    @Mixin
    Asking asking;

    @Override
    public Integer call() {
        BadInput.unless(steps > 0, "--steps %d: must be positive", steps);
        Seed root = new Seed(seed);
        Device device = Policy.device(options.device);
        Precision precision = options.precision(device, model);
        BadInput.unless(!fromScratch || precision == Precision.FP32, "--from-scratch: computes in fp32 only; leave out --precision");
        options.check();
        List<Problem> all = Asking.read(data).problems();
        try (Asking.Judge judge = asking.judge()) {
            List<Problem> some = judge.trusted(demonstrations == null ? all : Problems.withDemonstrations(all, demonstrations), data)
                    .stream().filter(Problem::hasDemonstration).toList();
            BadInput.unless(!some.isEmpty(), "%s: no problem has a \"solution\" to imitate", data);
            RunFolder folder = RunFolder.create(out);
            try (Policy policy = fromScratch ? Policy.random(model, 0.02, root, device) : Policy.load(model, device, precision, true);
                    Progress progress = new Progress("sft", steps)) {
                PromptFit fit = PromptFit.of(asking.asked(some, model, policy.tokenizer()), policy.tokenizer(), policy.config().maxPositions(), 0,
                        true, data);
                fit.warnings().forEach(System.err::println);
                List<Problem> shown = fit.problems().stream().filter(Problem::hasDemonstration).toList();
                BadInput.unless(!shown.isEmpty(), "%s: no solution fits the model's positions", data);
                ShuffledSelection order = ShuffledSelection.uniform(shown, Math.min(batch, shown.size()), root);
                List<Problem> heldOut = options.evaluateOn == null ? List.of()
                        : asking.fitting(Asking.read(options.evaluateOn).problems(), options.evaluateOn, model, policy, options.maxNewTokens);
                folder.json("config.json", RunFolder.columns("command", "sft", "model", model.toString(), "data", data.toString(),
                        "steps", steps, "batch", batch, "seed", seed, "demonstrations", some.size(), "from_scratch", fromScratch,
                        "asking", asking.values(), "options", options.values(), "machine", Cli.machine()));
                Imitation.run(policy.endingAlsoAt(asking.stop), order, steps, options.learningRate, options.evaluateEvery, heldOut, options, judge.reward(), folder, Interrupt.watch(), progress);
            }
        }
        return 0;
    }

    public static void main(String... args) {
        Cli.run(new sft(), args);
    }
}
