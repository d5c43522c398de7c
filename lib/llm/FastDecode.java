package llm;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import common.BadInput;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Samples a whole batch in one engine call: prefill, then token after token, as a TorchScript method, {@link DecodeScript}. It
 * computes the same as {@link Decoder} and plain operations, without a call from Java for each operation. Adapters are applied beside
 * the weights and rounded together with their product: added in 16 bits to either, small ones would be rounded away.
 *
 * <p>On a CPU, what a row gets does not depend on the other rows, to the last bit, if the longest prompt and the longest
 * completion together have at most 144 tokens, and the engine has one or two threads, or the widths of the model (hidden,
 * feed-forward, one head) are multiples of 16. This holds in fp32, by MKL and by oneDNN, and in bf16, with adapters and with top-k and
 * top-p, for each set of kernels that the engine has (AVX-512, AVX2, plain; {@code RowsApartTest} runs all that the processor has),
 * but numbers of two sets, two kinds of processor or two numbers of threads differ in the last bits. Longer rows differ by rounding,
 * log-probabilities by some 1e-6: attention multiplies matrices there, whose sums the engine cuts in pieces by how long the longest
 * row is.
 *
 * <p>What it takes: A row's keys are laid out from its own prompt outwards: the prompt begins at slot N, the first sampled token is
 * at N - 1, the next at N - 2, so that a longer prompt elsewhere only adds masked slots at the end. Rows, prompts, slots, widths of
 * heads and ranks of adapters are padded to multiples of {@link DecodeScript#LANES}, because a block of rows or a vector of numbers
 * is rounded differently if it is not full, or does not begin where a vector may. Threads share whole rows of what the engine rounds
 * by vectors. And the uniform numbers are given, one per row and position.
 *
 * <p>What makes it fast: Weights are laid out once for all steps, see {@link #packed}. Keys are stored transposed, so that attention
 * reads them in order. A token is drawn by the sums of blocks of the vocabulary and then inside one block, a few rows at a time,
 * which stay in the processor's cache. Where a row has ended, the last one moves to its place, and nothing else of the cache moves.
 */
public final class FastDecode {

    /** The weights of linear layers as the engine multiplies by them; see {@link #packed}. */
    public static final class Packed implements AutoCloseable {

        private final IValue weights;

        private Packed(IValue weights) {
            this.weights = weights;
        }

        @Override
        public void close() {
            weights.close();
        }
    }

    private final ModelConfig config;
    private final boolean oneDnn;
    private final boolean once; // as in DecodeScript
    private final PtSymbolBlock script;
    private PtSymbolBlock timed; // created on first use

    /**
     * The script on the manager's device; it lives as long as the manager.
     *
     * @param oneDnn whether oneDNN multiplies matrices in fp32, which is faster than MKL on some processors; see {@link CpuKernels}
     * @throws BadInput if the engine has no oneDNN
     */
    FastDecode(ModelConfig config, boolean oneDnn, NDManager manager) {
        this.config = config;
        this.oneDnn = oneDnn;
        PtSymbolBlock loaded = null;
        if (Devices.isCpu(manager.getDevice())) {
            try {
                loaded = TorchScript.load("FastDecode", DecodeScript.source(oneDnn, true), manager);
            } catch (EngineException e) {
                if (oneDnn) {
                    throw new BadInput("sampling by oneDNN: this engine has none; sample by MKL, or on another platform", e);
                }
            }
        }
        once = loaded != null;
        script = once ? loaded : TorchScript.load("FastDecode", DecodeScript.source(oneDnn, false), manager);
    }

    /** Returns whether oneDNN multiplies matrices, not MKL. */
    boolean byOneDnn() {
        return oneDnn;
    }

    /**
     * The sampled tokens; values after the end of a row are undefined.
     *
     * @param tokens {@code [N, R]}
     * @param logProbs of these tokens {@code [N, R]}
     */
    public record Drawn(long[] tokens, float[] logProbs) {}

    /**
     * Returns the weights of the policy's linear layers laid out for {@link #sample}: where oneDNN multiplies, a copy in its own order,
     * without which it would reorder them in each step; this takes about as long as two decoding steps. Elsewhere they are the weights
     * themselves. They do not follow the policy when it learns. The caller closes them.
     */
    public Packed packed(Policy policy) {
        IValue[] packed = new IValue[1];
        Scopes.run(() -> {
            try (IValue weights = IValue.listFrom(arrays(policy, policy.weights().embedding().getManager()))) {
                packed[0] = IValueUtils.runMethod(script, "packed", weights);
            }
        });
        return new Packed(packed[0]);
    }

    /**
     * Samples a row for each entry of {@code source}. Rows beyond it pad the last block.
     *
     * @param packed weights of the same policy
     * @param prompts different prompts
     * @param source the prompt of each row
     * @param room the most new tokens of each row
     * @param uniform numbers in [0, 1), a row of at least {@code room} each
     * @param temperature 0 for greedy
     * @param topK draw from so many tokens; 0 for all
     * @param topP draw from the tokens that hold this share of the probability; 1 for all
     * @param left direct, in native order: on a CPU, the number of tokens that the rows may still get is written there after each
     *     token; null for nowhere
     */
    public Drawn sample(Policy policy, Packed packed, List<int[]> prompts, int[] source, int[] room, float[][] uniform, double temperature,
            int topK, double topP, ByteBuffer left) {
        return sample(script, policy, packed, prompts, source, room, uniform, temperature, topK, topP, left, new long[0]);
    }

    /** Samples at temperature 1 as {@link #sample} does, and returns the seconds that each part took. */
    public Map<String, Double> profile(Policy policy, Packed packed, List<int[]> prompts, int[] source, int[] room, float[][] uniform) {
        if (timed == null) {
            timed = TorchScript.load("FastDecode", DecodeScript.timed(oneDnn, once), policy.weights().embedding().getManager());
        }
        long[] clock = new long[DecodeScript.PARTS.size() + 1];
        long begin = System.nanoTime();
        sample(timed, policy, packed, prompts, source, room, uniform, 1, 0, 1, null, clock);
        long rest = System.nanoTime() - begin;
        Map<String, Double> seconds = new LinkedHashMap<>();
        for (int i = 0; i < DecodeScript.PARTS.size(); i++) {
            seconds.put(DecodeScript.PARTS.get(i), clock[i + 1] / 1e9);
            rest -= clock[i + 1];
        }
        seconds.put("arguments and results", rest / 1e9);
        return seconds;
    }

    private Drawn sample(PtSymbolBlock script, Policy policy, Packed packed, List<int[]> prompts, int[] source, int[] room,
            float[][] uniform, double temperature, int topK, double topP, ByteBuffer left, long[] clock) {
        NDManager manager = policy.weights().embedding().getManager();
        int rows = padded(source.length);
        int time = padded(prompts.stream().mapToInt(p -> p.length).max().orElseThrow());
        int steps = Arrays.stream(room).max().orElseThrow();
        long[] tokens = new long[prompts.size() * time];
        long[] last = new long[padded(prompts.size())];
        for (int i = 0; i < prompts.size(); i++) {
            int[] prompt = prompts.get(i);
            for (int j = 0; j < prompt.length; j++) {
                tokens[i * time + j] = prompt[j];
            }
            last[i] = (long) i * time + prompt.length - 1;
        }
        long[] sources = new long[rows];
        long[] lengths = new long[rows];
        long[] rooms = new long[rows];
        float[] numbers = new float[rows * steps];
        for (int i = 0; i < source.length; i++) {
            sources[i] = source[i];
            rooms[i] = room[i];
            System.arraycopy(uniform[i], 0, numbers, i * steps, room[i]);
        }
        for (int i = 0; i < rows; i++) {
            lengths[i] = prompts.get((int) sources[i]).length;
        }
        Drawn[] drawn = new Drawn[1];
        Scopes.run(() -> {
            Rotary rotary = Rotary.table(config, time + steps, manager);
            List<Integer> ending = policy.config().eosTokens(); // with further stop tokens
            long[] ends = ending.isEmpty() ? new long[] {-1} : ending.stream().mapToLong(t -> t).toArray();
            NDArray[] given = {manager.create(tokens, new Shape(prompts.size(), time)), manager.create(last), manager.create(sources),
                manager.create(lengths), manager.create(rooms), manager.create(numbers, new Shape(rows, steps)), manager.create(ends),
                rotary.cos(), rotary.sin(), left == null ? manager.create(new Shape(0), DataType.INT64)
                        : manager.create(left, new Shape(1), DataType.INT64)};
            List<IValue> arguments = new ArrayList<>(List.of(IValue.listFrom(arrays(policy, manager)), packed.weights,
                    IValue.listFrom(config.heads(), config.kvHeads(), config.headDim(), (long) config.layers(),
                            JniUtils.getNumThreads()),
                    IValue.from(config.rmsNormEps()), IValue.from(temperature), IValue.from((long) topK), IValue.from(topP)));
            Stream.of(given).map(array -> IValue.from((PtNDArray) array)).forEach(arguments::add);
            IValue laps = IValue.listFrom(clock);
            arguments.add(laps);
            try (IValue result = IValueUtils.runMethod(script, "sample", arguments.toArray(new IValue[0]))) {
                var both = result.toNDList((PtNDManager) manager);
                drawn[0] = new Drawn(both.get(0).toLongArray(), both.get(1).toFloatArray());
                both.forEach(NDArray::close);
                System.arraycopy(laps.toLongArray(), 0, clock, 0, clock.length);
            } finally {
                arguments.stream().filter(value -> value != packed.weights).forEach(IValue::close);
            }
        });
        return drawn[0];
    }

    /** How many columns {@link Drawn} has for so many rows. */
    public static int padded(int count) {
        return (count + DecodeScript.LANES - 1) / DecodeScript.LANES * DecodeScript.LANES;
    }

    private PtNDArray[] arrays(Policy policy, NDManager manager) {
        Weights weights = policy.weights();
        NDArray none = manager.create(new Shape(0));
        List<NDArray> all = new ArrayList<>(List.of(weights.embedding(), weights.finalNorm(), weights.output()));
        for (int i = 0; i < weights.layers().size(); i++) {
            Weights.Layer l = weights.layer(i);
            Stream.of(l.attentionNorm(), l.qkv(), l.qkvBias(), l.queryNorm(), l.keyNorm(), l.attentionOut(), l.feedForwardNorm(),
                    l.gateUp(), l.down()).forEach(array -> all.add(array == null ? none : array));
            all.addAll(adapters(policy, i, none));
        }
        return all.toArray(new PtNDArray[0]);
    }

    /** The adapters of a layer: two matrices for each of its four projections, in the precision of the policy. */
    private List<NDArray> adapters(Policy policy, int layer, NDArray none) {
        Lora lora = policy.lora();
        if (lora == null) {
            return Collections.nCopies(8, none);
        }
        long query = (long) config.heads() * config.headDim();
        long key = (long) config.kvHeads() * config.headDim();
        long wide = config.intermediateSize();
        List<Long> hidden = List.of((long) config.hiddenSize());
        return Stream.of(lora.sideBySide(layer, "self_attn", List.of("q_proj", "k_proj", "v_proj"), List.of(query, key, key), none),
                lora.sideBySide(layer, "self_attn", List.of("o_proj"), hidden, none),
                lora.sideBySide(layer, "mlp", List.of("gate_proj", "up_proj"), List.of(wide, wide), none),
                lora.sideBySide(layer, "mlp", List.of("down_proj"), hidden, none)).flatMap(List::stream).map(policy::narrow).toList();
    }
}
