package lppo.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.core.Embedding;
import ai.djl.nn.core.Linear;
import java.util.List;

/**
 * The Qwen2 decoder (arXiv 2407.10671) on NDArrays: root-mean-square norm, rotary embedding, grouped-query attention
 * with biased projections, SwiGLU. It computes; the arrays are {@link Weights}'. Letters in shapes: B batch, T time, C
 * width, H query heads, K key-value heads, D width of a head.
 *
 * <p>Training and prefill pad on the right, where causal attention needs no padding mask; decoding appends one token to
 * every row of a {@link KvCache}.
 */
public final class Decoder {

    private final ModelConfig config;
    private final Weights weights;
    private final Lora lora;

    /** A decoder of these weights alone. */
    public Decoder(ModelConfig config, Weights weights) {
        this(config, weights, null);
    }

    /** A decoder with adapters; {@code lora} may be null. */
    Decoder(ModelConfig config, Weights weights, Lora lora) {
        this.config = config;
        this.weights = weights;
        this.lora = lora;
    }

    /**
     * The last hidden states of whole sequences.
     *
     * @param tokens {@code [B, T]} int64, padded on the right with any valid token
     * @param cache receives keys and values if not null; must be empty
     * @return {@code [B, T, C]}; rows of padding mean nothing
     */
    public NDArray hidden(NDArray tokens, KvCache cache) {
        int time = (int) tokens.getShape().get(1);
        NDManager manager = tokens.getManager();
        Rotary rotary = Rotary.table(config, time, manager); // [T, D]
        NDArray mask = time == 1 ? null : causal(time, manager); // [T, T]
        return run(tokens, rotary, mask, cache);
    }

    /**
     * The last hidden states of one more token a row.
     *
     * @param tokens {@code [B, 1]} int64
     * @param rotary of the positions of these tokens, one a row
     * @param mask added to attention scores, {@code [B, 1, 1, slots]} with slots counting this token; null for none
     * @return {@code [B, 1, C]}
     */
    public NDArray step(NDArray tokens, Rotary rotary, NDArray mask, KvCache cache) {
        return run(tokens, rotary, mask, cache);
    }

    /** Unnormalised log-probabilities over the vocabulary of hidden states: {@code [.., C]} to {@code [.., vocab]}. */
    public NDArray logits(NDArray hidden) {
        return linear(hidden, weights.output(), null);
    }

    private NDArray run(NDArray tokens, Rotary rotary, NDArray mask, KvCache cache) {
        NDArray x = Embedding.embedding(tokens, weights.embedding(), ai.djl.ndarray.types.SparseFormat.DENSE)
                .singletonOrThrow(); // [B, T, C]
        // An array, not a number: DJL frees a number's memory after the product, and the backward pass would read it freed
        NDArray scale = tokens.getManager().create((float) (1 / Math.sqrt(config.headDim())));
        for (int i = 0; i < config.layers(); i++) {
            int index = i;
            NDArray in = x;
            x = Scopes.keep(() -> block(in, index, rotary, scale, mask, cache));
        }
        if (cache != null) {
            cache.advance((int) tokens.getShape().get(1));
        }
        return norm(x, weights.finalNorm());
    }

    private NDArray block(NDArray x, int index, Rotary rotary, NDArray scale, NDArray mask, KvCache cache) {
        Weights.Layer layer = weights.layer(index);
        x = x.add(attention(norm(x, layer.attentionNorm()), layer, index, rotary, scale, mask, cache));
        return x.add(feedForward(norm(x, layer.feedForwardNorm()), layer, index));
    }

    private NDArray attention(NDArray x, Weights.Layer layer, int index, Rotary rotary, NDArray scale,
            NDArray mask, KvCache cache) {
        long batch = x.getShape().get(0);
        long time = x.getShape().get(1);
        int heads = config.heads();
        int kvHeads = config.kvHeads();
        int dim = config.headDim();
        long query = (long) heads * dim;
        long key = (long) kvHeads * dim;
        NDArray qkv = adapted(linear(x, layer.qkv(), layer.qkvBias()), x, index, "self_attn",
                List.of("q_proj", "k_proj", "v_proj"), query, key, key)
                .reshape(batch, time, heads + 2L * kvHeads, dim).transpose(0, 2, 1, 3); // [B, H + 2K, T, D]
        NDList parts = qkv.split(new long[] {heads + kvHeads}, 1);
        NDList rotated = rotary.rotate(parts.get(0)).split(new long[] {heads}, 1);
        NDArray queries = rotated.get(0).mul(scale); // [B, H, T, D]
        NDArray keys = rotated.get(1); // [B, K, T, D]
        NDArray values = parts.get(1); // [B, K, T, D]
        if (cache != null) {
            cache.write(index, keys, values);
            if (cache.length() > 0) {
                keys = cache.keys(index, cache.length() + time); // [B, K, S, D]
                values = cache.values(index, cache.length() + time);
            }
        }
        int group = heads / kvHeads; // query heads that share a key head are more rows of queries
        if (group > 1) {
            queries = queries.reshape(batch, kvHeads, group * time, dim);
        }
        NDArray scores = queries.matMul(keys.transpose(0, 1, 3, 2)); // [B, K, H/K * T, S]
        if (mask != null) {
            scores = scores.add(group > 1 && mask.getShape().dimension() == 2 ? mask.tile(new long[] {group, 1}) : mask);
        }
        NDArray mixed = scores.softmax(-1).matMul(values) // [B, K, H/K * T, D]
                .reshape(batch, heads, time, dim).transpose(0, 2, 1, 3).reshape(batch, time, query);
        return adapted(linear(mixed, layer.attentionOut(), null), mixed, index, "self_attn", List.of("o_proj"), config.hiddenSize());
    }

    /** SwiGLU: W_down (silu(W_gate x) * W_up x). */
    private NDArray feedForward(NDArray x, Weights.Layer layer, int index) {
        long wide = config.intermediateSize();
        NDList gateUp = adapted(linear(x, layer.gateUp(), null), x, index, "mlp", List.of("gate_proj", "up_proj"), wide, wide)
                .split(2, 2);
        NDArray gate = gateUp.get(0);
        NDArray silu = gate.mul(Activation.sigmoid(gate));
        NDArray product = silu.mul(gateUp.get(1));
        return adapted(linear(product, layer.down(), null), product, index, "mlp", List.of("down_proj"), config.hiddenSize());
    }

    private NDArray adapted(NDArray y, NDArray x, int index, String group, List<String> names, long... widths) {
        return lora == null ? y : lora.add(y, x, index, group, names, widths);
    }

    /** x / sqrt(mean(x^2) + eps) * gain. */
    private NDArray norm(NDArray x, NDArray gain) {
        NDArray meanSquare = x.square().mean(new int[] {-1}, true);
        return x.div(meanSquare.add(config.rmsNormEps()).sqrt()).mul(gain);
    }

    private static NDArray linear(NDArray x, NDArray weight, NDArray bias) {
        return Linear.linear(x, weight, bias).singletonOrThrow();
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
