package spark;

import ai.djl.ndarray.NDArray;
import common.BadInput;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import llm.Policy;
import lppo.learn.Learner;
import lppo.rollout.Rollout;
import lppo.rollout.Sampling;
import lppo.run.Backend;
import lppo.run.WorkerSetup;
import org.apache.hadoop.util.ShutdownHookManager;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.Function2;
import org.apache.spark.util.CollectionAccumulator;

/**
 * Spark executors that sample and compute gradients with replicas of a policy. The policy itself, its optimiser and everything else of
 * a run stay in this process, the driver. Executors may fail and others may join: Spark repeats the tasks of a lost executor on another
 * one, with the same result.
 */
public final class Cluster implements Backend {

    private static final int PATIENCE = 60; // seconds
    private static final int CALLS = 1000; // kept at most, if calls() is never called
    private static final int LONGEST_ARRAY = Integer.MAX_VALUE - 8; // in Java

    private final JavaSparkContext context;
    private final Replica.RunSetup run;
    private final Policy policy;
    private final WeightBroadcast weights;
    private final SparkUpdate.Sum sum;
    private final boolean local;
    private final TemporarySparkHome home; // null unless this process starts the workers
    private final List<Call> calls = new ArrayList<>();
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Runnable waiting = this::awaitClosed;

    /** The work of an executor with its replica and an input; it is serialised, as are the input and the result. */
    @FunctionalInterface
    interface Work<A, B> extends Serializable {
        B on(Replica replica, A piece);
    }

    /**
     * Connects to a master and waits for the first executor.
     *
     * @param master as in {@code spark-submit}: {@code local[2]}, {@code local-cluster[2,1,1024]}, {@code spark://HOST:7077};
     *     {@code k8s://…} and {@code yarn} under {@code spark-submit}
     * @param settings of Spark, and three of ours: {@code spark.lppo.sum} is a {@link SparkUpdate.Sum}, {@code spark.lppo.patience} the
     *     seconds to wait for an executor, {@code spark.default.parallelism} the number of parts of the work (default: one per executor)
     * @param setup how executors build their replicas
     * @param policy to train, created as described by the setup
     * @throws BadInput if the master cannot be reached or offers no executor, or a setting is invalid
     */
    public Cluster(String master, Map<String, String> settings, WorkerSetup setup, Policy policy) {
        long trainable = policy.parameters().stream().mapToLong(NDArray::size).sum();
        BadInput.unless(trainable <= LONGEST_ARRAY, "Spark master %s: %,d trainable parameters are more than Java can send in one array;"
                + " train adapters (LoRA) instead", master, trainable);
        this.policy = policy;
        local = master.matches("local(\\[.*])?");
        sum = sum(settings.getOrDefault("spark.lppo.sum", System.getProperty("spark.lppo.sum", "ordered")));
        run = new Replica.RunSetup(UUID.randomUUID().toString(), setup.sampledBy(policy.byOneDnn()), Replica.engineHere());
        home = master.startsWith("local-cluster[") ? TemporarySparkHome.forLocalCluster() : null;
        SparkConf conf = configured(master, settings);
        try {
            context = SparkErrors.connecting(() -> new JavaSparkContext(conf), master);
        } catch (RuntimeException e) {
            if (home != null) {
                home.close();
            }
            throw e;
        }
        weights = new WeightBroadcast(context, policy);
        if (!local) {
            try {
                await(1, conf.getInt("spark.lppo.patience", PATIENCE), master);
            } catch (RuntimeException e) {
                close();
                throw e;
            }
        }
    }

    /**
     * A cluster for a process that finishes the current step and saves when it is asked to stop (Ctrl-C): Spark's own shutdown hook
     * waits until the cluster is closed, a minute at most.
     */
    public static Cluster closedBeforeExit(String master, Map<String, String> settings, WorkerSetup setup, Policy policy) {
        Cluster cluster = new Cluster(master, settings, setup, policy);
        ShutdownHookManager.get().addShutdownHook(cluster.waiting, 1000, PATIENCE + 5L, TimeUnit.SECONDS);
        return cluster;
    }

    private static SparkUpdate.Sum sum(String name) {
        return Stream.of(SparkUpdate.Sum.values()).filter(s -> s.name().equalsIgnoreCase(name)).findFirst()
                .orElseThrow(() -> new BadInput("Spark setting spark.lppo.sum=" + name + ": choose ordered or tree"));
    }

    private SparkConf configured(String master, Map<String, String> settings) {
        SparkConf conf = new SparkConf().setMaster(master).setAppName("lppo");
        settings.forEach(conf::set);
        conf.setIfMissing("spark.ui.enabled", "false");
        conf.setIfMissing("spark.ui.showConsoleProgress", "false");
        conf.setIfMissing("spark.driver.maxResultSize", "0"); // gradients are large
        conf.setIfMissing("spark.broadcast.compress", "false"); // weights hardly shrink
        String threads = System.getProperty("ai.djl.pytorch.num_threads");
        conf.set("spark.executor.extraJavaOptions", "-DOPT_OUT_TRACKING=true "
                + (threads == null ? "" : "-Dai.djl.pytorch.num_threads=" + threads + " ")
                + conf.get("spark.executor.extraJavaOptions", ""));
        if (home != null) {
            conf.setIfMissing("spark.executorEnv.SPARK_SCALA_VERSION", "2.13");
            conf.setIfMissing("spark.executor.defaultJavaOptions", "-XX:TieredStopAtLevel=1"); // C2 would compile for a minute
        } else if (!local) { // the libraries that a distribution of Spark lacks; spark-submit has put its own jar there
            String named = conf.get("spark.jars", "");
            conf.set("spark.jars", Stream.concat(Stream.of(named), TemporarySparkHome.needed().stream().filter(jar -> !named.contains(jar)))
                    .filter(jar -> !jar.isEmpty()).collect(Collectors.joining(",")));
        }
        return conf;
    }

