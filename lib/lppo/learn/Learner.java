package lppo.learn;

import common.BadInput;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import llm.Backpropagation;
import llm.Policy;
import lppo.Advantage;
import lppo.Algorithm;
import lppo.Objective;
import lppo.data.Step;
import lppo.rollout.Group;

/**
 * Updates a policy from scored groups: computes advantages, accumulates gradients over micro-batches within a token budget, clips them by
 * global norm, and applies AdamW.
 */
public final class Learner {

    private final Policy policy;
    private final Policy reference;
    private final LearnerSettings settings;
    private final GradientSource source;
    private final long logits;
    private final Layout layout; // null for what suits
    private AdamW optimizer; // created on first use

    /** Computes the gradient of a batch, in this process or elsewhere. */
    @FunctionalInterface
    public interface GradientSource {

        /**
         * Accumulates the gradient of a batch on the policy's parameters.
         *
         * @param samples with the weights of the whole batch
         * @return the numbers of the report, see {@link Learner#means}
         */
        double[] gradients(Learner learner, List<Sample> samples, Objective objective);
    }

    /** @param reference for a KL term; null for none */
    private Learner(Policy policy, Policy reference, LearnerSettings settings, GradientSource source, long logits, Layout layout) {
        this.policy = policy;
        this.reference = reference;
        this.settings = settings;
        this.source = source;
        this.logits = logits;
        this.layout = layout;
    }

    /** Creates a learner for the trainable parameters of a policy: its adapters if it has any, else its weights. */
    public static Learner of(Policy policy) {
        return of(policy, new LearnerSettings());
    }

    /** Returns a copy with other settings. */
    public static Learner of(Policy policy, LearnerSettings settings) {
        return new Learner(policy, null, settings, Learner::gradients, Backpropagation.LOGITS, null);
    }

    /** A learner with this learning rate, whose optimiser begins anew. */
    public Learner learningRate(double rate) {
        return new Learner(policy, reference, settings.learningRate(rate), source, logits, layout);
    }

    /** Returns a copy with a reference policy for KL terms. */
    public Learner reference(Policy other) {
        return new Learner(policy, other, settings, source, logits, layout);
    }

    /** Returns a copy with gradients computed elsewhere. */
    public Learner gradientsFrom(GradientSource other) {
        return new Learner(policy, reference, settings, other, logits, layout);
    }

    /** Returns a copy that computes at most this many logits at a time when activations are recomputed. */
    Learner logits(long values) {
        return new Learner(policy, reference, settings, source, values, layout);
    }

    /** The same with samples laid in this way. */
    Learner layout(Layout value) {
        return new Learner(policy, reference, settings, source, logits, value);
    }

    /** Returns the settings. */
    public LearnerSettings settings() {
        return settings;
    }

    /** Returns the optimiser, whose moments are the only state of a learner. */
    public AdamW optimizer() {
        if (optimizer == null) {
            optimizer = new AdamW(policy.parameters(), policy.manager(), new AdamW.Settings(0.9, 0.95, 1e-8, settings.weightDecay()));
        }
        return optimizer;
    }

    /**
     * Learns from the scored groups of a step: {@code updates} times {@code epochs} optimiser steps, each on a part of the groups.
     * A part whose groups are all silent is skipped.
     *
     * @param step whose number decides the learning rate during warm-up
     * @return the metrics of each optimiser step; empty if all groups are silent
     * @throws Diverged before any parameter changes, if the loss or a gradient is NaN or infinite, or if the log-probabilities of rollout
     *     and learner are too far apart
     */
    public List<UpdateMetrics> update(List<Group> groups, Advantage advantage, Objective objective, Step step) {
        List<List<Sample>> samples = truncated(samples(groups, advantage), objective);
        List<UpdateMetrics> metrics = new ArrayList<>();
        for (int update = 0; update < settings.updates() * settings.epochs(); update++) {
            int part = update % settings.updates();
            int from = samples.size() * part / settings.updates();
            int to = samples.size() * (part + 1) / settings.updates();
            update(samples.subList(from, to).stream().flatMap(List::stream).toList(), objective, settings.rateAt(step.number()))
                    .ifPresent(metrics::add);
        }
        return metrics;
    }

    /**
     * One optimiser step on samples of any kind.
     *
     * @return its metrics; empty if no sample has a gradient
     * @throws Diverged as above
     */
    public Optional<UpdateMetrics> update(List<Sample> samples, Objective objective, double learningRate) {
        BadInput.unless(reference != null || !objective.needsReference(), "the objective has a KL term: it needs a reference policy");
        optimizer(); // from now on the parameters record gradients
        List<Sample> weighted = Sample.weighted(samples, objective.aggregation()); // by the whole batch, the silent ones too
        List<Sample> learned = objective.needsSilentGroups() ? weighted
                : weighted.stream().filter(sample -> sample.advantage() != 0).toList();
        return learned.isEmpty() ? Optional.empty() : Optional.of(step(source.gradients(this, learned, objective), learningRate,
                learned.stream().allMatch(sample -> sample.behaviour() != null)));
    }

