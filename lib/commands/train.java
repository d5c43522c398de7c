///usr/bin/env jbang "$0" "$@" ; exit $?
//SOURCES ../lppo/Lppo.java
//SOURCES Commands.java
//SOURCES LearningCommand.java
//SOURCES ProblemOptions.java
//SOURCES TrainingOptions.java
//SOURCES Following.java
//SOURCES MemoryAdvice.java
//SOURCES Choices.java
//SOURCES ../benchmarks/Benchmarks.java

package commands;

import ai.djl.Device;
import com.google.gson.JsonElement;
import common.BadInput;
import common.Checksums;
import common.Json;
import common.Seed;
import java.io.Closeable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import llm.Lora;
import llm.ModelConfig;
import llm.Policy;
import llm.Precision;
import llm.Tokenizer;
import lppo.StepCut;
import lppo.data.Problem;
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
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tasks.Tasks;
import view.Display;
import view.Tables;

/** One run of one recipe. */
@Command(name = "train", mixinStandardHelpOptions = true, sortOptions = false, abbreviateSynopsis = true,
        description = "One run of one recipe on a model folder and a problem file.",
        footer = {"", "Example:",
            "  ./jbang train --recipe lppo --model data/base --task modular-chain --evaluate-on data/validation.jsonl --out"
                    + " /tmp/lppo --watch"})
public class train extends LearningCommand implements Callable<Integer> {

    private static final String ONE_DNN = "oneDNN"; // products of matrices in sampling, as in config.json

    @Option(names = "--recipe", required = true,
            description = "grpo, pg, lp, lppo, adaptive, bread, mopps, dynamic, bread-search, prefix-rft,"
                    + " decaying or progress.")
    String recipe;

    @Option(names = "--out", required = true, description = "Run folder; it must be new or empty, unless --resume.")
    Path out;

    @Option(names = "--steps", description = "Total number of training steps (default: ${DEFAULT-VALUE}).")
    long steps = 300;

    @Option(names = "--tokens", description = "Stop after the step that reaches this total of sampled tokens (default: no limit).")
    long tokens = Long.MAX_VALUE;

    @Option(names = "--lora-rank", description = "Train LoRA adapters of this rank, not the weights; 0: off (default:"
            + " ${DEFAULT-VALUE}; 16 for a language model of more than 50 million parameters on a CPU, or whose weights do not fit).")
    int loraRank = 0;

    @Option(names = "--lora-alpha", description = "LoRA alpha; adapters are scaled by alpha / rank (default: twice the rank).")
    Double loraAlpha;

    @Option(names = "--lora-targets", split = ",", description = "Projections that get adapters (default: ${DEFAULT-VALUE}).")
    List<String> loraTargets = Lora.PROJECTIONS;

    @Option(names = "--adapter", paramLabel = "DIR", description = "Start from these adapters of the same rank, as sft --lora-rank writes"
            + " them (default: new ones).")
    Path adapter;

    @Option(names = "--resume", description = "Resume from the latest checkpoint in --out.")
    boolean resume;

    @Option(names = "--master", paramLabel = "URL",
            description = "Compute on Apache Spark: local[2], spark://HOST:7077, k8s://…, yarn (default: in this process).")
    String master;

    @Option(names = "--conf", paramLabel = "KEY=VALUE", description = "A Spark setting; repeatable.")
    Map<String, String> conf = new LinkedHashMap<>();

    @Option(names = "--dry-run", description = "Print parameters, estimated memory and truncated problems; do not train.")
    boolean dryRun;

    @Mixin
    Following following;

    @Mixin
    TrainingOptions options;

    @Mixin
    ProblemOptions asking;

