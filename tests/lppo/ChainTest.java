package lppo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.function.ToDoubleFunction;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import llm.Policy;
import lppo.data.Problem;
import lppo.data.Step;
import lppo.judge.Scoring;
import lppo.learn.Learner;
import lppo.learn.UpdateMetrics;
import lppo.rollout.GpuRollout;
import lppo.rollout.Group;
import lppo.rollout.Rollout;
import lppo.run.Recipe;
import lppo.run.RunListener;
import lppo.run.StepMetrics;
import lppo.run.StepTiming;
import lppo.run.Steps;
import lppo.run.Trainer;
import lppo.run.Training;
import lppo.run.Visit;
import lppo.task.ModularChain;
import lppo.task.Task;
import org.junit.jupiter.api.Test;

/** Tests that the chain of operators in README and notebook 6 and the packaged recipe give the same numbers, bit for bit. */
class ChainTest {

    private static final int STEPS = 20;
    private static final int PROBLEMS = 12;
    private static final int GROUP = 8;
    private static final double FAILING = 0.3;

    /**
     * What a run came to.
     *
     * @param weights of the policy, an array for each parameter
     * @param losses a row for each step: loss, ratio, clip fraction, KL, entropy, first difference, gradient norm
     * @param rates a row for each step: pass rate, guided pass rate, guided share, silent share
     * @param progress a row for each visit: average, progress, weight of the group
     */
    private record Outcome(List<float[]> weights, List<double[]> losses, List<double[]> rates, List<double[]> progress,
            Map<String, ProgressTracker.Entry> tracker) {}

    @Test
    void theChainOfGrpoIsTheRecipe() {
        assertSame(byHand(false), packaged(Recipe.grpo()));
    }

    @Test
    void theChainOfLppoIsTheRecipe() {
        Outcome chain = byHand(true);
        assertTrue(chain.rates.stream().anyMatch(row -> row[2] > 0 && row[1] > 0), "no hint in this run: it shows nothing of LPPO");
        assertTrue(chain.progress.stream().anyMatch(row -> row[2] != 1), "no weight in this run: it shows nothing of LPPO");
        assertSame(chain, packaged(Recipe.lppo()));
        assertEquals(GuidanceRule.failing(FAILING), Recipe.lppo().rule()); // a threshold shows only where an average lies beside it
        assertFalse(Arrays.equals(chain.weights.get(0), byHand(false).weights.get(0)), "LPPO learns what GRPO learns");
    }

    /** Few and easy problems, half of them with a demonstration: groups that are not silent, visited often enough for hints and weights. */
    private static Task task() {
        Task all = Task.builtIn();
        List<Problem> easy = all.problems().stream().filter(p -> p.level().equals("3")).limit(24).toList();
        List<Problem> half = IntStream.range(0, 24).mapToObj(i -> i % 2 == 0 ? demonstrated(easy.get(i)) : easy.get(i)).toList();
        return Task.of("few", half, List.of(), all.reward(), all.longest());
    }

    private static Problem demonstrated(Problem problem) {
        String[] words = problem.question().split(" "); // start 3 +3 *2 -23 . . =
        StringJoiner solution = new StringJoiner(" ");
        int value = Integer.parseInt(words[1]);
        for (int i = 2; !words[i].matches("[.=]"); i++) {
            value = ModularChain.apply(words[i], value);
            solution.add(Integer.toString(value));
        }
        return new Problem(problem.id(), problem.question(), problem.answer(), solution.toString(), problem.level(), null);
    }

    private static Policy policy() {
        return Policy.load(Checkout.ROOT.resolve("data/base"), Policy.device("cpu"));
    }

