package lppo.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import llm.Policy;
import lppo.Advantage;
import lppo.Algorithm;
import lppo.DifficultySelection;
import lppo.GuidanceRule;
import lppo.Hint;
import lppo.Kl;
import lppo.ProgressTracker;
import lppo.Stateful;
import lppo.TinyPolicy;
import lppo.Weighting;
import lppo.data.Problem;
import lppo.judge.Reward;
import lppo.rollout.Completion;
import lppo.rollout.Group;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import rivals.DecayingPrefix;
import rivals.RivalRecipes;
import rivals.Weightings;

/** Tests how the rival recipes handle hints, problems and silent groups, in runs of a tiny random policy. */
class RivalsTest extends TinyPolicy {

    /** Every other problem is never solved. */
    private static final Reward EVERY_OTHER = (problem, response) -> TinyRun.PROBLEMS.indexOf(problem) % 2;

    @Test
    void breadGivesAHintInTheStepInWhichAWholeGroupFailed() throws Exception {
        run(TinyRun.recipe("bread").hint(Hint.random(0.4, 0.95)), EVERY_OTHER, 6); // of three values at least one
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
        ProgressTracker tracker = new ProgressTracker();
        new Memory().add("tracker", tracker).load(folder.resolve("run/checkpoint/operators.json"));
        for (Problem problem : TinyRun.PROBLEMS) {
            List<Map<String, String>> visits = TinyRun.rows(csv, r -> r.get("problem").equals(problem.id()) && !guided(r));
            ProgressTracker.Entry entry = tracker.entry(problem.id()).orElseThrow();
            assertEquals(visits.size(), entry.seen());
            assertEquals(Double.parseDouble(visits.get(visits.size() - 1).get("pass_rate")), entry.passRate());
        }
    }

    @Test
    void breadSamplesNothingAgainWhereNothingMayBeShown() throws Exception {
        run(TinyRun.recipe("bread").hint(Hint.random(0.1, 0.2)), (problem, response) -> 0, 2); // of three values none
        List<Map<String, String>> rows = TinyRun.rows(folder.resolve("run/problems.csv"));
        assertEquals(2 * 6, rows.size());
        assertTrue(rows.stream().noneMatch(RivalsTest::guided));
    }

    @Test
    void searchedHintsAreTriedInTheStepAndCountedAsSampled() throws Exception {
        List<Seen> steps = watched(TinyRun.recipe("bread-search"), (problem, response) -> 0, 2);
        for (Seen step : steps) {
            assertEquals(6, step.learned().size());
            assertTrue(step.learned().stream().noneMatch(Group::guided), "no hint works, so the failed groups stay");
            assertEquals(3 * step.learned().stream().filter(g -> g.problem().hasDemonstration()).count(),
                    step.visited().stream().filter(Group::guided).count(), "three tries each");
        }
    }

    @Test
    void prefixRftGuidesOneCompletionOfEachGroupAndFewerSolutionsAreShownLater() {
        Recipe recipe = TinyRun.recipe("prefix-rft");
        recipe = recipe.hint(((DecayingPrefix) recipe.hint()).steps(4));
        List<Seen> steps = watched(recipe, EVERY_OTHER, 6);
        for (Group group : steps.get(0).visited()) {
            assertEquals(group.problem().hasDemonstration() ? 1 : 0,
                    group.completions().stream().filter(c -> c.prompt().guided()).count());
        }
        assertTrue(steps.get(5).visited().stream().noneMatch(Group::guided), "0.05 of three values shows nothing");
    }