    @Override
    public Integer call() throws Exception {
        BadInput.unless(master != null || conf.isEmpty(), "--conf: is a Spark setting and needs --master");
        if (master != null && !WithSpark.here()) {
            return WithSpark.again(train.class, spec.commandLine().getParseResult().originalArgs());
        }
        BadInput.unless(steps > 0, "--steps %d: must be positive", steps);
        BadInput.unless(tokens > 0, "--tokens %d: must be positive", tokens);
        BadInput.unless(loraRank >= 0, "--lora-rank %d: must be 0 (off) or more", loraRank);
        BadInput.unless(loraAlpha == null || loraAlpha > 0 && Double.isFinite(loraAlpha), "--lora-alpha %s: must be positive", loraAlpha);
        model = ByName.model(model);
        BadInput.unless(adapter == null || loraRank > 0, "--adapter: needs --lora-rank, the rank of these adapters");
        Device device = Policy.device(options.machine.device);
        Precision whole = options.machine.precision(device, model);
        Precision sampled = Optional.of("rollout_precision").filter(name -> options.machine.precision.equalsIgnoreCase("auto"))
                .flatMap(this::before).map(Precision::valueOf).orElseGet(() -> options.machine.toSample(device, model));
        Choices choices = Choices.of(spec, model, device);
        List<Problem> all = choices.any() ? choose(choices, device, whole, sampled) : null;
        Precision precision = learner(whole, sampled);
        options.length.resolve(asking.task);
        Recipe corrected = options.corrected(options.recipe(recipe), precision, sampled);
        Recipe chosen = corrected.cut() == null && asking.task != null ? corrected.cut(Tasks.named(asking.task).cut()) : corrected;
        options.check();
        following.check();
        choices.tell();
        List<Problem> problems = all != null ? all : asking.problems(data, demonstrations);
        try (ProblemOptions.Judge judge = asking.judge(true)) {
            List<Problem> trusted = judge.trusted(problems, asking.where(data));
            BadInput.unless(!chosen.guided() || trusted.stream().anyMatch(Problem::hasDemonstration),
                    "%s: no problem has a \"solution\", so recipe %s has no hints to give; use one without hints, such as grpo or lp",
                    asking.where(data), recipe);
            BadInput.unless(master == null || adapter == null || !chosen.algorithm().objective().needsReference(),
                    "--adapter with --kl: not with --master, whose executors do not have these adapters as the reference; use one of them");
            if (dryRun) {
                return dryRun(trusted, chosen, precision, sampled, device);
            }
            RunFolder folder = resume ? new RunFolder(out) : RunFolder.create(out);
            Path checkpoint = resume ? folder.checkpoints().latest() : null;
            boolean reference = chosen.algorithm().needsReference();
            try (Closeable lock = folder.lock();
                    Policy loaded = Policy.load(resume && loraRank == 0 ? checkpoint : model, device, precision, loraRank == 0);
                    Policy other = reference && loraRank == 0 ? Policy.load(model, device, precision, false) : null) {
                Policy probed = loaded.endingAlsoAt(asking.stop).sampledIn(sampled);
                Policy ending = before("products").map(value -> probed.sampledBy(value.equals(ONE_DNN))).orElse(probed);
                Policy policy = loraRank == 0 ? ending : ending.adapted(adapters(loaded, checkpoint));
                PromptFormat format = asking.format(model, loaded.tokenizer());
                PromptFit fit = fit(trusted, format, chosen, loaded.config(), loaded.tokenizer());
                fit.warnings().forEach(line -> System.err.println(Cli.flagged(line, spec)));
                Task task = new SimpleTask(asking.where(data), fit.problems(),
                        asking.heldOut(options.evaluating.evaluateOn, format, loaded, options.length.maxNewTokens), List.of(), format,
                        judge.reward(), options.length.maxNewTokens);
                WorkerSetup workers = WorkerSetup.of(model, chosen, options.machine.device, precision, lora(), asking.stop,
                        options.length.rolloutRows).sampledIn(sampled);
                try (Backend backend = WithSpark.backend(master, conf, workers, policy); Progress progress = new Progress(recipe, steps)) {
                    FolderListener tables = new FolderListener(folder, options.keeping.keep, options.keeping.keepBest, policy);
                    Training training = Training.of(policy, task).recipe(chosen).seed(seed).backend(backend)
                            .reference(loraRank > 0 && reference ? initial(loaded) : other)
                            .evaluate(task.problems(Task.Split.VALIDATION), options.evaluating.evaluateEvery,
                                    options.evaluating.evaluateSamples)
                            .listener(tables).listener(progress.sampling()).telling(line -> progress.tell(Cli.flagged(line, spec)));
                    Map<String, Object> settings = settings(training, precision, sampled, policy, choices);
                    if (resume) {
                        folder.sameAs(settings);
                    }
                    RecordedRun.compare(config, (Map<?, ?>) settings.get("checksums"));
                    try (Following.Followed followed = following.begin(training, out, policy, settings, progress::tell)) {
                        Trainer trainer = followed.training().trainer();
                        if (resume) {
                            tables.resume(trainer);
                        } else {
                            folder.json("config.json", settings);
                        }
                        boolean finished = trainer.run(steps, tokens, Interrupt.watch(), progress);
                        followed.ended(finished);
                        judge.tell();
                        if (!finished) {
                            System.err.printf("stopped after step %d of %d; continue with --resume%n", trainer.done(), steps);
                            return 1;
                        }
                    }
                }
            }
        }
        return 0;
    }