    /** The samples of each group with their advantages, in order. */
    private static List<List<Sample>> samples(List<Group> groups, Advantage advantage) {
        List<double[]> advantages = groups.isEmpty() ? List.of() : advantage.of(groups);
        BadInput.unless(advantages.size() == groups.size(), "the advantage gives %d arrays for %d groups", advantages.size(),
                groups.size());
        return IntStream.range(0, groups.size()).mapToObj(g -> {
            Group group = groups.get(g);
            double[] each = advantages.get(g);
            BadInput.unless(each.length == group.completions().size(), "problem %s: %d advantages for %d completions",
                    group.problem().id(), each.length, group.completions().size());
            for (double a : each) {
                BadInput.unless(Double.isFinite(a), "problem %s: an advantage is %s; are all completions scored?", group.problem().id(), a);
            }
            return IntStream.range(0, each.length).mapToObj(i -> Sample.of(group.completions().get(i), each[i])).toList();
        }).toList();
    }

    /** The samples with the learner's own log-probabilities before its first update, if importance is to be truncated. */
    private List<List<Sample>> truncated(List<List<Sample>> groups, Objective objective) {
        double cap = settings.importanceCap();
        if (cap == 0) {
            return groups;
        }
        Predicate<Sample> learned = sample -> objective.needsSilentGroups() || sample.advantage() != 0; // others are dropped
        Iterator<float[]> logProbs = logProbs(policy, groups.stream().flatMap(List::stream).filter(learned).toList()).iterator();
        return groups.stream().map(group -> group.stream()
                .map(sample -> learned.test(sample) ? sample.withOld(logProbs.next(), cap) : sample).toList()).toList();
    }

    /**
     * Advantages of rewards from which a KL term to the reference policy is taken off: the estimate summed over each completion, times
     * its coefficient.
     */
    public Advantage penalised(Advantage advantage, Algorithm.KlPenalty penalty) {
        if (penalty.coefficient() == 0) {
            return advantage;
        }
        BadInput.unless(reference != null, "KL coefficient %s: needs a reference policy", penalty.coefficient());
        return groups -> {
            List<Sample> samples = groups.stream().flatMap(g -> g.completions().stream()).map(c -> Sample.of(c, 0)).toList();
            Iterator<float[]> logProbs = logProbs(reference, samples).iterator();
            return advantage.of(groups.stream().map(group -> group.scored(c -> {
                float[] other = logProbs.next();
                return c.reward() - penalty.coefficient() * IntStream.range(0, other.length)
                        .mapToDouble(t -> penalty.estimator().of(c.logProbs()[t], other[t])).sum();
            })).toList());
        };
    }

    /** Updates the parameters with the accumulated gradient. */
    private UpdateMetrics step(double[] sums, double learningRate, boolean sampled) {
        double norm = optimizer().gradientNorm();
        if (!Double.isFinite(sums[0]) || !Double.isFinite(norm)) {
            optimizer().zeroGradients();
            throw new Diverged("the loss is %s and the gradient norm %s".formatted(sums[0], norm));
        }
        if (sampled && sums[5] > settings.maxDifference()) {
            optimizer().zeroGradients();
            throw new Diverged("log-probabilities of rollout and learner differ by %.2f nats on average".formatted(sums[5]));
        }
        optimizer().step(learningRate, Math.min(1, settings.maxNorm() / (norm + 1e-6)));
        return new UpdateMetrics(sums[0], sums[1], sums[2], sums[3], sums[4], sums[5], norm);
    }

    /** Accumulates the gradient of a batch on the parameters, in this process. */
    double[] gradients(List<Sample> samples, Objective objective) {
        return means(samples, micro(samples).stream().map(micro -> gradient(micro, objective)).toList());
    }

    /** The numbers of the report of a batch from those of its micro-batches, in their order. */
    public static double[] means(List<Sample> samples, List<double[]> parts) {
        double[] sums = new double[6];
        parts.forEach(part -> Arrays.setAll(sums, i -> sums[i] + part[i]));
        double weight = samples.stream().mapToDouble(s -> s.weight() * s.completion().length).sum();
        for (int i = 1; i < sums.length; i++) {
            sums[i] /= weight; // the means are over the tokens given; the loss is that of the whole batch
        }
        return sums;
    }

    /** How samples lie in the arrays that go through a model. */
    public enum Layout {
        /** A row each, padded to the longest. */
        PADDED,
        /** Short completions of one prompt in a row. */
        ROWS,
        /** One after another, see {@link Backpropagation}. */
        FLAT
    }

    /**
     * Samples that go through the model together.
     *
     * @param rows of samples that share a prompt; one list of them all where each has a row of its own
     * @param layout of these
     */
    public record Micro(List<List<Sample>> rows, Layout layout) implements Serializable {}

    /** The micro-batches of a batch, in the order in which their gradients are added. */
    public List<Micro> micro(List<Sample> samples) {
        return pass().micro(samples);
    }

    /** Accumulates the gradient of a micro-batch on the parameters; returns its part of the numbers of the report. */
    public double[] gradient(Micro micro, Objective objective) {
        return pass().gradient(micro, objective);
    }

    /**
     * Log-probabilities of the completion tokens of each sample under a policy as it is now, without a gradient.
     *
     * @param scored the policy that learns, or a reference with the same tokenizer
     */
    public List<float[]> logProbs(Policy scored, List<Sample> samples) {
        return pass().logProbs(scored, samples);
    }

    private Pass pass() {
        return new Pass(policy, reference, settings, logits, layout);
    }
}
