package lppo.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import llm.Policy;
import lppo.Checkout;
import lppo.PolicyLoss;
import lppo.TinyPolicy;
import lppo.data.Problem;
import lppo.judge.Reward;
import lppo.learn.Diverged;
import lppo.learn.Learner;
import lppo.learn.Sample;
import org.junit.jupiter.api.Test;

/** Tests failing runs: what they report, where they stop, and what they leave. */
class HealthTest extends TinyPolicy {

    private static final Health.Counts NOTHING = new Health.Counts(0, 0, 0, 0);

    private final TinyRun tiny = new TinyRun(skeleton);

    @Test
    void troublesAreNamedInEachStepAndToldOnce() {
        List<String> told = new ArrayList<>();
        Health health = new Health(told::add);
        for (int step = 1; step <= 50; step++) {
            assertEquals("certain+cut+silent", health.see(row(step, 0.001, 1, 1, 0, 0), 100, NOTHING));
        }
        assertEquals(3, told.size(), told.toString());
        assertTrue(told.get(0).startsWith("step 20: for 20 steps the policy is almost certain"), told.get(0));
        assertEquals("", health.see(row(51, 1, 0.5, 0.5, 5, 0.001), 100, NOTHING));
        assertEquals("undecided+apart", health.see(row(52, 1, 0.5, 0.5, 6, 0.2), 100, NOTHING));
        assertEquals(5, told.size(), told.toString());
    }

    @Test
    void gamedRewardsAndHintsThatEndTheTurnAreToldWithTheirRemedy() {
        List<String> told = new ArrayList<>();
        Health health = new Health(told::add);
        assertEquals("", see(health, 1, NOTHING));
        assertEquals("", see(health, 2, new Health.Counts(20, 4, 20, 4)), "a fifth");
        for (int step = 3; step <= 8; step++) {
            assertEquals("gamed+ended", see(health, step, new Health.Counts(20, 6, 20, 5)));
        }
        assertEquals("", see(health, 9, new Health.Counts(20, 4, 20, 4)));
        assertEquals(2, told.size(), told.toString());
        assertTrue(told.get(0).startsWith("step 5: for 3 steps more than 20 %") && told.get(0).contains("strictly"), told.get(0));
        assertTrue(told.get(1).contains("cut by tokens rather than at steps") && told.get(1).contains("reword the demonstrations"),
                told.get(1));
    }

    @Test
    void aShareOfFewCompletionsIsNoSignUntilTheLastStepsTogetherHaveEnough() {
        List<String> told = new ArrayList<>();
        Health health = new Health(told::add);
        for (int step = 1; step <= 9; step++) {
            assertEquals("", see(health, step, new Health.Counts(1, 1, 1, 1)), "one of one");
        }
        assertEquals("gamed+ended", see(health, 10, new Health.Counts(1, 1, 1, 1)));
        assertEquals("ended", see(health, 11, new Health.Counts(100, 20, 0, 0)), "a step with enough decides alone");
        Health late = new Health(told::add);
        assertEquals("", see(late, 1, new Health.Counts(9, 9, 9, 9)));
        for (int step = 2; step <= 20; step++) {
            assertEquals("", see(late, step, NOTHING));
        }
        assertEquals("", see(late, 21, new Health.Counts(1, 1, 1, 1)), "what is 20 steps old is forgotten");
    }

    @Test
    void aResumedRunRemembersTheLastSteps() throws Exception {
        Path whole = folder.resolve("gamed-whole");
        Path parts = folder.resolve("gamed-parts");
        for (Path out : List.of(whole, parts)) {
            try (Policy policy = policy()) {
                TinyRun.training(TinyRun.recipe("grpo"), policy, FEW_GAMED, RunFolder.create(out)).run(out == whole ? 8 : 3);
            }
        }
        try (Policy policy = Policy.load(new Checkpoints(parts).latest(), Device.cpu())) {
            TinyRun.resumed(TinyRun.recipe("grpo"), policy, FEW_GAMED, parts).run(8, Long.MAX_VALUE, () -> false, step -> {});
        }
        assertEquals(-1, Files.mismatch(whole.resolve("metrics.csv"), parts.resolve("metrics.csv")));
        List<String> troubles = TinyRun.rows(whole.resolve("metrics.csv")).stream().map(row -> row.get("trouble")).toList();
        assertTrue(!troubles.get(0).contains("gamed") && troubles.get(7).contains("gamed"), troubles.toString());
    }

    /** Pays about every twelfth response, each time for gaming. */
    private static final Reward FEW_GAMED = new Reward() {
        @Override
        public double score(Problem problem, String response) {
            return Math.floorMod(response.hashCode(), 12) == 0 ? 1 : 0;
        }

        @Override
        public boolean isGamed(Problem problem, String response) {
            return true;
        }
    };

    private static String see(Health health, long step, Health.Counts counts) {
        return health.see(row((int) step, 1, 0.5, 0.5, 0, 0), 100, counts);
    }

    @Test
    void aPolicyThatAlwaysFailsIsToldAfterTwentySteps() throws Exception {
        List<String> told = new ArrayList<>();
        Path out = folder.resolve("failing");
        try (Policy policy = policy()) {
            TinyRun.training(TinyRun.recipe("grpo"), policy, (problem, response) -> 0, RunFolder.create(out)).telling(told::add).run(25);
        }
        assertTrue(told.size() == 1 && told.get(0).contains("check the reward"), told.toString());
        List<Map<String, String>> rows = TinyRun.rows(out.resolve("metrics.csv"));
        assertTrue(rows.stream().allMatch(row -> row.get("trouble").equals("silent")));
        // nothing was learned, and yet rollout and learner were compared
        assertTrue(Arrays.stream(TinyRun.column(out.resolve("metrics.csv"), "first_difference")).allMatch(x -> x >= 0 && x < 1e-5));
    }

