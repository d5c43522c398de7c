package llm;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.List;

/**
 * Rows in which short sequences share a prefix: the prefix once, then the continuations one after another; padded on the right.
 *
 * @param tokens {@code [batch, time]} int64
 * @param positions of the tokens in their sequences {@code [batch * time]} int64
 * @param longest tokens of a sequence
 * @param mask {@code [batch, 1, time, time]}: 0 where a token may look, else minus infinity
 * @param beginnings index of the last token of the shared beginning of each sequence, in {@code [batch * time]}
 * @param branches index of the token after that
 */
public record PackedRows(NDArray tokens, NDArray positions, int longest, NDArray mask, int[] beginnings, int[] branches) {

    /** A row for each tree. */
    public static PackedRows of(List<FlatTokens.Tree> trees, NDManager manager) {
        int time = trees.stream().mapToInt(FlatTokens.Tree::length).max().orElseThrow();
        int count = trees.stream().mapToInt(tree -> tree.branches().size()).sum();
        long[] tokens = new long[trees.size() * time];
        long[] positions = new long[trees.size() * time];
        float[] mask = new float[trees.size() * time * time];
        Arrays.fill(mask, Float.NEGATIVE_INFINITY);
        int[] beginnings = new int[count];
        int[] branches = new int[count];
        int number = 0;
        for (int r = 0; r < trees.size(); r++) {
            int[] beginning = trees.get(r).beginning();
            int begin = r * time;
            put(beginning, 0, begin, tokens, positions);
            for (int i = 0; i < time; i++) { // which all see as far as it goes
                Arrays.fill(mask, (begin + i) * time, (begin + i) * time + Math.min(i + 1, beginning.length), 0);
            }
            int from = beginning.length;
            for (int[] branch : trees.get(r).branches()) {
                beginnings[number] = begin + beginning.length - 1;
                branches[number++] = begin + from;
                put(branch, beginning.length, begin + from, tokens, positions);
                for (int i = 0; i < branch.length; i++) {
                    int row = (begin + from + i) * time;
                    Arrays.fill(mask, row + from, row + from + i + 1, 0);
                }
                from += branch.length;
            }
        }
        return new PackedRows(manager.create(tokens, new Shape(trees.size(), time)), manager.create(positions),
                (int) Arrays.stream(positions).max().orElseThrow() + 1, manager.create(mask, new Shape(trees.size(), 1, time, time)),
                beginnings, branches);
    }

    private static void put(int[] run, int position, int at, long[] tokens, long[] positions) {
        for (int i = 0; i < run.length; i++) {
            tokens[at + i] = run[i];
            positions[at + i] = position + i;
        }
    }
}
