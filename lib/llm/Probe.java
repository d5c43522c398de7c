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
 * How fast this processor multiplies a matrix of 128 rows by one of 1024 x 1024, in each of the ways that the engine has, in
 * Gflop/s. Measured once, in a tenth of a second, and remembered in DJL's cache folder for this processor and engine.
 *
 * <p>What it decides changes numbers in their last bits, so it decides only for models that are at least {@link #WIDE} wide, where
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

    /** Whether bf16 is faster for this model than fp32; false but on a CPU. */
    static boolean bf16Pays(ModelConfig config, Device device) {
        return config.hiddenSize() >= WIDE && !device.isGpu() && here().bf16Pays();
    }

    /** Whether oneDNN is faster for this model in fp32 than MKL; false but on a CPU. */
    static boolean oneDnnPays(ModelConfig config, Device device) {
        return config.hiddenSize() >= WIDE && !device.isGpu() && here().oneDnnPays();
    }

    /** Whether bf16 is faster than the faster way in fp32. */
    public boolean bf16Pays() {
        return bf16 > PAYS * Math.max(mkl, oneDnn);
    }

    /** Whether oneDNN is faster than MKL. */
    public boolean oneDnnPays() {
        return oneDnn > PAYS * mkl;
    }

    /** What is remembered of this processor, else measured now and remembered. */
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

    /** Where the measurement of this processor is remembered. */
    public static Path file() {
        String about = CpuKernels.processor() + ai.djl.engine.Engine.getEngine("PyTorch").getVersion();
        return Utils.getEngineCacheDir().resolve(FILE.formatted(Checksums.sha256(about.getBytes(StandardCharsets.UTF_8)).substring(0, 12)));
    }

    /** Measures now, alternating, and takes the best of each. */
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
