package lppo.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import lppo.data.BadInput;
import lppo.data.Seed;

/**
 * The arrays of a decoder. Query, key and value projections are kept as one array, and gate and up projections as
 * another, so that a block needs two multiplications fewer; files have them apart, under Hugging Face's names. The arrays
 * belong to the manager they were made with.
 *
 * @param embedding {@code [vocab, C]}
 * @param layers one entry per block
 * @param finalNorm {@code [C]}
 * @param head output projection {@code [vocab, C]}; null where it is tied to the embedding
 */
public record Weights(NDArray embedding, List<Layer> layers, NDArray finalNorm, NDArray head) {

    /**
     * One block.
     *
     * @param attentionNorm {@code [C]}
     * @param qkv {@code [(H + 2K) D, C]}: queries, keys, values
     * @param qkvBias {@code [(H + 2K) D]}
     * @param attentionOut {@code [C, H D]}
     * @param feedForwardNorm {@code [C]}
     * @param gateUp {@code [2 F, C]}: gate, then up
     * @param down {@code [C, F]}
     */
    public record Layer(NDArray attentionNorm, NDArray qkv, NDArray qkvBias, NDArray attentionOut,
            NDArray feedForwardNorm, NDArray gateUp, NDArray down) {

        List<NDArray> arrays() {
            return List.of(attentionNorm, qkv, qkvBias, attentionOut, feedForwardNorm, gateUp, down);
        }
    }

    /** The arrays that a checkpoint of this configuration has, by Hugging Face's name, in file order. */
    static Map<String, Shape> shapes(ModelConfig c) {
        Map<String, Shape> shapes = new LinkedHashMap<>();
        long width = c.hiddenSize();
        long query = (long) c.heads() * c.headDim();
        long key = (long) c.kvHeads() * c.headDim();
        if (!c.tied()) {
            shapes.put("lm_head.weight", new Shape(c.vocabSize(), width));
        }
        shapes.put("model.embed_tokens.weight", new Shape(c.vocabSize(), width));
        for (int i = 0; i < c.layers(); i++) {
            String layer = "model.layers." + i + ".";
            shapes.put(layer + "input_layernorm.weight", new Shape(width));
            shapes.put(layer + "mlp.down_proj.weight", new Shape(width, c.intermediateSize()));
            shapes.put(layer + "mlp.gate_proj.weight", new Shape(c.intermediateSize(), width));
            shapes.put(layer + "mlp.up_proj.weight", new Shape(c.intermediateSize(), width));
            shapes.put(layer + "post_attention_layernorm.weight", new Shape(width));
            shapes.put(layer + "self_attn.k_proj.bias", new Shape(key));
            shapes.put(layer + "self_attn.k_proj.weight", new Shape(key, width));
            shapes.put(layer + "self_attn.o_proj.weight", new Shape(width, query));
            shapes.put(layer + "self_attn.q_proj.bias", new Shape(query));
            shapes.put(layer + "self_attn.q_proj.weight", new Shape(query, width));
            shapes.put(layer + "self_attn.v_proj.bias", new Shape(key));
            shapes.put(layer + "self_attn.v_proj.weight", new Shape(key, width));
        }
        shapes.put("model.norm.weight", new Shape(width));
        return shapes;
    }

    /**
     * Reads {@code model.safetensors}.
     *
     * @throws BadInput if an array is missing, of another shape, or holds a NaN or an infinity
     */
    public static Weights read(Path file, ModelConfig config, NDManager manager) {
        try (NDManager scratch = manager.newSubManager()) {
            Map<String, NDArray> tensors = Safetensors.read(file, scratch);
            shapes(config).forEach((name, shape) -> {
                NDArray tensor = tensors.get(name);
                BadInput.unless(tensor != null, "%s: %s is missing; config.json asks for it", file, name);
                BadInput.unless(tensor.getShape().equals(shape), "%s: %s has shape %s, but config.json makes it %s", file,
                        name, tensor.getShape(), shape);
                BadInput.unless(Float.isFinite(tensor.sum().getFloat()), "%s: %s holds a value that is no finite number",
                        file, name);
            });
            return of(tensors, config, manager);
        }
    }

