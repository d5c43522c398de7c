package spark;

import java.io.Serializable;
import lppo.model.Policy;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/** The weights that learn, as the driver sends them to the executors: a broadcast each time they have changed. */
final class Published {

    private final JavaSparkContext context;
    private final Policy policy;
    private Weights latest;

    /**
     * What a task expects its replica to have.
     *
     * @param values of the parameters, in the policy's order
     * @param version counts the broadcasts of a run from 1
     * @param checksum of the values, see {@link Floats#checksum}; it travels with the task, not with the values
     */
    record Weights(Broadcast<Floats> values, long version, long checksum) implements Serializable {}

    Published(JavaSparkContext context, Policy policy) {
        this.context = context;
        this.policy = policy;
    }

    /** The weights as they are now; those before are destroyed. */
    Weights weights() {
        Floats values = Floats.of(policy.parameters());
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

    /** How often they were sent. */
    long versions() {
        return latest == null ? 0 : latest.version();
    }
}
