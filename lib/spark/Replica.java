package spark;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;
import java.io.Serializable;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import lppo.data.BadInput;
import lppo.Objective;
import lppo.data.Seed;
import lppo.data.Step;
import lppo.learn.AdamW;
import lppo.learn.Learner;
import lppo.model.Lora;
import lppo.model.Policy;
import lppo.model.Scopes;
import lppo.rollout.Group;
import lppo.rollout.GpuRollout;
import lppo.rollout.Prompt;
import lppo.rollout.Sampling;
import lppo.run.WorkerSetup;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;

/**
 * The policy of an executor, one per device: kept from task to task, and renewed by the weights that a task expects. One task
 * at a time works with it, as the engine collects gradients once per process.
 */
final class Replica {

    private static final Map<String, Replica> LIVE = new HashMap<>(); // by run and device

    private final Policy policy;
    private final Policy reference; // null without a KL term
    private final Policy base; // what is closed
    private final Learner learner;
    private final int rows;
    private long version = -1;

    /** What a run's executors have to agree on. */
    record Run(String id, WorkerSetup setup, String engine) implements Serializable {

        /** With the engine of this process. */
        static Run of(String id, WorkerSetup setup) {
            return new Run(id, setup, engineHere());
        }
    }

    /**
     * What a task did.
     *
     * @param host where
     * @param executor its id
     * @param renewed whether the weights had to be fetched
     * @param renewing seconds that checking and fetching them took
     * @param working seconds of the work itself
     */
    record Trace(String host, String executor, boolean renewed, double renewing, double working) implements Serializable {}

    /** A result and how it came about. */
    record Done<T>(T value, Trace trace) implements Serializable {}

    /**
     * The gradient of a micro-batch, or of several together.
     *
     * @param index of the (first) micro-batch
     * @param values for all parameters
     * @param sums numbers of the report
     */
    record Gradient(int index, Floats values, double[] sums) implements Serializable {}

    private Replica(Run run, Device device) {
        WorkerSetup plan = run.setup();
        String engine = engineHere();
        BadInput.unless(engine.equals(run.engine()), "host %s: has %s where the driver has %s, so its numbers would differ; give it the driver's"
                + " jars (--jars), and unset PYTORCH_VERSION and PYTORCH_LIBRARY_PATH there", host(), engine, run.engine());
        Path folder = Path.of(plan.folder());
        String found;
        try {
            found = WorkerSetup.fingerprint(folder);
        } catch (BadInput e) {
            throw new BadInput("host " + host() + ": " + e.getMessage() + "; put it at this path on every worker, or on a file system they share", e);
        }
        BadInput.unless(found.equals(plan.fingerprint()), "host %s: %s is another model than the driver's; copy the driver's folder there", host(),
                folder);
        boolean learning = plan.adapters() == null;
        base = Policy.load(folder, device, plan.precision(), learning);
        Policy ending = base.endingAlsoAt(plan.stop());
        policy = learning ? ending : ending.adapted(Lora.fresh(base.config(), plan.adapters(), new Seed(0), base.manager()));
        reference = !plan.reference() ? null : learning ? Policy.load(folder, device, plan.precision(), false) : base;
        policy.parameters().forEach(p -> p.setRequiresGradient(true));
        learner = Learner.of(policy, plan.learning()).reference(reference);
        rows = plan.rows();
    }

    /** Does a task's work with the replica of its device, which has the expected weights then. */
    static <T> Done<T> work(Run run, Published.Weights expected, Function<Replica, T> work) {
        synchronized (Replica.class) {
            Replica replica = of(run);
            Scopes.recordNothing();
            try {
                long begin = System.nanoTime();
                boolean renewed = replica.renew(expected);
                long ready = System.nanoTime();
                T value = work.apply(replica);
                return new Done<>(value, new Trace(host(), SparkEnv.get().executorId(), renewed, (ready - begin) / 1e9, (System.nanoTime() - ready) / 1e9));
            } catch (RuntimeException | Error e) {
                LIVE.values().remove(replica); // half a gradient may be left in it, to which the next attempt would add
                replica.close();
                throw e;
            }
        }
    }