    /** Chooses what no option says; returns the problems. */
    private List<Problem> choose(Choices choices, Device device, Precision whole, Precision sampled) {
        List<Problem> problems = asking.problems(data, demonstrations);
        choices.ask(asking, problems);
        Choices.Lengths lengths = choices.lengths(problems, asking, model);
        options.length.maxNewTokens = choices.longest(options.length.maxNewTokens, asking.task, lengths);
        options.length.resolve(asking.task);
        options.step.problemsPerStep = choices.problemsPerStep(options.step.problemsPerStep, problems);
        options.step.trustedShare = choices.trustedShare(options.step.trustedShare, problems);
        options.sampling.temperature = choices.temperature(options.sampling.temperature);
        Recipe chosen = options.recipe(recipe);
        ModelConfig config = ModelConfig.read(model);
        loraRank = choices.loraRank(loraRank, MemoryPlan.now(config, whole, sampled, device).fitsWhole(chosen));
        Precision precision = learner(whole, sampled);
        MemoryPlan plan = MemoryPlan.now(config, precision, sampled, device);
        options.learning.learningRate = choices.learningRate(options.learning.learningRate, loraRank > 0);
        int prompt = lengths.question() + (chosen.guided() ? lengths.solution() : 0);
        plan.chooseRows(choices, options.length, chosen, lora(), prompt, options.evaluating.evaluateOn != null);
        plan.chooseUpdates(choices, options.learning, chosen, lora(), prompt, options.length.maxNewTokens);
        choices.note(choices.precision(precision, sampled));
        return problems;
    }

    private Map<String, Object> settings(Training training, Precision learner, Precision sampled, Policy policy, Choices choices) {
        options.updates.importanceCap = training.recipe().learning().importanceCap(); // which the precision may have decided
        Map<String, Object> checksums = new LinkedHashMap<>(Map.of("model", Checksums.ofModel(model)));
        checksums.putAll(training.checksums());
        if (adapter != null) {
            checksums.put("adapter", Checksums.ofModel(adapter));
        }
        return RunFolder.columns("command", "train", "recipe", recipe, "model", model.toString(), "data", String.valueOf(data), "steps",
                steps, "tokens", tokens < Long.MAX_VALUE ? tokens : "any", "seed", seed, "demonstrations",
                demonstrations == null ? "all" : demonstrations, "lora_rank", loraRank, "lora_alpha", loraAlpha(), "lora_targets",
                loraTargets, "adapter", String.valueOf(adapter), "rollout_precision", sampled.toString(),
                "learner_precision", learner.toString(), "products", before("products").orElse(policy.byOneDnn() ? ONE_DNN : "engine"),
                "cut", training.cut() instanceof StepCut ? "steps" : "tokens",
                "asking", asking.values(true), "options", options.values(), RecordedRun.CHOSEN, choices.made(), "checksums", checksums,
                "machine",
                Cli.machine());
    }

