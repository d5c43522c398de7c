package lppo.run;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import lppo.judge.Evaluation;
import lppo.rollout.Group;

/** Is told what happens in a run: tables, charts, the run folder. All methods do nothing unless written. */
public interface RunListener {

    /** After a step, before {@link #stepped}: all groups that were sampled in it, scored, in order. */
    default void sampled(long step, List<Group> groups) {}

    /** After a step. */
    default void stepped(StepMetrics metrics, List<Visit> visits, StepTiming timing) {}

    /**
     * After an evaluation.
     *
     * @param step that it follows; 0 before the first
     * @param sampledTokens so far
     */
    default void evaluated(long step, long sampledTokens, Evaluation evaluation) {}

    /**
     * When the run can be saved: at the beginning, after each evaluation, and at the end.
     *
     * @param state writes all that a run needs to go on into a folder
     * @param best whether the greedy accuracy is the best so far
     */
    default void checkpoint(Checkpoint state, boolean best) {}

    /** Where the last checkpoint is, for messages; empty if this listener keeps none. */
    default Optional<Path> saved() {
        return Optional.empty();
    }

    /**
     * A listener that is shown the metrics of all steps so far, after each step: for a table or chart that is updated while the policy
     * learns. Use it in one run.
     */
    static RunListener watching(Consumer<List<StepMetrics>> watcher) {
        List<StepMetrics> soFar = new ArrayList<>();
        return new RunListener() {
            @Override
            public void stepped(StepMetrics metrics, List<Visit> visits, StepTiming timing) {
                soFar.add(metrics);
                watcher.accept(Collections.unmodifiableList(soFar));
            }
        };
    }

    /** Writes the files of a checkpoint into a folder. */
    @FunctionalInterface
    interface Checkpoint {
        /** Writes them. */
        void write(Path folder) throws IOException;
    }
}