    @Test
    void dynamicSamplingKeepsWhatIsNotSilentAndCountsAllItSampled() throws Exception {
        Recipe recipe = TinyRun.recipe("dynamic").problemsPerStep(4);
        List<Seen> steps = watched(recipe, EVERY_OTHER, 8);
        boolean replaced = false;
        for (Seen step : steps) {
            List<Group> loud = step.visited().stream().filter(g -> !g.silent()).toList();
            assertEquals(loud, step.learned());
            assertTrue(loud.size() <= 4);
            assertEquals(step.visited().size(), new HashSet<>(ids(step.visited())).size(), "no problem twice in a step");
            assertTrue(loud.size() == 4 || step.visited().size() > 4, "it did try");
            replaced |= step.visited().size() > 4;
        }
        assertTrue(replaced);
        run(recipe, EVERY_OTHER, 3);
        Path metrics = folder.resolve("run/metrics.csv");
        double sampled = 0;
        for (int step = 1; step <= 3; step++) {
            int now = step;
            int groups = TinyRun.rows(folder.resolve("run/problems.csv"), r -> at(r, now)).size();
            sampled += TinyRun.column(metrics, "mean_length")[step - 1] * groups * recipe.groupSize();
            assertEquals(sampled, TinyRun.column(metrics, "sampled_tokens")[step - 1], 1e-6);
        }
    }

    @Test
    void dynamicSamplingStopsAtItsBound() {
        Recipe recipe = TinyRun.recipe("dynamic").problemsPerStep(2);
        Reward never = (problem, response) -> 0;
        for (int refills : new int[] {0, 1, 2, 3, 9}) {
            Seen step = watched(recipe.refills(refills), never, 1).get(0);
            assertEquals(Math.min(12, 2 * (1 + refills)), step.visited().size(), "or when all problems were asked");
            assertEquals(refills == 0 ? 2 : 0, step.learned().size());
        }
        run(recipe, never, 2); // nothing to learn is no failure
    }

    /** All recipes, and LPPO with each other weighting. */
    static List<String> recipes() {
        return Stream.concat(RivalRecipes.names().stream(), Weightings.names().stream().map(name -> "lppo " + name)).toList();
    }

    private static Recipe named(String name) {
        String[] parts = name.split(" ");
        Recipe recipe = TinyRun.inOneUpdate(TinyRun.recipe(parts[0]).groupSize(4));
        return parts.length == 1 ? recipe : Weightings.weighted(recipe, parts[1]);
    }

    @ParameterizedTest
    @MethodSource("recipes")
    void aResumedRunIsTheUninterruptedOne(String name) throws Exception {
        TinyRun tiny = new TinyRun(skeleton);
        tiny.run(named(name), EVERY_OTHER, folder.resolve("whole"), 4);
        tiny.runInTwo(named(name), EVERY_OTHER, folder.resolve("parts"), 4, Long.MAX_VALUE, 3);
        for (String table : List.of("metrics.csv", "problems.csv", "evaluation.csv")) {
            assertEquals(Files.readString(folder.resolve("whole").resolve(table)),
                    Files.readString(folder.resolve("parts").resolve(table)));
        }
        try (Stream<Path> files = Files.list(folder.resolve("whole/checkpoint"))) {
            for (Path file : files.filter(f -> !f.endsWith("tables.json")).toList()) { // which has the size of timing.csv
                assertArrayEquals(Files.readAllBytes(file),
                        Files.readAllBytes(folder.resolve("parts/checkpoint").resolve(file.getFileName())), file.toString());
            }
        }
        String operators = Files.readString(folder.resolve("whole/checkpoint/operators.json"));
        assertTrue(operators.contains("\"tracker\""));
        assertEquals(List.of("mopps", "progress").contains(name), operators.contains("\"selection\""));
        assertEquals(name.matches("lppo (?!none|progress).*"), operators.contains("\"weighting\""));
    }

    @Test
    void adaptiveHintsBeginLongAndFollowTheirSuccess() throws Exception {
        run(TinyRun.recipe("adaptive").when(new GuidanceRule(1, 0, 1, 100)), EVERY_OTHER, 6); // whatever the pass rate
        Path csv = folder.resolve("run/problems.csv");
        int moved = 0;
        for (Problem problem : TinyRun.PROBLEMS.subList(0, 6)) {
            double expected = 0.95;
            for (Map<String, String> row : TinyRun.rows(csv, r -> r.get("problem").equals(problem.id()) && guided(r))) {
                assertEquals(expected, Double.parseDouble(row.get("beta")), 1e-12);
                double next = expected - 0.3 * (Double.parseDouble(row.get("guided_pass_rate")) - 0.5);
                expected = Math.max(0.3, Math.min(0.95, next));
                moved += expected < 0.95 ? 1 : 0;
            }
        }
        assertTrue(moved > 0, "some hints became shorter");
        assertTrue(TinyRun.rows(csv, RivalsTest::guided).size() > 8);
    }

