package lppo.learn;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.nn.core.Embedding;
import ai.djl.training.GradientCollector;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.LongStream;
import llm.Backpropagation;
import llm.FlatTokens;
import llm.Policy;
import llm.Recomputation;
import llm.Scopes;
import lppo.Objective;
import lppo.learn.Learner.Layout;
import lppo.learn.Learner.Micro;

/**
 * Forward and backward passes of micro-batches: log-probabilities and gradients.
 *
 * @param reference for a KL term; null for none
 * @param logits computed at a time
 * @param layout of all micro-batches; null for what suits policy and samples
 */
record Pass(Policy policy, Policy reference, LearnerSettings settings, long logits, Layout layout) {

    /** The micro-batches of a batch, in the order in which their gradients are added. */
    List<Micro> micro(List<Sample> samples) {
        int budget = settings.tokenBudget();
        if (flat(policy, samples)) {
            return copied(flatMicro(policy, samples), Layout.FLAT);
        }
        List<List<Sample>> rows = settings.recompute() || layout == Layout.PADDED ? List.of() : TokenBatch.rows(samples, budget);
        return rows.isEmpty() ? copied(TokenBatch.micro(samples, budget).stream().map(List::of).toList(), Layout.PADDED)
                : copied(TokenBatch.microRows(rows, budget), Layout.ROWS);
    }

    private static List<Micro> copied(List<List<List<Sample>>> micros, Layout layout) {
        return micros.stream().map(m -> new Micro(m.stream().map(List::copyOf).toList(), layout)).toList();
    }

    /** Accumulates the gradient of a micro-batch on the parameters; returns its part of the numbers of the report. */
    double[] gradient(Micro micro, Objective objective) {
        Scopes.recordNothing();
        double[] sums = new double[6];
        Scopes.run(() -> {
            boolean flat = micro.layout() == Layout.FLAT;
            if (flat && Backpropagation.possible(policy.manager().getDevice(), policy.precision())) { // a driver may have another device
                flatGradient(micro.rows(), objective, sums);
                return;
            }
            TokenBatch plain = micro.layout() == Layout.ROWS ? TokenBatch.packed(micro.rows(), policy.manager())
                    : TokenBatch.of(micro.rows().stream().limit(flat ? micro.rows().size() : 1).flatMap(List::stream).toList(),
                            policy.manager());
            TokenBatch batch = !objective.needsReference() ? plain
                    : plain.withReference(Scopes.keep(() -> logProbs(reference, plain)));
            if (settings.recompute()) {
                Recomputation.backward(policy, batch.tokens(),
                        output -> backwardInSlices(batch, objective, output, policy.decoder()::finalNorm, sums));
            } else if (slices(batch).size() > 1) {
                Recomputation.backward(policy, () -> batch.hidden(policy.decoder()),
                        output -> backwardInSlices(batch, objective, output, UnaryOperator.identity(), sums));
            } else {
                backward(batch, objective, sums);
            }
        });
        return sums;
    }

    /** Whether samples are laid one after another. */
    private boolean flat(Policy scored, List<Sample> samples) {
        return layout == null ? Backpropagation.suits(scored.config(), scored.manager().getDevice(), scored.precision(),
                samples.stream().mapToInt(Sample::inputLength).max().orElse(0)) : layout == Layout.FLAT;
    }

    private List<List<List<Sample>>> flatMicro(Policy scored, List<Sample> samples) {
        int budget = (int) Math.min(settings.tokenBudget(),
                Math.max(1, Backpropagation.ACTIVATIONS
                        / Backpropagation.bytes(scored.config(), scored.precision(), settings.recompute())));
        return TokenBatch.microRows(TokenBatch.trees(samples, budget), budget);
    }

    /** Accumulates the gradient of trees of samples on the parameters; adds to the numbers of the report. */
    private void flatGradient(List<List<Sample>> trees, Objective objective, double[] sums) {
        FlatTokens flat = TokenBatch.flat(trees);
        TokenBatch plain = TokenBatch.of(trees, flat, policy.manager());
        TokenBatch batch = !objective.needsReference() ? plain
                : plain.withReference(Scopes.keep(() -> Backpropagation.possible(reference.manager().getDevice(), reference.precision())
                        ? flatLogProbs(reference, trees)
                        : logProbs(reference, TokenBatch.of(trees.stream().flatMap(List::stream).toList(), policy.manager()))));
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
     * The same from hidden states, which {@code norm} makes ready for the logits, with the vocabulary for some tokens at a
     * time. A loss may look at all tokens of a completion at once, so the tokens are scored first, the loss and its gradient by
     * their log-probabilities are computed for all, and the slices pass that gradient on.
     */
    private void backwardInSlices(TokenBatch batch, Objective objective, NDArray output, UnaryOperator<NDArray> norm,
            double[] sums) {
        List<TokenBatch> slices = slices(batch);
        Scopes.run(() -> {
            NDList parts = new NDList();
            float[] entropy = {0};
            slices.forEach(slice -> parts.add(Scopes.keep(() -> {
                NDList scored = logProbs(policy, slice, norm.apply(chosen(slice, output)), settings.temperature());
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
                        NDArray scored = logProbs(policy, slice, norm.apply(chosen(slice, output)), settings.temperature()).get(0);
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
    List<float[]> logProbs(Policy scored, List<Sample> samples) {
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
        slices(batch).forEach(slice -> parts
                .add(Scopes.keep(() -> logProbs(scored, slice, chosen(slice, hidden), settings.temperature()).get(0).duplicate())));
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
