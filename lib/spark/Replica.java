package spark;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;
import common.BadInput;
import common.Seed;
import java.io.Serializable;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import llm.Lora;
import llm.Policy;
import llm.Scopes;
import lppo.Objective;
import lppo.data.Step;
import lppo.learn.AdamW;
import lppo.learn.Learner;
import lppo.learn.LearnerSettings;
import lppo.rollout.GpuRollout;
import lppo.rollout.Group;
import lppo.rollout.Prompt;
import lppo.rollout.Sampling;
import lppo.run.WorkerSetup;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;

/**
 * An executor's copy of the policy, one per device. It is kept between tasks, and fetches the weights that a task expects if its own
 * differ. Only one task at a time uses it, as the engine has one gradient collector per process.
 */
final class Replica {

    private static final Map<String, Replica> LIVE = new HashMap<>(); // by id of the run, and device

    private final Policy policy;
    private final Policy reference; // null without a KL term
    private final Policy base; // owns the weights
    private final int rows;
    private long version = -1;

    /**
     * The plan shared by all executors of a run.
     *
     * @param id of the run
     * @param workers how replicas are built
     * @param engine of the driver, see {@link #engineHere}
     */
    record RunSetup(String id, WorkerSetup workers, String engine) implements Serializable {}

    /**
     * The cost of a task.
     *
     * @param renewed whether the weights had to be fetched
     * @param renewing seconds that checking and fetching them took
     * @param working seconds of the work itself
     */
    record Timing(boolean renewed, double renewing, double working) implements Serializable {}

    /** The result of a task. */
    record Result<T>(T value, Timing timing) implements Serializable {}

    /**
     * The gradient of a micro-batch, or the sum of several.
     *
     * @param index of the micro-batch in the batch
     * @param values for all parameters
     * @param sums to report, see {@link Learner#means}
     */
    record Gradient(int index, FlatTensors values, double[] sums) implements Serializable {}

    private Replica(RunSetup run, Device device) {
        WorkerSetup plan = run.workers();
        String engine = engineHere();
        BadInput.unless(engine.equals(run.engine()), "host %s: has %s where the driver has %s, so its numbers would differ; give it the"
                + " driver's jars (spark.jars), and unset PYTORCH_VERSION and PYTORCH_LIBRARY_PATH there", host(), engine, run.engine());
        Path folder = Path.of(plan.folder());
        String found;
        try {
            found = WorkerSetup.fingerprint(folder);
        } catch (BadInput e) {
            throw new BadInput("host " + host() + ": " + e.getMessage() + "; put it at this path on every worker, or on a file system that"
                    + " they share", e);
        }
        BadInput.unless(found.equals(plan.fingerprint()), "host %s: %s is another model than the driver's; copy the driver's folder there",
                host(), folder);
        boolean whole = plan.adapters() == null;
        base = Policy.load(folder, device, plan.precision(), whole);
        Policy ending = base.endingAlsoAt(plan.stop()).sampledIn(plan.sampled()).sampledBy(plan.byOneDnn());
        policy = whole ? ending : ending.adapted(Lora.fresh(base.config(), plan.adapters(), new Seed(0), base.manager()));
        reference = !plan.reference() ? null : whole ? Policy.load(folder, device, plan.precision(), false) : base;
        policy.parameters().forEach(p -> p.setRequiresGradient(true));
        rows = plan.rows();
    }

    /** Runs a task with the replica of its device, after updating it to the expected weights. */
    static <T> Result<T> work(RunSetup run, WeightBroadcast.Weights expected, Function<Replica, T> work) {
        synchronized (Replica.class) {
            Replica replica = of(run);
            Scopes.recordNothing();
            try {
                long begin = System.nanoTime();
                boolean renewed = replica.renew(expected);
                long ready = System.nanoTime();
                T value = work.apply(replica);
                return new Result<>(value, new Timing(renewed, (ready - begin) / 1e9, (System.nanoTime() - ready) / 1e9));
            } catch (RuntimeException | Error e) {
                LIVE.values().remove(replica); // it may hold part of a gradient, to which the next attempt would add
                replica.close();
                throw e;
            }
        }
    }

