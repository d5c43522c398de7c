package llm;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.nn.core.Embedding;
import ai.djl.nn.core.Linear;
import java.util.List;

/**
 * The decoder of Qwen2 (arXiv 2407.10671), Qwen3 (arXiv 2505.09388) and Llama (arXiv 2407.21783) on NDArrays:
 * root-mean-square norm, rotary embedding, grouped-query attention, SwiGLU. Its parameters are {@link Weights}.
 * Letters in shapes: B batch, T time, C width, H query heads, K key-value heads, D width of a head.
 *
 * <p>Short sequences in fp32 are computed by plain operations, as written here; {@link Kernels} take over for long ones, for
 * rows that several sequences share, and for 16 bits.
 *
 * <p>Training and prefill pad on the right, where causal attention needs no padding mask; decoding appends one token to
 * every row of a {@link KvCache}.
 */
public final class Decoder {

    private final ModelConfig config;
    private final Weights weights;
    private static final int FUSED_FROM = 256; // tokens; below, plain attention is as fast

    private final Lora lora;
    private final Kernels kernels;
    private final boolean narrow; // whether it computes in 16 bits

    /** A decoder that computes in the precision of the kernels; {@code lora} may be null. */
    Decoder(ModelConfig config, Weights weights, Lora lora, Kernels kernels) {
        this.config = config;
        this.weights = weights;
        this.lora = lora;
        this.kernels = kernels;
        narrow = kernels.precision() != Precision.FP32;
    }

    /**
     * Returns the last hidden states of whole sequences.
     *
     * @param tokens {@code [B, T]} int64, padded on the right with any valid token
     * @param cache receives keys and values if not null; must be empty
     * @return {@code [B, T, C]}; values at padding are undefined
     */
    public NDArray hidden(NDArray tokens, KvCache cache) {
        return run(tokens, positions(tokens), cache);
    }

    /** Returns the last hidden states of rows in which several sequences share a prefix, {@code [B, T, C]}. */
    public NDArray packed(PackedRows rows) {
        long batch = rows.tokens().getShape().get(0);
        long time = rows.tokens().getShape().get(1);
        Rotary table = kernels.rotary(rows.longest());
        Shape shape = new Shape(batch, 1, time, config.headDim());
        Rotary rotary = new Rotary(table.cos().get(rows.positions()).reshape(shape), table.sin().get(rows.positions()).reshape(shape));
        return run(rows.tokens(), new Positions(rotary(rotary), rows.mask(), scale(rows.tokens())), null);
    }

    /**
     * Returns the last hidden states for one more token per row.
     *
     * @param tokens {@code [B, 1]} int64
     * @param rotary of the positions of these tokens, one per row
     * @param mask added to attention scores, {@code [B, 1, 1, slots]} with slots counting this token; null for none
     * @return {@code [B, 1, C]}
     */
    public NDArray step(NDArray tokens, Rotary rotary, NDArray mask, KvCache cache) {
        return run(tokens, new Positions(rotary(rotary), mask, scale(tokens)), cache);
    }

    /**
     * Returns the last hidden states of more tokens of a sequence.
     *
     * @param tokens {@code [1, T]} int64, which follow those in the cache
     * @param cache of one row; not empty
     * @return {@code [1, T, C]}
     */
    NDArray more(NDArray tokens, KvCache cache) {
        int time = (int) tokens.getShape().get(1);
        int before = cache.length();
        int end = before + time;
        Rotary table = kernels.rotary(end);
        NDIndex part = new NDIndex().addSliceDim(before, end);
        Rotary rotary = new Rotary(table.cos().get(part), table.sin().get(part)); // [T, D]
        NDArray mask = null;
        if (time > 1) {
            float[] hidden = new float[time * end];
            for (int row = 0; row < time; row++) {
                java.util.Arrays.fill(hidden, row * end + before + row + 1, (row + 1) * end, Float.NEGATIVE_INFINITY);
            }
            mask = tokens.getManager().create(hidden, new Shape(1, 1, time, end));
        }
        return run(tokens, new Positions(rotary(rotary), mask, scale(tokens)), cache);
    }

    /** Unnormalised log-probabilities over the vocabulary of hidden states: {@code [.., C]} to {@code [.., vocab]}, fp32. */
    public NDArray logits(NDArray hidden) {
        NDArray logits = linear(hidden, weights.output(), null);
        return narrow ? kernels.wide(logits) : logits;
    }

