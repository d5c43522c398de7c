package spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static spark.SparkRuns.MODEL;

import ai.djl.Device;
import common.BadInput;
import common.Seed;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.tools.ToolProvider;
import llm.Policy;
import lppo.Checkout;
import lppo.Objective;
import lppo.data.Problem;
import lppo.data.Step;
import lppo.learn.LearnerSettings;
import lppo.rollout.Prompt;
import lppo.rollout.Rollout;
import lppo.rollout.Sampling;
import lppo.run.Backend;
import lppo.run.Recipe;
import lppo.run.RunListener;
import lppo.run.StepMetrics;
import lppo.run.StepTiming;
import lppo.run.Training;
import lppo.run.Visit;
import lppo.task.Task;
import org.apache.spark.Success$;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Tests that on a standalone cluster whose workers die and join, and whose driver dies, the numbers equal those of one process. */
@EnabledOnOs(OS.LINUX)
class SparkClusterTest {

    private static final int STEPS = 20;

    @TempDir
    static Path folder;
    private static Standalone cluster;

    @BeforeAll
    static void start() throws Exception {
        cluster = new Standalone(folder, 2);
        run("alone", null, step -> {});
    }

    @AfterAll
    static void stop() throws Exception {
        cluster.close();
    }

    private static Recipe recipe() {
        return Recipe.lppo().problemsPerStep(32).learning(new LearnerSettings().learningRate(1e-3).tokenBudget(512));
    }

    private interface Watch {
        void at(long step) throws Exception;
    }

    /** A run; on the cluster if there is a killer. */
    private static void run(String name, Killer killer, Watch watch) {
        try (Policy policy = Policy.load(MODEL, Device.cpu());
                Backend backend = killer == null ? Backend.local(policy, 1024) : killer.watched(open(policy, Standalone.settings()))) {
            Training.of(policy, Task.builtIn()).recipe(recipe()).backend(backend).evaluate(List.of(), 5, 0).listener(new RunListener() {
                @Override
                public void stepped(StepMetrics metrics, List<Visit> visits, StepTiming timing) {
                    try {
                        watch.at(metrics.step());
                    } catch (Exception e) {
                        throw new IllegalStateException(e);
                    }
                }
            }).into(folder.resolve(name)).run(STEPS);
        }
    }

    private static Cluster open(Policy policy, Map<String, String> settings) {
        return new Cluster(cluster.url(), settings, SparkRuns.setup(MODEL, recipe()), policy);
    }

    private static void same(String name) throws Exception {
        SparkRuns.same(folder.resolve("alone"), folder.resolve(name), "metrics.csv", "problems.csv");
    }

    /** Kills the worker of the next task of a kind as soon as it starts. */
    private static final class Killer extends SparkListener {
        private final Map<Integer, String> stages = new HashMap<>();
        private volatile String next = "";
        private volatile int killed;
        private volatile int lost;

        Cluster watched(Cluster compute) {
            compute.context().sc().addSparkListener(this);
            return compute;
        }

        @Override
        public void onJobStart(SparkListenerJobStart job) {
            String name = String.valueOf(job.properties().getProperty("spark.job.description"));
            job.stageInfos().foreach(stage -> stages.put(stage.stageId(), name));
        }

        @Override
        public void onTaskStart(SparkListenerTaskStart task) {
            if (next.equals(stages.get(task.stageId()))) {
                next = "";
                killed += cluster.kill(task.taskInfo().executorId()) ? 1 : 0;
            }
        }

        @Override
        public void onTaskEnd(SparkListenerTaskEnd task) {
            lost += task.reason() instanceof Success$ ? 0 : 1;
        }
    }

    @Test
    void workersDieAndComeAndTheNumbersStay() throws Exception {
        Killer killer = new Killer();
        run("killed", killer, step -> {
            if (step == 5) {
                killer.next = "rollout";
            } else if (step == 8) {
                cluster.add();
            } else if (step == 12) {
                killer.next = "update";
            } else if (step == 15) {
                cluster.add(); // for the tests after this one
            }
        });
        assertEquals(2, killer.killed, "workers killed");
        assertTrue(killer.lost >= 1, killer.lost + " tasks were lost"); // one may have ended before its worker did
        same("killed");
    }

    @Test
    void aReplicaWithOtherWeightsRefusesAndFetches() throws Exception {
        Map<String, String> one = new HashMap<>(Standalone.settings()); // executor
        one.put("spark.cores.max", "1");
        try (Policy policy = Policy.load(MODEL, Device.cpu()); Cluster executor = open(policy, one)) {
            Problem problem = Task.builtIn().problems().get(0);
            List<Prompt> prompts = List.of(Prompt.unguided(problem, policy.encode(problem.question())));
            Rollout rollout = executor.rollout(Sampling.plain(14));
            Step step = new Step(1, new Seed(1));
            float[] first = rollout.sample(prompts, step).get(0).completions().get(0).logProbs();
            executor.context().parallelize(List.of(1, 2), 2).foreach(new CorruptWeights());
            float[] second = rollout.sample(prompts, step).get(0).completions().get(0).logProbs();
            rollout.sample(prompts, step);
            assertEquals(Arrays.toString(first), Arrays.toString(second));
            assertEquals(List.of(1, 1, 0), executor.calls().stream().map(Backend.Call::renewed).toList());
            assertEquals(1, executor.versions());
        }
    }

