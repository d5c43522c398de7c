///usr/bin/env jbang "$0" "$@" ; exit $?
//SOURCES ../lppo/Lppo.java
//SOURCES Commands.java
//SOURCES Asking.java
//SOURCES ../lppo/files/FileFormats.java
//FILES spark/Spark.java=../spark/Spark.java
//FILES spark/Cluster.java=../spark/Cluster.java
//FILES spark/Floats.java=../spark/Floats.java
//FILES spark/SparkHome.java=../spark/SparkHome.java
//FILES spark/Published.java=../spark/Published.java
//FILES spark/Replica.java=../spark/Replica.java
//FILES spark/SparkRollout.java=../spark/SparkRollout.java
//FILES spark/SparkUpdate.java=../spark/SparkUpdate.java
//FILES spark/SparkErrors.java=../spark/SparkErrors.java

package commands;

import ai.djl.Device;
import java.io.Closeable;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import lppo.Recipe;
import lppo.data.BadInput;
import lppo.data.Problem;
import lppo.data.Seed;
import lppo.data.Problems;
import lppo.model.Lora;
import lppo.model.ModelConfig;
import lppo.model.Policy;
import lppo.model.Precision;
import lppo.model.Tokenizer;
import lppo.run.Blueprint;
import lppo.run.Compute;
import lppo.run.Footprint;
import lppo.run.Options;
import lppo.run.PromptFit;
import lppo.run.RunFolder;
import lppo.run.Trainer;
import lppo.view.Display;
import lppo.view.Tables;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** One run of one recipe. */
@Command(name = "train", mixinStandardHelpOptions = true,
        description = "One run of one recipe on a model folder and a problem file.",
        footer = {"", "Example:",
            "  ./jbang train --recipe lppo --model data/base --data data/train.jsonl --evaluate-on data/validation.jsonl --out /tmp/lppo"})
public class train implements Callable<Integer> {

    @Option(names = "--recipe", required = true, description = "grpo, pg, lp, lppo, adaptive, bread, mopps or dynamic.")
    String recipe;

    @Option(names = "--model", required = true, description = "Model folder.")
    Path model;

    @Option(names = "--data", required = true, description = "Problems to train on.")
    Path data;

    @Option(names = "--out", required = true, description = "Run folder; it must be new or empty, unless --resume.")
    Path out;

    @Option(names = "--steps", description = "Training steps in all (default: ${DEFAULT-VALUE}).")
    long steps = 300;

    @Option(names = "--tokens", description = "End after the step that has sampled so many tokens in all (default: --steps alone).")
    long tokens = Long.MAX_VALUE;

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

    @Option(names = "--master", paramLabel = "URL", description = "Compute on Apache Spark: local[2], spark://HOST:7077, k8s://…, yarn (default: in this process).")
    String master;

    @Option(names = "--conf", paramLabel = "KEY=VALUE", description = "A setting of Spark; may be given several times.")
    Map<String, String> conf = new LinkedHashMap<>();

    @Option(names = "--dry-run", description = "Print parameters, memory and what would be cut; train nothing.")
    boolean dryRun;

    @Mixin
    Options options;

    @Mixin
    Asking asking;

