package lppo.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import lppo.Loss;
import lppo.ProgressTracker;
import lppo.Recipe;
import lppo.data.Problem;
import lppo.data.Seed;
import lppo.judge.Reward;
import lppo.model.Policy;
import lppo.rollout.Completion;
import lppo.rollout.Group;
import lppo.task.ModularChain;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the recipes beside LPPO do with hints, problems and silent groups, in runs of a tiny random policy. */
class RivalsTest {

    /** Every other problem is never solved. */
    private static final Reward EVERY_OTHER = (problem, response) -> TinyRun.PROBLEMS.indexOf(problem) % 2;

    @TempDir
    static Path skeleton;
    @TempDir
    Path folder;

    @BeforeAll
    static void write() throws Exception {
        ModularChain.writeSkeleton(skeleton);
    }

    @Test
    void breadGivesAHintInTheStepInWhichAWholeGroupFailed() throws Exception {
        Options options = TinyRun.options();
        options.betaMin = 0.4; // of three values at least one
        run(Recipe.BREAD, options, EVERY_OTHER, 6);
        Path csv = folder.resolve("run/problems.csv");
        int rescued = 0;
        int spared = 0;
        for (int step = 1; step <= 6; step++) {
            int now = step;
            Map<String, Map<String, String>> honest = TinyRun.rows(csv, r -> at(r, now) && !guided(r)).stream()
                    .collect(Collectors.toMap(r -> r.get("problem"), r -> r)); // fails if a problem is there twice
            assertEquals(6, honest.size(), "every problem is first asked without a hint");
            Set<String> hinted = new HashSet<>();
            for (Map<String, String> row : TinyRun.rows(csv, r -> at(r, now) && guided(r))) {
                Map<String, String> before = honest.get(row.get("problem"));
                assertEquals("0.0", before.get("pass_rate"), "only what failed as a whole");
                assertEquals("", row.get("pass_rate"), "the hinted group says nothing honest");
                for (String kept : List.of("ema", "progress")) {
                    assertEquals(before.get(kept), row.get(kept), "the tracker saw the honest group alone");
                }
                assertTrue(hinted.add(row.get("problem")));
            }
            for (Map<String, String> row : honest.values()) {
                boolean failed = Double.parseDouble(row.get("pass_rate")) == 0;
                Problem problem = TinyRun.PROBLEMS.stream().filter(p -> p.id().equals(row.get("problem"))).findFirst().orElseThrow();
                assertTrue(!hinted.contains(problem.id()) || failed && problem.hasDemonstration());
                rescued += hinted.contains(problem.id()) ? 1 : 0;
                spared += problem.hasDemonstration() && !failed ? 1 : 0;
            }
        }
        assertTrue(rescued > 3 && spared > 3, rescued + " rescued, " + spared + " not in need");
        ProgressTracker tracker = ProgressTracker.load(folder.resolve("run/checkpoint/tracker.json"));
        for (Problem problem : TinyRun.PROBLEMS) {
            List<Map<String, String>> visits = TinyRun.rows(csv, r -> r.get("problem").equals(problem.id()) && !guided(r));
            ProgressTracker.Entry entry = tracker.entry(problem.id()).orElseThrow();
            assertEquals(visits.size(), entry.seen());
            assertEquals(Double.parseDouble(visits.get(visits.size() - 1).get("pass_rate")), entry.passRate());
        }
    }

    @Test
    void breadSamplesNothingAgainWhereNothingMayBeShown() throws Exception {
        Options options = TinyRun.options();
        options.betaMin = 0.1; // of three values none
        options.betaMax = 0.2;
        run(Recipe.BREAD, options, (problem, response) -> 0, 2);
        List<Map<String, String>> rows = TinyRun.rows(folder.resolve("run/problems.csv"));
        assertEquals(2 * 6, rows.size());
        assertTrue(rows.stream().noneMatch(RivalsTest::guided));
    }

