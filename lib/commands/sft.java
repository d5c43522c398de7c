///usr/bin/env jbang "$0" "$@" ; exit $?
//SOURCES ../lppo/Lppo.java
//SOURCES Commands.java
//SOURCES LearningCommand.java
//SOURCES ProblemOptions.java
//SOURCES TrainingOptions.java
//SOURCES Choices.java
//SOURCES ../benchmarks/Benchmarks.java

package commands;

import ai.djl.Device;
import common.BadInput;
import common.Checksums;
import common.Seed;
import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import llm.Lora;
import llm.ModelConfig;
import llm.Policy;
import llm.Precision;
import lppo.data.Problem;
import lppo.data.PromptFormat;
import lppo.judge.Evaluation;
import lppo.learn.LearnerSettings;
import lppo.learn.UpdateMetrics;
import lppo.run.FineTuning;
import lppo.run.FolderListener;
import lppo.run.PromptFit;
import lppo.run.Recipe;
import lppo.run.RunFolder;
import lppo.run.RunListener;
import lppo.run.Training;
import lppo.task.SimpleTask;
import lppo.task.Task;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Supervised fine-tuning on the expert solutions of a problem file. The result is OUT/checkpoint, and with --keep-best OUT/best. */
@Command(name = "sft", mixinStandardHelpOptions = true, sortOptions = false, abbreviateSynopsis = true,
        description = "Supervised fine-tuning of a model on expert solutions.",
        footer = {"", "Examples:", "  ./jbang sft --model data/base --data data/train.jsonl --steps 300 --out /tmp/sft",
            "  ./jbang sft --model data/base --data data/train.jsonl --evaluate-on data/validation.jsonl --evaluate-every 6 --keep-best"
                    + " --out /tmp/sft"})
public class sft extends LearningCommand implements Callable<Integer> {

    @Option(names = "--out", required = true, description = "Run folder; it must be new or empty, unless --resume.")
    Path out;

    @Option(names = "--steps", description = "Optimiser steps (default: ${DEFAULT-VALUE}).")
    long steps = 180;

    @Option(names = "--batch", description = "Demonstrations per step (default: ${DEFAULT-VALUE}; a language model: 16 on a CPU, else 64).")
    int batch = 128;

    @Option(names = "--lora-rank", description = "Train LoRA adapters of this rank, for train --adapter, not the weights; 0: off"
            + " (default: ${DEFAULT-VALUE}; 16 for a language model of more than 50 million parameters on a CPU, or whose weights do not"
            + " fit).")
    int loraRank = 0;

    @Option(names = "--keep-best", description = "Also keep the policy with the best greedy accuracy on --evaluate-on, as OUT/best, the"
            + " first of equals; before the first step counts too.")
    boolean keepBest;

    @Option(names = "--resume", description = "Resume from the latest checkpoint in --out.")
    boolean resume;

    @Option(names = "--from-scratch", description = "Start from random weights; the folder needs no model.safetensors.")
    boolean fromScratch;

    @ArgGroup(validate = false, order = 10, heading = "%nLearning:%n")
    TrainingOptions.Learning learning = new TrainingOptions.Learning();

    @ArgGroup(validate = false, order = 11, heading = "%nEvaluation:%n")
    TrainingOptions.Evaluating evaluating = new TrainingOptions.Evaluating();

    @ArgGroup(validate = false, order = 12, heading = "%nLength and rows:%n")
    TrainingOptions.Length length = new TrainingOptions.Length();

    @ArgGroup(validate = false, order = 13, heading = "%nMachine:%n")
    TrainingOptions.Machine machine = new TrainingOptions.Machine();

    @Mixin
    ProblemOptions asking;

