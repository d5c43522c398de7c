package spark;

import java.io.Serializable;
import llm.Policy;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/** Sends the trainable weights from the driver to the executors: a Spark broadcast whenever they have changed. */
final class WeightBroadcast {

    private final JavaSparkContext context;
    private final Policy policy;
    private Weights latest;

    /**
     * The weights that a task expects its replica to have.
     *
     * @param values of the parameters, in the policy's order
     * @param version counts the broadcasts of a run from 1
     * @param checksum of the values, see {@link FlatTensors#checksum}; it is sent with each task, apart from the values
     */
    record Weights(Broadcast<FlatTensors> values, long version, long checksum) implements Serializable {}

    WeightBroadcast(JavaSparkContext context, Policy policy) {
        this.context = context;
        this.policy = policy;
    }

    /** The weights as they are now; if they have changed, they are broadcast and the previous broadcast is destroyed. */
    Weights current() {
        FlatTensors values = FlatTensors.of(policy.parameters());
        long checksum = values.checksum();
        if (latest == null || latest.checksum() != checksum) {
            Weights old = latest;
            latest = new Weights(context.broadcast(values), old == null ? 1 : old.version() + 1, checksum);
            if (old != null) {
                old.values().destroy();
            }
        }
        return latest;
    }

    /** How often the weights have been broadcast. */
    long versions() {
        return latest == null ? 0 : latest.version();
    }
}
