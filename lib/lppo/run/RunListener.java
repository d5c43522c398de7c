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

/** Receives the events of a run, for tables, charts and the run folder. By default, all methods do nothing. */
public interface RunListener {

    /**
     * Called some times a second while a step samples, from another thread; see {@link lppo.rollout.GpuRollout#progress}.
     *
     * @param step that samples
     * @param share of the rollout that is done, in (0, 1]; a step with several rollouts begins again with each
     */
    default void sampling(long step, double share) {}

    /** Called after a step, before {@link #stepped}, with all groups sampled in it, scored, in order. */
    default void sampled(long step, List<Group> groups) {}

    /** Called after a step. */
    default void stepped(StepMetrics metrics, List<Visit> visits, StepTiming timing) {}

    /**
     * Called after an evaluation.
     *
     * @param step after which it took place; 0 before the first
     * @param sampledTokens number of completion tokens sampled so far
     */
    default void evaluated(long step, long sampledTokens, Evaluation evaluation) {}

    /**
     * Called when the run can be saved: at the beginning, after each evaluation, and at the end.
     *
     * @param state writes everything needed to resume the run into a folder
     * @param best whether the greedy accuracy is the best so far
     */
    default void checkpoint(Checkpoint state, boolean best) {}

    /** Returns the path of the last checkpoint, for messages; empty if this listener keeps none. */
    default Optional<Path> saved() {
        return Optional.empty();
    }

    /**
     * Returns a listener that passes on the metrics of all steps so far after each step, for a table or chart that is updated during
     * training. It must not be shared between runs.
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
        /** Writes the files into this folder. */
        void write(Path folder) throws IOException;
    }
}
