package lppo.run;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDManager;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import lppo.ProgressTracker;
import lppo.Recipe;
import lppo.data.BadInput;
import lppo.data.Checksums;
import lppo.data.Problem;
import lppo.data.Seed;
import lppo.judge.Evaluation;
import lppo.judge.Reward;
import lppo.learn.AdamW;
import lppo.learn.Diverged;
import lppo.learn.Learner;
import lppo.learn.OutOfMemory;
import lppo.learn.Sample;
import lppo.model.Policy;
import lppo.model.Safetensors;
import lppo.model.Scopes;
import lppo.rollout.Completion;
import lppo.rollout.Group;
import lppo.rollout.Sampling;

/**
 * The training loop of all recipes: sample, score, track, weigh, learn, write down. Read {@link #step} for the whole of
 * LPPO on one page.
 *
 * <p>Seen in {@code notebooks/6-lppo-against-grpo.ipynb} and {@code notebooks/7-bring-your-own-model.ipynb}.
 */
public final class Trainer {

    private final Recipe recipe;
    private final Options options;
    private final Policy policy;
    private final Reward reward;
    private final List<Problem> heldOut;
    private final RunFolder folder;
    private final Compute compute;
    private final Collector collector;
    private final Learner.Objective objective;
    private final AdamW optimizer;
    private final Learner learner;
    private final Credit credit;
    private final Health health = new Health(message -> this.tell.accept(message));
    private long done;
    private boolean resumed;
    private long sampledTokens;
    private double best = Double.NEGATIVE_INFINITY;
    private long bestStep = -1;
    private Consumer<String> tell = message -> {};

    /** A run that computes in this process. */
    public Trainer(Recipe recipe, Options options, Policy policy, Policy reference, Reward reward, List<Problem> problems,
            List<Problem> heldOut, Seed seed, RunFolder folder) {
        this(recipe, options, policy, reference, reward, problems, heldOut, seed, folder, Compute.here(policy, options.rolloutRows));
    }

    /**
     * Makes the parts.
     *
     * @param reference for the KL term, in the loss or in the reward; null if its coefficient is 0
     * @param heldOut problems to evaluate on; empty for none
     * @param compute where it samples and learns
     * @throws BadInput for an impossible option
     */
    public Trainer(Recipe recipe, Options options, Policy policy, Policy reference, Reward reward, List<Problem> problems,
            List<Problem> heldOut, Seed seed, RunFolder folder, Compute compute) {
        options.check();
        BadInput.unless(options.kl == 0 || reference != null, "KL coefficient %s: needs a reference policy", options.kl);
        this.recipe = recipe;
        this.options = options;
        this.policy = policy;
        this.reward = reward;
        this.heldOut = heldOut;
        this.folder = folder;
        this.compute = compute;
        collector = new Collector(recipe, options, policy, compute, reward, problems, seed);
        boolean inReward = options.kl > 0 && options.klInReward();
        objective = Learner.Objective.of(options.policyLoss(), inReward ? null : reference);
        optimizer = new AdamW(policy.parameters(), policy.manager(),
                new AdamW.Settings(0.9, 0.95, 1e-8, options.weightDecay));
        Learner plain = new Learner(policy, optimizer, options.temperature, options.tokenBudget, options.maxNorm);
        learner = (options.recompute ? plain.recomputing() : plain).within(Health.APART);
        credit = new Credit(options, learner, inReward ? reference : null);
    }

    /** This trainer, which says to {@code tell} when something goes wrong without an error, with its cause and remedy. */
    public Trainer telling(Consumer<String> tell) {
        this.tell = tell;
        return this;
    }

    /**
     * Trains up to {@code steps} steps in all, with a checkpoint at every evaluation and at the end.
     *
     * @param stop asked before each step; true ends the run early, with a checkpoint
     * @param progress told the number of finished steps
     * @return whether all steps are done
     */
    public boolean run(long steps, BooleanSupplier stop, LongConsumer progress) {
        return run(steps, Long.MAX_VALUE, stop, progress);
    }

