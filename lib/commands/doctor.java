///usr/bin/env jbang "$0" "$@" ; exit $?
//SOURCES ../lppo/Lppo.java
//SOURCES Commands.java

package commands;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.LibUtils;
import ai.djl.util.Utils;
import ai.djl.util.cuda.CudaUtils;
import common.BadInput;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import llm.CpuKernels;
import llm.Policy;
import llm.Probe;
import lppo.run.Footprint;
import picocli.CommandLine.Command;

/** Reports what a maintainer would ask for first: each item with a tick, a note, or a remedy. */
@Command(name = "doctor", mixinStandardHelpOptions = true,
        description = "Check this machine: Java, engine, GPU, memory, disk, caches, kernel. Status 1 if something needed is missing.")
public class doctor implements Callable<Integer> {

    private static final long GIGABYTE = 1L << 30;

    private int missing;

    @Override
    public Integer call() {
        check("Java", () -> {
            String version = Runtime.version() + ", " + System.getProperty("java.vendor") + ", " + System.getProperty("java.home");
            return ToolProvider.getSystemJavaCompiler() != null ? version
                    : fail(version + ": a runtime without compiler; set JAVA_HOME to a JDK");
        });
        check("system",
                () -> "%s %s, %d cores, language %s, text in %s".formatted(System.getProperty("os.name"), System.getProperty("os.arch"),
                        Runtime.getRuntime().availableProcessors(), System.getProperty("user.language"),
                        System.getProperty("native.encoding")));
        untried(System.getProperty("os.name"), System.getProperty("os.arch")).forEach(what -> check("not tried", () -> note(what)));
        check("processor", () -> processor());
        check("engine", () -> {
            Engine engine = Engine.getEngine("PyTorch");
            return "DJL %s, PyTorch %s from %s".formatted(Engine.getDjlVersion(), engine.getVersion(), LibUtils.getLibtorchPath());
        });
        check("threads",
                () -> "%s of the engine (OMP_NUM_THREADS %s)".formatted(
                        System.getProperty("ai.djl.pytorch.num_threads", "as many as cores"),
                        String.valueOf(System.getenv("OMP_NUM_THREADS")).replace("null", "not set")));
        check("kernels", () -> {
            List<String> sets = CpuKernels.here();
            return sets.isEmpty() ? note("unknown on this system: bitwise reproducibility was tested on x86-64 only")
                    : "%s of %s (ATEN_CPU_CAPABILITY %s); bitwise equal results need the same set, processor and threads".formatted(
                            CpuKernels.used(System.getenv("ATEN_CPU_CAPABILITY"), sets), String.join(", ", sets),
                            String.valueOf(System.getenv("ATEN_CPU_CAPABILITY")).replace("null", "not set"));
        });
        check("arithmetic", doctor::arithmetic);
        check("rollouts", () -> {
            Probe probe = Probe.here();
            return "%s: fp32 %.0f (MKL) and %.0f (oneDNN) Gflop/s, bf16 %.0f; models narrower than %d: fp32, MKL; remembered in %s"
                    .formatted(
                            probe.bf16Pays() ? "bf16" : probe.oneDnnPays() ? "fp32, oneDNN" : "fp32, MKL", probe.mkl(), probe.oneDnn(),
                            probe.bf16(),
                            Probe.WIDE, Probe.file());
        });
        check("GPU", () -> {
            int gpus = CudaUtils.getGpuCount();
            int seen = Engine.getEngine("PyTorch").getGpuCount();
            return gpus == 0 ? withoutCuda()
                    : seen == 0 ? note(gpus
                            + " found, but libtorch is the CPU build: set LPPO_LIBTORCH to the empty string, and DJL fetches the"
                            + " CUDA build")
                    : seen + ", CUDA " + CudaUtils.getCudaVersionString() + ", compute capability " + CudaUtils.getComputeCapability(0);
        });
        check("memory", () -> {
            long free = Footprint.available(ai.djl.Device.cpu());
            String text = "%s free, Java's heap up to %s".formatted(free < 0 ? "unknown" : gigabytes(free),
                    gigabytes(Runtime.getRuntime().maxMemory()));
            return free >= 0 && free < GIGABYTE ? fail(text + ": the built-in task needs about 1 GB per run; use --jobs 1, or free some")
                    : text;
        });
        check("disk", () -> {
            long free = Files.getFileStore(Path.of("").toAbsolutePath()).getUsableSpace();
            return free < GIGABYTE / 4 ? fail(gigabytes(free) + " free here: runs need more; use --out on another disk")
                    : gigabytes(free) + " free here";
        });
        check("JBang's cache", () -> cache(named("JBANG_DIR", ".jbang")));
        check("Maven's cache", () -> cache(named("JBANG_REPO", ".m2/repository")));
        check("DJL's cache", () -> cache(Utils.getEngineCacheDir()));
        check("fonts", () -> {
            int count = java.awt.GraphicsEnvironment.getLocalGraphicsEnvironment().getAvailableFontFamilyNames().length;
            return count > 0 ? count + " families" : fail("none, so charts fail; install fontconfig and a font (fonts-dejavu-core)");
        });
        check("Java kernel",
                () -> Stream.of(Cli.jupyter(), Cli.cache().resolve("lppo/notebook/share/jupyter")).map(data -> data.resolve("kernels/lppo"))
                        .filter(Files::isDirectory).findFirst()
                        .map(Path::toString)
                        .orElseGet(() -> note("not installed; ./jbang notebook installs it and needs Python 3.9 or newer")));
        System.out.printf("%s; %s%n", missing == 0 ? "everything needed is present" : missing + " missing", "commit " + Cli.commit());
        return missing == 0 ? 0 : 1;
    }

