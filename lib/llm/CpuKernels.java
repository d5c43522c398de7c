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
 * The sets of kernels that the engine has for an x86-64 processor, named as {@code ATEN_CPU_CAPABILITY} names them. The
 * engine chooses one at its start: the one of that variable, else the one with the widest vectors. Numbers computed by two
 * sets differ in their last bits. Matrix products are MKL's, which chooses by the kind of processor.
 */
public final class CpuKernels {

    private CpuKernels() {}

    /** The sets that this processor has, the one with the widest vectors first; empty if the system does not tell. */
    public static List<String> here() {
        Path info = Path.of("/proc/cpuinfo");
        try {
            return Files.isReadable(info) ? of(Files.readAllLines(info).stream().filter(l -> l.startsWith("flags")).findFirst().orElse(""))
                    : List.of();
        } catch (IOException e) {
            return List.of();
        }
    }

    /** The processor's model and flags; empty if the system does not tell. */
    static String processor() {
        try {
            Path info = Path.of("/proc/cpuinfo");
            return !Files.isReadable(info) ? "" : Files.readAllLines(info).stream()
                    .filter(l -> l.startsWith("model name") || l.startsWith("flags")).limit(2).collect(Collectors.joining());
        } catch (IOException e) {
            return "";
        }
    }

    /** The sets of a processor with these flags, a line of {@code /proc/cpuinfo}; empty if it is no x86-64 processor. */
    static List<String> of(String flags) {
        Set<String> has = new HashSet<>(Arrays.asList(flags.split("\\s+")));
        return !has.contains("sse2") ? List.of()
                : has.containsAll(List.of("avx512vl", "avx512bw", "avx512dq", "fma")) ? List.of("avx512", "avx2", "default")
                : has.containsAll(List.of("avx2", "fma")) ? List.of("avx2", "default") : List.of("default");
    }

    /**
     * The set that the engine uses.
     *
     * @param variable what {@code ATEN_CPU_CAPABILITY} says; null if it is not set
     * @param sets of the processor, not empty
     */
    public static String used(String variable, List<String> sets) {
        return variable != null && List.of("avx512", "avx2", "default").contains(variable) ? variable : sets.get(0);
    }
}
