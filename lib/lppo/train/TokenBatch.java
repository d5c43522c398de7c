package lppo.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Samples as arrays. Sequences are padded on the right; the completion tokens of all of them are listed one after another,
 * so that prompt, prefix and padding are never scored. N is the number of completion tokens.
 *
 * @param tokens model input {@code [batch, time]} int64
 * @param index of the hidden state (in {@code [batch * time]}) that predicts each completion token, {@code [N]} int64
 * @param rows which sequence each completion token is of, {@code [N]} int64
 * @param targets completion tokens {@code [N]} int64
 * @param behaviour log-probabilities when sampled {@code [N]}; zeros for demonstrations
 * @param old log-probabilities that ratios are taken to {@code [N]}; zeros for demonstrations
 * @param advantages {@code [N]}, importance included
 * @param weights in the loss {@code [N]}
 * @param reference log-probabilities under the reference policy {@code [N]}; null without one
 */
public record TokenBatch(NDArray tokens, NDArray index, NDArray rows, NDArray targets, NDArray behaviour, NDArray old,
        NDArray advantages, NDArray weights, NDArray reference) {

    /** The arrays of some samples. */
    public static TokenBatch of(List<Sample> samples, NDManager manager) {
        int time = samples.stream().mapToInt(Sample::inputLength).max().orElseThrow();
        int count = samples.stream().mapToInt(s -> s.completion().length).sum();
        long[] tokens = new long[samples.size() * time];
        long[] index = new long[count];
        long[] rows = new long[count];
        long[] targets = new long[count];
        float[] behaviour = new float[count];
        float[] old = new float[count];
        float[] advantages = new float[count];
        float[] weights = new float[count];
        int at = 0;
        for (int row = 0; row < samples.size(); row++) {
            Sample sample = samples.get(row);
            int prompt = sample.prompt().length;
            int length = sample.completion().length;
            for (int i = 0; i < sample.inputLength(); i++) {
                tokens[row * time + i] = i < prompt ? sample.prompt()[i] : sample.completion()[i - prompt];
            }
            for (int i = 0; i < length; i++, at++) {
                index[at] = (long) row * time + prompt - 1 + i;
                rows[at] = row;
                targets[at] = sample.completion()[i];
                behaviour[at] = sample.behaviour() == null ? 0 : sample.behaviour()[i];
                old[at] = sample.old() == null ? 0 : sample.old()[i];
                advantages[at] = (float) sample.advantage() * (sample.importance() == null ? 1 : sample.importance()[i]);
                weights[at] = (float) sample.weight();
            }
        }
        return new TokenBatch(manager.create(tokens, new Shape(samples.size(), time)), manager.create(index), manager.create(rows),
                manager.create(targets), manager.create(behaviour), manager.create(old), manager.create(advantages),
                manager.create(weights), null);
    }

    /** The same batch with the reference's log-probabilities. */
    TokenBatch withReference(NDArray logProbs) {
        return new TokenBatch(tokens, index, rows, targets, behaviour, old, advantages, weights, logProbs);
    }

    /** Which completion tokens are whose: {@code [batch, N]}, 1 or 0. */
    NDArray members() {
        return rows.oneHot((int) tokens.getShape().get(0)).transpose();
    }

    /** The same sequences, with completion tokens {@code from} to {@code to} alone. */
    TokenBatch slice(long from, long to) {
        NDIndex part = new NDIndex().addSliceDim(from, to);
        return new TokenBatch(tokens, index.get(part), rows.get(part), targets.get(part), behaviour.get(part), old.get(part),
                advantages.get(part), weights.get(part), reference == null ? null : reference.get(part));
    }

    /**
     * Splits samples into micro-batches of at most {@code budget} padded tokens, samples of like length together; one that
     * is longer than the budget goes alone.
     */
    public static List<List<Sample>> micro(List<Sample> samples, int budget) {
        List<Sample> sorted = samples.stream().sorted(Comparator.comparingInt(Sample::inputLength)).toList();
        List<List<Sample>> batches = new ArrayList<>();
        int begin = 0;
        for (int end = 1; end <= sorted.size(); end++) {
            boolean full = end == sorted.size() || (end - begin + 1L) * sorted.get(end).inputLength() > budget;
            if (full) {
                batches.add(sorted.subList(begin, end));
                begin = end;
            }
        }
        return batches;
    }
}