    @Spec
    CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        BadInput.unless(master != null || conf.isEmpty(), "--conf: is a setting of Spark, and needs --master");
        if (master != null && !WithSpark.here()) {
            return WithSpark.again(train.class, spec.commandLine().getParseResult().originalArgs());
        }
        BadInput.unless(steps > 0, "--steps %d: must be positive", steps);
        BadInput.unless(tokens > 0, "--tokens %d: must be positive", tokens);
        BadInput.unless(loraRank >= 0, "--lora-rank %d: must be 0 (off) or more", loraRank);
        Recipe named = Recipe.named(recipe);
        Device device = Policy.device(options.device);
        Precision precision = options.precision(device, model);
        options.check();
        List<Problem> all = demonstrations == null ? Asking.read(data).problems()
                : Problems.withDemonstrations(Asking.read(data).problems(), demonstrations);
        try (Asking.Judge judge = asking.judge()) {
            List<Problem> trusted = judge.trusted(all, data);
            BadInput.unless(!named.guided() || trusted.stream().anyMatch(Problem::hasDemonstration),
                    "%s: no problem has a \"solution\", so recipe %s has nothing to guide with; use one without hints, grpo or lp say", data, recipe);
            if (dryRun) {
                return dryRun(trusted, named, precision, device);
            }
            RunFolder folder = resume ? new RunFolder(out) : RunFolder.create(out);
            Path checkpoint = resume ? folder.latestCheckpoint() : null;
            Map<String, Object> config = config();
            if (resume) {
                folder.sameAs(config);
            }
            try (Closeable lock = folder.lock();
                    Policy loaded = Policy.load(resume && loraRank == 0 ? checkpoint : model, device, precision, loraRank == 0);
                    Policy other = options.kl > 0 && loraRank == 0 ? Policy.load(model, device, precision, false) : null) {
                Policy ending = loaded.endingAlsoAt(asking.stop);
                Policy policy = loraRank == 0 ? ending : ending.adapted(adapters(loaded, checkpoint));
                Policy reference = options.kl > 0 && loraRank > 0 ? loaded : other; // adapters off: the base, at no memory
                PromptFit fit = fit(trusted, named, loaded.config(), loaded.tokenizer());
                fit.warnings().forEach(System.err::println);
                Blueprint blueprint = Blueprint.of(model, options, precision, loraRank == 0 ? null : new Lora.Settings(loraRank, loraAlpha(), loraTargets), asking.stop);
                try (Compute compute = WithSpark.compute(master, conf, blueprint, policy); Progress progress = new Progress(recipe, steps)) {
                    Trainer trainer = new Trainer(named, options, policy, reference, judge.reward(), fit.problems(), heldOut(loaded),
                            new Seed(seed), folder, compute);
                    if (resume) {
                        trainer.resume(checkpoint);
                    } else {
                        folder.json("config.json", config);
                    }
                    trainer.telling(progress::tell);
                    boolean finished = trainer.run(steps, tokens, Interrupt.watch(), progress);
                    judge.tell();
                    if (!finished) {
                        System.err.printf("stopped after step %d of %d; go on with --resume%n", trainer.done(), steps);
                        return 1;
                    }
                }
            }
        }
        return 0;
    }

    private Map<String, Object> config() {
        return RunFolder.columns("command", "train", "recipe", recipe, "model", model.toString(), "data", data.toString(), "steps",
                steps, "tokens", tokens < Long.MAX_VALUE ? tokens : "any", "seed", seed, "demonstrations", demonstrations == null ? "all" : demonstrations, "lora_rank", loraRank,
                "lora_alpha", loraAlpha(), "lora_targets", loraTargets, "asking", asking.values(), "options", options.values(),
                "machine", Cli.machine());
    }

    private List<Problem> heldOut(Policy policy) {
        return options.evaluateOn == null ? List.of() : asking.fitting(Asking.read(options.evaluateOn).problems(), options.evaluateOn,
                model, policy, options.maxNewTokens);
    }

    private PromptFit fit(List<Problem> problems, Recipe named, ModelConfig config, Tokenizer tokenizer) {
        return PromptFit.of(asking.asked(problems, model, tokenizer), tokenizer, config.maxPositions(), options.maxNewTokens,
                named.guided(), data);
    }

    /** Reads everything but the weights, so that it works before they are downloaded. */
    private int dryRun(List<Problem> problems, Recipe named, Precision precision, Device device) {
        ModelConfig config = ModelConfig.read(model);
        Lora.Settings lora = loraRank == 0 ? null : new Lora.Settings(loraRank, loraAlpha(), loraTargets);
        try (Tokenizer tokenizer = Tokenizer.load(model)) {
            PromptFit fit = fit(problems, named, config, tokenizer);
            Footprint footprint = Footprint.of(config, options, lora, precision, fit.longestPrompt());
            Display.print(Tables.of(footprint));
            System.out.printf("%,d parameters, %,d learn; %d problems, %d with a solution; longest prompt %d tokens; %s on %s%n",
                    footprint.parameters(), footprint.learning(), fit.problems().size(),
                    fit.problems().stream().filter(Problem::hasDemonstration).count(), fit.longestPrompt(),
                    precision.name().toLowerCase(Locale.ROOT), device.getDeviceType());
            fit.warnings().forEach(System.out::println);
            long available = Footprint.available(device);
            if (available > 0) {
                System.out.printf("about %,d MB at the peak, %,d MB are free%n", footprint.peak() >> 20, available >> 20);
                footprint.advice(available, options, lora, precision).forEach(line -> System.out.println("  " + line));
            }
        }
        return 0;
    }

    private double loraAlpha() {
        return loraAlpha == null ? 2.0 * loraRank : loraAlpha;
    }

    private Lora adapters(Policy base, Path checkpoint) {
        Lora.Settings settings = new Lora.Settings(loraRank, loraAlpha(), loraTargets);
        return checkpoint == null ? Lora.fresh(base.config(), settings, new Seed(seed), base.manager())
                : Lora.load(checkpoint, base.config(), base.manager());
    }

    public static void main(String... args) {
        Cli.run(new train(), args);
    }
}
