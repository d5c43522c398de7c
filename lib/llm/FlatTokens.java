package llm;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Sequences concatenated without padding to the longest; sequences with a common prefix share it. A piece of the sequences that is
 * padded is padded by a quarter at most; padding is at the end of a piece, where nothing looks at it.
 *
 * @param tokens of all pieces {@code [M]}, padding included
 * @param positions of the tokens in their sequences {@code [M]}
 * @param pieces five numbers each: where the shared beginning is that the tokens see, and its length (0 for none); where the piece
 *     begins; how many branches it has, and tokens in each. A token sees the shared beginning and its own branch as far as itself
 * @param beginnings where the shared beginning of each sequence ends: the index of its last token, in the order given
 * @param branches the index of the token after that
 */
public record FlatTokens(long[] tokens, long[] positions, long[] pieces, int[] beginnings, int[] branches) {

    /**
     * Sequences that begin alike.
     *
     * @param beginning tokens that all have, at least one
     * @param branches what follows in each; may be empty
     */
    public record Tree(int[] beginning, List<int[]> branches) {

        /** Tokens without padding. */
        public int length() {
            return beginning.length + branches.stream().mapToInt(b -> b.length).sum();
        }
    }

    /** A run of tokens: which sequence it is of (the first, if it is a shared beginning), and where it will lie. */
    private static final class Run {
        private final int[] tokens;
        private final int position;
        private final List<Integer> sequences;
        private int begin;

        Run(int[] tokens, int position, List<Integer> sequences) {
            this.tokens = tokens;
            this.position = position;
            this.sequences = sequences;
        }
    }

    /** The sequences of some trees, numbered in the order given. */
    public static FlatTokens of(List<Tree> trees) {
        int count = trees.stream().mapToInt(t -> t.branches().size()).sum();
        int[] beginnings = new int[count];
        int[] branches = new int[count];
        List<Run> whole = new ArrayList<>(); // shared beginnings, and sequences that share nothing
        List<List<Run>> forked = new ArrayList<>();
        int number = 0;
        for (Tree tree : trees) {
            List<Run> runs = new ArrayList<>();
            List<Integer> numbers = new ArrayList<>();
            for (int[] branch : tree.branches()) {
                numbers.add(number);
                runs.add(new Run(branch, tree.beginning().length, List.of(number++)));
            }
            boolean shared = runs.size() > 1;
            int[] first = shared ? tree.beginning() : joined(tree.beginning(), tree.branches().get(0));
            whole.add(new Run(first, 0, numbers));
            forked.add(shared ? runs : List.of());
        }
        List<Run> order = new ArrayList<>();
        List<long[]> pieces = new ArrayList<>();
        int[] at = {0};
        place(whole, null, 0, at, order, pieces);
        for (int i = 0; i < trees.size(); i++) {
            int length = trees.get(i).beginning().length;
            Run root = whole.get(i);
            root.sequences.forEach(sequence -> beginnings[sequence] = root.begin + length - 1);
            root.sequences.forEach(sequence -> branches[sequence] = root.begin + length);
            place(forked.get(i), root, length, at, order, pieces);
            forked.get(i).forEach(run -> branches[run.sequences.get(0)] = run.begin);
        }
        long[] tokens = new long[at[0]];
        long[] positions = new long[at[0]];
        for (Run run : order) {
            for (int i = 0; i < run.tokens.length; i++) {
                tokens[run.begin + i] = run.tokens[i];
                positions[run.begin + i] = run.position + i;
            }
        }
        return new FlatTokens(tokens, positions, pieces.stream().flatMapToLong(Arrays::stream).toArray(), beginnings, branches);
    }

    /** Lays runs into pieces of like length. */
    private static void place(List<Run> runs, Run root, int length, int[] at, List<Run> order, List<long[]> pieces) {
        List<Run> sorted = runs.stream().filter(run -> run.tokens.length > 0).sorted(Comparator.comparingInt(run -> run.tokens.length))
                .toList();
        int begin = 0;
        int sum = 0;
        for (int end = 1; end <= sorted.size(); end++) {
            sum += sorted.get(end - 1).tokens.length;
            boolean full = end == sorted.size()
                    || 4L * (end + 1 - begin) * sorted.get(end).tokens.length > 5L * (sum + sorted.get(end).tokens.length);
            if (full) {
                int longest = sorted.get(end - 1).tokens.length;
                pieces.add(new long[] {root == null ? 0 : root.begin, length, at[0], end - begin, longest});
                for (Run run : sorted.subList(begin, end)) {
                    run.begin = at[0];
                    at[0] += longest;
                    order.add(run);
                }
                begin = end;
                sum = 0;
            }
        }
    }

    private static int[] joined(int[] a, int[] b) {
        int[] all = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, all, a.length, b.length);
        return all;
    }

    /** Tokens of the longest sequence. */
    int longest() {
        return (int) Arrays.stream(positions).max().orElseThrow() + 1;
    }
}