    /** Returns what is unknown or done without on a system that this was not tried on; nothing for Linux on x86-64. */
    static List<String> untried(String system, String architecture) {
        List<String> lines = new ArrayList<>();
        if (!system.startsWith("Linux")) {
            lines.add("on " + system + ": unknown here are the processor, its kernels, free and peak memory; what needs them is skipped");
        } else if (!architecture.equals("amd64")) {
            lines.add("on " + architecture + ": its kernels are unknown here");
        }
        if (system.startsWith("Windows")) {
            lines.add(
                    "Ctrl-C lets a run save its last step; ending its process or that of study and reproduce does not: --resume then starts"
                            + " at the last checkpoint");
            lines.add(
                    "without the right to make links, files of the hub are moved into place, and Spark's libraries are copied");
        }
        return lines;
    }

    private static String withoutCuda() {
        try {
            return "Apple GPU, for --device " + Policy.device("mps").getDeviceType() + "; auto is the CPU";
        } catch (BadInput e) {
            return note("none: everything runs on the CPU");
        }
    }

    /** A check; its result starts with its sign, or none for a tick. */
    private interface Question {
        String answer() throws Exception;
    }

    private void check(String what, Question question) {
        String answer;
        try {
            answer = question.answer();
        } catch (Exception | LinkageError e) {
            answer = fail(String.valueOf(e.getMessage()).lines().findFirst().orElse(e.toString()));
        }
        boolean plain = !answer.startsWith("!") && !answer.startsWith("-");
        System.out.printf("%s %-14s %s%n", plain ? "✓" : answer.startsWith("!") ? "✗" : "·", what, plain ? answer : answer.substring(2));
        missing += answer.startsWith("!") ? 1 : 0;
    }

    private static String fail(String text) {
        return "! " + text;
    }

    private static String note(String text) {
        return "- " + text;
    }

    private static String gigabytes(long bytes) {
        return String.format(Locale.ROOT, "%.1f GB", (double) bytes / GIGABYTE);
    }

    private static String processor() throws IOException {
        Path info = Path.of("/proc/cpuinfo");
        if (!Files.isReadable(info)) {
            return note("unknown on this system");
        }
        List<String> lines = Files.readAllLines(info);
        String flags = lines.stream().filter(l -> l.startsWith("flags")).findFirst().orElse("");
        String model = lines.stream().filter(l -> l.startsWith("model name")).findFirst().map(l -> l.replaceAll(".*:\\s*", ""))
                .orElse("unknown");
        return model + ": "
                + Stream.of("avx2", "fma", "avx512f", "avx512_bf16", "amx_bf16").filter(f -> flags.matches(".*\\b" + f + "\\b.*"))
                        .collect(Collectors.joining(" "));
    }

    /** Computes a matrix product with a known result, and its speed. */
    private static String arithmetic() {
        try (NDManager manager = NDManager.newBaseManager(Policy.device("auto"))) {
            NDArray ones = manager.ones(new Shape(1024, 1024));
            double seconds = Double.MAX_VALUE;
            float value = 0;
            for (int i = 0; i < 5; i++) {
                long begin = System.nanoTime();
                try (NDArray product = ones.matMul(ones)) {
                    value = product.getFloat(7, 7);
                }
                seconds = Math.min(seconds, (System.nanoTime() - begin) / 1e9);
            }
            return value == 1024
                    ? String.format(Locale.ROOT, "%.0f Gflop/s on %s", 2 * Math.pow(1024, 3) / seconds / 1e9, manager.getDevice())
                    : fail("a product gives " + value + " instead of 1024: the engine computes incorrectly on this machine");
        }
    }

    private static Path named(String variable, String folder) {
        String set = System.getenv(variable);
        return set == null || set.isEmpty() ? Cli.home().resolve(folder) : Path.of(set);
    }

    private static String cache(Path path) {
        if (!Files.isDirectory(path)) {
            return note(path + ": does not exist yet");
        }
        return Files.isWritable(path) ? path.toString() : note(path + ": is not writable; its contents are used");
    }

    public static void main(String... args) {
        Cli.run(new doctor(), args);
    }
}
