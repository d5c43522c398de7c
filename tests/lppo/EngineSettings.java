package lppo;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import llm.CpuKernels;

/**
 * Checks a property in child processes, one for each set of kernels that the engine may choose: it reads {@code ATEN_CPU_CAPABILITY} once,
 * at startup, so a process has only one set.
 */
public final class EngineSettings {

    /** What must hold. It is made anew in another process: a class with a constructor without arguments, no lambda. */
    public interface Property {
        /** Throws an {@link AssertionError} that says what does not hold. */
        void check() throws Exception;
    }

    /**
     * How the engine is started.
     *
     * @param kernels the value of {@code ATEN_CPU_CAPABILITY}; empty for the widest vectors that the processor has
     * @param threads of the engine
     */
    public record Setting(String kernels, int threads) {
        @Override
        public String toString() {
            return "ATEN_CPU_CAPABILITY %s, %d thread%s".formatted(kernels.isEmpty() ? "not set" : kernels, threads,
                    threads == 1 ? "" : "s");
        }
    }

    private EngineSettings() {}

    /** Each set of kernels that this processor has with each number of threads. */
    public static List<Setting> all(int... threads) {
        List<Setting> settings = new ArrayList<>();
        List<String> sets = new ArrayList<>(CpuKernels.here());
        sets.remove(CpuKernels.used(null, sets.isEmpty() ? List.of("") : sets));
        sets.add(0, "");
        for (String kernels : sets) {
            for (int count : threads) {
                settings.add(new Setting(kernels, count));
            }
        }
        return settings;
    }

    /** Fails unless the property holds under each setting, and names those under which it does not, with what they said. */
    public static void hold(Class<? extends Property> property, List<Setting> settings) throws InterruptedException {
        ExecutorService pool = Executors.newFixedThreadPool(Math.min(settings.size(), Runtime.getRuntime().availableProcessors()));
        List<Future<String>> said = settings.stream().map(setting -> pool.submit(() -> complaint(property, setting))).toList();
        List<String> failed = new ArrayList<>();
        try {
            for (int i = 0; i < settings.size(); i++) {
                String complaint = said.get(i).get();
                if (!complaint.isEmpty()) {
                    failed.add(settings.get(i) + ": " + complaint);
                }
            }
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        } finally {
            pool.shutdownNow();
        }
        if (!failed.isEmpty()) {
            throw new AssertionError(failed.size() + " of " + settings.size() + " settings: " + String.join("\n", failed));
        }
    }

    /** What the child process complained of; empty if the property holds there. */
    private static String complaint(Class<? extends Property> property, Setting setting) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx512m",
                "-XX:+UseSerialGC", "-Dai.djl.pytorch.num_threads=" + setting.threads, "-DOPT_OUT_TRACKING=true",
                "-Dslf4j.provider=org.slf4j.nop.NOPServiceProvider", "-Dslf4j.internal.verbosity=ERROR",
                "-cp", System.getProperty("java.class.path"), EngineSettings.class.getName(), property.getName()).redirectErrorStream(true);
        builder.environment().remove("OMP_NUM_THREADS");
        builder.environment().put("OMP_WAIT_POLICY", "passive"); // several children share the cores
        builder.environment().remove("ATEN_CPU_CAPABILITY");
        if (!setting.kernels.isEmpty()) {
            builder.environment().put("ATEN_CPU_CAPABILITY", setting.kernels);
        }
        Process child = builder.start();
        try {
            child.getOutputStream().close();
            String said = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            int status = child.waitFor();
            return status == 0 ? "" : said.isEmpty() ? "status " + status : said;
        } finally {
            child.destroyForcibly(); // if this thread was interrupted
        }
    }

    /** The child: status 0 if the property holds, else 1 after what it says. */
    public static void main(String... args) {
        int status = 0;
        try {
            Class.forName(args[0]).asSubclass(Property.class).getDeclaredConstructor().newInstance().check();
        } catch (AssertionError e) {
            System.out.println(e.getMessage());
            status = 1;
        } catch (Throwable e) {
            e.printStackTrace(System.out);
            status = 1;
        }
        System.exit(status);
    }
}
