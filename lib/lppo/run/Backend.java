package lppo.run;

import java.util.List;
import java.util.function.DoubleConsumer;
import llm.Policy;
import lppo.learn.Learner;
import lppo.rollout.GpuRollout;
import lppo.rollout.Rollout;
import lppo.rollout.Sampling;

/** Where a run samples and computes gradients: in this process, or on other machines. Both give the same numbers. */
public interface Backend extends AutoCloseable {

    /** Returns a rollout that samples from the current state of the policy being trained. */
    Rollout rollout(Sampling sampling);

    /**
     * Returns the same with somebody to be told how far it is, see {@link GpuRollout#progress}; other machines do not tell.
     */
    default Rollout rollout(Sampling sampling, DoubleConsumer progress) {
        return rollout(sampling);
    }

    /** Returns the maximum number of completions decoded at a time. */
    int rows();

    /** Returns the learner with its gradients computed by this backend. */
    default Learner learner(Learner learner) {
        return learner;
    }

    /**
     * Cost of a call to other machines.
     *
     * @param name {@code rollout} or {@code update}
     * @param parts number of parts that the work was split into
     * @param renewed number of parts whose machine had outdated weights and fetched them
     * @param seconds total duration, measured on the driver
     * @param publishing seconds for checking whether the weights have changed and publishing them
     * @param renewing seconds for checking and fetching the weights, in the slowest part
     * @param working seconds of the work itself, in the slowest part
     * @param sent bytes of weights to each machine; 0 if they had not changed
     * @param received bytes of gradients; 0 for a rollout
     */
    record Call(String name, int parts, int renewed, double seconds, double publishing, double renewing, double working, long sent,
            long received) {}

    /** Returns the calls to other machines since the last call of this method. */
    default List<Call> calls() {
        return List.of();
    }

    /** Releases the machines. */
    @Override
    default void close() {}

    /** Returns the backend in this process, with at most {@code rows} completions decoded at a time. */
    static Backend local(Policy policy, int rows) {
        return new Backend() {
            @Override
            public Rollout rollout(Sampling sampling) {
                return rollout(sampling, null);
            }

            @Override
            public Rollout rollout(Sampling sampling, DoubleConsumer progress) {
                return new GpuRollout(policy, sampling, rows).telling(progress);
            }

            @Override
            public int rows() {
                return rows;
            }
        };
    }
}
