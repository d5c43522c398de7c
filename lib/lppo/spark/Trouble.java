package lppo.spark;

import java.util.concurrent.Callable;
import lppo.data.BadInput;

/** What goes wrong with Spark, in one line that says what to do. */
final class Trouble {

    private Trouble() {}

    /** Does something; what Spark throws becomes an error that a user understands. */
    static <T> T told(Callable<T> work, String where) {
        try {
            return work.call();
        } catch (Exception e) {
            throw told(e, where);
        }
    }

    private static RuntimeException told(Exception e, String where) {
        for (Throwable t = e; t != null; t = t.getCause()) {
            if (t instanceof BadInput bad) {
                return new BadInput(bad.getMessage(), e);
            }
        }
        String message = String.valueOf(e.getMessage());
        if (message.contains("spark.rpc.message.maxSize")) {
            return new BadInput("a task is too large to send: lower --token-budget or --problems-per-step, or add --conf spark.rpc.message.maxSize=512", e);
        }
        if (message.contains("spark.driver.maxResultSize")) {
            return new BadInput("the gradients are larger than the driver accepts: add --conf spark.driver.maxResultSize=0, or --conf spark.lppo.sum=tree", e);
        }
        if (message.contains("Could not parse Master URL")) {
            return new BadInput("--master " + where + ": is none that Spark knows here; local[2], local-cluster[2,1,1024] and spark://HOST:7077 work"
                    + " by themselves, k8s://… and yarn under spark-submit (lib/lppo/spark/README.md)", e);
        }
        if (message.contains("All masters are unresponsive") || message.contains("Exception thrown in awaitResult")) {
            return new BadInput("--master " + where + ": does not answer; is the master up, and is this its URL?", e);
        }
        if (message.contains("OutOfMemoryError") || message.contains("ExecutorLostFailure")) {
            return new IllegalStateException("an executor died again and again (" + first(message) + "); is its memory too small? The engine's memory is"
                    + " outside of Java's heap: --conf spark.executor.memoryOverhead=4g");
        }
        return e instanceof RuntimeException runtime && !(e instanceof IllegalStateException) ? runtime : new IllegalStateException("Spark: " + first(message), e);
    }

    private static String first(String message) {
        return message.lines().findFirst().orElse("");
    }
}