    /**
     * The same, ended too by its tokens: what recipes are compared at.
     *
     * @param tokens sampled in all, positive; the step that reaches them is the last
     * @return whether all steps are done, or all tokens sampled
     */
    public boolean run(long steps, long tokens, BooleanSupplier stop, LongConsumer progress) {
        if (done == 0 && !resumed) {
            evaluate();
            checkpoint();
        }
        while (done < steps && sampledTokens < tokens && !stop.getAsBoolean()) {
            step();
            if (done % options.evaluateEvery == 0 || done == steps || sampledTokens >= tokens) {
                evaluate();
                checkpoint();
            }
            progress.accept(done);
        }
        boolean finished = done >= steps || sampledTokens >= tokens;
        if (!finished) {
            checkpoint();
        }
        return finished;
    }

    private void checkpoint() {
        folder.checkpoint(options.keep, this::save);
        if (options.keepBest && bestStep == done) {
            folder.best();
        }
    }

    /** One step: sample groups and score them, update the tracker, weigh the advantages, learn. */
    private void step() {
        long begin = System.nanoTime();
        long failed = reward.failures();
        long step = done + 1;
        Runnable undo = collector.undo();
        Collector.Batch batch = within(() -> collector.collect(step), undo, "sampling", "--rollout-rows "
                + Math.max(1, Math.min(options.rolloutRows, options.problemsPerStep * options.groupSize) / 2));
        long sampled = System.nanoTime();

        Health.finite(batch.completions(), step, folder);
        double rate = options.learningRate * Math.min(1, (double) step / Math.max(1, options.warmUp));
        List<Learner.Report> reports = within(() -> learn(batch, rate), undo, "learning", "--token-budget "
                + Math.max(1, options.tokenBudget / 2) + (options.recompute ? "" : " or --recompute"));
        done = step;
        long learned = System.nanoTime();
        batch.visited().forEach(group -> writeProblem(step, group));
        writeMetrics(batch, reports, rate, reward.failures() - failed);
        folder.row("timing.csv", RunFolder.columns("step", step, "rollout_seconds", (sampled - begin) / 1e9,
                "update_seconds", (learned - sampled) / 1e9, "rollout_tokens_per_second", batch.tokens() / ((sampled - begin) / 1e9),
                "resident_megabytes", residentMegabytes()));
    }

    /** All updates of a step. */
    private List<Learner.Report> learn(Collector.Batch batch, double rate) {
        List<List<Sample>> samples = old(credit.of(batch.groups(), this::weight));
        List<Learner.Report> reports = new ArrayList<>();
        for (int update = 0; update < options.updates * options.epochs; update++) {
            int part = update % options.updates;
            int from = samples.size() * part / options.updates;
            int to = samples.size() * (part + 1) / options.updates;
            learn(samples.subList(from, to).stream().flatMap(List::stream).toList(), rate).ifPresent(reports::add);
        }
        return reports;
    }

    /** Does a part of a step. If memory does not suffice, the steps before it are saved, unless the weights have moved since. */
    private <T> T within(Supplier<T> part, Runnable undo, String what, String remedy) {
        long before = optimizer.steps();
        try {
            return part.get();
        } catch (EngineException | OutOfMemoryError e) {
            if (!OutOfMemory.is(e)) {
                throw e;
            }
            optimizer.zeroGradients();
            boolean whole = optimizer.steps() == before;
            if (whole) {
                undo.run();
                checkpoint();
            }
            throw new OutOfMemory("step %d: out of memory while %s; %s %s, go on with --resume and %s%s".formatted(done + 1, what,
                    whole ? "saved in" : "the last checkpoint is", folder.latestCheckpoint(), remedy, OutOfMemory.heap(e)), e);
        }
    }

    private double weight(String problem) {
        return recipe.weighted() ? collector.tracker().weight(problem) : 1;
    }

    /** The samples with the learner's own log-probabilities before its first update, if importance is to be truncated. */
    private List<List<Sample>> old(List<List<Sample>> groups) {
        if (options.importanceCap == 0) {
            return groups;
        }
        Iterator<float[]> logProbs = learner.logProbs(policy, groups.stream().flatMap(List::stream).toList()).iterator();
        return groups.stream().map(group -> group.stream().map(s -> s.withOld(logProbs.next(), options.importanceCap)).toList()).toList();
    }