    /** Fresh weights: normal with the given standard deviation, gains one, biases zero. */
    public static Weights random(ModelConfig config, double deviation, Seed seed, NDManager manager) {
        try (NDManager scratch = manager.newSubManager()) {
            Map<String, NDArray> tensors = new LinkedHashMap<>();
            shapes(config).forEach((name, shape) -> {
                SplittableRandom random = seed.at("init", 0, name, 0);
                float[] values = new float[(int) shape.size()];
                for (int i = 0; i < values.length; i++) {
                    values[i] = name.contains("norm") ? 1
                            : name.endsWith("bias") ? 0 : (float) (deviation * random.nextGaussian());
                }
                tensors.put(name, scratch.create(values, shape));
            });
            return of(tensors, config, manager);
        }
    }

    private static Weights of(Map<String, NDArray> t, ModelConfig config, NDManager manager) {
        List<Layer> layers = new ArrayList<>();
        for (int i = 0; i < config.layers(); i++) {
            String layer = "model.layers." + i + ".";
            String attention = layer + "self_attn.";
            layers.add(new Layer(own(t.get(layer + "input_layernorm.weight"), manager),
                    join(manager, t.get(attention + "q_proj.weight"), t.get(attention + "k_proj.weight"),
                            t.get(attention + "v_proj.weight")),
                    join(manager, t.get(attention + "q_proj.bias"), t.get(attention + "k_proj.bias"),
                            t.get(attention + "v_proj.bias")),
                    own(t.get(attention + "o_proj.weight"), manager),
                    own(t.get(layer + "post_attention_layernorm.weight"), manager),
                    join(manager, t.get(layer + "mlp.gate_proj.weight"), t.get(layer + "mlp.up_proj.weight")),
                    own(t.get(layer + "mlp.down_proj.weight"), manager)));
        }
        return new Weights(own(t.get("model.embed_tokens.weight"), manager), List.copyOf(layers),
                own(t.get("model.norm.weight"), manager),
                config.tied() ? null : own(t.get("lm_head.weight"), manager));
    }

    /** The arrays by Hugging Face's names, in file order; views live in the current scope. */
    public Map<String, NDArray> named(ModelConfig config) {
        Map<String, NDArray> t = new LinkedHashMap<>();
        long query = (long) config.heads() * config.headDim();
        long key = (long) config.kvHeads() * config.headDim();
        t.put("lm_head.weight", head);
        t.put("model.embed_tokens.weight", embedding);
        t.put("model.norm.weight", finalNorm);
        for (int i = 0; i < layers.size(); i++) {
            Layer l = layers.get(i);
            String layer = "model.layers." + i + ".";
            NDList qkv = l.qkv().split(new long[] {query, query + key}, 0);
            NDList bias = l.qkvBias().split(new long[] {query, query + key}, 0);
            NDList gateUp = l.gateUp().split(2, 0);
            for (int j = 0; j < 3; j++) {
                String projection = layer + "self_attn." + "qkv".charAt(j) + "_proj.";
                t.put(projection + "weight", qkv.get(j));
                t.put(projection + "bias", bias.get(j));
            }
            t.put(layer + "self_attn.o_proj.weight", l.attentionOut());
            t.put(layer + "mlp.gate_proj.weight", gateUp.get(0));
            t.put(layer + "mlp.up_proj.weight", gateUp.get(1));
            t.put(layer + "mlp.down_proj.weight", l.down());
            t.put(layer + "input_layernorm.weight", l.attentionNorm());
            t.put(layer + "post_attention_layernorm.weight", l.feedForwardNorm());
        }
        Map<String, NDArray> ordered = new LinkedHashMap<>();
        shapes(config).keySet().forEach(name -> ordered.put(name, t.get(name)));
        return ordered;
    }

    /** Every array that learns, in a fixed order. */
    public List<NDArray> parameters() {
        List<NDArray> all = new ArrayList<>();
        all.add(embedding);
        layers.forEach(layer -> all.addAll(layer.arrays()));
        all.add(finalNorm);
        if (head != null) {
            all.add(head);
        }
        return all;
    }

    /** The output projection {@code [vocab, C]}. */
    public NDArray output() {
        return head == null ? embedding : head;
    }

    Layer layer(int index) {
        return layers.get(index);
    }

    private static NDArray own(NDArray array, NDManager manager) {
        array.attach(manager);
        return array;
    }

    private static NDArray join(NDManager manager, NDArray... parts) {
        return own(NDArrays.concat(new NDList(parts), 0), manager);
    }
}
