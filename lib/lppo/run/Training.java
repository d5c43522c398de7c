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
 * A training run: configure it, then call {@link #run}. It needs no folder:
 *
 * <pre>  List&lt;StepMetrics&gt; metrics = Training.of(policy, Task.builtIn()).recipe(Recipe.lppo()).run(10);</pre>
 *
 * and {@link #into} adds one, with tables, checkpoints and exact resume. Methods that change a setting return a modified copy.
 *
 * <p>Seen in {@code notebooks/6-lppo-against-grpo.ipynb}, {@code notebooks/7-bring-your-own-model.ipynb} and
 * {@code notebooks/10-a-real-language-model-learns-to-add.ipynb}.
 *
 * @param policy to train
 * @param reference policy of a KL term; null for none
 * @param task problems, reward, prompt format, maximum length of a completion
 * @param recipe settings and operators of a step
 * @param seed root of all random draws
 * @param backend where to sample and compute gradients
 * @param evaluation what to evaluate, and when
 * @param listeners receive the events of the run
 * @param tell receives a line for each silent failure, with its cause and remedy
 */
public record Training(Policy policy, Policy reference, Task task, Recipe recipe, Seed seed, Backend backend, EvaluationPlan evaluation,
        List<RunListener> listeners, Consumer<String> tell) {

    /**
     * What to evaluate, and when. A checkpoint is written at each evaluation.
     *
     * @param problems evaluation problems; empty for none
     * @param every interval in steps; the last step is always evaluated
     * @param samples number of completions per problem at temperature 1, for avg@k; 0 for greedy only
     */
    public record EvaluationPlan(List<Problem> problems, int every, int samples) {

        public EvaluationPlan {
            BadInput.unless(every > 0, "evaluate every %d: must be positive", every);
            BadInput.unless(samples >= 0, "evaluation samples %d: must be 0 or more", samples);
            problems = List.copyOf(problems);
        }
    }

    /** Creates a run of LPPO with its defaults, in this process, with seed 1 and without evaluations. */
    public static Training of(Policy policy, Task task) {
        return new Training(policy, null, task, Recipe.lppo(), new Seed(1), Backend.local(policy, 1024),
                new EvaluationPlan(List.of(), 50, 0), List.of(), line -> {});
    }

    /** Returns a copy with another recipe. */
    public Training recipe(Recipe value) {
        return new Training(policy, reference, task, value, seed, backend, evaluation, listeners, tell);
    }

    /** Returns a copy with another seed. */
    public Training seed(long value) {
        return new Training(policy, reference, task, recipe, new Seed(value), backend, evaluation, listeners, tell);
    }

    /** Returns a copy with a reference policy for KL terms, such as the base of a policy with adapters. */
    public Training reference(Policy value) {
        return new Training(policy, value, task, recipe, seed, backend, evaluation, listeners, tell);
    }

    /** Returns a copy with another backend. */
    public Training backend(Backend value) {
        return new Training(policy, reference, task, recipe, seed, value, evaluation, listeners, tell);
    }

    /** Returns a copy with evaluations on some problems, greedy and with {@code samples} completions of each. */
    public Training evaluate(List<Problem> problems, int every, int samples) {
        return new Training(policy, reference, task, recipe, seed, backend, new EvaluationPlan(problems, every, samples), listeners, tell);
    }

    /** Returns a copy with an additional listener. */
    public Training listener(RunListener value) {
        List<RunListener> more = new ArrayList<>(listeners);
        more.add(value);
        return new Training(policy, reference, task, recipe, seed, backend, evaluation, List.copyOf(more), tell);
    }

    /** Returns a copy that reports each silent failure in one line. */
    public Training telling(Consumer<String> value) {
        return new Training(policy, reference, task, recipe, seed, backend, evaluation, listeners, value);
    }

    /**
     * Returns a copy with a new run folder: {@code config.json}, tables, checkpoints.
     *
     * @throws BadInput if the folder exists and is not empty
     */
    public Training into(Path folder) {
        RunFolder created = RunFolder.create(folder);
        created.json("config.json", config());
        return listener(new FolderListener(created, 0, false, policy));
    }

    /** Returns the cut of expert solutions: the recipe's if it has one, else the task's. */
    public Cut cut() {
        return recipe.cut() == null ? task.cut() : recipe.cut();
    }

    /** Returns what determines the results of the run, for {@code config.json}: settings by name, checksums of the problems. */
    public Map<String, Object> config() {
        return RunConfig.of(this);
    }

    /** Returns checksums of the problems, so that a file replaced under the same name is detected. */
    public Map<String, Object> checksums() {
        return RunConfig.checksums(this);
    }

    /**
     * Resumes the run in a folder from its latest checkpoint, whose weights or adapters the policy must already have. Table rows written
     * after the checkpoint are dropped.
     *
     * @throws BadInput if there is no complete checkpoint, or the run was started with other settings or file contents
     */
    public Trainer resume(Path folder) {
        RunFolder existing = new RunFolder(folder);
        existing.sameAs(config());
        FolderListener listener = new FolderListener(existing, 0, false, policy);
        Trainer trainer = listener(listener).trainer();
        listener.resume(trainer);
        return trainer;
    }

    /** Creates a trainer, which can be resumed from a checkpoint. */
    public Trainer trainer() {
        return new Trainer(this);
    }

    /** Trains for a number of steps and returns the metrics of each. */
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
