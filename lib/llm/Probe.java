package llm;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.util.Utils;
import common.Checksums;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;

/**
 * Measured speed of this processor at multiplying a 128 x 1024 by a 1024 x 1024 matrix in each way that the engine offers, in Gflop/s.
 * The measurement takes a tenth of a second and is cached in DJL's cache folder for this processor and engine.
 *
 * <p>Its choices change results in their last bits, so it applies only to models at least {@link #WIDE} wide, where
 * the gain is large or none: small ones are the same on every processor with the same {@linkplain CpuKernels kernels}.
 *
 * @param mkl in fp32, by MKL, which PyTorch calls by itself
 * @param oneDnn in fp32, by oneDNN; 0 where the engine has it not
 * @param bf16 in bf16
 */
public record Probe(double mkl, double oneDnn, double bf16) {

    /** Smallest hidden width that is not computed in fp32 by MKL whatever the processor. */
    public static final int WIDE = 256;

    private static final double PAYS = 1.3; // times as fast
    private static final int SIZE = 1024;
    private static final int ROWS = 128;
    private static final String FILE = "lppo-probe-%s.txt";

    /** Returns whether bf16 is faster than fp32 for this model; always false on another device than a CPU. */
    static boolean bf16Pays(ModelConfig config, Device device) {
        return config.hiddenSize() >= WIDE && Devices.isCpu(device) && here().bf16Pays();
    }

    /**
     * Returns whether oneDNN's own calls are the fastest for this model: faster than MKL in fp32, and in bf16 wherever that is faster
     * than fp32; always false on another device than a CPU.
     */
    static boolean oneDnnPays(ModelConfig config, Precision precision, Device device) {
        if (config.hiddenSize() < WIDE || !Devices.isCpu(device) || precision == Precision.FP16) {
            return false;
        }
        Probe here = here();
        return precision == Precision.FP32 ? here.oneDnnPays() : here.oneDnn > 0 && here.bf16Pays();
    }

    /** Returns whether bf16 is faster than the faster of MKL and oneDNN in fp32. */
    public boolean bf16Pays() {
        return bf16 > PAYS * Math.max(mkl, oneDnn);
    }

    /** Returns whether oneDNN is faster than MKL in fp32. */
    public boolean oneDnnPays() {
        return oneDnn > PAYS * mkl;
    }

    /** Returns the cached measurement of this processor; measures and caches it if there is none. */
    public static Probe here() {
        Path file = file();
        try {
            String[] words = Files.readString(file).strip().split(" ");
            return new Probe(Double.parseDouble(words[0]), Double.parseDouble(words[1]), Double.parseDouble(words[2]));
        } catch (IOException | NumberFormatException | ArrayIndexOutOfBoundsException e) {
            Probe probe = measured();
            try {
                Files.createDirectories(file.getParent());
                Files.writeString(file, String.format(Locale.ROOT, "%.1f %.1f %.1f%n", probe.mkl, probe.oneDnn, probe.bf16));
            } catch (IOException unwritable) {
                return probe; // measured again next time
            }
            return probe;
        }
    }

    /** Returns the file that caches the measurement of this processor. */
    public static Path file() {
        String about = CpuKernels.processor() + ai.djl.engine.Engine.getEngine("PyTorch").getVersion();
        return Utils.getEngineCacheDir().resolve(FILE.formatted(Checksums.sha256(about.getBytes(StandardCharsets.UTF_8)).substring(0, 12)));
    }

    /** Measures now, alternating, and returns the best of each. */
    public static Probe measured() {
        Scopes.recordNothing();
        try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
            PtNDArray x = (PtNDArray) manager.ones(new Shape(ROWS, SIZE));
            PtNDArray w = (PtNDArray) manager.ones(new Shape(SIZE, SIZE));
            PtSymbolBlock plain = TorchScript.load("Plain", """
                      def narrow(self, x: Tensor) -> Tensor:
                        return x.to(15)
                      def linear(self, x: Tensor, w: Tensor) -> Tensor:
                        return torch.linear(x, w)
                    """, manager);
            PtNDArray x16 = run(plain, "narrow", manager, x);
            PtNDArray w16 = run(plain, "narrow", manager, w);
            PtSymbolBlock other = oneDnn(manager);
            double[] best = new double[3];
            for (int round = 0; round < 12; round++) {
                best[0] = Math.max(best[0], rate(() -> run(plain, "linear", manager, x, w)));
                best[1] = other == null ? 0 : Math.max(best[1], rate(() -> run(other, "linear", manager, x, w)));
                best[2] = Math.max(best[2], rate(() -> run(plain, "linear", manager, x16, w16)));
            }
            return new Probe(best[0], best[1], best[2]);
        }
    }

    private static PtSymbolBlock oneDnn(NDManager manager) {
        try {
            return TorchScript.load("OneDnn", """
                      def linear(self, x: Tensor, w: Tensor) -> Tensor:
                        return ops.mkldnn._linear_pointwise(x, w, None, "none", [], "")
                    """, manager);
        } catch (RuntimeException e) {
            return null; // an engine without it
        }
    }

    private static PtNDArray run(PtSymbolBlock script, String method, NDManager manager, PtNDArray... arguments) {
        IValue[] values = new IValue[arguments.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = IValue.from(arguments[i]);
        }
        try (IValue result = IValueUtils.runMethod(script, method, values)) {
            return (PtNDArray) result.toNDList((PtNDManager) manager).get(0);
        } finally {
            for (IValue value : values) {
                value.close();
            }
        }
    }

    private static double rate(Callable<NDArray> product) {
        long begin = System.nanoTime();
        try (NDArray result = product.call()) {
            return 2.0 * ROWS * SIZE * SIZE / (System.nanoTime() - begin);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
