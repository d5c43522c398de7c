///usr/bin/env jbang "$0" "$@" ; exit $?
//SOURCES ../lib/lppo/Lppo.java

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import lppo.Recipe;
import lppo.cli.Cli;
import lppo.cli.Interrupt;
import lppo.cli.Progress;
import lppo.data.BadInput;
import lppo.data.Problem;
import lppo.data.Problems;
import lppo.data.Seed;
import lppo.model.Lora;
import lppo.model.Policy;
import lppo.reward.Reward;
import lppo.train.Options;
import lppo.train.RunFolder;
import lppo.train.Trainer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** One run of one recipe. */
@Command(name = "train", mixinStandardHelpOptions = true,
        description = "One run of one recipe on a model folder and a problem file.",
        footer = {"", "Example:",
            "  ./jbang train --recipe lppo --model data/base --data data/train.jsonl --evaluate-on data/validation.jsonl --out /tmp/lppo"})
public class train implements Callable<Integer> {

    @Option(names = "--recipe", required = true, description = "grpo, pg, lp or lppo.")
    String recipe;

    @Option(names = "--model", required = true, description = "Model folder.")
    Path model;

    @Option(names = "--data", required = true, description = "Problems to train on.")
    Path data;

    @Option(names = "--out", required = true, description = "Run folder; it must be new or empty, unless --resume.")
    Path out;

    @Option(names = "--steps", description = "Training steps in all (default: ${DEFAULT-VALUE}).")
    long steps = 300;

    @Option(names = "--seed", description = "Root of all draws (default: ${DEFAULT-VALUE}).")
    long seed = 1;

    @Option(names = "--demonstrations", description = "Use only so many of the solutions, evenly chosen (default: all).")
    Integer demonstrations;

    @Option(names = "--lora-rank", description = "Train adapters of this rank beside frozen weights; 0: all weights (default: ${DEFAULT-VALUE}).")
    int loraRank = 0;

    @Option(names = "--lora-alpha", description = "Their product is scaled by alpha / rank (default: twice the rank).")
    Double loraAlpha;

    @Option(names = "--lora-targets", split = ",", description = "Projections that get one (default: ${DEFAULT-VALUE}).")
    List<String> loraTargets = Lora.PROJECTIONS;

    @Option(names = "--resume", description = "Go on from the latest checkpoint in --out.")
    boolean resume;

    @Mixin
    Options options;

    @Override
    public Integer call() {
        BadInput.unless(steps > 0, "--steps %d: must be positive", steps);
        Recipe named = Recipe.named(recipe);
        List<Problem> problems = demonstrations == null ? Problems.read(data)
                : Problems.withDemonstrations(Problems.read(data), demonstrations);
        List<Problem> heldOut = options.evaluateOn == null ? List.of() : Problems.read(options.evaluateOn);
        RunFolder folder = resume ? new RunFolder(out) : RunFolder.create(out);
        BadInput.unless(loraRank >= 0, "--lora-rank %d: must be 0 (off) or more", loraRank);
        Path checkpoint = resume ? folder.latestCheckpoint() : null;
        try (Policy loaded = Policy.load(resume && loraRank == 0 ? checkpoint : model, Policy.device(options.device));
                Policy other = options.kl > 0 && loraRank == 0 ? Policy.load(model, Policy.device(options.device)) : null) {
            Policy policy = loraRank == 0 ? loaded : loaded.adapted(adapters(loaded, checkpoint));
            Policy reference = options.kl > 0 && loraRank > 0 ? loaded : other; // adapters off: the base, at no memory
            BadInput.unless(!named.guided() || problems.stream().anyMatch(Problem::hasDemonstration),
                    "%s: no problem has a \"solution\", so recipe %s has nothing to guide with; use grpo or lp", data, recipe);
            Reward.lastWord().check(problems, data);
            Trainer trainer = new Trainer(named, options, policy, reference, Reward.lastWord(), problems, heldOut,
                    new Seed(seed), folder);
            if (resume) {
                trainer.resume(checkpoint);
            } else {
                folder.json("config.json", RunFolder.columns("command", "train", "recipe", recipe, "model", model.toString(),
                        "data", data.toString(), "steps", steps, "seed", seed, "demonstrations", demonstrations == null ? "all" : demonstrations, "lora_rank", loraRank, "lora_alpha", loraAlpha == null ? 2.0 * loraRank : loraAlpha,
                        "lora_targets", loraTargets, "options", options.values(), "machine",
                        Cli.machine()));
            }
            try (Progress progress = new Progress(recipe, steps)) {
                boolean finished = trainer.run(steps, Interrupt.watch(), progress);
                if (!finished) {
                    System.err.printf("stopped after step %d of %d; go on with --resume%n", trainer.done(), steps);
                    return 1;
                }
            }
        }
        return 0;
    }

    private Lora adapters(Policy base, Path checkpoint) {
        Lora.Settings settings = new Lora.Settings(loraRank, loraAlpha == null ? 2.0 * loraRank : loraAlpha, loraTargets);
        return checkpoint == null ? Lora.fresh(base.config(), settings, new Seed(seed), base.manager())
                : Lora.load(checkpoint, base.config(), base.manager());
    }

    public static void main(String... args) {
        Cli.run(new train(), args);
    }
}
