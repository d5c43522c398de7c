package lppo.train;

import ai.djl.ndarray.NDManager;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;
import java.util.stream.Stream;
import lppo.Advantage;
import lppo.PolicyLoss;
import lppo.PrefixSampler;
import lppo.ProgressTracker;
import lppo.Recipe;
import lppo.data.BadInput;
import lppo.data.Order;
import lppo.data.Problem;
import lppo.data.Seed;
import lppo.model.Policy;
import lppo.model.Safetensors;
import lppo.model.Scopes;
import lppo.reward.Reward;
import lppo.rollout.Completion;
import lppo.rollout.GpuRollout;
import lppo.rollout.Group;
import lppo.rollout.Prompt;
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
    private final Policy reference;
    private final Reward reward;
    private final Order order;
    private final List<Problem> heldOut;
    private final Seed seed;
    private final RunFolder folder;
    private final GpuRollout rollout;
    private final PrefixSampler prefixes;
    private final Advantage advantage;
    private final Learner.Objective objective;
    private final AdamW optimizer;
    private final Learner learner;
    private ProgressTracker tracker;
    private long done;
    private boolean resumed;
    private long sampledTokens;

    /**
     * Makes the parts.
     *
     * @param reference for the KL term; null if its coefficient is 0
     * @param heldOut problems to evaluate on; empty for none
     * @throws BadInput for an impossible option
     */
    public Trainer(Recipe recipe, Options options, Policy policy, Policy reference, Reward reward, List<Problem> problems,
            List<Problem> heldOut, Seed seed, RunFolder folder) {
        options.check();
        BadInput.unless(options.kl == 0 || reference != null, "KL coefficient %s: needs a reference policy", options.kl);
        this.recipe = recipe;
        this.options = options;
        this.policy = policy;
        this.reference = reference;
        this.reward = reward;
        this.heldOut = heldOut;
        this.seed = seed;
        this.folder = folder;
        order = Order.mixed(problems, options.problemsPerStep, options.trustedShare, seed);
        rollout = new GpuRollout(policy,
                new Sampling(options.temperature, options.topK, options.topP, options.maxNewTokens), seed, options.rolloutRows);
        prefixes = new PrefixSampler(
                new PrefixSampler.Rule(options.guideBelow, options.guideAfter, options.guideProgress, options.guideInARow),
                options.betaMin, options.betaMax, options.guidedShare, policy::encode, seed);
        advantage = options.advantage.equals("grpo") ? Advantage.grpo() : Advantage.drGrpo();
        PolicyLoss loss = new PolicyLoss(options.clipLow, options.clipHigh, options.kl);
        objective = Learner.Objective.of(loss, reference);
        optimizer = new AdamW(policy.parameters(), policy.manager(),
                new AdamW.Settings(0.9, 0.95, 1e-8, options.weightDecay));
        Learner plain = new Learner(policy, optimizer, options.temperature, options.tokenBudget, options.maxNorm);
        learner = options.recompute ? plain.recomputing() : plain;
        tracker = new ProgressTracker(options.alpha, options.kappa, options.bias);
    }

    /**
     * Trains up to {@code steps} steps in all, with a checkpoint at every evaluation and at the end.
     *
     * @param stop asked before each step; true ends the run early, with a checkpoint
     * @param progress told the number of finished steps
     * @return whether all steps are done
     */
    public boolean run(long steps, BooleanSupplier stop, LongConsumer progress) {
        if (done == 0 && !resumed) {
            evaluate();
            folder.checkpoint(this::save);
        }
        while (done < steps && !stop.getAsBoolean()) {
            step();
            if (done % options.evaluateEvery == 0 || done == steps) {
                evaluate();
                folder.checkpoint(this::save);
            }
            progress.accept(done);
        }
        if (done < steps) {
            folder.checkpoint(this::save);
        }
        return done >= steps;
    }

    /** One step: sample groups, score them, update the tracker, weigh the advantages, learn. */
    private void step() {
        long begin = System.nanoTime();
        long failed = reward.failures();
        long step = done + 1;
        List<Prompt> prompts = new ArrayList<>();
        for (Problem problem : order.at(done)) {
            prompts.addAll(recipe.guided() ? prefixes.prompts(problem, tracker, options.groupSize, step)
                    : Collections.nCopies(options.groupSize, Prompt.unguided(problem, policy.encode(problem.question()))));
        }
        List<Group> groups = Group.of(rollout.sample(prompts, step)).stream()
                .map(group -> group.scored(c -> Evaluation.score(c, policy, reward))).toList();
        long sampled = System.nanoTime();

        List<List<Sample>> samples = new ArrayList<>();
        for (Group group : groups) {
            String id = group.problem().id();
            group.passRate().ifPresentOrElse(rate -> tracker.observe(id, rate), () -> tracker.visitGuided(id));
            double weight = recipe.weighted() ? tracker.weight(id) : 1;
            double[] advantages = advantage.times(weight).of(group.rewards());
            List<Sample> ofGroup = new ArrayList<>();
            for (int i = 0; i < advantages.length; i++) {
                ofGroup.add(Sample.of(group.completions().get(i), advantages[i]));
            }
            samples.add(ofGroup);
            writeProblem(step, group, weight);
        }

        double rate = options.learningRate * Math.min(1, (double) step / Math.max(1, options.warmUp));
        List<Learner.Report> reports = new ArrayList<>();
        for (int update = 0; update < options.updates; update++) {
            int from = samples.size() * update / options.updates;
            int to = samples.size() * (update + 1) / options.updates;
            List<Sample> batch = Sample.weighted(samples.subList(from, to).stream().flatMap(List::stream).toList(),
                    options.aggregation);
            List<Sample> learned = options.kl > 0 ? batch : batch.stream().filter(s -> s.advantage() != 0).toList();
            if (!learned.isEmpty()) { // all groups silent: nothing to learn
                try {
                    reports.add(learner.update(learned, objective, rate));
                } catch (Diverged e) {
                    throw new Diverged("step " + step + ": " + e.getMessage() + "; stopped before the weights moved, the last"
                            + " good checkpoint is " + folder.latestCheckpoint() + ". Try a lower --learning-rate");
                }
            }
        }
        done = step;
        long learned = System.nanoTime();
        writeMetrics(groups, reports, rate, reward.failures() - failed);
        long tokens = groups.stream().flatMap(g -> g.completions().stream()).mapToLong(c -> c.tokens().length).sum();
        folder.row("timing.csv", RunFolder.columns("step", step, "rollout_seconds", (sampled - begin) / 1e9,
                "update_seconds", (learned - sampled) / 1e9, "rollout_tokens_per_second", tokens / ((sampled - begin) / 1e9),
                "resident_megabytes", residentMegabytes()));
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

    private void writeProblem(long step, Group group, double weight) {
        ProgressTracker.Entry entry = tracker.entry(group.problem().id()).orElseThrow();
        double beta = group.completions().stream().mapToDouble(c -> c.prompt().beta()).max().orElse(0);
        folder.row("problems.csv", RunFolder.columns("step", step, "problem", group.problem().id(), "level",
                group.problem().level(), "pass_rate", group.passRate().isPresent() ? group.passRate().getAsDouble() : "",
                "guided_pass_rate", group.guidedPassRate().isPresent() ? group.guidedPassRate().getAsDouble() : "", "ema",
                entry.average(), "progress", entry.progress(), "weight", weight, "guided", group.guided() ? 1 : 0, "beta",
                beta));
    }

    private void writeMetrics(List<Group> groups, List<Learner.Report> reports, double rate, long undecided) {
        List<Completion> all = groups.stream().flatMap(g -> g.completions().stream()).toList();
        long tokens = all.stream().mapToLong(c -> c.tokens().length).sum();
        sampledTokens += tokens;
        folder.row("metrics.csv", RunFolder.columns("step", done, "sampled_tokens", sampledTokens,
                "pass_rate", mean(groups.stream().filter(g -> g.passRate().isPresent()).map(g -> g.passRate().getAsDouble()).toList()),
                "guided_pass_rate", mean(groups.stream().filter(Group::guided).map(g -> g.guidedPassRate().getAsDouble()).toList()),
                "guided_share", mean(groups.stream().map(g -> g.guided() ? 1.0 : 0.0).toList()),
                "silent_share", mean(groups.stream().map(g -> g.silent() ? 1.0 : 0.0).toList()),
                "truncated_share", mean(all.stream().map(c -> c.finish() == Completion.Finish.LENGTH ? 1.0 : 0.0).toList()),
                "mean_length", (double) tokens / all.size(), "loss", mean(reports.stream().map(Learner.Report::loss).toList()),
                "ratio", mean(reports.stream().map(Learner.Report::ratio).toList()),
                "clip_fraction", mean(reports.stream().map(Learner.Report::clipFraction).toList()),
                "kl", mean(reports.stream().map(Learner.Report::kl).toList()),
                "entropy", mean(reports.stream().map(Learner.Report::entropy).toList()),
                "first_difference", reports.isEmpty() ? Double.NaN : reports.get(0).difference(),
                "gradient_norm", mean(reports.stream().map(Learner.Report::gradientNorm).toList()), "learning_rate", rate,
                "undecided", undecided));
    }

    private void evaluate() {
        if (heldOut.isEmpty()) {
            return;
        }
        Evaluation evaluation = Evaluation.of(policy, heldOut, reward, Sampling.plain(options.maxNewTokens), options.evaluateSamples,
                options.rolloutRows, new Seed(0)); // the same draws for every run, so that curves differ by the policy alone
        write(evaluation, folder, done, sampledTokens, policy);
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
        tracker.save(checkpoint.resolve("tracker.json"));
        JsonObject state = new JsonObject();
        state.addProperty("step", done);
        state.addProperty("sampled_tokens", sampledTokens);
        state.addProperty("optimizer_steps", optimizer.steps());
        Files.writeString(checkpoint.resolve("state.json"), state + "\n");
    }

    /** Goes on from a checkpoint, whose weights or adapters the policy must have; rows written after it are dropped. */
    public void resume(Path checkpoint) {
        try (NDManager scratch = policy.manager().newSubManager()) {
            JsonObject state = JsonParser.parseString(Files.readString(checkpoint.resolve("state.json"))).getAsJsonObject();
            Scopes.run(() -> optimizer.restore(Safetensors.read(checkpoint.resolve("optimizer.safetensors"), scratch),
                    state.get("optimizer_steps").getAsLong()));
            tracker = ProgressTracker.load(checkpoint.resolve("tracker.json"));
            done = state.get("step").getAsLong();
            sampledTokens = state.get("sampled_tokens").getAsLong();
            folder.rewind(checkpoint);
            resumed = true;
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