    private static Outcome byHand(boolean lppo) {
        Outcome outcome = new Outcome(new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new HashMap<>());
        try (Policy policy = policy()) {
            Task task = task();
            ProgressTracker tracker = new ProgressTracker();
            PrefixSampler plain = PrefixSampler.of(policy).cut(task.cut());
            PrefixSampler hints = lppo ? plain.beta(0.3, 0.95).when(tracker.failing(FAILING)) : plain;
            Rollout rollout = GpuRollout.of(policy, task.longest()).scored(new Scoring(policy, task.reward()));
            Learner learner = Learner.of(policy).learningRate(2e-4);
            Advantage advantage = lppo ? Advantage.grpo().weighted(tracker) : Advantage.grpo();
            for (Step step : Steps.of(task).problems(PROBLEMS).take(STEPS)) {
                List<Group> groups = rollout.sample(hints.prompts(step, GROUP), step);
                tracker.observe(groups);
                List<UpdateMetrics> updates = learner.update(groups, advantage, PolicyLoss.grpo(), step);

                outcome.losses.add(new double[] {mean(updates, UpdateMetrics::loss), mean(updates, UpdateMetrics::ratio),
                    mean(updates, UpdateMetrics::clipFraction), mean(updates, UpdateMetrics::kl), mean(updates, UpdateMetrics::entropy),
                    updates.isEmpty() ? Double.NaN : updates.get(0).difference(), mean(updates, UpdateMetrics::gradientNorm)});
                List<Group> unguided = groups.stream().filter(g -> g.passRate().isPresent()).toList();
                List<Group> guided = groups.stream().filter(Group::guided).toList();
                outcome.rates.add(new double[] {mean(unguided, g -> g.passRate().getAsDouble()),
                    mean(guided, g -> g.guidedPassRate().getAsDouble()), mean(groups, g -> g.guided() ? 1 : 0),
                    mean(groups, g -> g.silent() ? 1 : 0)});
                groups.forEach(group -> {
                    ProgressTracker.Entry entry = tracker.entry(group.problem().id()).orElseThrow();
                    outcome.progress.add(new double[] {entry.average(), entry.progress(), lppo ? tracker.weight(group) : 1});
                });
            }
            outcome.tracker.putAll(tracker.entries());
            policy.parameters().forEach(p -> outcome.weights.add(p.toFloatArray()));
        }
        return outcome;
    }

    private static Outcome packaged(Recipe recipe) {
        Outcome outcome = new Outcome(new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new HashMap<>());
        try (Policy policy = policy()) {
            Trainer trainer = Training.of(policy, task()).recipe(recipe.problemsPerStep(PROBLEMS)).listener(new RunListener() {
                @Override
                public void stepped(StepMetrics m, List<Visit> visits, StepTiming timing) {
                    outcome.losses.add(new double[] {m.loss(), m.ratio(), m.clipFraction(), m.kl(), m.entropy(),
                        Double.isNaN(m.loss()) ? Double.NaN : m.firstDifference(), m.gradientNorm()}); // NaN: all groups were silent
                    outcome.rates.add(new double[] {m.passRate(), m.guidedPassRate(), m.guidedShare(), m.silentShare()});
                    visits.forEach(visit -> outcome.progress.add(new double[] {visit.ema(), visit.progress(), visit.weight()}));
                }
            }).trainer();
            assertTrue(trainer.run(STEPS, Long.MAX_VALUE, () -> false, step -> {}));
            outcome.tracker.putAll(trainer.tracker().entries());
            policy.parameters().forEach(p -> outcome.weights.add(p.toFloatArray()));
        }
        return outcome;
    }

    private static <T> double mean(List<T> items, ToDoubleFunction<T> value) {
        return items.stream().mapToDouble(value).average().orElse(Double.NaN);
    }

    private static void assertSame(Outcome chain, Outcome recipe) {
        assertRows(chain.rates, recipe.rates, STEPS, "rates");
        assertTrue(chain.losses.stream().filter(row -> !Double.isNaN(row[0])).count() > STEPS / 2, "hardly anything to learn in this run");
        assertRows(chain.losses, recipe.losses, STEPS, "losses");
        assertRows(chain.progress, recipe.progress, STEPS * PROBLEMS, "progress");
        assertEquals(chain.tracker, recipe.tracker);
        assertEquals(chain.weights.size(), recipe.weights.size());
        for (int i = 0; i < chain.weights.size(); i++) {
            assertArrayEquals(chain.weights.get(i), recipe.weights.get(i), "parameter " + i); // without a tolerance: bit for bit
        }
    }

    private static void assertRows(List<double[]> chain, List<double[]> recipe, int count, String what) {
        assertEquals(count, chain.size(), what);
        assertEquals(count, recipe.size(), what);
        for (int i = 0; i < count; i++) {
            assertArrayEquals(chain.get(i), recipe.get(i), what + " " + i);
        }
    }

    @Test
    void theNotebookShowsAShortChainThatExplainsItsNumbers() throws Exception {
        String notebook = Files.readString(Checkout.ROOT.resolve("notebooks/6-lppo-against-grpo.ipynb"));
        JsonArray cells = JsonParser.parseString(notebook).getAsJsonObject().getAsJsonArray("cells");
        String chain = StreamSupport.stream(cells.spliterator(), false).map(cell -> source(cell.getAsJsonObject().get("source")))
                .filter(text -> text.contains("Steps.of(task)")).findFirst().orElseThrow();
        assertTrue(chain.lines().count() <= 16, chain);
        assertFalse(Pattern.compile("null|step - 1|\\bstep, \\d|\\(\\d+, step\\b").matcher(chain).find(), chain);
    }

    private static String source(JsonElement source) {
        StringBuilder text = new StringBuilder();
        if (source.isJsonArray()) {
            source.getAsJsonArray().forEach(line -> text.append(line.getAsString()));
        } else {
            text.append(source.getAsString());
        }
        return text.toString();
    }
}
