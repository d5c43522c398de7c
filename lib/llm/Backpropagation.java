package llm;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Computes log-probabilities of tokens and their gradient on a CPU with {@link BlockKernels}: no padding to the longest sequence, the
 * beginning of several sequences once, the vocabulary for some tokens at a time and only for those that are scored, and of each block
 * only what its derivative needs. It computes what {@link Decoder} does, to rounding.
 *
 * <p>To be used inside {@link Scopes#run}, which frees what it made.
 */
public final class Backpropagation {

    /** Logits computed at a time: 64 MB, a few times over. */
    public static final long LOGITS = 1 << 24;

    /** Bytes that are kept for the backward pass at a time, unless a single sequence takes more. */
    public static final long ACTIVATIONS = 3L << 29;

    private static final int WIDE = 256; // below, calls cost more than products
    private static final int SHORT = 96;

    private final Policy policy;
    private final BlockKernels kernels;
    private final ModelConfig config;
    private final FlatTokens flat;
    private final NDManager manager;
    private final boolean recompute;
    private final long logits;
    private final NDArray tokens;
    private final Rotary rotary;
    private final NDArray none;
    private final List<List<NDArray>> kept = new ArrayList<>(); // of each block; its input alone if it is to be computed again
    private final List<Part> parts = new ArrayList<>();
    private NDArray output; // of the last block [M, C]
    private double temperature;

    /** Some of the tokens that are scored. */
    private record Part(NDArray index, NDArray targets, NDArray slope) {}

    /**
     * Log-probabilities of the tokens that are scored, and the entropy of the policy at each, both {@code [N]} in fp32.
     */
    public record Scores(NDArray logProbs, NDArray entropy) {}

    /**
     * Whether sequences are computed so: those of a wide model, or of more than 96 tokens, where it is {@link #possible}.
     *
     * @param longest tokens of the longest
     */
    public static boolean suits(ModelConfig config, Device device, Precision precision, int longest) {
        return possible(device, precision) && (config.hiddenSize() >= WIDE || longest > SHORT);
    }

    /** Whether they can be computed so at all: on a CPU, in fp32 or bf16. */
    public static boolean possible(Device device, Precision precision) {
        return Devices.isCpu(device) && precision != Precision.FP16;
    }

    /**
     * A pass over some sequences.
     *
     * @param recompute whether only the input of each block is kept, and the block computed again when its turn comes
     */
    public Backpropagation(Policy policy, FlatTokens flat, boolean recompute) {
        this(policy, flat, recompute, LOGITS);
    }

    /** The same with so many logits at a time. */
    public Backpropagation(Policy policy, FlatTokens flat, boolean recompute, long logits) {
        this.policy = policy;
        this.flat = flat;
        this.recompute = recompute;
        this.logits = logits;
        kernels = policy.blockKernels();
        config = policy.config();
        manager = policy.manager();
        tokens = manager.create(flat.tokens());
        none = manager.create(new Shape(0));
        Rotary table = policy.decoder().rotary(flat.longest());
        try (NDArray positions = manager.create(flat.positions())) {
            rotary = new Rotary(table.cos().get(positions).expandDims(1), table.sin().get(positions).expandDims(1)); // [M, 1, D]
        }
    }

    /** Bytes that are kept for the backward pass for each token. */
    public static long bytes(ModelConfig c, Precision precision, boolean recompute) {
        long narrow = (c.heads() + 2L * c.kvHeads()) * c.headDim() + (long) c.heads() * c.headDim() + 2L * c.intermediateSize();
        return c.layers() * (4L * c.hiddenSize() + (recompute ? 0 : 4L * c.hiddenSize() + 4L * c.heads() + precision.bytes() * narrow));
    }

    /** Bytes that a block and its derivative need besides while they are computed, for each token. */
    public static long scratch(ModelConfig c, Precision precision) {
        long projected = (c.heads() + 2L * c.kvHeads()) * c.headDim();
        long attended = (long) c.heads() * c.headDim();
        return 4 * (6L * c.hiddenSize() + 2 * projected + 6 * attended) + precision.bytes() * (6L * c.intermediateSize() + 6 * attended);
    }

    /**
     * Scores tokens.
     *
     * @param index of the token that predicts each, in {@link FlatTokens#tokens}, {@code [N]} int64
     * @param targets tokens that are predicted {@code [N]} int64
     * @param differentiate whether {@link #backward} will follow
     */
    public Scores score(NDArray index, NDArray targets, double temperature, boolean differentiate) {
        this.temperature = temperature;
        NDArray x = kernels.one("embed", tokens, policy.weights().embedding());
        for (int i = 0; i < config.layers(); i++) {
            NDArray[] made = block(i, x);
            if (differentiate) {
                kept.add(recompute ? List.of(x) : List.of(made).subList(1, made.length));
            }
            for (int j = 1; j < made.length && (recompute || !differentiate); j++) {
                made[j].close();
            }
            if (!differentiate || !recompute) {
                x.close(); // the block's list has it under a handle of its own
            }
            x = made[0];
        }
        output = x;
        long step = Math.max(1, logits / config.vocabSize());
        NDList logProbs = new NDList();
        NDList entropy = new NDList();
        for (long from = 0; from < index.size(); from += step) {
            NDIndex range = new NDIndex().addSliceDim(from, Math.min(index.size(), from + step));
            NDArray some = index.get(range);
            NDArray right = targets.get(range);
            NDArray[] made = kernels.run("score", output, some, right, policy.weights().finalNorm(), policy.weights().output(),
                    config.rmsNormEps(), temperature, differentiate);
            logProbs.add(made[0]);
            entropy.add(made[1]);
            parts.add(new Part(some, right, differentiate ? made[2] : null));
        }
        return new Scores(NDArrays.concat(logProbs).duplicate(), NDArrays.concat(entropy).duplicate()); // outside of inference mode
    }

    /**
     * Adds the gradient of a loss to those of the policy's parameters.
     *
     * @param gradient of the loss by the log-probabilities {@code [N]}
     */
    public void backward(NDArray gradient) {
        Weights weights = policy.weights();
        boolean all = policy.lora() == null;
        NDArray finalGain = all ? gradient(weights.finalNorm()) : none;
        NDArray above = manager.zeros(output.getShape());
        long from = 0;
        for (Part part : parts) {
            NDArray d = gradient.get(new NDIndex().addSliceDim(from, from + part.index.size()));
            from += part.index.size();
            kernels.one("score_back", above, d, part.slope, output, part.index, weights.finalNorm(), finalGain, config.rmsNormEps())
                    .close();
            if (all) {
                kernels.one("output_back", d, output, part.index, part.targets, weights.finalNorm(), weights.output(),
                        gradient(weights.output()), config.rmsNormEps(), temperature).close();
            }
        }
        for (int i = config.layers() - 1; i >= 0; i--) {
            List<NDArray> inner = kept.get(i);
            if (recompute) {
                NDArray[] made = block(i, inner.get(0));
                made[0].close();
                inner.get(0).close();
                inner = List.of(made).subList(1, made.length);
            }
            NDArray below = kernels.one("block_back", above, inner, weights(i, false),
                    all ? weights(i, true) : Collections.nCopies(9, none), adapters(i, true, false), adapters(i, false, false),
                    adapters(i, true, true), adapters(i, false, true),
                    rotary.cos(), rotary.sin(), flat.pieces(), sizes(), config.rmsNormEps(), scale());
            above.close();
            inner.forEach(NDArray::close);
            above = below;
        }
        if (all) {
            kernels.one("embed_back", above, tokens, gradient(weights.embedding())).close();
        }
    }

    private NDArray[] block(int layer, NDArray x) {
        return kernels.run("block", x, weights(layer, false), adapters(layer, true, false), adapters(layer, false, false), rotary.cos(),
                rotary.sin(), flat.pieces(), sizes(), config.rmsNormEps(), scale());
    }

    /** The array that the gradient of a parameter is added up in. */
    private static NDArray gradient(NDArray parameter) {
        PtNDArray leaf = (PtNDArray) parameter;
        if (JniUtils.getGradient(leaf) == null) { // none was ever computed
            JniUtils.backward(leaf, (PtNDArray) parameter.getManager().zeros(parameter.getShape()), false, false);
        }
        return parameter.getGradient();
    }

    private double scale() {
        return policy.lora() == null ? 1 : policy.lora().settings().alpha() / policy.lora().settings().rank();
    }

    private long[] sizes() {
        return new long[] {config.heads(), config.kvHeads(), config.headDim(), config.intermediateSize()};
    }

    private List<NDArray> weights(int layer, boolean gradients) {
        return policy.weights().layer(layer).all().stream().map(w -> w == null ? none : gradients ? gradient(w) : w).toList();
    }

    private List<NDArray> adapters(int layer, boolean a, boolean gradients) {
        List<NDArray> arrays = policy.lora() == null ? Collections.nCopies(Lora.PROJECTIONS.size(), null) : policy.lora().arrays(layer, a);
        return arrays.stream().map(w -> w == null ? none : gradients ? gradient(w) : w).toList();
    }
}
