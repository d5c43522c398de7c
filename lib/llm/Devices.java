package llm;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDManager;
import common.BadInput;

/** The devices of the engine by name. */
final class Devices {

    private Devices() {}

    /** {@link Policy#device} on a system and architecture, as in {@code os.name} and {@code os.arch}. */
    static Device named(String name, String system, String architecture) {
        return switch (name) {
            case "cpu" -> Device.cpu();
            case "auto" -> gpus() > 0 ? Device.gpu() : Device.cpu();
            case "gpu" -> {
                BadInput.unless(gpus() > 0, "device gpu: no CUDA device is visible to the engine; use the device cpu");
                yield Device.gpu();
            }
            case "mps" -> {
                BadInput.unless(system.startsWith("Mac") && architecture.equals("aarch64"), "device mps: needs macOS on Apple silicon, and"
                        + " this is %s on %s; use the device cpu", system, architecture);
                yield tried(Device.of("mps", 0));
            }
            default -> throw new BadInput("device " + name + ": choose auto, cpu, gpu or mps");
        };
    }

    /** Returns the device, after computing on it. */
    private static Device tried(Device device) {
        try (NDManager manager = NDManager.newBaseManager(device)) {
            manager.create(new float[] {1}).add(1).toFloatArray();
            return device;
        } catch (EngineException | IllegalArgumentException e) {
            throw new BadInput("device " + device.getDeviceType() + ": the engine cannot compute on it here (" + e.getMessage()
                    + "); use the device cpu", e);
        }
    }

    /** Whether a device is the processor, for which the engine has kernels that no other device has. */
    static boolean isCpu(Device device) {
        return device.getDeviceType().equals(Device.Type.CPU);
    }

    private static int gpus() {
        try {
            return Engine.getEngine("PyTorch").getGpuCount();
        } catch (EngineException e) {
            throw new BadInput("the PyTorch engine cannot start (" + e.getMessage()
                    + "); offline, its native library must be on the class path", e);
        }
    }
}
