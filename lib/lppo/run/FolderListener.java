package lppo.run;

import com.google.gson.JsonObject;
import common.BadInput;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import llm.Policy;
import lppo.judge.Evaluation;

/**
 * Writes a run into its folder: a row for each step and visit, evaluations, some completions to read, checkpoints.
 *
 * @param folder of the run
 * @param keep earlier checkpoints that stay
 * @param keepBest whether the checkpoint with the best greedy accuracy stays too
 * @param policy whose completions are written as text
 */
public record FolderListener(RunFolder folder, int keep, boolean keepBest, Policy policy) implements RunListener {

    private static final int SHOWN = 3;

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
        evaluation.greedy().stream().limit(SHOWN).forEach(c -> {
            JsonObject line = new JsonObject();
            line.addProperty("step", step);
            line.addProperty("question", c.prompt().problem().question());
            line.addProperty("completion", policy.decode(c.tokens()));
            line.addProperty("answer", c.prompt().problem().answer());
            line.addProperty("reward", c.reward());
            folder.line("samples.jsonl", line);
        });
    }

    @Override
    public void checkpoint(Checkpoint state, boolean best) {
        folder.checkpoints().write(keep, state);
        if (keepBest && best) {
            folder.checkpoints().best();
        }
    }

    /** Goes on from the latest checkpoint; rows that were written after it are dropped. */
    public void resume(Trainer trainer) {
        Path checkpoint = folder.checkpoints().latest();
        trainer.resume(checkpoint);
        try {
            folder.checkpoints().rewind(checkpoint, trainer.done());
        } catch (IOException e) {
            throw new BadInput(checkpoint + ": is no whole checkpoint (" + e.getMessage() + ")", e);
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
