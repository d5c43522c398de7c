package spark;

import ai.djl.ndarray.NDArray;
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
import lppo.data.BadInput;
import lppo.data.Seed;
import lppo.learn.Learner;
import lppo.learn.Sample;
import lppo.model.Policy;
import lppo.rollout.Rollout;
import lppo.rollout.Sampling;
import lppo.run.WorkerSetup;
import lppo.run.Backend;
import org.apache.hadoop.util.ShutdownHookManager;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.Function2;
import org.apache.spark.util.CollectionAccumulator;

/**
 * Spark executors that sample and compute gradients with replicas of a policy, which this process, the driver, holds and
 * teaches. Executors may die and come: Spark does their tasks again elsewhere, with the same result.
 */
public final class Cluster implements Backend {

    private static final int PATIENCE = 60; // seconds
    private static final int CALLS = 1000; // kept, if nobody asks

    private final JavaSparkContext context;
    private final Replica.Run run;
    private final Policy policy;
    private final Published published;
    private final SparkUpdate.Sum sum;
    private final boolean local;
    private final SparkHome home; // null unless executors are started from here
    private final List<Call> calls = new ArrayList<>();
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Runnable last = this::last;

    /** What an executor does with its replica and what it is given; both travel. */
    @FunctionalInterface
    interface Work<A, B> extends Serializable {
        B on(Replica replica, A given);
    }

