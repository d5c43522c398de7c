///usr/bin/env jbang "$0" "$@" ; exit $?
//SOURCES ../lib/lppo/Lppo.java

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import lppo.cli.Cli;
import lppo.cli.Interrupt;
import lppo.cli.Progress;
import lppo.data.BadInput;
import lppo.data.Order;
import lppo.data.Problem;
import lppo.data.Problems;
import lppo.data.Seed;
import lppo.model.Policy;
import lppo.reward.Reward;
import lppo.train.Imitation;
import lppo.train.Options;
import lppo.train.RunFolder;
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

    @Override
    public Integer call() {
        BadInput.unless(steps > 0, "--steps %d: must be positive", steps);
        Seed root = new Seed(seed);
        List<Problem> all = Problems.read(data);
        List<Problem> problems = (demonstrations == null ? all : Problems.withDemonstrations(all, demonstrations)).stream()
                .filter(Problem::hasDemonstration).toList();
        BadInput.unless(!problems.isEmpty(), "%s: no problem has a \"solution\" to imitate", data);
        Reward.lastWord().check(problems, data);
        Order order = Order.uniform(problems, Math.min(batch, problems.size()), root);
        List<Problem> heldOut = options.evaluateOn == null ? List.of() : Problems.read(options.evaluateOn);
        RunFolder folder = RunFolder.create(out);
        folder.json("config.json", RunFolder.columns("command", "sft", "model", model.toString(), "data", data.toString(),
                "steps", steps, "batch", batch, "seed", seed, "demonstrations", problems.size(), "from_scratch", fromScratch, "options", options.values(),
                "machine", Cli.machine()));
        try (Policy policy = fromScratch ? Policy.random(model, 0.02, root, Policy.device(options.device))
                : Policy.load(model, Policy.device(options.device));
                Progress progress = new Progress("sft", steps)) {
            Imitation.run(policy, order, steps, options.learningRate, options.evaluateEvery, heldOut, options,
                    Reward.lastWord(), folder, Interrupt.watch(), progress);
        }
        return 0;
    }

    public static void main(String... args) {
        Cli.run(new sft(), args);
    }
}