    @Test
    void difficultyIsLearnedFromEveryVisit() throws Exception {
        DifficultySelection selection = new DifficultySelection(1); // nothing fades: the counts are sums
        List<Seen> steps = watched(TinyRun.recipe("mopps").selection(selection), EVERY_OTHER, 4);
        assertTrue(steps.stream().allMatch(step -> step.visited().size() == 6));
        double sum = selection.state().values().stream().flatMapToDouble(Arrays::stream).sum();
        assertEquals(4 * 6 * 8 + 2 * selection.state().size(), sum, 1e-9, "each completion once, and the prior");
    }

    /** One after the other on the same policy, which hardly moves. */
    @TestFactory
    Stream<DynamicTest> everyLossGoesWithEveryRecipe() {
        Policy policy = policy(1);
        Policy reference = policy(3);
        return Algorithm.all(14).stream()
                .flatMap(loss -> Recipe.names().stream().map(name -> dynamicTest(loss.title() + " with " + name, () -> {
                    Recipe recipe = TinyRun.inOneUpdate(TinyRun.recipe(name).algorithm(loss.kl(loss.klInReward() ? Kl.K1 : Kl.K3, 0.01))
                            .learningRate(1e-6).problemsPerStep(4).groupSize(4));
                    List<StepMetrics> steps = Training.of(policy, TinyRun.task(TinyRun.ENDS)).recipe(recipe).reference(reference).run(2);
                    assertEquals(2, steps.size());
                    for (StepMetrics step : steps) {
                        for (double value : new double[] {step.loss(), step.ratio(), step.clipFraction(), step.kl(), step.entropy(),
                            step.firstDifference(), step.gradientNorm()}) {
                            assertTrue(Double.isFinite(value), step::toString);
                        }
                        assertTrue(step.gradientNorm() > 0);
                    }
                }))).onClose(policy::close).onClose(reference::close);
    }

    @Test
    void noiseTurnsRewardsRoundByItsRateAndKeyedBySeed() {
        List<Completion> clean = sampled(0);
        List<Completion> noisy = sampled(0.2);
        assertEquals(noisy.stream().map(Completion::reward).toList(), sampled(0.2).stream().map(Completion::reward).toList());
        int turned = 0;
        for (int i = 0; i < clean.size(); i++) {
            assertArrayEquals(clean.get(i).tokens(), noisy.get(i).tokens(), "what is sampled does not change");
            double before = clean.get(i).reward();
            double after = noisy.get(i).reward();
            assertTrue(after == before || after == 1 - before);
            turned += after == before ? 0 : 1;
        }
        assertEquals(0.2, (double) turned / clean.size(), 4 * Math.sqrt(0.2 * 0.8 / clean.size()));
        List<Completion> more = sampled(0.4);
        assertTrue(IntStream.range(0, clean.size()).allMatch(i -> noisy.get(i).reward() == clean.get(i).reward()
                || more.get(i).reward() != clean.get(i).reward()), "more noise turns the same rewards and others");
    }

    /** Else a group that failed as a whole, as no reward of it was turned round, would have none turned in its second try. */
    @Test
    void noiseOfTheHintedGroupIsItsOwn() {
        Recipe recipe = TinyRun.recipe("bread").hint(Hint.random(0.4, 0.95)).groupSize(2).rewardNoise(0.3);
        double[] hinted = watched(recipe, (problem, response) -> 0, 80).stream().flatMap(step -> step.visited().stream())
                .filter(Group::guided).flatMapToDouble(g -> Arrays.stream(g.rewards())).toArray();
        assertTrue(hinted.length > 100, hinted.length + " hinted completions");
        assertEquals(0.3, Arrays.stream(hinted).average().orElseThrow(), 4 * Math.sqrt(0.3 * 0.7 / hinted.length));
    }