    /**
     * Connects, and waits for the first executor.
     *
     * @param master as {@code spark-submit} has it: {@code local[2]}, {@code local-cluster[2,1,1024]}, {@code spark://HOST:7077};
     *     {@code k8s://…} and {@code yarn} under {@code spark-submit}
     * @param settings of Spark; {@code spark.lppo.sum} is {@link SparkUpdate.Sum}, {@code spark.lppo.patience} the seconds to wait
     *     for an executor, {@code spark.default.parallelism} the parts of the work (default: one per executor)
     * @param policy that learns, of that setup
     * @throws BadInput if the master cannot be reached or has no executor to give
     */
    public Cluster(String master, Map<String, String> settings, WorkerSetup setup, Policy policy) {
        long numbers = policy.parameters().stream().mapToLong(NDArray::size).sum();
        BadInput.unless(numbers < Integer.MAX_VALUE - 8, "--master: %,d numbers learn, more than an array of Java holds; learn adapters (--lora-rank 16)", numbers);
        this.policy = policy;
        local = master.matches("local(\\[.*])?");
        sum = sum(settings.getOrDefault("spark.lppo.sum", System.getProperty("spark.lppo.sum", "ordered")));
        run = Replica.Run.of(UUID.randomUUID().toString(), setup);
        home = master.startsWith("local-cluster[") ? SparkHome.forWorkersInHere() : null;
        SparkConf conf = configured(master, settings);
        try {
            context = SparkErrors.connecting(() -> new JavaSparkContext(conf), master);
        } catch (RuntimeException e) {
            if (home != null) {
                home.close();
            }
            throw e;
        }
        published = new Published(context, policy);
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
     * Such a cluster for a process that lets the step at hand end and saves when it is asked to end, see {@link commands.Interrupt}: Spark's
     * own shutdown hook waits until it is closed, a minute at most.
     */
    public static Cluster finishing(String master, Map<String, String> settings, WorkerSetup setup, Policy policy) {
        Cluster cluster = new Cluster(master, settings, setup, policy);
        ShutdownHookManager.get().addShutdownHook(cluster.last, 1000, PATIENCE + 5L, TimeUnit.SECONDS);
        return cluster;
    }

    private static SparkUpdate.Sum sum(String name) {
        return Stream.of(SparkUpdate.Sum.values()).filter(s -> s.name().equalsIgnoreCase(name)).findFirst()
                .orElseThrow(() -> new BadInput("--conf spark.lppo.sum=" + name + ": choose ordered or tree"));
    }

    private SparkConf configured(String master, Map<String, String> settings) {
        SparkConf conf = new SparkConf().setMaster(master).setAppName("lppo");
        settings.forEach(conf::set);
        conf.setIfMissing("spark.ui.enabled", "false");
        conf.setIfMissing("spark.ui.showConsoleProgress", "false");
        conf.setIfMissing("spark.driver.maxResultSize", "0"); // gradients are large
        conf.setIfMissing("spark.broadcast.compress", "false"); // weights hardly shrink
        String threads = System.getProperty("ai.djl.pytorch.num_threads");
        conf.set("spark.executor.extraJavaOptions", "-DOPT_OUT_TRACKING=true" + (threads == null ? "" : " -Dai.djl.pytorch.num_threads=" + threads)
                + " " + conf.get("spark.executor.extraJavaOptions", ""));
        if (home != null) {
            conf.setIfMissing("spark.executorEnv.SPARK_SCALA_VERSION", "2.13");
            conf.setIfMissing("spark.executor.defaultJavaOptions", "-XX:TieredStopAtLevel=1"); // or Java compiles, on cores that all share, for a minute
        } else if (!local) { // what a distribution of Spark lacks; spark-submit names its own jar there
            String named = conf.get("spark.jars", "");
            conf.set("spark.jars", Stream.concat(Stream.of(named), SparkHome.needed().stream().filter(jar -> !named.contains(jar)))
                    .filter(jar -> !jar.isEmpty()).collect(Collectors.joining(",")));
        }
        return conf;
    }

    /**
     * Waits until so many executors are there.
     *
     * @throws BadInput if they are not in time
     */
    public void await(int executors, int seconds, String master) {
        for (int i = 0; executors() < executors; i++) {
            BadInput.unless(i < 10 * seconds, "%s: %d of %d executors came within %d s. Are its workers up, and are cores and memory free (another"
                    + " application may hold them; --conf spark.executor.memory=512m asks for half)? Can they reach this machine (%s)?",
                    master, executors(), executors, seconds, context.getConf().get("spark.driver.host", "unknown"));
            try {
                Thread.sleep(100);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted while waiting for executors", e);
            }
        }
    }

    /** Executors that are there now; this process where it does the work itself. */
    public int executors() {
        return local ? 1 : context.sc().statusTracker().getExecutorInfos().length - 1; // the driver is listed too
    }

    /** Parts that the work is cut into. */
    int slots() {
        return local || context.getConf().contains("spark.default.parallelism") ? context.defaultParallelism() : Math.max(1, executors());
    }

    /** Most completions that a replica decodes at a time. */
    int rows() {
        return run.setup().rows();
    }

    JavaSparkContext context() {
        return context;
    }

    /** How often the weights were sent. */
    long versions() {
        return published.versions();
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
    public Learner learner(Learner learner) {
        return learner.gradientsFrom(new SparkUpdate(this, policy, sum));
    }

    /** Does each of some pieces of work on an executor; the results in order. */
    <A, B> List<B> run(String name, List<? extends A> pieces, Work<A, B> work) {
        List<Replica.Done<B>> done = call(name, pieces, work, JavaRDD::collect);
        return done.stream().map(Replica.Done::value).toList();
    }

    /** The same, with the results added on the way. */
    <A, B> B tree(String name, List<? extends A> pieces, Work<A, B> work, B zero, Function2<B, B, B> plus) {
        return this.<A, B, B>call(name, pieces, work, done -> done.map(Replica.Done::value).treeAggregate(zero, plus, plus));
    }

    private <A, B, C> C call(String name, List<? extends A> pieces, Work<A, B> work, Function<JavaRDD<Replica.Done<B>>, C> gather) {
        long begin = System.nanoTime();
        long before = published.versions();
        Published.Weights weights = published.weights();
        double publishing = (System.nanoTime() - begin) / 1e9;
        Replica.Run mine = run;
        CollectionAccumulator<Replica.Trace> traces = context.sc().collectionAccumulator(name);
        context.setJobDescription(name);
        C result = SparkErrors.told(() -> gather.apply(context.parallelize(new ArrayList<A>(pieces), pieces.size()).map(piece -> {
            Replica.Done<B> done = Replica.work(mine, weights, replica -> work.on(replica, piece));
            traces.add(done.trace());
            return done;
        })));
        double seconds = (System.nanoTime() - begin) / 1e9;
        Replica.Trace slowest = traces.value().stream().max(Comparator.comparingDouble(t -> t.renewing() + t.working())).orElseThrow();
        long bytes = 4 * policy.parameters().stream().mapToLong(NDArray::size).sum();
        if (calls.size() == CALLS) {
            calls.remove(0);
        }
        calls.add(new Call(name, pieces.size(), (int) traces.value().stream().filter(Replica.Trace::renewed).count(), seconds, publishing,
                slowest.renewing(), slowest.working(), weights.version() == before ? 0 : bytes, 0));
        return result;
    }

    /** Says how many bytes of gradients the last call brought. */
    void received(long bytes) {
        Call last = calls.remove(calls.size() - 1);
        calls.add(new Call(last.name(), last.parts(), last.renewed(), last.seconds(), last.publishing(), last.renewing(), last.working(), last.sent(), bytes));
    }

    private void last() {
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
            Replica.close(run.id()); // those of this process
            if (home != null) {
                home.close();
            }
        } finally {
            closed.countDown();
            if (!ShutdownHookManager.get().isShutdownInProgress()) {
                ShutdownHookManager.get().removeShutdownHook(last);
            }
        }
    }
}
