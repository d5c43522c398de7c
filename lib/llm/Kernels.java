package llm;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValueUtils;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Operations of the engine that DJL's arrays lack: fused attention, whose memory grows linearly with the length, and bf16. They are
 * TorchScript methods, {@link #SOURCE}, loaded by {@link TorchScript}.
 * Gradients flow through them.
 *
 * <p>DJL has no data type for bf16. Such an array may be added, multiplied, reshaped, sliced and closed like any other; it must be
 * converted to fp32 before anything reads its type.
 */
final class Kernels {

    /** Shapes as in {@link Decoder}; {@code %d} is PyTorch's id of the precision of the computation, {@code %s} epsilon. */
    private static final String SOURCE = """
              def narrow(self, x: Tensor) -> Tensor:
                return x.to(%1$d)
              def wide(self, x: Tensor) -> Tensor:
                return x.to(6)
              def linear(self, x: Tensor, w: Tensor) -> Tensor:
                return torch.linear(x, w.to(x.dtype))
              def affine(self, x: Tensor, w: Tensor, b: Tensor) -> Tensor:
                return torch.linear(x, w.to(x.dtype), b.to(x.dtype))
              def plus(self, x: Tensor, w: Tensor, z: Tensor) -> Tensor:
                y = torch.addmm(z.reshape([-1, w.size(0)]), x.reshape([-1, w.size(1)]), w.to(x.dtype).t())
                return y.view(z.size())
              def norm(self, x: Tensor, gain: Tensor) -> Tensor:
                y = x.to(6)
                y = y * torch.rsqrt(torch.mean(y * y, [-1], True) + %2$s)
                return y.to(x.dtype) * gain.to(x.dtype)
              def silu(self, x: Tensor) -> Tensor:
                return torch.silu(x)
              def rsqrt(self, x: Tensor) -> Tensor:
                return torch.rsqrt(x)
              def causal(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
                group = torch.floordiv(q.size(1), k.size(1))
                if group > 1:
                  k1 = torch.repeat_interleave(k, group, 1)
                  v1 = torch.repeat_interleave(v, group, 1)
                else:
                  k1 = k
                  v1 = v
                return torch.scaled_dot_product_attention(q, k1, v1, None, 0., True)
              def attend(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
                return torch.scaled_dot_product_attention(q, k, v)
              def attendMasked(self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
                return torch.scaled_dot_product_attention(q, k, v, mask.to(q.dtype))
            """;

    private final Precision precision;
    private final PtSymbolBlock script;
    private final FastDecode fastDecode;
    private final Rotary.Table rotary;
    private final NDManager manager;
    private BlockKernels blocks; // created on first use
    private final Map<String, NDArray> methods = new HashMap<>(); // DJL selects a method by the name of its first argument

    /** Creates the operations on the manager's device, with oneDNN where it is the fastest; they live as long as the manager. */
    Kernels(ModelConfig config, Precision precision, NDManager manager) {
        this(config, precision, Probe.oneDnnPays(config, precision, manager.getDevice()), manager);
    }

    /** Creates the operations on the manager's device; they live as long as the manager. {@code oneDnn} as in {@link FastDecode}. */
    Kernels(ModelConfig config, Precision precision, boolean oneDnn, NDManager manager) {
        this.precision = precision;
        script = TorchScript.load("Kernels", String.format(Locale.ROOT, SOURCE, precision.code(), config.rmsNormEps()), manager);
        fastDecode = new FastDecode(config, oneDnn, manager);
        rotary = new Rotary.Table(config, manager);
        this.manager = manager;
        for (String method : List.of("narrow", "wide", "linear", "affine", "plus", "norm", "silu", "rsqrt", "causal", "attend",
                "attendMasked")) {
            NDArray name = manager.create(0f);
            name.setName("module_method:" + method);
            NDScope.unregister(name);
            methods.put(method, name);
        }
    }

    Precision precision() {
        return precision;
    }

    FastDecode fastDecode() {
        return fastDecode;
    }

    /** The rotations of positions 0 to {@code time - 1}, {@code [T, D]}, in the current scope. */
    Rotary rotary(int time) {
        return rotary.first(time);
    }

    /** Blocks with their derivatives, on a CPU. */
    synchronized BlockKernels blocks() {
        if (blocks == null) {
            blocks = new BlockKernels(precision, manager);
        }
        return blocks;
    }

    /** Returns {@code x} in the precision of the computation. */
    NDArray narrow(NDArray x) {
        return call("narrow", x);
    }

    /** Returns {@code x} in fp32. */
    NDArray wide(NDArray x) {
        return call("wide", x);
    }

    /** Returns zeros in the precision of the computation. */
    NDArray zeros(Shape shape, NDManager manager) {
        try (NDArray wide = manager.zeros(shape, precision == Precision.BF16 ? DataType.FLOAT16 : DataType.FLOAT32)) {
            return narrow(wide);
        }
    }

    /** x W^T + b in the type of x; the bias may be null. */
    NDArray linear(NDArray x, NDArray weight, NDArray bias) {
        return bias == null ? call("linear", x, weight) : call("affine", x, weight, bias);
    }

    /** x W^T + z, on a GPU rounded once, so that a small z does not vanish beside a product that is rounded already. */
    NDArray plus(NDArray x, NDArray weight, NDArray z) {
        return call("plus", x, weight, z);
    }

    /** Root-mean-square norm, computed in fp32, in the type of x. */
    NDArray norm(NDArray x, NDArray gain) {
        return call("norm", x, gain);
    }

    /** x sigmoid(x). */
    NDArray silu(NDArray x) {
        return call("silu", x);
    }

    /** 1 / sqrt(x). */
    NDArray rsqrt(NDArray x) {
        return call("rsqrt", x);
    }

    /** Causal attention of whole sequences: {@code [B, H, T, D]}, {@code [B, K, T, D]} twice, to {@code [B, H, T, D]}. */
    NDArray causal(NDArray queries, NDArray keys, NDArray values) {
        return call("causal", queries, keys, values);
    }

    /** Attention of {@code [B, K, H/K, D]} to {@code [B, K, S, D]}; the mask is added to the scores and may be null. */
    NDArray attend(NDArray queries, NDArray keys, NDArray values, NDArray mask) {
        return mask == null ? call("attend", queries, keys, values) : call("attendMasked", queries, keys, values, mask);
    }

    private NDArray call(String method, NDArray... arguments) {
        NDList list = new NDList(arguments);
        list.add(methods.get(method));
        return IValueUtils.forward(script, list, true).singletonOrThrow();
    }
}
