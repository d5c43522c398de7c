package llm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import ai.djl.Device;
import common.BadInput;
import java.nio.file.Path;
import lppo.Checkout;
import org.junit.jupiter.api.Test;

/** Tests the names of devices, and what is chosen for an Apple GPU, which is not at hand. */
class DeviceTest {

    private static final Device MPS = Device.of("mps", 0);
    private static final boolean MAC = System.getProperty("os.name").startsWith("Mac");

    @Test
    void anAppleGpuNeedsAnAppleAndAnEngineThatHasOne() {
        assertEquals("device mps: needs macOS on Apple silicon, and this is Linux on amd64; use the device cpu", refused("Linux", "amd64"));
        assertTrue(refused("Mac OS X", "x86_64").contains("this is Mac OS X on x86_64"));
        assumeFalse(MAC);
        String said = refused("Mac OS X", "aarch64"); // the engine is asked, which has none here
        assertTrue(said.startsWith("device mps: the engine cannot compute on it here (") && said.endsWith("; use the device cpu"), said);
        assertFalse(said.contains("\n"), said);
    }

    @Test
    void othersAreNamedInTheComplaint() {
        assertEquals("device tpu: choose auto, cpu, gpu or mps", assertThrows(BadInput.class, () -> Policy.device("tpu")).getMessage());
    }

    /** What has kernels for a processor only is not used on it, and half the bits only when asked for. */
    @Test
    void anAppleGpuComputesPlainlyInFp32() {
        Path sixteen = Checkout.ROOT.resolve("tests/fixtures/qwen2-bf16");
        assertTrue(ModelConfig.read(sixteen).storedInSixteenBits());
        assertEquals(Precision.FP32, Precision.named("auto", MPS, sixteen));
        assertEquals(Precision.FP32, Precision.toSample("auto", Precision.FP32, MPS, sixteen));
        assertEquals(Precision.BF16, Precision.named("bf16", MPS, sixteen));
        assertFalse(Backpropagation.possible(MPS, Precision.FP32));
        assertTrue(Backpropagation.possible(Device.cpu(), Precision.FP32));
        assertFalse(Devices.isCpu(MPS) || Devices.isCpu(Device.gpu()));
        assertTrue(Devices.isCpu(Policy.device("cpu")));
    }

    private static String refused(String system, String architecture) {
        return assertThrows(BadInput.class, () -> Devices.named("mps", system, architecture)).getMessage();
    }
}