    @Test
    void dynamicSamplingKeepsWhatIsNotSilentAndCountsAllItSampled() throws Exception {
        Options options = TinyRun.options();
        options.problemsPerStep = 4;
        try (Policy policy = new TinyRun(skeleton).policy(1)) {
            Collector collector = collector(Recipe.DYNAMIC, options, policy, EVERY_OTHER);
            boolean replaced = false;
            for (int step = 1; step <= 8; step++) {
                Collector.Batch batch = collector.collect(step);
                List<Group> loud = batch.visited().stream().filter(g -> !g.silent()).toList();
                assertEquals(loud, batch.groups());
                assertTrue(loud.size() <= 4);
                assertEquals(batch.visited().size(), new HashSet<>(ids(batch.visited())).size(), "no problem twice in a step");
                assertTrue(loud.size() == 4 || batch.visited().size() > 4, "it did try");
                assertEquals(batch.visited().stream().flatMap(g -> g.completions().stream()).mapToLong(c -> c.tokens().length).sum(),
                        batch.tokens());
                replaced |= batch.visited().size() > 4;
            }
            assertTrue(replaced);
        }
        run(Recipe.DYNAMIC, options, EVERY_OTHER, 3);
        Path metrics = folder.resolve("run/metrics.csv");
        double sampled = 0;
        for (int step = 1; step <= 3; step++) {
            int now = step;
            int groups = TinyRun.rows(folder.resolve("run/problems.csv"), r -> at(r, now)).size();
            sampled += TinyRun.column(metrics, "mean_length")[step - 1] * groups * options.groupSize;
            assertEquals(sampled, TinyRun.column(metrics, "sampled_tokens")[step - 1], 1e-6);
        }
    }

    @Test
    void dynamicSamplingStopsAtItsBound() {
        Options options = TinyRun.options();
        options.problemsPerStep = 2;
        Reward never = (problem, response) -> 0;
        for (int refills : new int[] {0, 1, 2, 3, 9}) {
            options.refills = refills;
            try (Policy policy = new TinyRun(skeleton).policy(1)) {
                Collector.Batch batch = collector(Recipe.DYNAMIC, options, policy, never).collect(1);
                assertEquals(Math.min(12, 2 * (1 + refills)), batch.visited().size(), "or when all problems were asked");
                assertEquals(refills == 0 ? 2 : 0, batch.groups().size());
            }
        }
        options.refills = null;
        run(Recipe.DYNAMIC, options, never, 2); // nothing to learn is no failure
    }

    @ParameterizedTest
    @EnumSource(Recipe.class)
    void aResumedRunIsTheUninterruptedOne(Recipe recipe) throws Exception {
        TinyRun tiny = new TinyRun(skeleton);
        Options options = TinyRun.options();
        options.groupSize = 4;
        options.updates = 1;
        options.evaluateSamples = 1;
        tiny.run(recipe, options, EVERY_OTHER, folder.resolve("whole"), 4);
        tiny.runInTwo(recipe, options, EVERY_OTHER, folder.resolve("parts"), 4, Long.MAX_VALUE, 3);
        for (String table : List.of("metrics.csv", "problems.csv", "evaluation.csv")) {
            assertEquals(Files.readString(folder.resolve("whole").resolve(table)), Files.readString(folder.resolve("parts").resolve(table)));
        }
        try (Stream<Path> files = Files.list(folder.resolve("whole/checkpoint"))) {
            for (Path file : files.filter(f -> !f.endsWith("tables.json")).toList()) { // which has the size of timing.csv
                assertArrayEquals(Files.readAllBytes(file),
                        Files.readAllBytes(folder.resolve("parts/checkpoint").resolve(file.getFileName())), file.toString());
            }
        }
        assertEquals(recipe == Recipe.ADAPTIVE, Files.exists(folder.resolve("whole/checkpoint/hints.json")));
        assertEquals(recipe == Recipe.MOPPS, Files.exists(folder.resolve("whole/checkpoint/difficulty.json")));
    }

