package lppo.run;

import java.util.List;
import llm.Policy;
import lppo.learn.Learner;
import lppo.rollout.GpuRollout;
import lppo.rollout.Rollout;
import lppo.rollout.Sampling;

/** Where the heavy half of a run is done: in this process, or on other machines. Both give the same numbers. */
public interface Backend extends AutoCloseable {

    /** Samples from the policy that learns, as it is at each call. */
    Rollout rollout(Sampling sampling);

    /** Most completions decoded at a time. */
    int rows();

    /** The learner, with its gradients computed here. */
    default Learner learner(Learner learner) {
        return learner;
    }

    /**
     * What a call of other machines took.
     *
     * @param name {@code rollout} or {@code update}
     * @param parts that it was cut into
     * @param renewed parts whose machine had other weights than expected, and fetched them
     * @param seconds in all, seen from here
     * @param publishing seconds of looking whether the weights have changed, and of handing them on
     * @param renewing seconds that checking and fetching the weights took, in the slowest part
     * @param working seconds of the work itself, in the slowest part
     * @param sent bytes of weights to each machine; 0 if they had not changed
     * @param received bytes of gradients; 0 for a rollout
     */
    record Call(String name, int parts, int renewed, double seconds, double publishing, double renewing, double working, long sent, long received) {}

    /** The calls of other machines since this was last asked. */
    default List<Call> calls() {
        return List.of();
    }

    /** Lets go of the machines. */
    @Override
    default void close() {}

    /** This process; {@code rows} completions at a time. */
    static Backend local(Policy policy, int rows) {
        return new Backend() {
            @Override
            public Rollout rollout(Sampling sampling) {
                return new GpuRollout(policy, sampling, rows);
            }

            @Override
            public int rows() {
                return rows;
            }
        };
    }
}