    private PromptFit fit(List<Problem> problems, PromptFormat format, Recipe chosen, ModelConfig config, Tokenizer tokenizer) {
        return PromptFit.of(problems, format, tokenizer, config.maxPositions(), options.length.maxNewTokens, chosen.guided(),
                asking.where(data));
    }

    /** Reads everything except the weights, so that it works before they are downloaded. */
    private int dryRun(List<Problem> problems, Recipe chosen, Precision precision, Precision sampled, Device device) {
        ModelConfig config = ModelConfig.read(model);
        try (Tokenizer tokenizer = Tokenizer.load(model)) {
            PromptFit fit = fit(problems, asking.format(model, tokenizer), chosen, config, tokenizer);
            Footprint.Extent extent = new Footprint.Extent(fit.longestPrompt(), options.length.maxNewTokens, options.length.rolloutRows,
                    options.evaluating.evaluateOn != null);
            Footprint footprint = Footprint.of(config, chosen, lora(), precision, sampled, device, extent);
            Display.print(Tables.of(footprint));
            System.out.printf("%,d parameters, %,d trainable; %d problems, %d with a solution; longest prompt %d tokens; %s on %s%n",
                    footprint.parameters(), footprint.learning(), fit.problems().size(),
                    fit.problems().stream().filter(Problem::hasDemonstration).count(), fit.longestPrompt(),
                    precision.name().toLowerCase(Locale.ROOT), device.getDeviceType());
            fit.warnings().forEach(line -> System.out.println(Cli.flagged(line, spec)));
            long available = Footprint.available(device);
            if (available > 0) {
                System.out.printf("about %,d MB at peak, %,d MB free%n", footprint.peak() >> 20, available >> 20);
                MemoryAdvice.of(footprint, available, chosen, options.length.rolloutRows, lora(), precision)
                        .forEach(line -> System.out.println("  " + line));
            }
        }
        return 0;
    }

    /** Returns the policy that training began with, which shares its weights: the model, with the given adapters if there are any. */
    private Policy initial(Policy loaded) {
        return adapter == null ? loaded : loaded.adapted(Lora.load(adapter, loaded.config(), loaded.manager()));
    }

    /** Returns what the run to be resumed, or run again, was started with, and another machine might not choose; empty if not recorded. */
    private Optional<String> before(String name) {
        Path recorded = resume ? out.resolve("config.json") : config;
        return recorded == null || !Files.exists(recorded) ? Optional.empty() : Optional.ofNullable(Json.object(recorded).get(name))
                .map(JsonElement::getAsString);
    }

    /** Returns the precision of the weights in an update: frozen ones are as for sampling, except in a run of an earlier version. */
    private Precision learner(Precision whole, Precision sampled) {
        return loraRank == 0 || !options.machine.precision.equalsIgnoreCase("auto") ? whole
                : before("learner_precision").map(Precision::valueOf)
                        .orElseGet(() -> before("rollout_precision").isPresent() ? whole : sampled);
    }

    private double loraAlpha() {
        return loraAlpha == null ? 2.0 * loraRank : loraAlpha;
    }

    /** Returns the settings of the adapters; null if all weights are trained. */
    private Lora.Settings lora() {
        return loraRank == 0 ? null : new Lora.Settings(loraRank, loraAlpha(), loraTargets);
    }

    private Lora adapters(Policy base, Path checkpoint) {
        Path from = checkpoint == null ? adapter : checkpoint;
        if (from == null) {
            return Lora.fresh(base.config(), lora(), new Seed(seed), base.manager());
        }
        Lora loaded = Lora.load(from, base.config(), base.manager());
        BadInput.unless(checkpoint != null || loaded.settings().equals(lora()), // a checkpoint's are compared with the configuration
                "%s: its adapters have --lora-rank %d --lora-alpha %s --lora-targets %s; give these",
                from, loaded.settings().rank(), loaded.settings().alpha(), String.join(",", loaded.settings().targets()));
        return loaded;
    }

    public static void main(String... args) {
        Cli.run(new train(), args);
    }
}