    /**
     * Waits until at least so many executors have registered.
     *
     * @throws BadInput if they have not within that many seconds
     */
    public void await(int executors, int seconds, String master) {
        for (int i = 0; executors() < executors; i++) {
            BadInput.unless(i < 10 * seconds, "Spark master %s: %d of %d executors registered within %d s. Are its workers up, with"
                    + " free cores and memory (another application may hold them; the Spark setting spark.executor.memory=512m asks for"
                    + " half)? Can they reach this machine (%s)?", master, executors(), executors, seconds,
                    context.getConf().get("spark.driver.host", "unknown"));
            try {
                Thread.sleep(100);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted while waiting for executors", e);
            }
        }
    }

    /** The number of executors now; 1 with the master {@code local}, where this process does the work. */
    public int executors() {
        return local ? 1 : context.sc().statusTracker().getExecutorInfos().length - 1; // the driver is counted too
    }

    /** Returns the number of parts that work is split into. */
    int slots() {
        return local || context.getConf().contains("spark.default.parallelism") ? context.defaultParallelism()
                : Math.max(1, executors());
    }

    /** How replicas are built. */
    WorkerSetup setup() {
        return run.workers();
    }

    JavaSparkContext context() {
        return context;
    }

    /** How often the weights have been broadcast. */
    long versions() {
        return weights.versions();
    }

    @Override
    public List<Call> calls() {
        List<Call> latest = List.copyOf(calls);
        calls.clear();
        return latest;
    }

    @Override
    public Rollout rollout(Sampling sampling) {
        return new SparkRollout(this, sampling);
    }

    @Override
    public int rows() {
        return setup().rows();
    }

    @Override
    public Learner learner(Learner learner) {
        return learner.gradientsFrom(new SparkUpdate(this, policy, sum));
    }

    /** Runs each piece of work on an executor and returns the results in order. */
    <A, B> List<B> run(String name, List<? extends A> pieces, Work<A, B> work) {
        List<Replica.Result<B>> results = call(name, pieces, work, JavaRDD::collect);
        return results.stream().map(Replica.Result::value).toList();
    }

    /** Runs each piece of work on an executor and returns the sum of the results, which are added on the executors. */
    <A, B> B tree(String name, List<? extends A> pieces, Work<A, B> work, B zero, Function2<B, B, B> plus) {
        return this.<A, B, B>call(name, pieces, work, results -> results.map(Replica.Result::value).treeAggregate(zero, plus, plus));
    }

    private <A, B, C> C call(String name, List<? extends A> pieces, Work<A, B> work, Function<JavaRDD<Replica.Result<B>>, C> gather) {
        long begin = System.nanoTime();
        long before = weights.versions();
        WeightBroadcast.Weights expected = weights.current();
        double publishing = (System.nanoTime() - begin) / 1e9;
        Replica.RunSetup setup = run;
        CollectionAccumulator<Replica.Timing> timings = context.sc().collectionAccumulator(name);
        context.setJobDescription(name);
        C gathered = SparkErrors.translated(() -> gather.apply(context.parallelize(new ArrayList<A>(pieces), pieces.size()).map(piece -> {
            Replica.Result<B> result = Replica.work(setup, expected, replica -> work.on(replica, piece));
            timings.add(result.timing());
            return result;
        })));
        double seconds = (System.nanoTime() - begin) / 1e9;
        Replica.Timing slowest = timings.value().stream()
                .max(Comparator.comparingDouble(timing -> timing.renewing() + timing.working())).orElseThrow();
        int renewed = (int) timings.value().stream().filter(Replica.Timing::renewed).count();
        long bytes = 4 * policy.parameters().stream().mapToLong(NDArray::size).sum();
        if (calls.size() == CALLS) {
            calls.remove(0);
        }
        calls.add(new Call(name, pieces.size(), renewed, seconds, publishing, slowest.renewing(), slowest.working(),
                expected.version() == before ? 0 : bytes, 0));
        return gathered;
    }

    /** Records how many bytes of gradients the last call returned. */
    void received(long bytes) {
        Call last = calls.remove(calls.size() - 1);
        calls.add(new Call(last.name(), last.parts(), last.renewed(), last.seconds(), last.publishing(), last.renewing(), last.working(),
                last.sent(), bytes));
    }

    private void awaitClosed() {
        try {
            closed.await(PATIENCE, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        try {
            context.close();
            Replica.close(run.id()); // the replicas in this process
            if (home != null) {
                home.close();
            }
        } finally {
            closed.countDown();
            if (!ShutdownHookManager.get().isShutdownInProgress()) {
                ShutdownHookManager.get().removeShutdownHook(waiting);
            }
        }
    }
}
