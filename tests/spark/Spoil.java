package spark;

import org.apache.spark.api.java.function.VoidFunction;

/** Spoils the weights of the executor that it comes to. */
final class Spoil implements VoidFunction<Integer> {

    @Override
    public void call(Integer part) {
        Replica.spoil();
    }
}
