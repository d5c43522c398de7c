package llm;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;

/**
 * One sequence that is continued token by token, and now and then replaced by another that begins like it, as in a conversation: only what
 * is new runs through the model, since keys and values of the common beginning are kept. It is for a reader who waits for each token;
 * {@link FastDecode} decodes many rows at once. Closing it frees the keys and values.
 */
public final class OneByOne implements AutoCloseable {

    private static final int SLOTS = 512;

    private final Policy policy;
    private KvCache cache;
    private int slots = SLOTS;
    private int[] seen = new int[0];

    /** Creates an empty sequence. */
    public OneByOne(Policy policy) {
        Scopes.recordNothing();
        this.policy = policy;
        cache = policy.cache(1, slots);
    }

    /**
     * Makes this the sequence of these tokens.
     *
     * @param tokens at least one, at most the model's positions
     * @return unnormalised log-probabilities of the next token, {@code [vocab]}
     */
    public float[] next(int[] tokens) {
        int common = 0;
        int most = Math.min(seen.length, tokens.length - 1); // the last one runs again, for its logits
        while (common < most && seen[common] == tokens[common]) {
            common++;
        }
        reserve(tokens.length, common);
        float[][] logits = new float[1][];
        int begin = common;
        Scopes.run(() -> {
            NDManager manager = policy.manager();
            long[] fresh = Arrays.stream(tokens, begin, tokens.length).asLongStream().toArray();
            NDArray input = manager.create(fresh, new Shape(1, fresh.length));
            NDArray hidden = begin == 0 ? policy.decoder().hidden(input, cache) : policy.decoder().more(input, cache); // [1, T, C]
            NDArray last = hidden.reshape(-1, policy.config().hiddenSize()).get(manager.create(new long[] {fresh.length - 1}));
            logits[0] = policy.decoder().logits(last).toFloatArray();
        });
        seen = tokens.clone();
        return logits[0];
    }

    /** Returns how many tokens have keys and values. */
    int length() {
        return cache.length();
    }

    /** Keeps the keys and values of the first tokens, with room for so many in all. */
    private void reserve(int total, int kept) {
        if (total > slots) {
            slots = Math.max(total, Math.min(2 * slots, policy.config().maxPositions()));
            KvCache larger = policy.cache(1, slots);
            Scopes.run(() -> larger.begin(cache, kept));
            cache.close();
            cache = larger;
        } else {
            cache.truncate(kept);
        }
    }

    @Override
    public void close() {
        cache.close();
    }
}
