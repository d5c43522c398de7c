package llm;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import common.Seed;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import llm.ModelConfig.Family;

/**
 * The arrays of a decoder. Query, key and value projections are kept as one array, and gate and up projections as
 * another, so that a block needs fewer multiplications; files store them separately, under Hugging Face's names. The arrays belong to the
 * manager that created them.
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
     * @param qkvBias {@code [(H + 2K) D]}; null where the family has none
     * @param queryNorm {@code [D]}; null where the family has none
     * @param keyNorm {@code [D]}; null where the family has none
     * @param attentionOut {@code [C, H D]}
     * @param feedForwardNorm {@code [C]}
     * @param gateUp {@code [2 F, C]}: gate, then up
     * @param down {@code [C, F]}
     */
    public record Layer(NDArray attentionNorm, NDArray qkv, NDArray qkvBias, NDArray queryNorm, NDArray keyNorm,
            NDArray attentionOut, NDArray feedForwardNorm, NDArray gateUp, NDArray down) {

        List<NDArray> arrays() {
            return all().stream().filter(Objects::nonNull).toList();
        }

        /** In the order above, null where a family has none. */
        List<NDArray> all() {
            return Arrays.asList(attentionNorm, qkv, qkvBias, queryNorm, keyNorm, attentionOut, feedForwardNorm, gateUp, down);
        }
    }

    /** Returns the shapes of the arrays of a checkpoint of this configuration, by Hugging Face's name, in file order. */
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
            String attention = layer + "self_attn.";
            if (c.family() == Family.QWEN3) {
                shapes.put(attention + "k_norm.weight", new Shape(c.headDim()));
            }
            projection(shapes, attention + "k_proj", key, c);
            shapes.put(attention + "o_proj.weight", new Shape(width, query));
            if (c.family() == Family.QWEN3) {
                shapes.put(attention + "q_norm.weight", new Shape(c.headDim()));
            }
            projection(shapes, attention + "q_proj", query, c);
            projection(shapes, attention + "v_proj", key, c);
        }
        shapes.put("model.norm.weight", new Shape(width));
        return shapes;
    }

    /** Returns the number of parameters of a model of this configuration. */
    public static long count(ModelConfig config) {
        return shapes(config).values().stream().mapToLong(Shape::size).sum();
    }

    private static void projection(Map<String, Shape> shapes, String name, long out, ModelConfig c) {
        if (c.family() == Family.QWEN2) {
            shapes.put(name + ".bias", new Shape(out));
        }
        shapes.put(name + ".weight", new Shape(out, c.hiddenSize()));
    }

    /**
     * Reads the safetensors of a model folder, copying them piece by piece.
     *
     * @param kernels keep the weights in their precision; null for fp32
     * @throws common.BadInput if an array is missing, unknown, of another shape, or holds a NaN or an infinity
     */
    static Weights read(Path folder, ModelConfig config, Kernels kernels, NDManager manager) {
        Checkpoint checkpoint = Checkpoint.open(folder);
        checkpoint.expect(shapes(config), config.tied());
        return of(config, kernels, manager, (name, sink) -> checkpoint.copy(name, sink, manager));
    }

    /** Creates random weights: normal with the given standard deviation, gains one, biases zero. */
    static Weights random(ModelConfig config, double deviation, Seed seed, NDManager manager) {
        Map<String, Shape> shapes = shapes(config);
        return of(config, null, manager, (name, sink) -> {
            SplittableRandom random = seed.at("init", 0, name, 0);
            float[] values = new float[Math.toIntExact(shapes.get(name).size())];
            for (int i = 0; i < values.length; i++) {
                values[i] = name.contains("norm") ? 1
                        : name.endsWith("bias") ? 0 : (float) (deviation * random.nextGaussian());
            }
            try (NDArray piece = manager.create(values, shapes.get(name))) {
                sink.accept(0, piece);
            }
        });
    }

    /** A source of values. */
    private interface Source {
        void copy(String name, Safetensors.Sink sink);
    }

    /** Creates an array and fills it with tensors of a checkpoint, stacked by rows. */
    private interface Maker {
        NDArray of(String... names);
    }

    private static Weights of(ModelConfig config, Kernels kernels, NDManager manager, Source source) {
        Map<String, Shape> shapes = shapes(config);
        Maker make = names -> {
            long rows = Stream.of(names).mapToLong(name -> shapes.get(name).get(0)).sum();
            Shape one = shapes.get(names[0]);
            Shape shape = one.dimension() == 1 ? new Shape(rows) : new Shape(rows, one.get(1));
            NDArray array = kernels == null ? manager.zeros(shape) : kernels.zeros(shape, manager);
            NDScope.unregister(array);
            long from = 0;
            for (String name : names) {
                long at = from;
                source.copy(name, (row, piece) -> Scopes
                        .run(() -> array.set(Safetensors.rows(array, at + row, piece), kernels == null ? piece : kernels.narrow(piece))));
                from += shapes.get(name).get(0);
            }
            return array;
        };
        List<Layer> layers = new ArrayList<>();
        for (int i = 0; i < config.layers(); i++) {
            String layer = "model.layers." + i + ".";
            String q = layer + "self_attn.q_";
            String k = layer + "self_attn.k_";
            String v = layer + "self_attn.v_";
            boolean biased = config.family() == Family.QWEN2;
            boolean normed = config.family() == Family.QWEN3;
            layers.add(new Layer(make.of(layer + "input_layernorm.weight"),
                    make.of(q + "proj.weight", k + "proj.weight", v + "proj.weight"),
                    biased ? make.of(q + "proj.bias", k + "proj.bias", v + "proj.bias") : null,
                    normed ? make.of(q + "norm.weight") : null, normed ? make.of(k + "norm.weight") : null,
                    make.of(layer + "self_attn.o_proj.weight"), make.of(layer + "post_attention_layernorm.weight"),
                    make.of(layer + "mlp.gate_proj.weight", layer + "mlp.up_proj.weight"), make.of(layer + "mlp.down_proj.weight")));
        }
        return new Weights(make.of("model.embed_tokens.weight"), List.copyOf(layers), make.of("model.norm.weight"),
                config.tied() ? null : make.of("lm_head.weight"));
    }

    /** Returns a copy in the precision of the kernels, owned by {@code manager}. */
    Weights narrowed(Kernels kernels, NDManager manager) {
        UnaryOperator<NDArray> narrow = array -> {
            if (array == null) {
                return null;
            }
            NDArray copy = kernels.narrow(array);
            NDScope.unregister(copy);
            copy.attach(manager);
            return copy;
        };
        return new Weights(narrow.apply(embedding), layers.stream().map(l -> new Layer(narrow.apply(l.attentionNorm()),
                narrow.apply(l.qkv()), narrow.apply(l.qkvBias()), narrow.apply(l.queryNorm()), narrow.apply(l.keyNorm()),
                narrow.apply(l.attentionOut()), narrow.apply(l.feedForwardNorm()), narrow.apply(l.gateUp()),
                narrow.apply(l.down()))).toList(), narrow.apply(finalNorm), narrow.apply(head));
    }

    /** Returns the arrays by Hugging Face's names, in file order; views live in the current scope. */
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
            NDList bias = l.qkvBias() == null ? null : l.qkvBias().split(new long[] {query, query + key}, 0);
            NDList gateUp = l.gateUp().split(2, 0);
            for (int j = 0; j < 3; j++) {
                String projection = layer + "self_attn." + "qkv".charAt(j) + "_proj.";
                t.put(projection + "weight", qkv.get(j));
                t.put(projection + "bias", bias == null ? null : bias.get(j));
            }
            t.put(layer + "self_attn.q_norm.weight", l.queryNorm());
            t.put(layer + "self_attn.k_norm.weight", l.keyNorm());
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

    /** Returns every trainable array, in a fixed order. */
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

    /** Returns the output projection {@code [vocab, C]}. */
    public NDArray output() {
        return head == null ? embedding : head;
    }

    Layer layer(int index) {
        return layers.get(index);
    }
}