    /** The rotations of positions 0 to {@code time - 1}, {@code [T, D]}, in the current scope. */
    Rotary rotary(int time) {
        return kernels.rotary(time);
    }

    /** What every block of a pass shares: rotations, mask, and 1 / sqrt(D) as an array. */
    record Positions(Rotary rotary, NDArray mask, NDArray scale) {

        /** Whether all that is masked is what comes later, and not a sequence beside. */
        boolean causal() {
            return mask == null || mask.getShape().dimension() == 2;
        }
    }

    /** Positions 0 to T - 1 of whole sequences {@code [B, T]}. */
    Positions positions(NDArray tokens) {
        int time = (int) tokens.getShape().get(1);
        NDManager manager = tokens.getManager();
        NDArray mask = time == 1 || fused(time) ? null : causal(time, manager); // [T, T]
        return new Positions(rotary(kernels.rotary(time)), mask, scale(tokens));
    }

    /** The embedding of tokens, {@code [B, T]} to {@code [B, T, C]}. */
    NDArray embed(NDArray tokens) {
        NDArray x = Embedding.embedding(tokens, weights.embedding(), SparseFormat.DENSE).singletonOrThrow();
        return narrow ? kernels.narrow(x) : x;
    }

    /** One block, {@code [B, T, C]} to the same shape. */
    NDArray block(NDArray x, int index, Positions positions, KvCache cache) {
        Weights.Layer layer = weights.layer(index);
        NDArray y = x.add(attention(norm(x, layer.attentionNorm()), layer, index, positions, cache));
        return y.add(feedForward(norm(y, layer.feedForwardNorm()), layer, index));
    }

    /** The norm between the last block and the {@link #logits}, {@code [.., C]} to the same shape. */
    public NDArray finalNorm(NDArray x) {
        return norm(x, weights.finalNorm());
    }

    private NDArray run(NDArray tokens, Positions positions, KvCache cache) {
        NDArray x = embed(tokens);
        for (int i = 0; i < config.layers(); i++) {
            int index = i;
            NDArray in = x;
            x = Scopes.keep(() -> block(in, index, positions, cache));
        }
        if (cache != null) {
            cache.advance((int) tokens.getShape().get(1));
        }
        return finalNorm(x);
    }

    private Rotary rotary(Rotary wide) {
        return narrow ? new Rotary(kernels.narrow(wide.cos()), kernels.narrow(wide.sin())) : wide;
    }

    /** An array, not a number: DJL frees a number's memory after the product, and the backward pass would read it freed. */
    private NDArray scale(NDArray tokens) {
        return tokens.getManager().create((float) (1 / Math.sqrt(config.headDim())));
    }

    private boolean fused(long time) {
        return narrow || time >= FUSED_FROM;
    }

    private NDArray attention(NDArray x, Weights.Layer layer, int index, Positions positions, KvCache cache) {
        long batch = x.getShape().get(0);
        long time = x.getShape().get(1);
        int heads = config.heads();
        int kvHeads = config.kvHeads();
        int dim = config.headDim();
        long query = (long) heads * dim;
        long key = (long) kvHeads * dim;
        NDArray qkv = projected(x, layer.qkv(), layer.qkvBias(), index, "self_attn",
                List.of("q_proj", "k_proj", "v_proj"), query, key, key)
                .reshape(batch, time, heads + 2L * kvHeads, dim).transpose(0, 2, 1, 3); // [B, H + 2K, T, D]
        NDList parts = qkv.split(new long[] {heads + kvHeads}, 1);
        NDArray rotated = positions.rotary().rotate(normed(parts.get(0), layer));
        NDList split = rotated.split(new long[] {heads}, 1);
        NDArray queries = split.get(0); // [B, H, T, D]
        NDArray keys = split.get(1); // [B, K, T, D]
        NDArray values = parts.get(1); // [B, K, T, D]
        boolean all = cache == null || cache.length() == 0; // whole sequences, not one more token
        if (cache != null) {
            cache.write(index, keys, values);
            if (!all) {
                keys = cache.keys(index, cache.length() + time); // [B, K, S, D]
                values = cache.values(index, cache.length() + time);
            }
        }
        NDArray mixed = (all && positions.causal() && fused(time) ? kernels.causal(queries, keys, values)
                : attend(queries, keys, values, positions))
                .reshape(batch, heads, time, dim).transpose(0, 2, 1, 3).reshape(batch, time, query);
        return projected(mixed, layer.attentionOut(), null, index, "self_attn", List.of("o_proj"), config.hiddenSize());
    }

