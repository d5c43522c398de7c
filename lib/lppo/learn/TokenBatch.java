package lppo.learn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntUnaryOperator;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;
import llm.Decoder;
import llm.FlatTokens;
import llm.PackedRows;
import lppo.Objective;

/**
 * Samples as arrays. Sequences are padded on the right; the completion tokens of all of them are listed one after another,
 * so that prompt, prefix and padding are never scored. N is the number of completion tokens.
 *
 * @param tokens model input {@code [batch, time]} int64; null where {@link FlatTokens} are
 * @param index of the hidden state (in {@code [batch * time]}, or of the flat tokens) that predicts each completion token, {@code [N]}
 * int64
 * @param owners which sequence each completion token is of, {@code [N]} int64
 * @param sequences how many there are
 * @param targets completion tokens {@code [N]} int64
 * @param behaviour log-probabilities when sampled {@code [N]}; zeros for demonstrations
 * @param old log-probabilities that ratios are taken to {@code [N]}; zeros for demonstrations
 * @param advantages {@code [N]}, importance included
 * @param weights in the loss {@code [N]}
 * @param reference log-probabilities under the reference policy {@code [N]}; null without one
 * @param packing how sequences share rows; null if each has its own
 */
public record TokenBatch(NDArray tokens, NDArray index, NDArray owners, int sequences, NDArray targets, NDArray behaviour,
        NDArray old, NDArray advantages, NDArray weights, NDArray reference, PackedRows packing) {

    private static final int LONGEST = 96; // tokens of a sequence that shares a row
    private static final int ROW = 64; // of a row: attention looks at all pairs of its tokens

    /** The arrays of some samples. */
    public static TokenBatch of(List<Sample> samples, NDManager manager) {
        int time = samples.stream().mapToInt(Sample::inputLength).max().orElseThrow();
        long[] tokens = new long[samples.size() * time];
        long[] index = new long[samples.stream().mapToInt(s -> s.completion().length).sum()];
        int at = 0;
        for (int row = 0; row < samples.size(); row++) {
            Sample sample = samples.get(row);
            int prompt = sample.prompt().length;
            for (int i = 0; i < sample.inputLength(); i++) {
                tokens[row * time + i] = i < prompt ? sample.prompt()[i] : sample.completion()[i - prompt];
            }
            for (int i = 0; i < sample.completion().length; i++) {
                index[at++] = (long) row * time + prompt - 1 + i;
            }
        }
        return of(samples, manager.create(tokens, new Shape(samples.size(), time)), manager.create(index), null, manager);
    }

    private static TokenBatch of(List<Sample> samples, NDArray tokens, NDArray index, PackedRows packing, NDManager manager) {
        int count = samples.stream().mapToInt(s -> s.completion().length).sum();
        long[] owners = new long[count];
        float[] behaviour = new float[count];
        float[] old = new float[count];
        float[] advantages = new float[count];
        float[] weights = new float[count];
        int at = 0;
        for (int row = 0; row < samples.size(); row++) {
            Sample sample = samples.get(row);
            for (int i = 0; i < sample.completion().length; i++, at++) {
                owners[at] = row;
                behaviour[at] = sample.behaviour() == null ? 0 : sample.behaviour()[i];
                old[at] = sample.old() == null ? 0 : sample.old()[i];
                advantages[at] = (float) sample.advantage() * (sample.importance() == null ? 1 : sample.importance()[i]);
                weights[at] = (float) sample.weight();
            }
        }
        return new TokenBatch(tokens, index, manager.create(owners), samples.size(), manager.create(targets(samples)),
                manager.create(behaviour), manager.create(old), manager.create(advantages), manager.create(weights), null, packing);
    }

    /** The completion tokens of samples, one after another. */
    static long[] targets(List<Sample> samples) {
        return samples.stream().flatMapToInt(s -> IntStream.of(s.completion())).asLongStream().toArray();
    }

    /** {@link #trees} laid one after another. */
    static FlatTokens flat(List<List<Sample>> trees) {
        return FlatTokens.of(forked(trees));
    }

    private static List<FlatTokens.Tree> forked(List<List<Sample>> groups) {
        return groups.stream().map(group -> new FlatTokens.Tree(group.get(0).prompt(),
                group.stream().map(s -> Arrays.copyOf(s.completion(), s.completion().length - 1)).toList())).toList();
    }

    /** What an objective looks at of {@link #trees}, without model input. */
    static TokenBatch of(List<List<Sample>> trees, FlatTokens flat, NDManager manager) {
        List<Sample> samples = trees.stream().flatMap(List::stream).toList();
        return of(samples, null, manager.create(index(samples, flat.beginnings(), flat.branches())), null, manager);
    }

    private static TokenBatch of(List<List<Sample>> rows, PackedRows packed, NDManager manager) {
        List<Sample> samples = rows.stream().flatMap(List::stream).toList();
        return of(samples, packed.tokens(), manager.create(index(samples, packed.beginnings(), packed.branches())), packed, manager);
    }

    private static long[] index(List<Sample> samples, int[] beginnings, int[] branches) {
        return IntStream.range(0, samples.size()).boxed().flatMapToLong(i -> IntStream.range(0, samples.get(i).completion().length)
                .mapToLong(t -> t == 0 ? beginnings[i] : branches[i] + t - 1L)).toArray();
    }

    /**
     * Rows of samples that share a prompt: as few as hold them in {@link #ROW} tokens each, or in two of the longest, evenly
     * filled; empty if a sample is too long for it to pay.
     */
    static List<List<Sample>> rows(List<Sample> samples, int budget) {
        return samples.stream().anyMatch(s -> s.inputLength() > LONGEST) ? List.of()
                : rows(samples, longest -> Math.min(budget, Math.max(ROW, 2 * longest)));
    }

    /** Samples that share a prompt, in as few lists as hold them in about so many tokens each, evenly filled. */
    static List<List<Sample>> trees(List<Sample> samples, int budget) {
        return rows(samples, longest -> budget);
    }

    /** @param most tokens of a row, given those of the longest sample of a prompt */
    private static List<List<Sample>> rows(List<Sample> samples, IntUnaryOperator most) {
        Map<List<Integer>, List<Sample>> byPrompt = new LinkedHashMap<>();
        samples.forEach(s -> byPrompt.computeIfAbsent(IntStream.of(s.prompt()).boxed().toList(), prompt -> new ArrayList<>()).add(s));
        List<List<Sample>> rows = new ArrayList<>();
        byPrompt.forEach((prompt, group) -> {
            int longest = group.stream().mapToInt(Sample::inputLength).max().orElseThrow();
            int room = Math.max(1, most.applyAsInt(longest) - prompt.size());
            int wanted = (length(group) - prompt.size() + room - 1) / room;
            int count = Math.max(1, Math.min(group.size(), wanted));
            for (int row = 0; row < count; row++) {
                rows.add(group.subList(group.size() * row / count, group.size() * (row + 1) / count));
            }
        });
        return rows;
    }

    /** Tokens of a row. */
    static int length(List<Sample> row) {
        return row.get(0).prompt().length + row.stream().mapToInt(s -> s.completion().length - 1).sum();
    }

    /** The arrays of some {@link #rows}: the same sequences with the prompt of each row once. */
    static TokenBatch packed(List<List<Sample>> rows, NDManager manager) {
        return of(rows, PackedRows.of(forked(rows), manager), manager);
    }

    /** Micro-batches of {@link #rows} or {@link #trees} of at most {@code budget} padded tokens, rows of like length together. */
    static List<List<List<Sample>>> microRows(List<List<Sample>> rows, int budget) {
        return split(rows, TokenBatch::length, budget);
    }

    /** The last hidden states of the batch {@code [batch, time, C]}. */
    NDArray hidden(Decoder decoder) {
        return packing == null ? decoder.hidden(tokens, null) : decoder.packed(packing);
    }

    /** The same batch with the reference's log-probabilities. */
    TokenBatch withReference(NDArray logProbs) {
        return new TokenBatch(tokens, index, owners, sequences, targets, behaviour, old, advantages, weights, logProbs, packing);
    }

    /** What an objective looks at. */
    Objective.Tokens scored() {
        return new Objective.Tokens(old, advantages, weights, reference, this::members);
    }

    /** Which completion tokens are whose: {@code [sequences, N]}, 1 or 0. */
    NDArray members() {
        return owners.oneHot(sequences).transpose();
    }

    /** The same sequences, with completion tokens {@code from} to {@code to} alone. */
    TokenBatch slice(long from, long to) {
        NDIndex part = new NDIndex().addSliceDim(from, to);
        return new TokenBatch(tokens, index.get(part), owners.get(part), sequences, targets.get(part), behaviour.get(part), old.get(part),
                advantages.get(part), weights.get(part), reference == null ? null : reference.get(part), packing);
    }

    /**
     * Splits samples into micro-batches of at most {@code budget} padded tokens, samples of like length together; one that
     * is longer than the budget goes alone.
     */
    public static List<List<Sample>> micro(List<Sample> samples, int budget) {
        return split(samples, Sample::inputLength, budget);
    }

    private static <T> List<List<T>> split(List<T> items, ToIntFunction<T> length, int budget) {
        List<T> sorted = items.stream().sorted(Comparator.comparingInt(length)).toList();
        List<List<T>> batches = new ArrayList<>();
        int begin = 0;
        for (int end = 1; end <= sorted.size(); end++) {
            boolean full = end == sorted.size() || (end - begin + 1L) * length.applyAsInt(sorted.get(end)) > budget;
            if (full) {
                batches.add(sorted.subList(begin, end));
                begin = end;
            }
        }
        return batches;
    }
}
