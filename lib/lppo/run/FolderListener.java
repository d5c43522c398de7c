package lppo.run;

import com.google.gson.JsonObject;
import common.BadInput;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import llm.Policy;
import lppo.judge.Evaluation;
import lppo.rollout.Completion;
import lppo.rollout.Group;

/**
 * Writes a run into its folder: a row per step and visit, evaluations, samples of completions, checkpoints.
 *
 * @param folder of the run
 * @param keep number of earlier checkpoints to keep
 * @param keepBest whether to keep the checkpoint with the best greedy accuracy too
 * @param policy whose completions are written as text
 */
public record FolderListener(RunFolder folder, int keep, boolean keepBest, Policy policy) implements RunListener {

    private static final int SHOWN = 3;

    @Override
    public void sampled(long step, List<Group> groups) {
        shown(groups).forEach(c -> sample(step, "training", c));
    }

    /** Completions of a step to read: the best and the worst of the first groups with a hint and of the first without one. */
    public static List<Completion> shown(List<Group> groups) {
        Comparator<Completion> byReward = Comparator.comparingDouble(Completion::reward);
        return Stream.of(true, false).flatMap(guided -> groups.stream().filter(g -> g.guided() == guided).limit(SHOWN - 1))
                .flatMap(group -> group.silent() ? Stream.of(group.completions().get(0)) : Stream.of(
                        group.completions().stream().max(byReward).orElseThrow(), group.completions().stream().min(byReward).orElseThrow()))
                .toList();
    }

    /** Completions of an evaluation to read: the greedy ones of the first problems. */
    public static List<Completion> asked(Evaluation evaluation) {
        return evaluation.greedy().stream().limit(SHOWN).toList();
    }

    @Override
    public void stepped(StepMetrics metrics, List<Visit> visits, StepTiming timing) {
        visits.forEach(visit -> folder.row("problems.csv", Columns.of(visit)));
        folder.row("metrics.csv", Columns.of(metrics));
        folder.row("timing.csv", Columns.of(timing));
    }

    @Override
    public void evaluated(long step, long sampledTokens, Evaluation evaluation) {
        evaluation.rows().forEach(accuracy -> {
            Map<String, Object> row = new LinkedHashMap<>(Map.of("step", step));
            row.put("sampled_tokens", sampledTokens);
            row.putAll(Columns.of(accuracy));
            row.put("undecided", accuracy.level().equals("all") ? evaluation.undecided() : "");
            folder.row("evaluation.csv", row);
        });
        asked(evaluation).forEach(c -> sample(step, "evaluation", c));
    }

    /** One line of {@code samples.jsonl}. */
    private void sample(long step, String kind, Completion c) {
        JsonObject line = new JsonObject();
        line.addProperty("step", step);
        line.addProperty("kind", kind);
        line.addProperty("problem", c.prompt().problem().id());
        line.addProperty("question", c.prompt().problem().question());
        line.addProperty("hint", c.prompt().guided() ? policy.decode(c.prompt().prefix()) : "");
        line.addProperty("completion", policy.decode(c.tokens()));
        line.addProperty("answer", c.prompt().problem().answer());
        line.addProperty("reward", c.reward());
        line.addProperty("beta", c.prompt().beta());
        line.addProperty("tokens", c.tokens().length);
        line.addProperty("cut", c.finish() == Completion.Finish.LENGTH);
        folder.line("samples.jsonl", line);
    }

    @Override
    public void checkpoint(Checkpoint state, boolean best) {
        folder.checkpoints().write(keep, state);
        if (keepBest && best) {
            folder.checkpoints().best();
        }
    }

    /** Resumes from the latest checkpoint and drops rows written after it. */
    public void resume(Trainer trainer) {
        Path checkpoint = folder.checkpoints().latest();
        trainer.resume(checkpoint);
        try {
            folder.checkpoints().rewind(checkpoint, trainer.done());
        } catch (IOException e) {
            throw new BadInput(checkpoint + ": is not a complete checkpoint (" + e.getMessage() + ")", e);
        }
        if (keepBest && trainer.atBest()) {
            folder.checkpoints().best(); // the run may have been killed before
        }
    }

    @Override
    public Optional<Path> saved() {
        return Checkpoints.resumable(folder.path()) ? Optional.of(folder.checkpoints().latest()) : Optional.empty();
    }
}