    /** One update; none if all groups are silent, so that there is nothing to learn. */
    private Optional<Learner.Report> learn(List<Sample> samples, double rate) {
        List<Sample> batch = Sample.weighted(samples, options.aggregation(), options.maxNewTokens);
        boolean term = options.policyLoss().klCoefficient() > 0;
        List<Sample> learned = term ? batch : batch.stream().filter(s -> s.advantage() != 0).toList();
        try {
            return learned.isEmpty() ? Optional.empty() : Optional.of(compute.update(learner, objective, learned, rate));
        } catch (Diverged e) {
            throw new Diverged("step " + (done + 1) + ": " + e.getMessage() + "; stopped before the weights moved, the last"
                    + " good checkpoint is " + folder.latestCheckpoint() + ". Try a lower --learning-rate");
        }
    }

    /** Memory of this process, the native part included; NaN where the system does not tell. */
    static double residentMegabytes() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
            return lines.filter(line -> line.startsWith("VmRSS:"))
                    .mapToDouble(line -> Double.parseDouble(line.replaceAll("\\D", "")) / 1024).findFirst().orElse(Double.NaN);
        } catch (IOException e) {
            return Double.NaN;
        }
    }

    private void writeProblem(long step, Group group) {
        ProgressTracker.Entry entry = collector.tracker().entry(group.problem().id()).orElseThrow();
        double beta = group.completions().stream().mapToDouble(c -> c.prompt().beta()).max().orElse(0);
        folder.row("problems.csv", RunFolder.columns("step", step, "problem", group.problem().id(), "level",
                group.problem().level(), "pass_rate", group.passRate().isPresent() ? group.passRate().getAsDouble() : "",
                "guided_pass_rate", group.guidedPassRate().isPresent() ? group.guidedPassRate().getAsDouble() : "", "ema",
                entry.average(), "progress", entry.progress(), "weight", weight(group.problem().id()), "guided", group.guided() ? 1 : 0, "beta",
                beta));
    }

    private void writeMetrics(Collector.Batch batch, List<Learner.Report> reports, double rate, long undecided) {
        List<Group> groups = batch.visited();
        List<Completion> all = batch.completions();
        sampledTokens += batch.tokens();
        Map<String, Object> row = RunFolder.columns("step", done, "sampled_tokens", sampledTokens,
                "pass_rate", mean(groups.stream().filter(g -> g.passRate().isPresent()).map(g -> g.passRate().getAsDouble()).toList()),
                "guided_pass_rate", mean(groups.stream().filter(Group::guided).map(g -> g.guidedPassRate().getAsDouble()).toList()),
                "guided_share", mean(groups.stream().map(g -> g.guided() ? 1.0 : 0.0).toList()),
                "silent_share", mean(groups.stream().map(g -> g.silent() ? 1.0 : 0.0).toList()),
                "truncated_share", mean(all.stream().map(c -> c.finish() == Completion.Finish.LENGTH ? 1.0 : 0.0).toList()),
                "mean_length", (double) batch.tokens() / all.size(), "loss", mean(reports.stream().map(Learner.Report::loss).toList()),
                "ratio", mean(reports.stream().map(Learner.Report::ratio).toList()),
                "clip_fraction", mean(reports.stream().map(Learner.Report::clipFraction).toList()),
                "kl", mean(reports.stream().map(Learner.Report::kl).toList()),
                "entropy", mean(reports.stream().map(Learner.Report::entropy).toList()), "sampled_entropy", Health.entropy(all),
                "first_difference", reports.isEmpty() ? difference(batch) : reports.get(0).difference(),
                "gradient_norm", mean(reports.stream().map(Learner.Report::gradientNorm).toList()), "learning_rate", rate,
                "undecided", undecided);
        row.put("trouble", health.see(row, all.size()));
        folder.row("metrics.csv", row);
    }

    /** Mean absolute difference of log-probabilities between rollout and learner, for a step without an update: of its first group. */
    private double difference(Collector.Batch batch) {
        List<Sample> first = batch.visited().get(0).completions().stream().map(c -> Sample.of(c, 0)).toList();
        List<float[]> learners = learner.logProbs(policy, first);
        double sum = 0;
        for (int i = 0; i < first.size(); i++) {
            for (int j = 0; j < learners.get(i).length; j++) {
                sum += Math.abs(learners.get(i)[j] - first.get(i).behaviour()[j]);
            }
        }
        return sum / first.stream().mapToInt(s -> s.completion().length).sum();
    }

    private void evaluate() {
        if (heldOut.isEmpty()) {
            return;
        }
        Evaluation evaluation = Evaluation.of(policy, heldOut, reward, Sampling.plain(options.maxNewTokens), options.evaluateSamples,
                how -> compute.rollout(how, new Seed(0))); // the same draws for every run, so that curves differ by the policy alone
        write(evaluation, folder, done, sampledTokens, policy);
        double accuracy = evaluation.all().greedy();
        if (accuracy > best) {
            best = accuracy;
            bestStep = done;
        }
    }

    /** Writes the rows of an evaluation, and its first completions to read. */
    static void write(Evaluation evaluation, RunFolder folder, long step, long tokens, Policy policy) {
        evaluation.rows().forEach(row -> folder.row("evaluation.csv", RunFolder.columns("step", step, "sampled_tokens",
                tokens, "level", row.level(), "problems", row.problems(), "greedy", row.greedy(), "average", row.average())));
        evaluation.greedy().stream().limit(3).forEach(c -> {
            JsonObject line = new JsonObject();
            line.addProperty("step", step);
            line.addProperty("question", c.prompt().problem().question());
            line.addProperty("completion", policy.decode(c.tokens()));
            line.addProperty("answer", c.prompt().problem().answer());
            line.addProperty("reward", c.reward());
            folder.line("samples.jsonl", line);
        });
    }

    private void save(Path checkpoint) throws IOException {
        policy.saveLearned(checkpoint);
        Safetensors.write(checkpoint.resolve("optimizer.safetensors"), optimizer.state());
        collector.save(checkpoint);
        JsonObject state = new JsonObject();
        state.addProperty("step", done);
        state.addProperty("sampled_tokens", sampledTokens);
        state.addProperty("optimizer_steps", optimizer.steps());
        if (bestStep >= 0) {
            state.addProperty("best_step", bestStep);
            state.addProperty("best_accuracy", best);
        }
        Files.writeString(checkpoint.resolve("state.json"), state + "\n");
    }

    /** Goes on from a checkpoint, whose weights or adapters the policy must have; rows written after it are dropped. */
    public void resume(Path checkpoint) {
        Checksums.require(checkpoint);
        try (NDManager scratch = policy.manager().newSubManager()) {
            JsonObject state = JsonParser.parseString(Files.readString(checkpoint.resolve("state.json"))).getAsJsonObject();
            Scopes.run(() -> optimizer.restore(Safetensors.read(checkpoint.resolve("optimizer.safetensors"), scratch),
                    state.get("optimizer_steps").getAsLong()));
            collector.resume(checkpoint);
            done = state.get("step").getAsLong();
            sampledTokens = state.get("sampled_tokens").getAsLong();
            if (state.has("best_step")) {
                bestStep = state.get("best_step").getAsLong();
                best = state.get("best_accuracy").getAsDouble();
            }
            folder.rewind(checkpoint, done);
            resumed = true;
            if (options.keepBest && bestStep == done) {
                folder.best(); // it may have been killed before
            }
        } catch (IOException | RuntimeException e) {
            if (e instanceof BadInput bad) {
                throw bad;
            }
            throw new BadInput(checkpoint + ": is no whole checkpoint (" + e.getMessage() + ")", e);
        }
    }

    /** Steps done so far. */
    public long done() {
        return done;
    }

    private static double mean(List<Double> values) {
        return values.stream().mapToDouble(x -> x).average().orElse(Double.NaN);
    }
}