    /** Its class travels with this project's jar. */
    @Test
    void anObjectiveOfOnesOwnReachesTheExecutors() {
        LearnerSettings learning = SparkObjectiveTest.learning();
        assertArrayEquals(SparkObjectiveTest.learned(null, Map.of(), learning, OwnObjective.reinforce(-0.5)),
                SparkObjectiveTest.learned(cluster.url(), Standalone.settings(), learning, OwnObjective.reinforce(-0.5)));
    }

    @Test
    void aKilledDriverGoesOnFromItsCheckpoint() throws Exception {
        Process driver = driver();
        Path metrics = folder.resolve("resumed/metrics.csv");
        while (driver.isAlive() && (!Files.exists(metrics) || Files.readAllLines(metrics).size() < 9)) {
            Thread.sleep(20);
        }
        assertTrue(driver.isAlive(), SparkClusterTest::log);
        driver.destroyForcibly().waitFor();
        int rows = Files.readAllLines(metrics).size();
        assertTrue(rows < STEPS, rows + " rows when it was killed");
        Process again = driver("--resume");
        assertTrue(again.waitFor(600, TimeUnit.SECONDS), SparkClusterTest::log);
        assertEquals(0, again.exitValue(), SparkClusterTest::log);
        same("resumed");
    }

    @Test
    void anObjectiveThatExecutorsCannotLoadIsNamed() throws Exception {
        Path source = Files.writeString(folder.resolve("Elsewhere.java"), """
                public record Elsewhere() implements lppo.Objective {
                    public Terms of(ai.djl.ndarray.NDArray logProbs, Tokens tokens) {
                        return lppo.Objective.loss(logProbs.sum());
                    }
                }
                """);
        assertEquals(0, ToolProvider.getSystemJavaCompiler().run(null, null, null, "-proc:none", "-cp",
                System.getProperty("java.class.path"), "-d", folder.toString(), source.toString()));
        try (URLClassLoader here = new URLClassLoader(new URL[] {folder.toUri().toURL()}, getClass().getClassLoader())) {
            Objective elsewhere = (Objective) here.loadClass("Elsewhere").getDeclaredConstructor().newInstance();
            BadInput refused = assertThrows(BadInput.class, () -> SparkObjectiveTest.learned(cluster.url(), Standalone.settings(),
                    SparkObjectiveTest.learning(), elsewhere));
            assertTrue(refused.getMessage().startsWith("host 127.0.0.1: does not have the class Elsewhere of the objective; add its jar"),
                    refused.getMessage());
        }
    }

    private static String log() {
        return log("driver.log");
    }

    private static String log(String name) {
        try {
            return Files.readString(folder.resolve(name));
        } catch (IOException e) {
            return e.toString();
        }
    }

    private static List<String> arguments(String name) {
        return List.of("--recipe", "lppo", "--model", MODEL.toString(), "--data", Checkout.ROOT.resolve("data/train.jsonl").toString(),
                "--out", folder.resolve(name).toString(), "--steps", Integer.toString(STEPS), "--problems-per-step", "32",
                "--token-budget", "512", "--cut", "steps", "--learning-rate", "1e-3", "--evaluate-every", "5", "--device", "cpu");
    }

    private static Process driver(String... more) throws Exception {
        List<String> line = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        line.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        line.addAll(List.of("-Dai.djl.pytorch.num_threads=1", "-cp", System.getProperty("java.class.path"), "commands.train"));
        line.addAll(arguments("resumed"));
        line.addAll(List.of("--master", cluster.url()));
        Standalone.settings().forEach((key, value) -> line.addAll(List.of("--conf", key + "=" + value)));
        line.addAll(List.of(more));
        return new ProcessBuilder(line).redirectErrorStream(true).redirectOutput(folder.resolve("driver.log").toFile()).start();
    }

    /** As the README of this package says: a portable jar, and a distribution of Spark that has nothing of this project. */
    @Test
    void aPortableJarIsSubmitted() throws Exception {
        Path jar = folder.resolve("portable/lppo-spark.jar");
        Process export = new ProcessBuilder(Checkout.ROOT.resolve("jbang").toString(), "export", "portable", "--force", "--output",
                jar.toString(), Checkout.ROOT.resolve("lib/commands/spark.java").toString()).redirectErrorStream(true)
                .redirectOutput(folder.resolve("export.log").toFile()).start();
        assertEquals(0, export.waitFor(), () -> log("export.log"));
        Process submitted = cluster.submit(jar, arguments("submitted"));
        assertEquals(0, submitted.waitFor(), () -> last(log("submit.log").lines().filter(line -> !line.contains(" INFO ")).toList()));
        same("submitted");
    }

    private static String last(List<String> lines) {
        return String.join("\n", lines.subList(Math.max(0, lines.size() - 5), lines.size()));
    }

    @Test
    void withoutAFreeExecutorItSaysWhatToDo() {
        try (Policy policy = Policy.load(MODEL, Device.cpu())) {
            Map<String, String> settings = new HashMap<>(Standalone.settings());
            settings.putAll(Map.of("spark.executor.memory", "64g", "spark.lppo.patience", "3"));
            BadInput refused = assertThrows(BadInput.class, () -> open(policy, settings).close());
            assertTrue(refused.getMessage().startsWith("Spark master " + cluster.url() + ": 0 of 1 executors registered within 3 s."
                    + " Are its workers up"), refused.getMessage());
            assertEquals(1, refused.getMessage().lines().count());
        }
    }
}