    @Test
    void adaptiveHintsBeginLongAndFollowTheirSuccess() throws Exception {
        Options options = TinyRun.options();
        options.guideBelow = 1; // whatever the pass rate
        options.guideAfter = 0;
        options.guideInARow = 100;
        run(Recipe.ADAPTIVE, options, EVERY_OTHER, 6);
        Path csv = folder.resolve("run/problems.csv");
        int moved = 0;
        for (Problem problem : TinyRun.PROBLEMS.subList(0, 6)) {
            double expected = options.betaMax;
            for (Map<String, String> row : TinyRun.rows(csv, r -> r.get("problem").equals(problem.id()) && guided(r))) {
                assertEquals(expected, Double.parseDouble(row.get("beta")), 1e-12);
                double next = expected - options.hintGain * (Double.parseDouble(row.get("guided_pass_rate")) - options.hintTarget);
                expected = Math.max(options.betaMin, Math.min(options.betaMax, next));
                moved += expected < options.betaMax ? 1 : 0;
            }
        }
        assertTrue(moved > 0, "some hints became shorter");
        assertTrue(TinyRun.rows(csv, RivalsTest::guided).size() > 8);
    }

    @Test
    void difficultyIsLearnedFromEveryVisit() throws Exception {
        Options options = TinyRun.options();
        options.fade = 1; // nothing fades: the counts are sums
        try (Policy policy = new TinyRun(skeleton).policy(1)) {
            Collector collector = collector(Recipe.MOPPS, options, policy, EVERY_OTHER);
            for (int step = 1; step <= 4; step++) {
                assertEquals(6, collector.collect(step).visited().size());
            }
            collector.save(folder);
        }
        String counts = Files.readString(folder.resolve("difficulty.json")).replaceAll("[^0-9.]+", " ");
        double sum = Arrays.stream(counts.replaceAll("\\b3 \\d+ ", "").strip().split(" ")).mapToDouble(Double::parseDouble).sum();
        int seen = (int) Files.readString(folder.resolve("difficulty.json")).lines().filter(l -> l.contains("[")).count();
        assertEquals(4 * 6 * 8 + 2 * seen, sum, 1e-9, "each completion once, and the prior");
    }

    /** One after the other on the same policy, which hardly moves. */
    @TestFactory
    Stream<DynamicTest> everyLossGoesWithEveryRecipe() {
        Policy policy = new TinyRun(skeleton).policy(1);
        Policy reference = new TinyRun(skeleton).policy(3);
        return Arrays.stream(Loss.values()).flatMap(loss -> Arrays.stream(Recipe.values()).map(recipe ->
                dynamicTest(loss.title() + " with " + recipe.title(), () -> {
                    Options options = TinyRun.options();
                    options.loss = loss.id();
                    options.kl = 0.01;
                    options.learningRate = 1e-6;
                    options.problemsPerStep = 4;
                    options.groupSize = 4;
                    options.updates = 1;
                    RunFolder out = RunFolder.create(folder.resolve(loss.name()).resolve(recipe.id()));
                    new Trainer(recipe, options, policy, reference, TinyRun.ENDS, TinyRun.PROBLEMS, List.of(), new Seed(1), out)
                            .run(2, () -> false, step -> {});
                    List<Map<String, String>> rows = TinyRun.rows(out.path().resolve("metrics.csv"));
                    assertEquals(2, rows.size());
                    for (Map<String, String> row : rows) {
                        for (String name : List.of("loss", "ratio", "clip_fraction", "kl", "entropy", "first_difference", "gradient_norm")) {
                            assertTrue(Double.isFinite(Double.parseDouble(row.get(name))), name + " is " + row.get(name));
                        }
                        assertTrue(Double.parseDouble(row.get("gradient_norm")) > 0);
                    }
                }))).onClose(policy::close).onClose(reference::close);
    }

    @Test
    void noiseTurnsRewardsRoundByItsRateAndKeyedBySeed() {
        Options options = TinyRun.options();
        List<Completion> clean = sampled(options);
        options.rewardNoise = 0.2;
        List<Completion> noisy = sampled(options);
        assertEquals(noisy.stream().map(Completion::reward).toList(), sampled(options).stream().map(Completion::reward).toList());
        int turned = 0;
        for (int i = 0; i < clean.size(); i++) {
            assertArrayEquals(clean.get(i).tokens(), noisy.get(i).tokens(), "what is sampled does not change");
            double before = clean.get(i).reward();
            double after = noisy.get(i).reward();
            assertTrue(after == before || after == 1 - before);
            turned += after == before ? 0 : 1;
        }
        assertEquals(0.2, (double) turned / clean.size(), 4 * Math.sqrt(0.2 * 0.8 / clean.size()));
        options.rewardNoise = 0.4;
        List<Completion> more = sampled(options);
        assertTrue(IntStream.range(0, clean.size()).allMatch(i -> noisy.get(i).reward() == clean.get(i).reward()
                || more.get(i).reward() != clean.get(i).reward()), "more noise turns the same rewards and others");
    }

