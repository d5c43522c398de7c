package llm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The sets of kernels that the engine has for an x86-64 processor, named as in {@code ATEN_CPU_CAPABILITY}. The engine selects one at
 * startup: the one named by that variable, else the one with the widest vectors. Results of different sets differ in their last bits.
 * Matrix products are computed by MKL, which selects by processor type.
 */
public final class CpuKernels {

    private CpuKernels() {}

    /** Returns the sets that this processor supports, widest vectors first; empty if the system does not say. */
    public static List<String> here() {
        Path info = Path.of("/proc/cpuinfo");
        try {
            return Files.isReadable(info) ? of(Files.readAllLines(info).stream().filter(l -> l.startsWith("flags")).findFirst().orElse(""))
                    : List.of();
        } catch (IOException e) {
            return List.of();
        }
    }

    /** Returns the model and flags of the processor; empty if the system does not tell. */
    static String processor() {
        try {
            Path info = Path.of("/proc/cpuinfo");
            return !Files.isReadable(info) ? "" : Files.readAllLines(info).stream()
                    .filter(l -> l.startsWith("model name") || l.startsWith("flags")).limit(2).collect(Collectors.joining());
        } catch (IOException e) {
            return "";
        }
    }

    /** Returns the sets of a processor with these flags, a line of {@code /proc/cpuinfo}; empty if it is not an x86-64 processor. */
    static List<String> of(String flags) {
        Set<String> has = new HashSet<>(Arrays.asList(flags.split("\\s+")));
        return !has.contains("sse2") ? List.of()
                : has.containsAll(List.of("avx512vl", "avx512bw", "avx512dq", "fma")) ? List.of("avx512", "avx2", "default")
                : has.containsAll(List.of("avx2", "fma")) ? List.of("avx2", "default") : List.of("default");
    }

    /**
     * Returns the set that the engine uses.
     *
     * @param variable value of {@code ATEN_CPU_CAPABILITY}; null if it is not set
     * @param sets of the processor, not empty
     */
    public static String used(String variable, List<String> sets) {
        return variable != null && List.of("avx512", "avx2", "default").contains(variable) ? variable : sets.get(0);
    }
}