    /** Twenty steps without learning. */
    private static List<Completion> sampled(double noise) {
        return watched(TinyRun.recipe("grpo").rewardNoise(noise), TinyRun.ENDS, 20).stream().flatMap(step -> step.visited().stream())
                .flatMap(g -> g.completions().stream()).toList();
    }

    /**
     * What a step sampled, and what of it was learned from.
     *
     * @param visited all groups, in order
     * @param learned those that the update got
     */
    private record Seen(List<Group> visited, List<Group> learned) {}

    /** Notes the groups of each step: an operator of one's own that remembers nothing a run needs. */
    private static final class Watch implements Weighting, Stateful {
        final List<List<Group>> visited = new ArrayList<>();

        @Override
        public double weight(Group group) {
            return 0; // nothing is learned, so that the policy stays
        }

        @Override
        public void observe(List<Group> groups) {
            visited.add(groups);
        }

        @Override
        public Map<String, double[]> state() {
            return Map.of();
        }

        @Override
        public void restore(Map<String, double[]> state) {}
    }

    /** The steps of a run of a policy that does not move. */
    private static List<Seen> watched(Recipe recipe, Reward reward, long steps) {
        Watch watch = new Watch();
        List<List<Group>> learned = new ArrayList<>();
        Recipe watching = recipe.weighting(watch).advantage(groups -> {
            learned.add(groups);
            return Advantage.grpo().of(groups);
        });
        try (Policy policy = policy(1)) {
            Training.of(policy, TinyRun.task(reward)).recipe(watching).run(steps);
        }
        return IntStream.range(0, watch.visited.size()).mapToObj(i -> {
            List<Group> of = i < learned.size() ? learned.get(i) : List.of();
            return new Seen(watch.visited.get(i), of);
        }).toList();
    }

    @Test
    void aRunEndsAfterTheStepThatReachesItsTokens() throws Exception {
        TinyRun tiny = new TinyRun(skeleton);
        Recipe recipe = TinyRun.recipe("grpo").groupSize(4);
        tiny.run(recipe, TinyRun.ENDS, folder.resolve("long"), 4);
        long[] sampled = Arrays.stream(TinyRun.column(folder.resolve("long/metrics.csv"), "sampled_tokens")).mapToLong(x -> (long) x)
                .toArray();
        for (long tokens : new long[] {sampled[1] + 1, sampled[2]}) { // both are reached in step 3
            Path out = folder.resolve("ends" + tokens);
            tiny.run(recipe, TinyRun.ENDS, out, 5, tokens);
            assertEquals(Files.readAllLines(folder.resolve("long/metrics.csv")).subList(0, 4),
                    Files.readAllLines(out.resolve("metrics.csv")));
            assertEquals(List.of("0", "3"), evaluated(out));
            Path parts = folder.resolve("parts" + tokens);
            tiny.runInTwo(recipe, TinyRun.ENDS, parts, 5, tokens, 2);
            for (String table : List.of("metrics.csv", "evaluation.csv", "checkpoint/state.json")) {
                assertEquals(Files.readString(out.resolve(table)), Files.readString(parts.resolve(table)));
            }
        }
        Path one = folder.resolve("one");
        tiny.run(recipe, TinyRun.ENDS, one, 5, 1);
        assertEquals(List.of("0", "1"), evaluated(one), "at least one step");
    }

    private static List<String> evaluated(Path out) throws Exception {
        return TinyRun.rows(out.resolve("evaluation.csv"), r -> r.get("level").equals("all")).stream().map(r -> r.get("step")).toList();
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

    private void run(Recipe recipe, Reward reward, int steps) {
        new TinyRun(skeleton).run(recipe, reward, folder.resolve("run"), steps);
    }
}
