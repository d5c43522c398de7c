package spark;

import ai.djl.engine.EngineException;
import common.BadInput;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import lppo.run.OutOfMemory;

/** Translates errors of Spark into one line that says what to do. */
final class SparkErrors {

    private SparkErrors() {}

    /** Runs some work and translates exceptions of Spark into ones that a user understands. */
    static <T> T translated(Callable<T> work) {
        try {
            return work.call();
        } catch (Exception e) {
            throw translated(e);
        }
    }

    /** Connects to a master, after a check that it answers: Spark itself would try for a minute. */
    static <T> T connecting(Callable<T> work, String master) {
        if (master.startsWith("spark://")) {
            List<String> tried = Stream.of(master.substring(8).split(",")).map(SparkErrors::refusal).toList();
            BadInput.unless(tried.contains(""), "Spark master %s: does not answer (%s); is it up, and is this its URL?", master,
                    tried.get(0));
        }
        try {
            return work.call();
        } catch (Exception e) {
            if (String.valueOf(e.getMessage()).contains("Could not parse Master URL")) {
                throw new BadInput("Spark master " + master + ": is unknown to Spark here; local[2], local-cluster[2,1,1024] and"
                        + " spark://HOST:7077 work by themselves, k8s://… and yarn under spark-submit (lib/spark/README.md)", e);
            }
            if (master.startsWith("spark://")) {
                throw new BadInput("Spark master " + master + ": does not answer (" + first(e.getMessage()) + "); is it up, and is this its"
                        + " URL?", e);
            }
            throw translated(e);
        }
    }

    /** Why nothing answers at a host and port; empty if something does. */
    private static String refusal(String address) {
        try (Socket socket = new Socket()) {
            URI where = new URI("spark://" + address);
            socket.connect(new InetSocketAddress(where.getHost(), where.getPort()), 5000);
            return "";
        } catch (IOException | URISyntaxException | IllegalArgumentException e) {
            return e.getMessage();
        }
    }

    private static RuntimeException translated(Exception e) {
        for (Throwable t = e; t != null; t = t.getCause()) {
            if (t instanceof BadInput bad) {
                return new BadInput(bad.getMessage(), e);
            }
            if (t instanceof EngineException engine && OutOfMemory.is(engine)) {
                return engine; // the trainer saves, and says what to lower
            }
        }
        String message = String.valueOf(e.getMessage());
        if (message.contains("spark.rpc.message.maxSize")) {
            return new BadInput("a task is too large to send: lower the token budget or the problems per step, or add the Spark"
                    + " setting spark.rpc.message.maxSize=512", e);
        }
        if (message.contains("spark.driver.maxResultSize")) {
            return new BadInput("the gradients are larger than the driver accepts: add the Spark setting spark.driver.maxResultSize=0, or"
                    + " spark.lppo.sum=tree", e);
        }
        if (message.contains("OutOfMemoryError") || message.contains("ExecutorLostFailure")) {
            return new IllegalStateException("executors failed repeatedly (" + first(message) + "); do they have enough memory? Weights and"
                    + " gradients pass through Java's heap: raise the Spark setting spark.executor.memory. The engine's memory is outside"
                    + " it: lower the token budget and the rollout rows; on Kubernetes and YARN raise spark.executor.memoryOverhead", e);
        }
        return e instanceof RuntimeException runtime && !(e instanceof IllegalStateException) ? runtime
                : new IllegalStateException("Spark: " + first(message), e);
    }

    private static String first(String message) {
        return String.valueOf(message).lines().findFirst().orElse("");
    }
}