    private static synchronized Replica of(Run run) {
        Device device = device(run.setup().device());
        return LIVE.computeIfAbsent(run.id() + " " + device, key -> new Replica(run, device));
    }

    /** The GPU that Spark assigned to the task, if it schedules them; else what the run asks for. */
    private static Device device(String wanted) {
        var gpus = TaskContext.get().resourcesJMap().get("gpu");
        if (gpus != null) {
            return Device.gpu(Integer.parseInt(gpus.addresses()[0]));
        }
        try {
            return Policy.device(wanted);
        } catch (BadInput e) {
            throw new BadInput("host " + host() + ": " + e.getMessage(), e);
        }
    }

    /** Frees the replicas of a run in this process. */
    static synchronized void close(String run) {
        LIVE.entrySet().removeIf(entry -> {
            boolean mine = entry.getKey().startsWith(run + " ");
            if (mine) {
                entry.getValue().close();
            }
            return mine;
        });
    }

    private void close() {
        if (reference != null && reference != base) {
            reference.close();
        }
        base.close();
    }

    /** Refuses weights that are not those expected and fetches these; false if there was nothing to do. */
    private boolean renew(Published.Weights expected) {
        List<NDArray> parameters = policy.parameters();
        if (version == expected.version() && Floats.of(parameters).checksum() == expected.checksum()) {
            return false;
        }
        Floats values = expected.values().value();
        BadInput.unless(values.size() == parameters.stream().mapToLong(NDArray::size).sum(), "host %s: the weights of the step are of another model", host());
        values.each(parameters, (parameter, fresh) -> parameter.set(new NDIndex("..."), parameter.getManager().create(fresh, parameter.getShape())));
        BadInput.unless(Floats.of(parameters).checksum() == expected.checksum(), "host %s: the weights of version %d arrived damaged; look at this"
                + " machine's memory and network", host(), expected.version());
        version = expected.version();
        return true;
    }

    /** Samples. */
    List<Group> sample(List<Prompt> prompts, Sampling sampling, Seed seed, long step) {
        return new GpuRollout(policy, sampling, rows).sample(prompts, new Step(step, seed));
    }

    /** The gradient of several micro-batches together, added by the engine. */
    Gradient gradient(Map<Integer, Learner.Micro> micros, Objective objective) {
        double[] total = null;
        for (Learner.Micro micro : micros.values()) {
            double[] sums = learner.gradient(micro, objective);
            for (int i = 0; total != null && i < sums.length; i++) {
                sums[i] += total[i];
            }
            total = sums;
        }
        return new Gradient(Integer.MAX_VALUE, taken(), total);
    }

    /** The gradient of each micro-batch by itself. */
    List<Gradient> gradients(Map<Integer, Learner.Micro> micros, Objective objective) {
        List<Gradient> gradients = new ArrayList<>();
        micros.forEach((index, micro) -> {
            double[] sums = learner.gradient(micro, objective);
            gradients.add(new Gradient(index, taken(), sums));
        });
        return gradients;
    }

    /** The accumulated gradient, which is zero afterwards. */
    private Floats taken() {
        List<NDArray> parameters = policy.parameters();
        Floats[] all = new Floats[1];
        Scopes.run(() -> all[0] = Floats.of(parameters.stream().map(NDArray::getGradient).toList()));
        AdamW.zeroGradients(parameters);
        return all[0];
    }

    /** Spoils the weights of all replicas of this process: for tests. */
    static synchronized void spoil() {
        LIVE.values().forEach(replica -> Scopes.run(() -> replica.policy.parameters().get(0).addi(1)));
    }

    /** The engine, its version and its native library. */
    static String engineHere() {
        Engine engine = Engine.getEngine("PyTorch");
        return "PyTorch %s for %s %s".formatted(engine.getVersion(), System.getProperty("os.name"), System.getProperty("os.arch"));
    }

    /** This machine, as error lines name it. */
    static String host() {
        SparkEnv env = SparkEnv.get();
        try {
            return env == null ? InetAddress.getLocalHost().getHostName() : env.blockManager().blockManagerId().host();
        } catch (UnknownHostException e) {
            return "unknown";
        }
    }
}