    @Test
    void aCheckerThatCannotDecideIsAColumnAndAWarning() throws Exception {
        List<String> told = new ArrayList<>();
        Reward undecided = new Reward() {
            private long failures;

            @Override
            public double score(Problem problem, String response) {
                failures++;
                return 0;
            }

            @Override
            public long failures() {
                return failures;
            }
        };
        Path out = folder.resolve("undecided");
        try (Policy policy = Policy.load(Checkout.ROOT.resolve("data/base"), Device.cpu())) {
            TinyRun.training(TinyRun.recipe("grpo"), policy, undecided, RunFolder.create(out)).telling(told::add).run(1);
        }
        assertTrue(told.size() == 1 && told.get(0).contains("could not be judged"), told.toString());
        assertTrue(TinyRun.column(out.resolve("metrics.csv"), "undecided")[0] > 3);
    }

    @Test
    void weightsThatAreNoNumbersStopTheRunBeforeItLearns() throws Exception {
        Path out = folder.resolve("destroyed");
        try (Policy policy = policy()) {
            Trainer trainer = TinyRun.training(TinyRun.recipe("grpo"), policy, TinyRun.ENDS, RunFolder.create(out)).trainer();
            NDArray some = policy.parameters().get(0);
            Diverged stopped = assertThrows(Diverged.class, () -> trainer.run(5, Long.MAX_VALUE, () -> {
                if (trainer.done() == 2) {
                    try (NDArray bad = some.duplicate()) {
                        bad.muli(Float.NaN);
                        bad.copyTo(some);
                    }
                }
                return false;
            }, step -> {}));
            assertTrue(stopped.getMessage().startsWith("step 3: a log-probability of the rollout"), stopped.getMessage());
            assertTrue(stopped.getMessage().contains(out.resolve("checkpoint").toString()), stopped.getMessage());
        }
        Policy.load(out.resolve("checkpoint"), Device.cpu()).close();
        assertEquals(2, TinyRun.rows(out.resolve("metrics.csv")).size());
    }

    @Test
    void anUpdateOfAnotherPolicysSamplesIsRefused() {
        try (Policy policy = policy()) {
            Learner learner = Learner.of(policy);
            float[] before = policy.parameters().get(0).toFloatArray();
            Sample sample = new Sample(new int[] {3}, new int[] {4, 5}, new float[] {-0.01f, -0.01f}, 1, 0);
            Diverged refused = assertThrows(Diverged.class, () -> learner.update(List.of(sample), PolicyLoss.grpo(), 1e-3));
            assertTrue(refused.getMessage().contains("differ by"), refused.getMessage());
            assertEquals(0, Arrays.compare(before, policy.parameters().get(0).toFloatArray()));
        }
    }

    /** Of the heap or of the engine, while sampling; while learning: {@link CrashTest}. */
    @Test
    void outOfMemoryTheStepsBeforeAreSaved() throws Exception {
        tiny.run(TinyRun.recipe("lppo"), TinyRun.ENDS, folder.resolve("enough"), 5);
        for (boolean heap : new boolean[] {true, false}) {
            Path out = folder.resolve("short-" + heap);
            int[] calls = {0};
            RunFolder run = RunFolder.create(out);
            try (Policy policy = policy()) {
                OutOfMemory stopped = assertThrows(OutOfMemory.class, () -> TinyRun.training(TinyRun.recipe("lppo"), policy,
                        (problem, response) -> {
                            if (steps(out) == 3 && ++calls[0] == 5) {
                                if (heap) {
                                    throw new OutOfMemoryError("Java heap space");
                                }
                                throw new ai.djl.engine.EngineException("CUDA out of memory. Tried to allocate 2.00 GiB");
                            }
                            return 1;
                        }, run).backend(Backend.local(policy, heap ? 1024 : 10)).run(5));
                assertTrue(stopped.getMessage().startsWith("step 4: out of memory while sampling"), stopped.getMessage());
                assertTrue(stopped.getMessage().contains("Lower the rollout rows to " + (heap ? 24 : 5)), stopped.getMessage());
                assertEquals(heap, stopped.getMessage().contains("-Xmx"), stopped.getMessage());
            }
            goesOnAsIfNothingWas(out);
        }
    }

    private void goesOnAsIfNothingWas(Path out) throws Exception {
        try (Policy policy = Policy.load(new Checkpoints(out).latest(), Device.cpu())) {
            Trainer trainer = TinyRun.resumed(TinyRun.recipe("lppo"), policy, TinyRun.ENDS, out);
            assertEquals(3, trainer.done());
            trainer.run(5, Long.MAX_VALUE, () -> false, step -> {});
        }
        for (String name : List.of("metrics.csv", "problems.csv", "checkpoint/model.safetensors", "checkpoint/operators.json")) {
            assertEquals(-1, Files.mismatch(folder.resolve("enough").resolve(name), out.resolve(name)), name);
        }
    }

    private static int steps(Path out) {
        try {
            return Files.exists(out.resolve("metrics.csv")) ? TinyRun.rows(out.resolve("metrics.csv")).size() : 0;
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static StepMetrics row(int step, double entropy, double cut, double silent, long undecided, double difference) {
        return new StepMetrics(step, 0, 0, 0, 0, silent, cut, Double.NaN, Double.NaN, 0, 0, 1, 0, 0, 0, entropy, difference, 0, 0,
                undecided, "", Map.of());
    }
}
