package lppo.learn;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.nn.core.Embedding;
import ai.djl.training.GradientCollector;
import common.BadInput;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import llm.Backpropagation;
import llm.FlatTokens;
import llm.Policy;
import llm.Recomputation;
import llm.Scopes;
import lppo.Advantage;
import lppo.Algorithm;
import lppo.Objective;
import lppo.data.Step;
import lppo.rollout.Group;

/**
 * Learns from scored groups: advantages, micro-batches by token budget, whose gradients add up to that of the whole batch, clipping by
 * global norm, AdamW.
 */
public final class Learner {

    /** Bytes of activations that are kept at a time, unless a single sequence takes more. */
    public static final long ACTIVATIONS = 3L << 29;

    private final Policy policy;
    private final Policy reference;
    private final LearnerSettings settings;
    private final GradientSource source;
    private final long logits;
    private final Layout layout; // null for what suits
    private AdamW optimizer; // made when first needed

    /** Where the gradient of a batch is computed. */
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

    /** A learner of all that can learn in a policy: its adapters if it has some, else its weights. */
    public static Learner of(Policy policy) {
        return of(policy, new LearnerSettings());
    }

    /** The same with other settings. */
    public static Learner of(Policy policy, LearnerSettings settings) {
        return new Learner(policy, null, settings, Learner::gradients, Backpropagation.LOGITS, null);
    }

    /** A learner with this learning rate, whose optimiser begins anew. */
    public Learner learningRate(double rate) {
        return new Learner(policy, reference, settings.learningRate(rate), source, logits, layout);
    }

    /** The same with a reference policy for KL terms. */
    public Learner reference(Policy other) {
        return new Learner(policy, other, settings, source, logits, layout);
    }

    /** The same with gradients computed elsewhere. */
    public Learner gradientsFrom(GradientSource other) {
        return new Learner(policy, reference, settings, other, logits, layout);
    }

    /** The same with so many logits at a time when activations are recomputed. */
    Learner logits(long values) {
        return new Learner(policy, reference, settings, source, values, layout);
    }

    /** The same with samples laid in this way. */
    Learner layout(Layout value) {
        return new Learner(policy, reference, settings, source, logits, value);
    }

    /** What it was made with. */
    public LearnerSettings settings() {
        return settings;
    }

    /** The optimiser, whose moments are all that a learner remembers. */
    public AdamW optimizer() {
        if (optimizer == null) {
            optimizer = new AdamW(policy.parameters(), policy.manager(), new AdamW.Settings(0.9, 0.95, 1e-8, settings.weightDecay()));
        }
        return optimizer;
    }

