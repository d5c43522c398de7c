package spark;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.training.GradientCollector;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.io.OutputStream;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import lppo.Objective;
import lppo.data.BadInput;
import lppo.learn.Learner;
import lppo.learn.Sample;
import lppo.model.Policy;

/**
 * Gradients that are computed on executors, a micro-batch at a time; the optimiser steps on the driver. The
 * micro-batches are those of one process with the same {@code --token-budget}, which must be small enough for each executor
 * to have one.
 *
 * <p>Seen in {@code notebooks/9-beyond-one-machine.ipynb}.
 *
 * @param cluster of executors
 * @param policy that learns, on the driver
 * @param sum how gradients are added
 */
public record SparkUpdate(Cluster cluster, Policy policy, Sum sum) implements Learner.GradientSource {

    /** How gradients are added. */
    public enum Sum {
        /** On the driver, in the order of the micro-batches: to the last bit what one process computes. One gradient per micro-batch travels. */
        ORDERED,
        /** On the executors, then by {@code treeAggregate}: one gradient per executor travels; the last bits depend on who comes first. */
        TREE
    }

    @Override
    public double[] gradients(Learner learner, List<Sample> samples, Objective objective) {
        checkSerializable(objective);
        List<Learner.Micro> micros = learner.micro(samples);
        int count = Math.min(cluster.slots(), micros.size());
        List<LinkedHashMap<Integer, Learner.Micro>> work = new ArrayList<>();
        for (int part = 0; part < count; part++) {
            LinkedHashMap<Integer, Learner.Micro> mine = new LinkedHashMap<>();
            for (int i = part; i < micros.size(); i += count) { // in turns, as they are sorted by length
                mine.put(i, micros.get(i));
            }
            work.add(mine);
        }
        Replica.Gradient total = sum == Sum.ORDERED ? ordered(work, objective) : tree(work, objective);
        cluster.received(4L * total.values().size() * (sum == Sum.ORDERED ? micros.size() : count));
        total.values().each(policy.parameters(), SparkUpdate::add);
        return Learner.means(samples, List.of(total.sums()));
    }

    private static void checkSerializable(Objective objective) {
        try (ObjectOutputStream out = new ObjectOutputStream(OutputStream.nullOutputStream())) {
            out.writeObject(objective);
        } catch (IOException e) {
            throw new BadInput("the objective cannot be sent to executors: it holds a " + e.getMessage()
                    + ", which is not serialisable; hold plain numbers and records only", e);
        }
    }

    private Replica.Gradient ordered(List<LinkedHashMap<Integer, Learner.Micro>> work, Objective objective) {
        return cluster.run("update", work, (replica, micros) -> replica.gradients(micros, objective)).stream().flatMap(List::stream)
                .sorted(Comparator.comparingInt(Replica.Gradient::index)).reduce(SparkUpdate::plus).orElseThrow();
    }

    private Replica.Gradient tree(List<LinkedHashMap<Integer, Learner.Micro>> work, Objective objective) {
        return cluster.tree("update", work, (replica, micros) -> replica.gradient(micros, objective),
                new Replica.Gradient(Integer.MAX_VALUE, new Floats(), new double[0]), SparkUpdate::plus);
    }

    /** The sum, kept in the first; one of no values is the other. */
    private static Replica.Gradient plus(Replica.Gradient a, Replica.Gradient b) {
        if (a.values().size() == 0 || b.values().size() == 0) {
            return a.values().size() == 0 ? b : a;
        }
        a.values().add(b.values());
        Arrays.setAll(a.sums(), i -> a.sums()[i] + b.sums()[i]);
        return a;
    }

    /** Adds values to the gradient of an array: there may be none yet, and only the engine can make one. That of x . g is g. */
    private static void add(NDArray parameter, FloatBuffer gradient) {
        try (GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
            collector.backward(parameter.mul(parameter.getManager().create(gradient, parameter.getShape())).sum());
        }
    }
}
