package spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.tools.ToolProvider;
import lppo.Checkout;
import lppo.Recipe;
import lppo.data.BadInput;
import lppo.data.Problem;
import lppo.data.Seed;
import lppo.data.Problems;
import lppo.judge.Reward;
import lppo.model.Policy;
import lppo.model.Precision;
import lppo.rollout.Completion;
import lppo.rollout.Prompt;
import lppo.rollout.Rollout;
import lppo.rollout.Sampling;
import lppo.run.Blueprint;
import lppo.run.Compute;
import lppo.run.Options;
import lppo.run.RunFolder;
import lppo.run.Trainer;
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

import org.apache.spark.Success$;

/** Spark's standalone cluster, whose workers die and come, and whose driver dies: the numbers stay those of one process. */
@EnabledOnOs(OS.LINUX)
class SparkClusterTest {

    private static final Path MODEL = Checkout.ROOT.resolve("data/base");
    private static final int STEPS = 20;

    @TempDir static Path folder;
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

    private static Options options() {
        Options options = new Options();
        options.problemsPerStep = 32;
        options.tokenBudget = 512;
        options.evaluateEvery = 5;
        options.evaluateSamples = 0;
        options.learningRate = 1e-3;
        options.device = "cpu";
        return options;
    }

    private interface Watch {
        void at(long step) throws Exception;
    }

    /** A run; on the cluster if it is given. */
    private static void run(String name, Killer killer, Watch watch) throws Exception {
        List<Problem> problems = Problems.read(Checkout.ROOT.resolve("data/train.jsonl"));
        Options options = options();
        try (Policy policy = Policy.load(MODEL, Device.cpu());
                Compute compute = killer == null ? Compute.here(policy, options.rolloutRows) : killer.watched(open(options, policy))) {
            assertTrue(new Trainer(Recipe.LPPO, options, policy, null, Reward.lastWord(), problems, List.of(), new Seed(1),
                    RunFolder.create(folder.resolve(name)), compute).run(STEPS, () -> false, step -> {
                        try {
                            watch.at(step);
                        } catch (Exception e) {
                            throw new IllegalStateException(e);
                        }
                    }));
        }
    }

    private static Cluster open(Options options, Policy policy) {
        return new Cluster(cluster.url(), Standalone.settings(), Blueprint.of(MODEL, options, Precision.FP32, null, List.of()), policy);
    }

    private static void same(String name) throws Exception {
        for (String table : List.of("metrics.csv", "problems.csv")) {
            assertEquals(Files.readString(folder.resolve("alone").resolve(table)), Files.readString(folder.resolve(name).resolve(table)), table);
        }
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
        try (Policy policy = Policy.load(MODEL, Device.cpu()); Cluster compute = new Cluster(cluster.url(), one,
                Blueprint.of(MODEL, options(), Precision.FP32, null, List.of()), policy)) {
            Problem problem = Problems.read(Checkout.ROOT.resolve("data/train.jsonl")).get(0);
            List<Prompt> prompts = List.of(Prompt.unguided(problem, policy.encode(problem.question())));
            Rollout rollout = compute.rollout(Sampling.plain(14), new Seed(1));
            List<Completion> first = rollout.sample(prompts, 1);
            compute.context().parallelize(List.of(1, 2), 2).foreach(new Spoil());
            List<Completion> second = rollout.sample(prompts, 1);
            rollout.sample(prompts, 1);
            assertEquals(Arrays.toString(first.get(0).logProbs()), Arrays.toString(second.get(0).logProbs()));
            assertEquals(List.of(1, 1, 0), compute.calls().stream().map(Compute.Call::renewed).toList());
            assertEquals(1, compute.versions());
        }
    }

    @Test
    void aKilledDriverGoesOnFromItsCheckpoint() throws Exception {
        Path classes = Files.createDirectories(folder.resolve("classes"));
        assertEquals(0, ToolProvider.getSystemJavaCompiler().run(null, null, null, "-proc:none", "-d", classes.toString(), "-cp",
                System.getProperty("java.class.path"), Checkout.ROOT.resolve("lib/commands/train.java").toString()));
        Process driver = driver(classes);
        Path metrics = folder.resolve("resumed/metrics.csv");
        while (driver.isAlive() && (!Files.exists(metrics) || Files.readAllLines(metrics).size() < 9)) {
            Thread.sleep(20);
        }
        assertTrue(driver.isAlive(), SparkClusterTest::log);
        driver.destroyForcibly().waitFor();
        int rows = Files.readAllLines(metrics).size();
        assertTrue(rows < STEPS, rows + " rows when it was killed");
        Process again = driver(classes, "--resume");
        assertTrue(again.waitFor(600, TimeUnit.SECONDS), SparkClusterTest::log);
        assertEquals(0, again.exitValue(), SparkClusterTest::log);
        same("resumed");
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
        Options options = options();
        return List.of("--recipe", "lppo", "--model", MODEL.toString(), "--data", Checkout.ROOT.resolve("data/train.jsonl").toString(), "--out",
                folder.resolve(name).toString(), "--steps", Integer.toString(STEPS), "--problems-per-step", Integer.toString(options.problemsPerStep),
                "--token-budget", Integer.toString(options.tokenBudget), "--learning-rate", "1e-3", "--evaluate-every", "5", "--device", "cpu");
    }

    private static Process driver(Path classes, String... more) throws Exception {
        List<String> line = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        line.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        line.addAll(List.of("-Dai.djl.pytorch.num_threads=1", "-cp", classes + File.pathSeparator + System.getProperty("java.class.path"), "train"));
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
        Process export = new ProcessBuilder(Checkout.ROOT.resolve("jbang").toString(), "export", "portable", "--force", "--output", jar.toString(),
                Checkout.ROOT.resolve("lib/commands/spark.java").toString()).redirectErrorStream(true).redirectOutput(folder.resolve("export.log").toFile()).start();
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
            BadInput refused = assertThrows(BadInput.class, () -> new Cluster(cluster.url(), settings,
                    Blueprint.of(MODEL, options(), Precision.FP32, null, List.of()), policy).close());
            assertTrue(refused.getMessage().startsWith(cluster.url() + ": 0 of 1 executors came within 3 s. Are its workers up"), refused.getMessage());
            assertEquals(1, refused.getMessage().lines().count());
        }
    }
}