    /**
     * Learns from the scored groups of a step: {@code updates} times {@code epochs} optimiser steps, each on a part of the groups.
     * A part whose groups are all silent teaches nothing and moves nothing.
     *
     * @param step whose number decides the learning rate during warm-up
     * @return the metrics of each optimiser step; empty if all groups are silent
     * @throws Diverged before any parameter moves, if the loss or a gradient is NaN or infinite, or if the log-probabilities of rollout
     *     and learner are too far apart
     */
    public List<UpdateMetrics> update(List<Group> groups, Advantage advantage, Objective objective, Step step) {
        List<List<Sample>> samples = truncated(samples(groups, advantage));
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
     * @return its metrics; empty if no sample teaches anything
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
        BadInput.unless(advantages.size() == groups.size(), "the advantage gives %d arrays for %d groups", advantages.size(), groups.size());
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
    private List<List<Sample>> truncated(List<List<Sample>> groups) {
        double cap = settings.importanceCap();
        if (cap == 0) {
            return groups;
        }
        Iterator<float[]> logProbs = logProbs(policy, groups.stream().flatMap(List::stream).toList()).iterator();
        return groups.stream().map(group -> group.stream().map(sample -> sample.withOld(logProbs.next(), cap)).toList()).toList();
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

    /** Moves the parameters by the gradient that lies on them. */
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

    /** Accumulates the gradient of a micro-batch on the parameters; returns its part of the numbers of the report. */
    public double[] gradient(Micro micro, Objective objective) {
        Scopes.recordNothing();
        double[] sums = new double[6];
        Scopes.run(() -> {
            if (micro.layout() == Layout.FLAT) {
                flatGradient(micro.rows(), objective, sums);
                return;
            }
            TokenBatch plain = micro.layout() == Layout.ROWS ? TokenBatch.packed(micro.rows(), policy.manager())
                    : TokenBatch.of(micro.rows().get(0), policy.manager());
            TokenBatch batch = !objective.needsReference() ? plain
                    : plain.withReference(Scopes.keep(() -> logProbs(reference, plain)));
            if (settings.recompute()) {
                Recomputation.backward(policy, batch.tokens(), output -> backwardInSlices(batch, objective, output, sums));
            } else {
                backward(batch, objective, sums);
            }
        });
        return sums;
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
        int budget = settings.tokenBudget();
        if (flat(policy, samples)) {
            return copied(flatMicro(policy, samples), Layout.FLAT);
        }
        List<List<Sample>> rows = settings.recompute() ? List.of() : TokenBatch.rows(samples, budget);
        return rows.isEmpty() ? copied(TokenBatch.micro(samples, budget).stream().map(List::of).toList(), Layout.PADDED)
                : copied(TokenBatch.microRows(rows, budget), Layout.ROWS);
    }

    private static List<Micro> copied(List<List<List<Sample>>> micros, Layout layout) {
        return micros.stream().map(m -> new Micro(m.stream().map(List::copyOf).toList(), layout)).toList();
    }

    /** Whether samples are laid one after another: those of large models, and long ones, on a CPU. */
    private boolean flat(Policy scored, List<Sample> samples) {
        return layout == null ? Backpropagation.suits(scored) || Backpropagation.possible(scored)
                && samples.stream().anyMatch(s -> s.inputLength() > TokenBatch.LONGEST) : layout == Layout.FLAT;
    }

    private List<List<List<Sample>>> flatMicro(Policy scored, List<Sample> samples) {
        int budget = (int) Math.min(settings.tokenBudget(),
                Math.max(1, ACTIVATIONS / Backpropagation.bytes(scored.config(), scored.precision(), settings.recompute())));
        return TokenBatch.microTrees(TokenBatch.trees(samples, budget), budget);
    }

    /** Accumulates the gradient of trees of samples on the parameters; adds to the numbers of the report. */
    private void flatGradient(List<List<Sample>> trees, Objective objective, double[] sums) {
        FlatTokens flat = TokenBatch.flat(trees);
        TokenBatch plain = TokenBatch.of(trees, flat, policy.manager());
        TokenBatch batch = !objective.needsReference() ? plain : plain.withReference(Scopes.keep(() -> Backpropagation.possible(reference)
                ? flatLogProbs(reference, trees) : logProbs(reference, TokenBatch.of(trees.stream().flatMap(List::stream).toList(), policy.manager()))));
        Backpropagation pass = new Backpropagation(policy, flat, settings.recompute(), logits);
        Backpropagation.Scores scores = pass.score(batch.index(), batch.targets(), settings.temperature(), true);
        NDArray logProbs = scores.logProbs();
        logProbs.setRequiresGradient(true);
        try (GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
            Objective.Terms terms = objective.of(logProbs, batch.scored());
            collector.backward(terms.loss());
            watch(terms, scores.entropy().mul(batch.weights()).sum(), logProbs.stopGradient(), batch, sums);
        }
        pass.backward(logProbs.getGradient());
    }

    /** A batch in parts of few enough tokens for the logits of each to be small. */
    private List<TokenBatch> slices(TokenBatch batch) {
        long count = batch.targets().size();
        long step = Math.max(1, logits / policy.config().vocabSize());
        return LongStream.iterate(0, from -> from < count, from -> from + step)
                .mapToObj(from -> batch.slice(from, Math.min(count, from + step))).toList();
    }

    /** Backward from the loss of a batch; adds to the numbers of the report. */
    private void backward(TokenBatch batch, Objective objective, double[] sums) {
        Scopes.run(() -> {
            try (GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
                NDList scored = logProbs(policy, batch, chosen(batch, batch.hidden(policy.decoder())), settings.temperature());
                Objective.Terms terms = objective.of(scored.get(0), batch.scored());
                collector.backward(terms.loss());
                watch(terms, entropy(batch, scored.get(1).stopGradient()), scored.get(0).stopGradient(), batch, sums);
            }
        });
    }

    /**
     * The same from the output of the last block, with the vocabulary for some tokens at a time. A loss may look at all
     * tokens of a completion at once, so the tokens are scored first, the loss and its gradient by their log-probabilities
     * are computed for all, and the slices pass that gradient on.
     */
    private void backwardInSlices(TokenBatch batch, Objective objective, NDArray output, double[] sums) {
        List<TokenBatch> slices = slices(batch);
        Scopes.run(() -> {
            NDList parts = new NDList();
            float[] entropy = {0};
            slices.forEach(slice -> parts.add(Scopes.keep(() -> {
                NDList scored = logProbs(policy, slice, policy.decoder().finalNorm(chosen(slice, output)), settings.temperature());
                entropy[0] += entropy(slice, scored.get(1)).getFloat();
                return scored.get(0).duplicate();
            })));
            NDArray logProbs = NDArrays.concat(parts);
            logProbs.setRequiresGradient(true);
            try (GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
                Objective.Terms terms = objective.of(logProbs, batch.scored());
                collector.backward(terms.loss());
                watch(terms, logProbs.getManager().create(entropy[0]), logProbs.stopGradient(), batch, sums);
            }
            NDArray gradient = logProbs.getGradient();
            long from = 0;
            for (TokenBatch slice : slices) {
                long begin = from;
                from += slice.targets().size();
                long end = from;
                Scopes.run(() -> {
                    NDArray above = gradient.get(new NDIndex().addSliceDim(begin, end));
                    try (GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
                        NDArray scored = logProbs(policy, slice, policy.decoder().finalNorm(chosen(slice, output)), settings.temperature()).get(0);
                        collector.backward(scored.mul(above).sum());
                    }
                });
            }
        });
    }

    /** The weighted sum of the policy's entropy at each token. */
    private static NDArray entropy(TokenBatch batch, NDArray all) {
        return all.exp().mul(all).sum(new int[] {-1}).mul(batch.weights()).sum().neg();
    }

    private static void watch(Objective.Terms terms, NDArray entropy, NDArray logProbs, TokenBatch batch, double[] sums) {
        NDArray difference = logProbs.sub(batch.behaviour()).abs().mul(batch.weights()).sum();
        float[] watched = NDArrays.stack(new NDList(terms.loss().stopGradient(), terms.ratio(), terms.clipFraction(), terms.kl(),
                entropy, difference)).toFloatArray();
        for (int i = 0; i < sums.length; i++) {
            sums[i] += watched[i];
        }
    }

    /**
     * Log-probabilities of the completion tokens of each sample under a policy as it is now, without a gradient.
     *
     * @param scored the policy that learns, or a reference with the same tokenizer
     */
    public List<float[]> logProbs(Policy scored, List<Sample> samples) {
        Map<Sample, float[]> found = new IdentityHashMap<>();
        boolean flat = flat(scored, samples);
        for (List<List<Sample>> micro : flat ? flatMicro(scored, samples)
                : TokenBatch.micro(samples, settings.tokenBudget()).stream().map(List::of).toList()) {
            Scopes.run(() -> {
                float[] all = (flat ? flatLogProbs(scored, micro) : logProbs(scored, TokenBatch.of(micro.get(0), policy.manager())))
                        .toFloatArray();
                int from = 0;
                for (Sample sample : micro.stream().flatMap(List::stream).toList()) {
                    int to = from + sample.completion().length;
                    found.put(sample, Arrays.copyOfRange(all, from, to));
                    from = to;
                }
            });
        }
        return samples.stream().map(found::get).toList();
    }

    private NDArray flatLogProbs(Policy scored, List<List<Sample>> trees) {
        FlatTokens flat = TokenBatch.flat(trees);
        TokenBatch batch = TokenBatch.of(trees, flat, policy.manager());
        return new Backpropagation(scored, flat, false, logits).score(batch.index(), batch.targets(), settings.temperature(), false)
                .logProbs();
    }

    private NDArray logProbs(Policy scored, TokenBatch batch) {
        NDArray hidden = batch.hidden(scored.decoder());
        NDList parts = new NDList();
        slices(batch).forEach(slice -> parts.add(Scopes.keep(() ->
                logProbs(scored, slice, chosen(slice, hidden), settings.temperature()).get(0).duplicate())));
        return NDArrays.concat(parts);
    }

    /** The hidden states {@code [B, T, C]} that predict the completion tokens, {@code [N, C]}. */
    static NDArray chosen(TokenBatch batch, NDArray hidden) {
        NDArray rows = hidden.reshape(-1, hidden.getShape().get(2));
        return Embedding.embedding(batch.index(), rows, SparseFormat.DENSE).singletonOrThrow();
    }

    /** Log-probabilities of the completion tokens {@code [N]}, and of the whole vocabulary there {@code [N, vocab]}. */
    static NDList logProbs(Policy policy, TokenBatch batch, NDArray chosen, double temperature) {
        NDArray logits = policy.decoder().logits(chosen); // [N, vocab]
        NDArray all = (temperature == 1 ? logits
                : logits.div(logits.getManager().create((float) temperature))).logSoftmax(-1);
        return new NDList(all.gather(batch.targets().expandDims(-1), -1).squeeze(-1), all);
    }
}
