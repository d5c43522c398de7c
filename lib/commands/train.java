///usr/bin/env jbang "$0" "$@" ; exit $?
//SOURCES ../lppo/Lppo.java
//SOURCES Commands.java
//SOURCES ProblemOptions.java
//SOURCES TrainingOptions.java
//SOURCES MemoryAdvice.java
//SOURCES ../lppo/files/FileFormats.java
//FILES spark/Spark.java=../spark/Spark.java
//FILES spark/Cluster.java=../spark/Cluster.java
//FILES spark/FlatTensors.java=../spark/FlatTensors.java
//FILES spark/Replica.java=../spark/Replica.java
//FILES spark/SerializedObjective.java=../spark/SerializedObjective.java
//FILES spark/SparkErrors.java=../spark/SparkErrors.java
//FILES spark/SparkRollout.java=../spark/SparkRollout.java
//FILES spark/SparkUpdate.java=../spark/SparkUpdate.java
//FILES spark/TemporarySparkHome.java=../spark/TemporarySparkHome.java
//FILES spark/WeightBroadcast.java=../spark/WeightBroadcast.java

package commands;

import ai.djl.Device;
import common.BadInput;
import common.Checksums;
import common.Seed;
import java.io.Closeable;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import llm.Lora;
import llm.ModelConfig;
import llm.Policy;
import llm.Precision;
import llm.Tokenizer;
import lppo.data.Problem;
import lppo.data.Problems;
import lppo.data.PromptFormat;
import lppo.run.Backend;
import lppo.run.FolderListener;
import lppo.run.Footprint;
import lppo.run.PromptFit;
import lppo.run.Recipe;
import lppo.run.RunFolder;
import lppo.run.Trainer;
import lppo.run.Training;
import lppo.run.WorkerSetup;
import lppo.task.SimpleTask;
import lppo.task.Task;
import lppo.view.Display;
import lppo.view.Tables;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** One run of one recipe. */
@Command(name = "train", mixinStandardHelpOptions = true, sortOptions = false, abbreviateSynopsis = true,
        description = "One run of one recipe on a model folder and a problem file.",
        footer = {"", "Example:",
            "  ./jbang train --recipe lppo --model data/base --data data/train.jsonl --evaluate-on data/validation.jsonl --out /tmp/lppo"})
public class train implements Callable<Integer> {

    @Option(names = "--recipe", required = true, description = "grpo, pg, lp, lppo, adaptive, bread, mopps or dynamic.")
    String recipe;

    @Option(names = "--model", required = true, description = "Model folder.")
    Path model;

    @Option(names = "--data", description = "Problems to train on (default: those of --task).")
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
    TrainingOptions options;