    /** Else a group that failed as a whole, as no reward of it was turned round, would have none turned in its second try. */
    @Test
    void noiseOfTheHintedGroupIsItsOwn() {
        Options options = TinyRun.options();
        options.betaMin = 0.4;
        options.groupSize = 2;
        options.rewardNoise = 0.3;
        try (Policy policy = new TinyRun(skeleton).policy(1)) {
            Collector collector = collector(Recipe.BREAD, options, policy, (problem, response) -> 0);
            double[] hinted = IntStream.rangeClosed(1, 80).boxed().flatMap(step -> collector.collect(step).visited().stream())
                    .filter(Group::guided).flatMapToDouble(g -> Arrays.stream(g.rewards())).toArray();
            assertTrue(hinted.length > 100, hinted.length + " hinted completions");
            assertEquals(0.3, Arrays.stream(hinted).average().orElseThrow(), 4 * Math.sqrt(0.3 * 0.7 / hinted.length));
        }
    }

    /** Twenty steps without learning. */
    private static List<Completion> sampled(Options options) {
        try (Policy policy = new TinyRun(skeleton).policy(1)) {
            Collector collector = collector(Recipe.GRPO, options, policy, TinyRun.ENDS);
            return IntStream.rangeClosed(1, 20).boxed().flatMap(step -> collector.collect(step).completions().stream()).toList();
        }
    }

    @Test
    void aRunEndsAfterTheStepThatReachesItsTokens() throws Exception {
        TinyRun tiny = new TinyRun(skeleton);
        Options options = TinyRun.options();
        options.groupSize = 4;
        options.evaluateSamples = 0;
        tiny.run(Recipe.GRPO, options, TinyRun.ENDS, folder.resolve("long"), 4);
        long[] sampled = Arrays.stream(TinyRun.column(folder.resolve("long/metrics.csv"), "sampled_tokens")).mapToLong(x -> (long) x).toArray();
        for (long tokens : new long[] {sampled[1] + 1, sampled[2]}) { // both are reached in step 3
            Path out = folder.resolve("ends" + tokens);
            tiny.run(Recipe.GRPO, options, TinyRun.ENDS, out, 5, tokens);
            assertEquals(Files.readAllLines(folder.resolve("long/metrics.csv")).subList(0, 4), Files.readAllLines(out.resolve("metrics.csv")));
            assertEquals(List.of("0", "3"), evaluated(out));
            Path parts = folder.resolve("parts" + tokens);
            tiny.runInTwo(Recipe.GRPO, options, TinyRun.ENDS, parts, 5, tokens, 2);
            for (String table : List.of("metrics.csv", "evaluation.csv", "checkpoint/state.json")) {
                assertEquals(Files.readString(out.resolve(table)), Files.readString(parts.resolve(table)));
            }
        }
        Path one = folder.resolve("one");
        tiny.run(Recipe.GRPO, options, TinyRun.ENDS, one, 5, 1);
        assertEquals(List.of("0", "1"), evaluated(one), "at least one step");
    }

    private static List<String> evaluated(Path out) throws Exception {
        return TinyRun.rows(out.resolve("evaluation.csv"), r -> r.get("level").equals("all")).stream().map(r -> r.get("step")).toList();
    }

    private static Collector collector(Recipe recipe, Options options, Policy policy, Reward reward) {
        return new Collector(recipe, options, policy, Compute.here(policy, options.rolloutRows), reward, TinyRun.PROBLEMS, new Seed(1));
    }

    private static List<String> ids(List<Group> groups) {
        return groups.stream().map(g -> g.problem().id()).toList();
    }

    private static boolean at(Map<String, String> row, int step) {
        return row.get("step").equals(Integer.toString(step));
    }

    private static boolean guided(Map<String, String> row) {
        return row.get("guided").equals("1");
    }

    private void run(Recipe recipe, Options options, Reward reward, int steps) {
        new TinyRun(skeleton).run(recipe, options, reward, folder.resolve("run"), steps);
    }
}