    private static synchronized Replica of(RunSetup run) {
        Device device = device(run.workers().device());
        return LIVE.computeIfAbsent(run.id() + " " + device, key -> new Replica(run, device));
    }

    /** The GPU that Spark has assigned to the task, if it schedules GPUs; else the device of the run. */
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

    /** Fetches the expected weights unless the replica has them already. Returns whether it fetched. */
    private boolean renew(WeightBroadcast.Weights expected) {
        List<NDArray> parameters = policy.parameters();
        if (version == expected.version() && FlatTensors.of(parameters).checksum() == expected.checksum()) {
            return false;
        }
        FlatTensors values = expected.values().value();
        BadInput.unless(values.size() == parameters.stream().mapToLong(NDArray::size).sum(),
                "host %s: the driver's policy has other parameters than the worker setup; make both from one model folder and its adapters",
                host());
        values.forEach(parameters,
                (parameter, fresh) -> parameter.set(new NDIndex("..."), parameter.getManager().create(fresh, parameter.getShape())));
        BadInput.unless(FlatTensors.of(parameters).checksum() == expected.checksum(),
                "host %s: version %d of the weights arrived corrupted; check this machine's memory and network", host(),
                expected.version());
        version = expected.version();
        return true;
    }

    /** Samples as one process would in this step. */
    List<Group> sample(List<Prompt> prompts, Sampling sampling, Seed seed, long step) {
        return new GpuRollout(policy, sampling, rows).sample(prompts, new Step(step, seed));
    }

    /** The gradient of several micro-batches together, added by the engine. */
    Gradient gradient(Map<Integer, Learner.Micro> micros, SerializedObjective sent, LearnerSettings settings) {
        Objective objective = sent.restore();
        Learner learner = Learner.of(policy, settings).reference(reference);
        double[] total = null;
        for (Learner.Micro micro : micros.values()) {
            double[] sums = learner.gradient(micro, objective);
            for (int i = 0; total != null && i < sums.length; i++) {
                sums[i] += total[i];
            }
            total = sums;
        }
        return new Gradient(Integer.MAX_VALUE, takeGradient(), total);
    }

    /** The gradient of each micro-batch by itself. */
    List<Gradient> gradients(Map<Integer, Learner.Micro> micros, SerializedObjective sent, LearnerSettings settings) {
        Objective objective = sent.restore();
        Learner learner = Learner.of(policy, settings).reference(reference);
        List<Gradient> gradients = new ArrayList<>();
        micros.forEach((index, micro) -> {
            double[] sums = learner.gradient(micro, objective);
            gradients.add(new Gradient(index, takeGradient(), sums));
        });
        return gradients;
    }

    /** Copies the accumulated gradient and sets it to zero. */
    private FlatTensors takeGradient() {
        List<NDArray> parameters = policy.parameters();
        FlatTensors[] all = new FlatTensors[1];
        Scopes.run(() -> all[0] = FlatTensors.of(parameters.stream().map(NDArray::getGradient).toList()));
        AdamW.zeroGradients(parameters);
        return all[0];
    }

    /** Changes the weights of all replicas in this process: for tests. */
    static synchronized void spoil() {
        LIVE.values().forEach(replica -> Scopes.run(() -> replica.policy.parameters().get(0).addi(1)));
    }

    /** The engine, its version and the platform. */
    static String engineHere() {
        Engine engine = Engine.getEngine("PyTorch");
        return "PyTorch %s for %s %s".formatted(engine.getVersion(), System.getProperty("os.name"), System.getProperty("os.arch"));
    }

    /** The name of this machine in error messages. */
    static String host() {
        SparkEnv env = SparkEnv.get();
        try {
            return env == null ? InetAddress.getLocalHost().getHostName() : env.blockManager().blockManagerId().host();
        } catch (UnknownHostException e) {
            return "unknown";
        }
    }
}