    @Mixin
    ProblemOptions asking;

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
        options.length.resolve(asking.task);
        Device device = Policy.device(options.machine.device);
        Precision precision = options.machine.precision(device, model);
        Precision sampled = options.machine.toSample(device, model);
        Recipe chosen = options.corrected(options.recipe(recipe), precision, sampled);
        options.check();
        List<Problem> all = demonstrations == null ? asking.problems(data)
                : Problems.withDemonstrations(asking.problems(data), demonstrations);
        try (ProblemOptions.Judge judge = asking.judge()) {
            List<Problem> trusted = judge.trusted(all, where());
            BadInput.unless(!chosen.guided() || trusted.stream().anyMatch(Problem::hasDemonstration),
                    "%s: no problem has a \"solution\", so recipe %s has nothing to guide with; use one without hints, grpo or lp say",
                    where(), recipe);
            if (dryRun) {
                return dryRun(trusted, chosen, precision, device);
            }
            RunFolder folder = resume ? new RunFolder(out) : RunFolder.create(out);
            Path checkpoint = resume ? folder.checkpoints().latest() : null;
            boolean reference = chosen.algorithm().needsReference();
            try (Closeable lock = folder.lock();
                    Policy loaded = Policy.load(resume && loraRank == 0 ? checkpoint : model, device, precision, loraRank == 0);
                    Policy other = reference && loraRank == 0 ? Policy.load(model, device, precision, false) : null) {
                Policy ending = loaded.endingAlsoAt(asking.stop).sampledIn(sampled);
                Policy policy = loraRank == 0 ? ending : ending.adapted(adapters(loaded, checkpoint));
                PromptFormat format = asking.format(model, loaded.tokenizer());
                PromptFit fit = fit(trusted, format, chosen, loaded.config(), loaded.tokenizer());
                fit.warnings().forEach(line -> System.err.println(Cli.flagged(line, spec)));
                Task task = new SimpleTask(where(), fit.problems(), heldOut(loaded, format), List.of(), format,
                        judge.reward(), options.length.maxNewTokens);
                WorkerSetup workers = WorkerSetup.of(model, chosen, options.machine.device, precision, lora(), asking.stop,
                        options.length.rolloutRows).sampledIn(sampled);
                try (Backend backend = WithSpark.backend(master, conf, workers, policy); Progress progress = new Progress(recipe, steps)) {
                    FolderListener tables = new FolderListener(folder, options.keeping.keep, options.keeping.keepBest, policy);
                    Training training = Training.of(policy, task).recipe(chosen).seed(seed).backend(backend)
                            .reference(loraRank > 0 && reference ? loaded : other) // adapters off: the base, at no memory
                            .evaluate(task.problems(Task.Split.VALIDATION), options.evaluating.evaluateEvery,
                                    options.evaluating.evaluateSamples)
                            .listener(tables).telling(line -> progress.tell(Cli.flagged(line, spec)));
                    Map<String, Object> config = config(training, sampled);
                    if (resume) {
                        folder.sameAs(config);
                    }
                    Trainer trainer = training.trainer();
                    if (resume) {
                        tables.resume(trainer);
                    } else {
                        folder.json("config.json", config);
                    }
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

    private Map<String, Object> config(Training training, Precision sampled) {
        Map<String, Object> checksums = new LinkedHashMap<>(Map.of("model", Checksums.ofModel(model)));
        checksums.putAll(training.checksums());
        return RunFolder.columns("command", "train", "recipe", recipe, "model", model.toString(), "data", String.valueOf(data), "steps",
                steps, "tokens", tokens < Long.MAX_VALUE ? tokens : "any", "seed", seed, "demonstrations",
                demonstrations == null ? "all" : demonstrations, "lora_rank", loraRank, "lora_alpha", loraAlpha(), "lora_targets",
                loraTargets, "rollout_precision", sampled.toString(), "asking", asking.values(), "options", options.values(), "checksums",
                checksums, "machine", Cli.machine());
    }

    private String where() {
        return data == null ? "task " + asking.task : data.toString();
    }

    private List<Problem> heldOut(Policy policy, PromptFormat format) {
        Path file = options.evaluating.evaluateOn;
        return file == null ? List.of()
                : asking.fitting(ProblemOptions.read(file).problems(), file, format, policy, options.length.maxNewTokens);
    }

    private PromptFit fit(List<Problem> problems, PromptFormat format, Recipe chosen, ModelConfig config, Tokenizer tokenizer) {
        return PromptFit.of(problems, format, tokenizer, config.maxPositions(), options.length.maxNewTokens, chosen.guided(), where());
    }

    /** Reads everything but the weights, so that it works before they are downloaded. */
    private int dryRun(List<Problem> problems, Recipe chosen, Precision precision, Device device) {
        ModelConfig config = ModelConfig.read(model);
        try (Tokenizer tokenizer = Tokenizer.load(model)) {
            PromptFit fit = fit(problems, asking.format(model, tokenizer), chosen, config, tokenizer);
            Footprint.Extent extent = new Footprint.Extent(fit.longestPrompt(), options.length.maxNewTokens, options.length.rolloutRows,
                    options.evaluating.evaluateOn != null);
            Footprint footprint = Footprint.of(config, chosen, lora(), precision, extent);
            Display.print(Tables.of(footprint));
            System.out.printf("%,d parameters, %,d learn; %d problems, %d with a solution; longest prompt %d tokens; %s on %s%n",
                    footprint.parameters(), footprint.learning(), fit.problems().size(),
                    fit.problems().stream().filter(Problem::hasDemonstration).count(), fit.longestPrompt(),
                    precision.name().toLowerCase(Locale.ROOT), device.getDeviceType());
            fit.warnings().forEach(line -> System.out.println(Cli.flagged(line, spec)));
            long available = Footprint.available(device);
            if (available > 0) {
                System.out.printf("about %,d MB at the peak, %,d MB are free%n", footprint.peak() >> 20, available >> 20);
                MemoryAdvice.of(footprint, available, chosen, options.length.rolloutRows, lora(), precision)
                        .forEach(line -> System.out.println("  " + line));
            }
        }
        return 0;
    }

    private double loraAlpha() {
        return loraAlpha == null ? 2.0 * loraRank : loraAlpha;
    }

    /** What the adapters are; null if all weights learn. */
    private Lora.Settings lora() {
        return loraRank == 0 ? null : new Lora.Settings(loraRank, loraAlpha(), loraTargets);
    }

    private Lora adapters(Policy base, Path checkpoint) {
        return checkpoint == null ? Lora.fresh(base.config(), lora(), new Seed(seed), base.manager())
                : Lora.load(checkpoint, base.config(), base.manager());
    }

    public static void main(String... args) {
        Cli.run(new train(), args);
    }
}
