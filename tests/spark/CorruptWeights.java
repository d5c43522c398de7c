package spark;

import org.apache.spark.api.java.function.VoidFunction;

/** Corrupts the weights of the executor that runs it. */
final class CorruptWeights implements VoidFunction<Integer> {

    @Override
    public void call(Integer part) {
        Replica.spoil();
    }
}
