///usr/bin/env jbang "$0" "$@" ; exit $?
//SOURCES ../lib/spark/Spark.java
//SOURCES ../lib/lppo/Lppo.java
//SOURCES ../lib/benchmarks/Benchmarks.java
//SOURCES ../lib/hub/Hub.java
//SOURCES ../lib/logs/Logs.java
//SOURCES ../lib/commands/Commands.java
//SOURCES ../lib/commands/*.java
//SOURCES answers/*.java
//SOURCES benchmarks/*.java
//SOURCES chat/*.java
//SOURCES common/*.java
//SOURCES hub/*.java
//SOURCES commands/*.java
//SOURCES llm/*.java
//SOURCES logs/*.java
//SOURCES lppo/**.java
//SOURCES rivals/*.java
//SOURCES spark/*.java
//SOURCES view/*.java
//SOURCES tasks/*.java
//DEPS org.junit.jupiter:junit-jupiter:6.1.3
//DEPS org.junit.platform:junit-platform-launcher:6.1.3
//DEPS net.jqwik:jqwik:1.9.3
//COMPILE_OPTIONS -Xlint:all,-serial,-path

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder.request;

import java.io.File;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.jar.JarFile;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;
import org.junit.platform.launcher.core.LauncherFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * Runs the test classes, one after the other: a line per class, the reason of each failure, and a summary line. JUnit's engine runs
 * {@code @Test}, jqwik's runs {@code @Property}.
 */
@Command(name = "test", description = "Runs the tests.",
        footer = {"", "Examples:", "  ./jbang test            # every equation, golden file, property, command and message",
            "  ./jbang test --all      # kills, clusters, browsers, fuzzing, damage, places and remote starts too",
            "  ./jbang test Advantage",
            "  ./jbang test 'P*Test'"})
public class test implements Callable<Integer> {
    /** What takes long: run by {@code --all}, or by name. */
    private static final Set<String> SLOW = Set.of("BenchTest", "CommandFuzzTest", "CorruptionTest", "CrashTest", "FuzzTest",
            "GgufPythonTest", "HostileTest", "HubCommandTest", "HubPythonTest", "LogsPeerTest", "MemoryTest",
            "ModelComparisonTest", "PeakMemoryTest", "PlacesTest", "RemoteTest", "RowsApartTest", "SameSettingsTest",
            "SmolLm2Test", "SparkClusterTest", "SparkCommandTest", "SparkNumbersTest", "WatchPageTest");

    @Parameters(paramLabel = "CLASS", description = "Part of a class name, or a pattern with * and ?. Default: all but the slow ones.")
    List<String> filters = List.of();

    @Option(names = "--all", description = "The slow ones too.")
    boolean all;

    @Option(names = {"-h", "--help"}, usageHelp = true, description = "Show this help.")
    boolean help;

    public static void main(String... args) {
        System.setProperty("ai.djl.pytorch.num_threads", "1"); // the tensors are tiny: more threads only wait for each other
        int status = new CommandLine(new test()).execute(args);
        new Thread(() -> System.exit(status)).start(); // a command that ran here has a shutdown hook that waits for this thread
    }

    @Override
    public Integer call() throws Exception {
        List<String> classes = testClasses().stream().filter(this::wanted).toList();
        if (classes.isEmpty()) {
            System.err.println("test: no test class matches " + String.join(" ", filters));
            return 2;
        }
        Logger.getLogger("").setLevel(Level.WARNING); // the engines chat at INFO
        Launcher launcher = LauncherFactory.create();
        Tally all = new Tally();
        for (String name : classes) {
            Tally tally = new Tally();
            long start = System.nanoTime();
            launcher.execute(request().selectors(selectClass(name))
                    .configurationParameter("jqwik.database", "") // leaves no file behind
                    .configurationParameter("jqwik.reporting.onlyfailures", "true")
                    .build(), tally);
            System.out.printf("%-40s %s, %.2f s%n", name, tally, (System.nanoTime() - start) / 1e9);
            all.add(tally);
        }
        System.out.println(all);
        return all.passed > 0 && all.failed == 0 ? 0 : 1;
    }

    private boolean wanted(String name) {
        String simple = name.substring(name.lastIndexOf('.') + 1);
        return filters.isEmpty() ? all || !SLOW.contains(simple) : filters.stream().anyMatch(filter -> filter.matches(".*[*?].*")
                ? FileSystems.getDefault().getPathMatcher("glob:" + filter).matches(Path.of(simple))
                : simple.contains(filter));
    }

    /** Every class named ...Test in the jar that JBang made of this script. */
    private static List<String> testClasses() throws Exception {
        var location = test.class.getProtectionDomain().getCodeSource().getLocation();
        try (JarFile jar = new JarFile(new File(location.toURI()))) {
            return jar.stream().map(Object::toString).filter(name -> name.matches("[^$]+Test\\.class"))
                    .map(name -> name.replace('/', '.').replaceFirst("\\.class$", "")).sorted().toList();
        }
    }

    /** Counts results, and tells the failures as they happen. */
    private static final class Tally implements TestExecutionListener {
        int passed;
        int failed;
        int skipped;
        private TestPlan plan;

        @Override
        public void testPlanExecutionStarted(TestPlan plan) {
            this.plan = plan;
        }

        @Override
        public void executionFinished(TestIdentifier id, TestExecutionResult result) {
            switch (result.getStatus()) {
                case SUCCESSFUL -> passed += id.isTest() ? 1 : 0;
                case ABORTED -> skipped++;
                case FAILED -> { // of a container too: its tests never ran
                    failed++;
                    tell(id, result.getThrowable().orElseThrow());
                }
            }
        }

        @Override
        public void executionSkipped(TestIdentifier id, String reason) {
            skipped += id.isTest() ? 1 : (int) plan.getDescendants(id).stream().filter(TestIdentifier::isTest).count();
        }

        private void tell(TestIdentifier id, Throwable failure) {
            String name = id.getDisplayName();
            for (var up = plan.getParent(id); up.flatMap(TestIdentifier::getParentIdObject).isPresent(); up = plan.getParent(up.get())) {
                name = up.get().getDisplayName() + " > " + name;
            }
            System.out.println("FAILED " + name + ": " + oneLine(failure));
            for (Throwable t = failure; t != null; t = t.getCause()) {
                if (t != failure) System.out.println("    caused by " + oneLine(t));
                for (StackTraceElement frame : t.getStackTrace()) {
                    if (frame.getClassName().startsWith("lppo.")) System.out.println("    at " + frame);
                }
            }
        }

        private static String oneLine(Throwable t) {
            String message = String.valueOf(t.getMessage()).strip().replaceAll("\\s*\\R\\s*", " | ");
            String kind = t instanceof AssertionError ? "" : t.getClass().getName() + ": ";
            return kind + (message.length() > 400 ? message.substring(0, 400) + "..." : message);
        }

        void add(Tally other) {
            passed += other.passed;
            failed += other.failed;
            skipped += other.skipped;
        }

        @Override
        public String toString() {
            return passed + " passed, " + failed + " failed" + (skipped > 0 ? ", " + skipped + " skipped" : "");
        }
    }
}
