package lppo.run;

import common.BadInput;
import common.Seed;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import llm.Policy;
import lppo.Cut;
import lppo.data.Problem;
import lppo.task.Task;

/**
 * A training run, to be set up and started. It needs no folder:
 *
 * <pre>  List&lt;StepMetrics&gt; metrics = Training.of(policy, Task.builtIn()).recipe(Recipe.lppo()).run(10);</pre>
 *
 * and {@link #into} gives it one, with tables, checkpoints and exact resume. Every method that sets something returns another value and
 * leaves this one alone.
 *
 * <p>Seen in {@code notebooks/6-lppo-against-grpo.ipynb} and {@code notebooks/7-bring-your-own-model.ipynb}.
 *
 * @param policy that learns
 * @param reference policy for a KL term; null for none
 * @param task problems to train on, reward, prompt format, longest completion
 * @param recipe what a step does
 * @param seed root of all draws
 * @param backend where it computes
 * @param evaluation what is evaluated, and when
 * @param listeners are told what happens
 * @param tell takes a line for what goes wrong without an error, with its cause and remedy
 */
public record Training(Policy policy, Policy reference, Task task, Recipe recipe, Seed seed, Backend backend, EvaluationPlan evaluation,
        List<RunListener> listeners, Consumer<String> tell) {

    /**
     * What is evaluated, and when. A run is saved at each evaluation.
     *
     * @param problems to evaluate on; empty for none
     * @param every how many steps, and after the last one
     * @param samples of each problem at temperature 1, for avg@k; 0 for greedy only
     */
    public record EvaluationPlan(List<Problem> problems, int every, int samples) {

        public EvaluationPlan {
            BadInput.unless(every > 0, "evaluate every %d: must be positive", every);
            BadInput.unless(samples >= 0, "evaluation samples %d: must be 0 or more", samples);
            problems = List.copyOf(problems);
        }
    }

    /** LPPO with its defaults, in this process, with seed 1, without evaluations. */
    public static Training of(Policy policy, Task task) {
        return new Training(policy, null, task, Recipe.lppo(), new Seed(1), Backend.local(policy, 1024),
                new EvaluationPlan(List.of(), 50, 0), List.of(), line -> {});
    }

    /** The same with another recipe. */
    public Training recipe(Recipe value) {
        return new Training(policy, reference, task, value, seed, backend, evaluation, listeners, tell);
    }

    /** The same with other draws. */
    public Training seed(long value) {
        return new Training(policy, reference, task, recipe, new Seed(value), backend, evaluation, listeners, tell);
    }

    /** The same with a reference policy for KL terms: the base policy, say, of one with adapters. */
    public Training reference(Policy value) {
        return new Training(policy, value, task, recipe, seed, backend, evaluation, listeners, tell);
    }

    /** The same, computed elsewhere. */
    public Training backend(Backend value) {
        return new Training(policy, reference, task, recipe, seed, value, evaluation, listeners, tell);
    }

    /** The same with evaluations on some problems, greedy and by {@code samples} of each. */
    public Training evaluate(List<Problem> problems, int every, int samples) {
        return new Training(policy, reference, task, recipe, seed, backend, new EvaluationPlan(problems, every, samples), listeners, tell);
    }

    /** The same with a further listener. */
    public Training listener(RunListener value) {
        List<RunListener> more = new ArrayList<>(listeners);
        more.add(value);
        return new Training(policy, reference, task, recipe, seed, backend, evaluation, List.copyOf(more), tell);
    }

    /** The same, which says in a line when something goes wrong without an error. */
    public Training telling(Consumer<String> value) {
        return new Training(policy, reference, task, recipe, seed, backend, evaluation, listeners, value);
    }

    /**
     * The same with a new run folder: {@code config.json}, tables, checkpoints.
     *
     * @throws BadInput if the folder exists and is not empty
     */
    public Training into(Path folder) {
        RunFolder created = RunFolder.create(folder);
        created.json("config.json", config());
        return listener(new FolderListener(created, 0, false, policy));
    }

    /** Where expert solutions are cut: where the recipe says, else the task. */
    public Cut cut() {
        return recipe.cut() == null ? task.cut() : recipe.cut();
    }

    /** What decides the numbers of the run, for {@code config.json}: settings by name, checksums of the problems. */
    public Map<String, Object> config() {
        return RunConfig.of(this);
    }

    /** Checksums of the problems, so that a file replaced under the same name is noticed. */
    public Map<String, Object> checksums() {
        return RunConfig.checksums(this);
    }

    /**
     * Goes on with the run in a folder, from its latest checkpoint, whose weights or adapters the policy must have. Rows of tables that
     * were written after it are dropped.
     *
     * @throws BadInput if there is no whole checkpoint, or the run was begun with other settings or other contents of its files
     */
    public Trainer resume(Path folder) {
        RunFolder existing = new RunFolder(folder);
        existing.sameAs(config());
        FolderListener listener = new FolderListener(existing, 0, false, policy);
        Trainer trainer = listener(listener).trainer();
        listener.resume(trainer);
        return trainer;
    }

    /** A trainer, which can be resumed from a checkpoint. */
    public Trainer trainer() {
        return new Trainer(this);
    }

    /** Trains so many steps. Returns the metrics of each. */
    public List<StepMetrics> run(long steps) {
        List<StepMetrics> metrics = new ArrayList<>();
        listener(new RunListener() {
            @Override
            public void stepped(StepMetrics step, List<Visit> visits, StepTiming timing) {
                metrics.add(step);
            }
        }).trainer().run(steps, Long.MAX_VALUE, () -> false, step -> {});
        return metrics;
    }
}
