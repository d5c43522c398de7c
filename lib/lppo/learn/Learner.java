package lppo.learn;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.nn.core.Embedding;
import ai.djl.training.GradientCollector;
import java.io.Serializable;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import lppo.PolicyLoss;
import lppo.data.BadInput;
import lppo.model.Policy;
import lppo.model.Recomputation;
import lppo.model.Scopes;
import lppo.run.Imitation;

/**
 * One optimiser step on a batch of samples: micro-batches by token budget, whose gradients add up to that of the whole
 * batch, then clipping by global norm and AdamW.
 */
public final class Learner {

    public static final long LOGITS = 1 << 25; // values: 128 MB, a few times over

    private final Policy policy;
    private final AdamW optimizer;
    private final double temperature;
    private final int tokenBudget;
    private final double maxNorm;
    private final boolean recompute;
    private final long logits;
    private final double apart;

    /** What a batch is scored by. */
    @FunctionalInterface
    public interface Objective {

        /**
         * The loss of a micro-batch and what to watch.
         *
         * @param logProbs log-probabilities of the completion tokens {@code [N]}
         */
        PolicyLoss.Terms of(TokenBatch batch, NDArray logProbs);

        /** The policy whose log-probabilities the batch is to bring along; null for none. */
        default Policy reference() {
            return null;
        }

        /** Imitation: the mean negative log-likelihood. */
        static Objective likelihood() {
            return (batch, logProbs) -> {
                NDArray none = logProbs.getManager().zeros(new ai.djl.ndarray.types.Shape());
                return new PolicyLoss.Terms(logProbs.mul(batch.weights()).sum().neg(), none, none, none);
            };
        }

        /** Reinforcement by a policy loss; the reference may be null if its KL coefficient is 0. */
        static Objective of(PolicyLoss loss, Policy reference) {
            return new Objective() {
                @Override
                public PolicyLoss.Terms of(TokenBatch batch, NDArray logProbs) {
                    return loss.of(logProbs, batch.old(), batch.advantages(), batch.weights(), batch.reference(),
                            loss.ratio() == PolicyLoss.Ratio.TOKEN ? null : batch.members());
                }

                @Override
                public Policy reference() {
                    return reference;
                }
            };
        }
    }

    /**
     * What one update did; all but the loss and the norm are means over the tokens that were learned from.
     *
     * @param loss objective
     * @param ratio importance ratio
     * @param clipFraction share of tokens whose gradient was clipped away
     * @param kl to the reference
     * @param entropy of the policy at the completion tokens, in nats
     * @param difference mean absolute difference of log-probabilities between rollout and this forward pass
     * @param gradientNorm before clipping
     */
    public record Report(double loss, double ratio, double clipFraction, double kl, double entropy, double difference,
            double gradientNorm) {}

    /**
     * @param optimizer null if only gradients are asked for
     * @param temperature of the sampling, so that log-probabilities mean the same here and there; 1 for imitation
     * @param tokenBudget most padded tokens of a micro-batch; bounds the memory
     * @param maxNorm gradients of a larger global norm are scaled down to it
     */
    public Learner(Policy policy, AdamW optimizer, double temperature, int tokenBudget, double maxNorm) {
        this(policy, optimizer, temperature, tokenBudget, maxNorm, false, LOGITS, Double.POSITIVE_INFINITY);
    }

    private Learner(Policy policy, AdamW optimizer, double temperature, int tokenBudget, double maxNorm, boolean recompute,
            long logits, double apart) {
        BadInput.unless(tokenBudget > 0, "token budget %d: must be positive", tokenBudget);
        BadInput.unless(maxNorm > 0 && Double.isFinite(maxNorm), "gradient norm %s: must be positive", maxNorm);
        this.policy = policy;
        this.optimizer = optimizer;
        this.temperature = temperature;
        this.tokenBudget = tokenBudget;
        this.maxNorm = maxNorm;
        this.recompute = recompute;
        this.logits = logits;
        this.apart = apart;
    }

    /** The same, refusing an update before which rollout and learner differ by more nats, mean absolute: the policies are not the same. */
    public Learner within(double nats) {
        return new Learner(policy, optimizer, temperature, tokenBudget, maxNorm, recompute, logits, nats);
    }

    /** The same learner with less memory and more work: {@link Recomputation}, and the vocabulary for some tokens at a time. */
    public Learner recomputing() {
        return recomputing(LOGITS);
    }

    /** The same with so many logits at a time. */
    Learner recomputing(long logits) {
        return new Learner(policy, optimizer, temperature, tokenBudget, maxNorm, true, logits, apart);
    }

