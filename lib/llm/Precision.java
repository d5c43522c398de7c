package llm;

import common.BadInput;
import java.nio.file.Path;
import java.util.Locale;

/** The number format that a model computes in. Log-probabilities, losses, gradients of adapters and optimisers are always fp32. */
public enum Precision {
    /** 32 bits: the precision of full training. */
    FP32(4, 6),
    /** 16 bits with a narrow range: for sampling and evaluating; small gradients vanish. */
    FP16(2, 5),
    /** 16 bits with the range of fp32: for frozen weights, and for sampling on processors that are faster in it. */
    BF16(2, 15);

    private final int bytes;
    private final int code;

    Precision(int bytes, int code) {
        this.bytes = bytes;
        this.code = code;
    }

    /** Returns the bytes per number. */
    public int bytes() {
        return bytes;
    }

    /** Returns PyTorch's id of the type. */
    int code() {
        return code;
    }

    /**
     * Returns the precision for sampling and evaluation, and of frozen weights beside adapters, if {@code auto} is given: on a CPU, bf16
     * for a model that is wide enough, on a processor that {@linkplain Probe multiplies} faster in it; else the precision of the learner.
     *
     * @param name {@code auto}; any other means the same precision for both
     * @param learner the precision of this name for learning
     */
    public static Precision toSample(String name, Precision learner, ai.djl.Device device, Path folder) {
        return name.equalsIgnoreCase("auto") && learner == FP32 && Probe.bf16Pays(ModelConfig.read(folder), device) ? BF16 : learner;
    }

    /**
     * Returns the precision of this name; {@code auto} is bf16 on a CUDA device for a model that is stored in 16 bits, else fp32.
     *
     * @param folder of the model
     * @throws BadInput if there is none
     */
    public static Precision named(String name, ai.djl.Device device, Path folder) {
        return switch (name.toLowerCase(Locale.ROOT)) {
            case "auto" -> device.isGpu() && ModelConfig.read(folder).storedInSixteenBits() ? BF16 : FP32;
            case "fp32" -> FP32;
            case "fp16" -> FP16;
            case "bf16" -> BF16;
            default -> throw new BadInput("precision \"" + name + "\" is unknown; choose auto, fp32, fp16 or bf16");
        };
    }
}
