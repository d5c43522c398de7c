package lppo.judge;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import common.BadInput;
import common.Seed;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import lppo.data.Problem;
import lppo.rollout.Completion;
import lppo.rollout.Group;
import lppo.rollout.Prompt;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Compares scores with counting, and tests the coverage of intervals. */
class ScoreTest {

    @Example
    void passAtKIsTheShareOfDrawsThatHoldARightSample() {
        for (int n = 1; n <= 9; n++) {
            for (int c = 0; c <= n; c++) {
                for (int k = 1; k <= n; k++) {
                    int draws = 0;
                    int passed = 0;
                    for (int draw = 0; draw < 1 << n; draw++) { // as a set of bits; samples 0 to c - 1 are right
                        if (Integer.bitCount(draw) == k) {
                            draws++;
                            passed += (draw & (1 << c) - 1) != 0 ? 1 : 0;
                        }
                    }
                    assertEquals((double) passed / draws, Score.passAt(n, c, k), 1e-12, "n " + n + ", c " + c + ", k " + k);
                }
            }
        }
    }

    @Example
    void passAtKIsStableForManySamples() {
        assertEquals(0.5, Score.passAt(1_000_000, 500_000, 1), 1e-9);
        assertEquals(1 - Math.pow(0.99, 100), Score.passAt(1_000_000, 10_000, 100), 1e-4);
        assertEquals(0, Score.passAt(100_000, 0, 50_000), 0);
        assertEquals(1, Score.passAt(100_000, 50_001, 50_000), 0);
    }

    @Example
    void passAtKNeedsAsManySamples() {
        for (int k : new int[] {0, -1, 9}) {
            assertEquals("pass@" + k + ": k must lie in 1 to the 8 samples",
                    assertThrows(BadInput.class, () -> Score.passAt(8, 1, k)).getMessage());
        }
    }

    @Example
    void theMajorityIsTheAnswerGivenMostOften() {
        assertEquals(1, majority("a a b", 1, 1, 0));
        assertEquals(0, majority("a b b", 1, 0, 0), "one right answer is outvoted");
        assertEquals(0.5, majority("a b", 1, 0), "by lot");
        assertEquals(1.0 / 3, majority("b a c a c b", 0, 1, 0, 1, 0, 0), 1e-15);
        assertEquals(0, majority("b - - -", 0, 1, 1, 1), "who answers nothing has no vote");
        assertEquals(0.5, majority("a a", 1, 0), "a reward that judges more than the answer");
        assertEquals(OptionalDouble.empty(), Score.majority(List.of(Optional.empty()), new double[] {1}));
    }

    @Property(tries = 200)
    void theMajorityDoesNotDependOnTheOrder(@ForAll long seed) {
        SplittableRandom random = new Seed(seed).at("votes", 0);
        List<Integer> votes = new ArrayList<>(random.ints(7, 0, 4).boxed().toList());
        double before = majority(votes);
        Collections.shuffle(votes, new java.util.Random(seed));
        assertEquals(before, majority(votes), 1e-12);
        assertTrue(before >= 0 && before <= 1);
    }

    @Example
    void scoresAreThoseOfPapers() {
        List<Group> groups = List.of(group("p", 1, 0, 0, 0), group("q", 1, 1, 1, 0));
        Evaluation evaluation = new Evaluation(List.of(completion("p", 0), completion("q", 1)), groups, 0);
        List<Score> scores = Score.of(evaluation, List.of(1, 2, 4), c -> Optional.of(c.reward() == 1 ? "right" : "wrong"));
        assertEquals(List.of("greedy", "avg@4", "pass@1", "pass@2", "pass@4", "maj@4"), scores.stream().map(Score::name).toList());
        assertArrayEquals(new double[] {0.5, 0.5, 0.5, 0.75, 1, 0.5}, scores.stream().mapToDouble(Score::mean).toArray(), 1e-12);
        assertArrayEquals(new double[] {0.5, 1}, scores.get(3).values(), 1e-12);
        assertArrayEquals(new double[] {1}, scores.get(3).at(List.of(1)).values(), 1e-12);
        assertEquals(List.of("greedy", "avg@4"),
                Score.of(evaluation, List.of(), c -> Optional.empty()).stream().map(Score::name).toList(), "nobody votes");
        assertEquals(List.of("greedy"), Score.of(new Evaluation(evaluation.greedy(), List.of(), 0), List.of(), c -> Optional.empty())
                .stream().map(Score::name).toList());
    }

