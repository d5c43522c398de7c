package lppo.train;

import java.util.List;
import lppo.data.Seed;
import lppo.model.Policy;
import lppo.rollout.GpuRollout;
import lppo.rollout.Rollout;
import lppo.rollout.Sampling;

/** Where the heavy half of a run is done: in this process, or on other machines. Both give the same numbers. */
@FunctionalInterface
public interface Compute extends AutoCloseable {

    /** Samples from the policy that learns, as it is at each call. */
    Rollout rollout(Sampling sampling, Seed seed);

    /**
     * One optimiser step of the learner.
     *
     * @param samples {@linkplain Sample#weighted weighted} samples
     * @throws Diverged before any parameter moves, if the loss or a gradient is no finite number
     */
    default Learner.Report update(Learner learner, Learner.Objective objective, List<Sample> samples, double learningRate) {
        return learner.update(samples, objective, learningRate);
    }

    /** Lets go of the machines. */
    @Override
    default void close() {}

    /** In this process; {@code rows} completions at a time. */
    static Compute here(Policy policy, int rows) {
        return (sampling, seed) -> new GpuRollout(policy, sampling, seed, rows);
    }
}
