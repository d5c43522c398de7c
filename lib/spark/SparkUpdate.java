package spark;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.training.GradientCollector;
import common.BadInput;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import llm.Policy;
import lppo.Objective;
import lppo.learn.Learner;
import lppo.learn.LearnerSettings;
import lppo.learn.Sample;

/**
 * Computes gradients on executors, a micro-batch at a time; the optimiser's step is taken on the driver. The objective and the learner's
 * settings are sent with each batch. The micro-batches are those of one process with the same token budget, which must be small enough
 * for each executor to get one.
 *
 * <p>Seen in {@code notebooks/9-beyond-one-machine.ipynb}.
 *
 * @param cluster of executors
 * @param policy to train, on the driver
 * @param sum how gradients are added
 */
public record SparkUpdate(Cluster cluster, Policy policy, Sum sum) implements Learner.GradientSource {

    /** How gradients are added. */
    public enum Sum {
        /**
         * On the driver, in the order of the micro-batches: the same as in one process, to the last bit. Every micro-batch's gradient is
         * sent to the driver.
         */
        ORDERED,
        /**
         * On the executors, then by {@code treeAggregate}: only one gradient per executor is sent, and rounding depends on which
         * executor is first.
         */
        TREE
    }

    @Override
    public double[] gradients(Learner learner, List<Sample> samples, Objective objective) {
        BadInput.unless(cluster.setup().reference() || !objective.needsReference(), "the objective needs a reference policy, but the"
                + " executors' setup has none; make the WorkerSetup of a recipe with this objective");
        SerializedObjective sent = SerializedObjective.of(objective);
        List<Learner.Micro> micros = learner.micro(samples);
        int count = Math.min(cluster.slots(), micros.size());
        List<LinkedHashMap<Integer, Learner.Micro>> work = new ArrayList<>();
        for (int part = 0; part < count; part++) {
            LinkedHashMap<Integer, Learner.Micro> mine = new LinkedHashMap<>();
            for (int i = part; i < micros.size(); i += count) { // interleaved, as micro-batches are sorted by length
                mine.put(i, micros.get(i));
            }
            work.add(mine);
        }
        LearnerSettings settings = learner.settings();
        Replica.Gradient total = sum == Sum.ORDERED ? ordered(work, sent, settings) : tree(work, sent, settings);
        cluster.received(4L * total.values().size() * (sum == Sum.ORDERED ? micros.size() : count));
        total.values().forEach(policy.parameters(), SparkUpdate::add);
        return Learner.means(samples, List.of(total.sums()));
    }

    private Replica.Gradient ordered(List<LinkedHashMap<Integer, Learner.Micro>> work, SerializedObjective objective,
            LearnerSettings settings) {
        return cluster.run("update", work, (replica, micros) -> replica.gradients(micros, objective, settings)).stream()
                .flatMap(List::stream).sorted(Comparator.comparingInt(Replica.Gradient::index)).reduce(SparkUpdate::plus).orElseThrow();
    }

    private Replica.Gradient tree(List<LinkedHashMap<Integer, Learner.Micro>> work, SerializedObjective objective,
            LearnerSettings settings) {
        return cluster.tree("update", work, (replica, micros) -> replica.gradient(micros, objective, settings),
                new Replica.Gradient(Integer.MAX_VALUE, new FlatTensors(), new double[0]), SparkUpdate::plus);
    }

    /** Adds b to a and returns a; if one of them is empty, returns the other. */
    private static Replica.Gradient plus(Replica.Gradient a, Replica.Gradient b) {
        if (a.values().size() == 0 || b.values().size() == 0) {
            return a.values().size() == 0 ? b : a;
        }
        a.values().add(b.values());
        Arrays.setAll(a.sums(), i -> a.sums()[i] + b.sums()[i]);
        return a;
    }

    /** Adds values to a parameter's gradient. Only a backward pass can make one if there is none yet: the gradient of sum(x * g) is g. */
    private static void add(NDArray parameter, FloatBuffer gradient) {
        try (GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
            collector.backward(parameter.mul(parameter.getManager().create(gradient, parameter.getShape())).sum());
        }
    }
}