    @Property(tries = 100)
    void avgAtKIsPassAt1(@ForAll long seed) {
        SplittableRandom random = new Seed(seed).at("rewards", 0);
        List<Group> groups = IntStream.range(0, 5).mapToObj(i -> group("p" + i, random.doubles(6).map(Math::round).toArray())).toList();
        List<Score> scores = Score.of(new Evaluation(groups.stream().map(g -> g.completions().get(0)).toList(), groups, 0),
                List.of(1), c -> Optional.empty());
        assertArrayEquals(scores.get(1).values(), scores.get(2).values(), 1e-12);
    }

    @Example
    void anIntervalIsAFunctionOfTheValues() {
        double[] values = new SplittableRandom(1).doubles(50).toArray();
        assertEquals(ConfidenceInterval.ofMean(values), ConfidenceInterval.ofMean(values.clone()));
        assertEquals(new ConfidenceInterval(0.25, 0.25), ConfidenceInterval.ofMean(new double[] {0.25, 0.25, 0.25}));
        assertEquals(new ConfidenceInterval(0, 1), ConfidenceInterval.ofMean(new double[] {0, 1}));
        assertTrue(Double.isNaN(ConfidenceInterval.ofMean(new double[] {0, Double.NaN}).low()));
        ConfidenceInterval both = ConfidenceInterval.ofMean(new double[] {0, 0, 0, 0}, new double[] {1, 1});
        assertEquals(new ConfidenceInterval(0.5, 0.5), both, "benchmarks weigh alike, whatever their sizes");
    }

    @Example
    void nineteenOfTwentyIntervalsHoldTheTruth() {
        SplittableRandom random = new Seed(3).at("coverage", 0);
        int held = 0;
        int sets = 400;
        for (int i = 0; i < sets; i++) {
            double[] values = IntStream.range(0, 60).mapToDouble(j -> random.nextDouble() < 0.4 ? 1 : 0).toArray();
            ConfidenceInterval interval = ConfidenceInterval.ofMean(values);
            double width = interval.high() - interval.low();
            assertTrue(width > 0.15 && width < 0.3, "about 4 sqrt(0.4 0.6 / 60) = 0.25, but " + width);
            held += interval.low() <= 0.4 && 0.4 <= interval.high() ? 1 : 0;
        }
        assertEquals(0.95, (double) held / sets, 0.035, "a percentile bootstrap of 60 coins holds a little less");
    }

    private static double majority(String answers, double... rewards) {
        return Score.majority(Stream.of(answers.split(" "))
                .map(a -> a.equals("-") ? Optional.<String>empty() : Optional.of(a)).toList(), rewards).orElseThrow();
    }

    private static double majority(List<Integer> votes) { // 0 is right
        return Score.majority(votes.stream().map(v -> Optional.of("" + v)).toList(),
                votes.stream().mapToDouble(v -> v == 0 ? 1 : 0).toArray()).orElseThrow();
    }

    private static Group group(String id, double... rewards) {
        return new Group(problem(id), Arrays.stream(rewards).mapToObj(r -> completion(id, r)).toList());
    }

    private static Completion completion(String id, double reward) {
        return new Completion(Prompt.unguided(problem(id), new int[] {1}), new int[] {2}, new float[] {-1}, Completion.Finish.STOP, reward);
    }

    private static Problem problem(String id) {
        return new Problem(id, "?", "1", null, null, null);
    }
}