    @Override
    public Integer call() throws IOException {
        BadInput.unless(steps > 0, "--steps %d: must be positive", steps);
        BadInput.unless(batch > 0, "--batch %d: must be positive", batch);
        model = ByName.model(model);
        BadInput.unless(loraRank >= 0, "--lora-rank %d: must be 0 (off) or more", loraRank);
        BadInput.unless(loraRank == 0 || !fromScratch, "--lora-rank: adapts a model that has learned something; leave out --from-scratch");
        String where = asking.where(data);
        Seed root = new Seed(seed);
        Device device = Policy.device(machine.device);
        Precision whole = machine.precision(device, model);
        Precision sampled = machine.toSample(device, model);
        Choices choices = Choices.of(spec, model, device);
        List<Problem> given = choices.any() ? choose(choices, device, whole, sampled) : null;
        Precision precision = loraRank > 0 ? sampled : whole; // frozen weights are as for sampling
        length.resolve(asking.task);
        BadInput.unless(!fromScratch || precision == Precision.FP32, "--from-scratch: trains in fp32 only; remove --precision");
        LearnerSettings settings = learning.settings();
        evaluating.check();
        length.check();
        BadInput.unless(!keepBest || evaluating.evaluateOn != null, "--keep-best: needs --evaluate-on, which decides the best");
        choices.tell();
        List<Problem> all = given != null ? given : asking.problems(data, demonstrations);
        try (ProblemOptions.Judge judge = asking.judge(true)) {
            List<Problem> some = judge.trusted(all, where).stream().filter(Problem::hasDemonstration).toList();
            BadInput.unless(!some.isEmpty(), "%s: no problem has a \"solution\" to imitate", where);
            RunFolder folder = resume ? new RunFolder(out) : RunFolder.create(out);
            Path checkpoint = resume ? folder.checkpoints().latest() : null;
            try (Closeable lock = folder.lock();
                    Policy policy = fromScratch && !resume ? Policy.random(model, 0.02, root, device)
                            : Policy.load(resume && loraRank == 0 ? checkpoint : model, device, precision, loraRank == 0);
                    Progress progress = new Progress("sft", steps)) {
                PromptFormat format = asking.format(model, policy.tokenizer());
                PromptFit fit = PromptFit.of(some, format, policy.tokenizer(), policy.config().maxPositions(), 0, true, where);
                fit.warnings().forEach(System.err::println);
                List<Problem> shown = fit.problems().stream().filter(Problem::hasDemonstration).toList();
                BadInput.unless(!shown.isEmpty(), "%s: no solution fits the model's positions", where);
                List<Problem> heldOut = asking.heldOut(evaluating.evaluateOn, format, policy, length.maxNewTokens);
                Map<String, Object> recorded = RunFolder.columns("command", "sft", "model", model.toString(), "data", String.valueOf(data),
                        "steps", steps, "batch", batch, "seed", seed, "demonstrations", demonstrations == null ? "all" : demonstrations,
                        "from_scratch", fromScratch,
                        "lora_rank", loraRank, "learner_precision", precision.toString(),
                        "asking", asking.values(true), "options", options(), RecordedRun.CHOSEN, choices.made(), "checksums",
                        Map.of("model", Checksums.ofModel(model), "problems",
                                checksum(shown), "evaluation", checksum(heldOut)),
                        "products", policy.byOneDnn() ? "oneDNN" : "engine", "machine", Cli.machine());
                RecordedRun.compare(config, (Map<?, ?>) recorded.get("checksums"));
                Task task = new SimpleTask(where, shown, heldOut, List.of(), format, judge.reward(),
                        length.maxNewTokens);
                Policy unadapted = policy.endingAlsoAt(asking.stop).sampledIn(sampled);
                Policy ending = loraRank == 0 ? unadapted
                        : unadapted.adapted(resume ? Lora.load(checkpoint, policy.config(), policy.manager())
                                : Lora.fresh(policy.config(), Lora.Settings.of(loraRank), root, policy.manager()));
                FineTuning tuning = new FineTuning(ending, task, settings, steps, batch, root, length.rolloutRows,
                        new Training.EvaluationPlan(heldOut, evaluating.evaluateEvery, evaluating.evaluateSamples),
                        tables(folder, ending, progress));
                if (resume) {
                    folder.sameAs(recorded);
                    folder.checkpoints().rewind(checkpoint, FineTuning.doneAt(checkpoint));
                } else {
                    folder.json("config.json", recorded);
                }
                if (!tuning.run(checkpoint, Interrupt.watch(), progress)) {
                    System.err.printf("stopped after step %d of %d; continue with --resume%n",
                            FineTuning.doneAt(folder.checkpoints().latest()), steps);
                    return 1;
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
        length.maxNewTokens = choices.longest(length.maxNewTokens, asking.task, lengths);
        length.resolve(asking.task);
        batch = choices.batch(batch, (int) problems.stream().filter(Problem::hasDemonstration).count());
        ModelConfig config = ModelConfig.read(model);
        Recipe like = Recipe.grpo().learning(learning.settings());
        loraRank = fromScratch ? loraRank : choices.loraRank(loraRank, MemoryPlan.now(config, whole, sampled, device).fitsWhole(like));
        Precision precision = loraRank > 0 ? sampled : whole;
        MemoryPlan plan = MemoryPlan.now(config, precision, sampled, device);
        learning.learningRate = fromScratch ? learning.learningRate : choices.imitationRate(learning.learningRate, loraRank > 0);
        Lora.Settings lora = loraRank == 0 ? null : Lora.Settings.of(loraRank);
        if (evaluating.evaluateOn != null) {
            plan.chooseRows(choices, length, like, lora, lengths.question(), true);
        }
        plan.chooseUpdates(choices, learning, like, lora, lengths.question(), Math.max(1, lengths.solution()));
        choices.note(choices.precision(precision, sampled));
        return problems;
    }

    private static String checksum(List<Problem> problems) {
        return Checksums.sha256(problems.toString().getBytes(StandardCharsets.UTF_8));
    }

    private FineTuning.Listener tables(RunFolder folder, Policy policy, Progress progress) {
        long begin = System.nanoTime();
        FolderListener evaluations = new FolderListener(folder, 0, false, policy);
        return new FineTuning.Listener() {
            @Override
            public void stepped(long step, UpdateMetrics metrics) {
                folder.row("metrics.csv", RunFolder.columns("step", step, "loss", metrics.loss(), "gradient_norm", metrics.gradientNorm()));
            }

            @Override
            public void evaluated(long step, Evaluation evaluation) {
                evaluations.evaluated(step, 0, evaluation);
                folder.row("timing.csv", RunFolder.columns("step", step, "seconds", (System.nanoTime() - begin) / 1e9));
            }

            @Override
            public void checkpoint(RunListener.Checkpoint state, boolean best) {
                folder.checkpoints().write(0, state);
                if (keepBest && best) {
                    folder.checkpoints().best();
                }
            }

            @Override
            public void rewardThrows(String trouble) {
                progress.tell(trouble + "; such answers count as wrong");
            }
        };
    }

    private Map<String, String> options() {
        Map<String, String> values = new TreeMap<>();
        List.of(learning, evaluating, length, machine).forEach(group -> values.putAll(TrainingOptions.values(group)));
        return values;
    }

    public static void main(String... args) {
        Cli.run(new sft(), args);
    }
}
