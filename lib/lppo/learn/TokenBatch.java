package lppo.learn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;
import llm.Decoder;
import llm.FlatTokens;
import lppo.Objective;

/**
 * Samples as arrays. Sequences are padded on the right; the completion tokens of all of them are listed one after another,
 * so that prompt, prefix and padding are never scored. N is the number of completion tokens.
 *
 * @param tokens model input {@code [batch, time]} int64; null where {@link FlatTokens} are
 * @param index of the hidden state (in {@code [batch * time]}, or of the flat tokens) that predicts each completion token, {@code [N]} int64
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
        NDArray old, NDArray advantages, NDArray weights, NDArray reference, Packing packing) {

    static final int LONGEST = 96; // tokens of a sequence that shares a row
    private static final int ROW = 64; // of a row: attention looks at all pairs of its tokens

    /**
     * Completions of one prompt in a row: the prompt once, then their tokens one after another.
     *
     * @param positions of the tokens in their sequences {@code [batch * time]} int64
     * @param longest sequence
     * @param mask {@code [batch, 1, time, time]}: 0 where a token may look, else minus infinity
     */
    record Packing(NDArray positions, int longest, NDArray mask) {}

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

    private static TokenBatch of(List<Sample> samples, NDArray tokens, NDArray index, Packing packing, NDManager manager) {
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

    /**
     * Samples that share a prompt, of at most {@code budget} tokens together; a sample that is longer is alone.
     */
    static List<List<Sample>> trees(List<Sample> samples, int budget) {
        List<List<Sample>> trees = new ArrayList<>();
        byPrompt(samples).forEach(group -> {
            List<Sample> tree = new ArrayList<>();
            for (Sample sample : group) {
                if (!tree.isEmpty() && length(tree) + sample.completion().length - 1 > budget) {
                    trees.add(tree);
                    tree = new ArrayList<>();
                }
                tree.add(sample);
            }
            trees.add(tree);
        });
        return trees;
    }

    /** Micro-batches of {@link #trees} of at most {@code budget} tokens, in order. */
    static List<List<List<Sample>>> microTrees(List<List<Sample>> trees, int budget) {
        List<List<List<Sample>>> batches = new ArrayList<>();
        int tokens = 0;
        for (List<Sample> tree : trees) {
            if (batches.isEmpty() || tokens + length(tree) > budget) {
                batches.add(new ArrayList<>());
                tokens = 0;
            }
            batches.get(batches.size() - 1).add(tree);
            tokens += length(tree);
        }
        return batches;
    }

    /** {@link #trees} laid one after another. */
    static FlatTokens flat(List<List<Sample>> trees) {
        return FlatTokens.of(trees.stream().map(tree -> new FlatTokens.Tree(tree.get(0).prompt(),
                tree.stream().map(s -> Arrays.copyOf(s.completion(), s.completion().length - 1)).toList())).toList());
    }

    /**
     * What an objective looks at of {@link #trees}, without model input.
     *
     * @param flat the same trees
     */
    static TokenBatch of(List<List<Sample>> trees, FlatTokens flat, NDManager manager) {
        List<Sample> samples = trees.stream().flatMap(List::stream).toList();
        long[] index = new long[samples.stream().mapToInt(s -> s.completion().length).sum()];
        int at = 0;
        for (int i = 0; i < samples.size(); i++) {
            for (int t = 0; t < samples.get(i).completion().length; t++) {
                index[at++] = t == 0 ? flat.beginnings()[i] : flat.branches()[i] + t - 1L;
            }
        }
        return of(samples, null, manager.create(index), null, manager);
    }

    private static Collection<List<Sample>> byPrompt(List<Sample> samples) {
        Map<List<Integer>, List<Sample>> byPrompt = new LinkedHashMap<>();
        samples.forEach(s -> byPrompt.computeIfAbsent(IntStream.of(s.prompt()).boxed().toList(), prompt -> new ArrayList<>()).add(s));
        return byPrompt.values();
    }

    /**
     * Rows of samples that share a prompt: as few as hold them in {@link #ROW} tokens each, or in two of the longest, evenly
     * filled; empty if a sample is too long for it to pay.
     */
    static List<List<Sample>> rows(List<Sample> samples, int budget) {
        if (samples.stream().anyMatch(s -> s.inputLength() > LONGEST)) {
            return List.of();
        }
        List<List<Sample>> rows = new ArrayList<>();
        byPrompt(samples).forEach(group -> {
            int prompt = group.get(0).prompt().length;
            int longest = group.stream().mapToInt(Sample::inputLength).max().orElseThrow();
            int room = Math.max(1, Math.min(budget, Math.max(ROW, 2 * longest)) - prompt);
            int wanted = (length(group) - prompt + room - 1) / room;
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
        int time = rows.stream().mapToInt(TokenBatch::length).max().orElseThrow();
        long[] tokens = new long[rows.size() * time];
        long[] positions = new long[rows.size() * time];
        float[] mask = new float[rows.size() * time * time];
        Arrays.fill(mask, Float.NEGATIVE_INFINITY);
        List<Sample> samples = rows.stream().flatMap(List::stream).toList();
        long[] index = new long[samples.stream().mapToInt(s -> s.completion().length).sum()];
        int at = 0;
        for (int r = 0; r < rows.size(); r++) {
            int[] prompt = rows.get(r).get(0).prompt();
            int begin = r * time;
            for (int i = 0; i < prompt.length; i++) {
                tokens[begin + i] = prompt[i];
                positions[begin + i] = i;
            }
            for (int i = 0; i < time; i++) { // the prompt, which all see as far as it goes
                Arrays.fill(mask, (begin + i) * time, (begin + i) * time + Math.min(i + 1, prompt.length), 0);
            }
            int from = prompt.length;
            for (Sample sample : rows.get(r)) {
                int[] completion = sample.completion();
                index[at++] = begin + prompt.length - 1L;
                for (int i = 0; i < completion.length - 1; i++) {
                    tokens[begin + from + i] = completion[i];
                    positions[begin + from + i] = prompt.length + i;
                    int row = (begin + from + i) * time;
                    Arrays.fill(mask, row + from, row + from + i + 1, 0);
                    index[at++] = begin + from + i;
                }
                from += completion.length - 1;
            }
        }
        int longest = samples.stream().mapToInt(Sample::inputLength).max().orElseThrow();
        return of(samples, manager.create(tokens, new Shape(rows.size(), time)), manager.create(index), new Packing(
                manager.create(positions), longest, manager.create(mask, new Shape(rows.size(), 1, time, time))), manager);
    }

    /** Micro-batches of packed rows of at most {@code budget} padded tokens, rows of like length together. */
    static List<List<List<Sample>>> microRows(List<List<Sample>> rows, int budget) {
        return split(rows, TokenBatch::length, budget);
    }

    /** The last hidden states of the batch {@code [batch, time, C]}. */
    NDArray hidden(Decoder decoder) {
        return packing == null ? decoder.hidden(tokens, null)
                : decoder.packed(tokens, packing.positions, packing.longest, packing.mask);
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