    /**
     * Learns from a batch. Samples without advantage may be left out once the batch is weighted: they have no gradient.
     *
     * @param samples {@linkplain Sample#weighted weighted} samples
     * @throws Diverged before any parameter moves, if the loss or a gradient is no finite number, or rollout and learner are too far apart
     */
    public Report update(List<Sample> samples, Objective objective, double learningRate) {
        return step(gradients(samples, objective), learningRate);
    }

    /**
     * The second half of an update: moves the parameters by the gradient that lies on them.
     *
     * @param sums what {@link #means} gave for the batch
     * @throws Diverged before any parameter moves, if the loss or a gradient is no finite number
     */
    public Report step(double[] sums, double learningRate) {
        double norm = optimizer.gradientNorm();
        if (!Double.isFinite(sums[0]) || !Double.isFinite(norm)) {
            optimizer.zeroGradients();
            throw new Diverged("the loss is %s and the gradient norm %s".formatted(sums[0], norm));
        }
        if (sums[5] > apart) {
            optimizer.zeroGradients();
            throw new Diverged("log-probabilities of rollout and learner differ by %.2f nats on average".formatted(sums[5]));
        }
        optimizer.step(learningRate, Math.min(1, maxNorm / (norm + 1e-6)));
        return new Report(sums[0], sums[1], sums[2], sums[3], sums[4], sums[5], norm);
    }

    /** Accumulates the gradient of a batch on the parameters; returns the numbers of the report. */
    double[] gradients(List<Sample> samples, Objective objective) {
        return means(samples, micro(samples).stream().map(micro -> gradient(micro, objective)).toList());
    }

    /** Accumulates the gradient of a micro-batch on the parameters; returns its part of the numbers of the report. */
    public double[] gradient(Micro micro, Objective objective) {
        Scopes.recordNothing();
        double[] sums = new double[6];
        Scopes.run(() -> {
            TokenBatch plain = micro.packed() ? TokenBatch.packed(micro.rows(), policy.manager())
                    : TokenBatch.of(micro.rows().get(0), policy.manager());
            TokenBatch batch = objective.reference() == null ? plain
                    : plain.withReference(Scopes.keep(() -> logProbs(objective.reference(), plain)));
            if (recompute) {
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

    /**
     * Samples that go through the model together.
     *
     * @param rows of samples that share a prompt, if packed; else one list of them all
     * @param packed whether short completions share the computation of their prompt
     */
    public record Micro(List<List<Sample>> rows, boolean packed) implements Serializable {}

    /** The micro-batches of a batch, in the order in which their gradients are added. */
    public List<Micro> micro(List<Sample> samples) {
        List<List<Sample>> rows = recompute ? List.of() : TokenBatch.rows(samples, tokenBudget);
        return rows.isEmpty() ? TokenBatch.micro(samples, tokenBudget).stream().map(m -> new Micro(List.of(List.copyOf(m)), false)).toList()
                : TokenBatch.microRows(rows, tokenBudget).stream().map(m -> new Micro(m.stream().map(List::copyOf).toList(), true)).toList();
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
                NDList scored = logProbs(policy, batch, chosen(batch, batch.hidden(policy.decoder())), temperature);
                PolicyLoss.Terms terms = objective.of(batch, scored.get(0));
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
                NDList scored = logProbs(policy, slice, policy.decoder().finalNorm(chosen(slice, output)), temperature);
                entropy[0] += entropy(slice, scored.get(1)).getFloat();
                return scored.get(0).duplicate();
            })));
            NDArray logProbs = NDArrays.concat(parts);
            logProbs.setRequiresGradient(true);
            try (GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
                PolicyLoss.Terms terms = objective.of(batch, logProbs);
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
                        NDArray scored = logProbs(policy, slice, policy.decoder().finalNorm(chosen(slice, output)), temperature).get(0);
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

    private static void watch(PolicyLoss.Terms terms, NDArray entropy, NDArray logProbs, TokenBatch batch, double[] sums) {
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
        for (List<Sample> micro : TokenBatch.micro(samples, tokenBudget)) {
            Scopes.run(() -> {
                float[] all = logProbs(scored, TokenBatch.of(micro, policy.manager())).toFloatArray();
                int from = 0;
                for (Sample sample : micro) {
                    int to = from + sample.completion().length;
                    found.put(sample, Arrays.copyOfRange(all, from, to));
                    from = to;
                }
            });
        }
        return samples.stream().map(found::get).toList();
    }

    private NDArray logProbs(Policy scored, TokenBatch batch) {
        NDArray hidden = batch.hidden(scored.decoder());
        NDList parts = new NDList();
        slices(batch).forEach(slice -> parts.add(Scopes.keep(() ->
                logProbs(scored, slice, chosen(slice, hidden), temperature).get(0).duplicate())));
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