    /** Qwen3 normalises each query and key, {@code [B, H + K, T, D]}. */
    private NDArray normed(NDArray queriesAndKeys, Weights.Layer layer) {
        if (layer.queryNorm() == null) {
            return queriesAndKeys;
        }
        NDList parts = queriesAndKeys.split(new long[] {config.heads()}, 1);
        return norm(parts.get(0), layer.queryNorm()).concat(norm(parts.get(1), layer.keyNorm()), 1);
    }

    /** Attention by plain operations; query heads that share a key head are more rows of queries: {@code [B, K, H/K * T, D]}. */
    private NDArray attend(NDArray queries, NDArray keys, NDArray values, Positions positions) {
        long time = queries.getShape().get(2);
        int group = config.heads() / config.kvHeads();
        NDArray mask = group > 1 && time > 1 ? tiled(positions.mask(), group) : positions.mask();
        NDArray rows = queries.reshape(queries.getShape().get(0), config.kvHeads(), group * time, config.headDim());
        if (narrow || !positions.causal()) {
            return kernels.attend(rows, keys, values, mask);
        }
        NDArray scores = rows.mul(positions.scale()).matMul(keys.transpose(0, 1, 3, 2)); // [B, K, H/K * T, S]
        if (mask != null) {
            scores = scores.add(mask);
        }
        return scores.softmax(-1).matMul(values);
    }

    /** The mask {@code [.., T, T]} for so many queries at each time, {@code [.., group * T, T]}. */
    private static NDArray tiled(NDArray mask, int group) {
        return mask == null ? null : mask.getShape().dimension() == 2 ? mask.tile(new long[] {group, 1})
                : mask.tile(new long[] {1, 1, group, 1});
    }

    /** SwiGLU: W_down (silu(W_gate x) * W_up x). */
    private NDArray feedForward(NDArray x, Weights.Layer layer, int index) {
        long wide = config.intermediateSize();
        NDList gateUp = projected(x, layer.gateUp(), null, index, "mlp", List.of("gate_proj", "up_proj"), wide, wide)
                .split(2, 2);
        NDArray product = kernels.silu(gateUp.get(0)).mul(gateUp.get(1));
        return projected(product, layer.down(), null, index, "mlp", List.of("down_proj"), config.hiddenSize());
    }

    /** x W^T + b and what the adapters of these projections add, which in 16 bits is rounded together with the product. */
    private NDArray projected(NDArray x, NDArray weight, NDArray bias, int index, String group, List<String> names, long... widths) {
        NDArray added = lora == null ? null : lora.added(x, narrow ? kernels : null, index, group, names, widths);
        if (added == null || !narrow) {
            NDArray y = linear(x, weight, bias);
            return added == null ? y : y.add(added);
        }
        NDArray y = kernels.plus(x, weight, added);
        return bias == null ? y : y.add(kernels.narrow(bias));
    }

    /** x / sqrt(mean(x^2) + eps) * gain. */
    private NDArray norm(NDArray x, NDArray gain) {
        if (narrow) {
            return kernels.norm(x, gain);
        }
        NDArray meanSquare = x.square().mean(new int[] {-1}, true);
        return x.mul(kernels.rsqrt(meanSquare.add(config.rmsNormEps()))).mul(gain);
    }

    private NDArray linear(NDArray x, NDArray weight, NDArray bias) {
        return narrow ? kernels.linear(x, weight, bias) : Linear.linear(x, weight, bias).singletonOrThrow();
    }

    /** {@code [T, T]}: 0 where a query may look, minus infinity above the diagonal. */
    private static NDArray causal(int time, NDManager manager) {
        float[] mask = new float[time * time];
        for (int row = 0; row < time; row++) {
            java.util.Arrays.fill(mask, row * time + row + 1, (row + 1) * time, Float.NEGATIVE_INFINITY);
        }
        return manager.create(mask, new Shape(time, time));
    }
}
