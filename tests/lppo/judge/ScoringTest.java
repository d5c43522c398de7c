package lppo.judge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.djl.Device;
import ai.djl.engine.EngineException;
import common.BadInput;
import common.Seed;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import llm.Policy;
import lppo.Checkout;
import lppo.data.Problem;
import lppo.data.Step;
import lppo.rollout.Completion;
import lppo.rollout.Group;
import lppo.rollout.Prompt;
import lppo.rollout.Rollout;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Tests the inputs of a reward, and how its results are used. */
class ScoringTest {

    private static final Problem PROBLEM = new Problem("q7", "start 17 +3 *2 =", "40", "20 40", null, null);
    private static Policy policy;

    @BeforeAll
    static void load() {
        policy = Policy.load(Checkout.ROOT.resolve("data/base"), Device.cpu());
    }

    @AfterAll
    static void close() {
        policy.close();
    }

    @Test
    void aResponseIsThePrefixAndTheCompletion() {
        Scoring scoring = new Scoring(policy, Reward.lastWord());
        assertEquals("20 40", scoring.response(completion("20", "40")).strip());
        assertEquals("40", scoring.response(completion("", "40")).strip(), "the question is no part of it");
        assertEquals(1, scoring.applyAsDouble(completion("20", "40")));
        assertEquals(0, scoring.applyAsDouble(completion("20", "41")));
        assertEquals(Optional.of("40"), scoring.answer(completion("20", "40")));
        assertEquals(0, scoring.failures());
        assertEquals(Optional.empty(), scoring.trouble());
    }

    @Test
    void whatIsPaidAndGamedIsCountedAndARewardThatThrowsIsToldWhereverItIsAsked() {
        Reward gamed = new Reward() {
            @Override
            public double score(Problem problem, String response) {
                return response.contains("40") ? 1 : 0;
            }

            @Override
            public boolean isGamed(Problem problem, String response) {
                if (response.contains("20")) {
                    throw new IllegalStateException("oops");
                }
                return true;
            }

            @Override
            public Optional<String> answer(String response) {
                throw new IllegalStateException("oops");
            }
        };
        Scoring scoring = new Scoring(policy, gamed);
        assertEquals(1, scoring.applyAsDouble(completion("", "40")));
        assertEquals(0, scoring.applyAsDouble(completion("", "41")));
        assertEquals(List.of(1L, 1L, 0L), List.of(scoring.paid(), scoring.gamed(), scoring.failures()));
        assertEquals(1, scoring.applyAsDouble(completion("20", "40")), "the score stands");
        assertEquals(List.of(2L, 1L, 1L), List.of(scoring.paid(), scoring.gamed(), scoring.failures()));
        assertEquals(Optional.empty(), scoring.answer(completion("", "40")));
        assertEquals(2, scoring.failures());
        assertEquals("problem q7: the reward throws java.lang.IllegalStateException: oops", scoring.trouble().orElseThrow());
    }

    @Test
    void aRewardSeesTheProblemAsAPersonWroteIt() {
        Problem[] seen = new Problem[1];
        new Scoring(policy, (problem, response) -> {
            seen[0] = problem;
            return 1;
        }).applyAsDouble(completion("", "40"));
        assertSame(PROBLEM, seen[0]);
    }

    @Test
    void whatWasCutScoresZeroAndAnswersNothing() {
        Scoring scoring = new Scoring(policy, (problem, response) -> {
            throw new AssertionError("the reward is not asked");
        });
        Completion whole = completion("", "40");
        Completion cut = new Completion(whole.prompt(), whole.tokens(), whole.logProbs(), Completion.Finish.LENGTH, Double.NaN);
        assertEquals(0, scoring.applyAsDouble(cut));
        assertEquals(Optional.empty(), scoring.answer(cut));
        assertEquals(0, scoring.failures(), "it was not asked");
    }

    @Test
    void aRewardThatThrowsIsCountedAndToldWithTheProblem() {
        Scoring scoring = new Scoring(policy, (problem, response) -> {
            if (response.contains("41")) {
                throw new IllegalStateException("no\nnumber");
            }
            return response.contains("20") ? endless(0) : 1;
        });
        assertEquals(1, scoring.applyAsDouble(completion("", "40")));
        assertEquals(Optional.empty(), scoring.trouble());
        assertEquals(0, scoring.applyAsDouble(completion("", "41")));
        assertEquals(0, scoring.applyAsDouble(completion("", "41")));
        assertEquals(0, scoring.applyAsDouble(completion("20", "40")), "a stack that overflows");
        assertEquals(3, scoring.failures());
        String first = scoring.trouble().orElseThrow();
        assertEquals("problem q7: the reward throws java.lang.IllegalStateException: no number", first);
    }

    private static double endless(double depth) {
        return depth < 0 ? 0 : endless(depth + 1) + 1;
    }

    /** Such as running out of memory: it is the run's to handle, and no verdict on an answer. */
    @Test
    void whatTheEngineThrowsIsHandedOn() {
        Scoring scoring = new Scoring(policy, (problem, response) -> {
            throw new EngineException("out of memory");
        });
        assertThrows(EngineException.class, () -> scoring.applyAsDouble(completion("", "40")));
        assertEquals(0, scoring.failures());
    }

    @Test
    void aScoreOutsideItsRangeIsRefused() {
        for (double score : new double[] {0, 0.5, 1}) {
            assertEquals(score, new Scoring(policy, (problem, response) -> score).applyAsDouble(completion("", "40")));
        }
        for (double score : new double[] {-0.1, 1.1, 100, Double.NaN, Double.POSITIVE_INFINITY}) {
            Scoring scoring = new Scoring(policy, (problem, response) -> score);
            assertEquals("problem q7: the reward gives " + score + "; it must lie in [0, 1]",
                    assertThrows(BadInput.class, () -> scoring.applyAsDouble(completion("", "40"))).getMessage());
        }
    }

    @Test
    void whatTheRewardCouldNotJudgeCountsToo() {
        Reward undecided = new Reward() {
            @Override
            public double score(Problem problem, String response) {
                throw new IllegalStateException();
            }

            @Override
            public long failures() {
                return 4;
            }
        };
        Scoring scoring = new Scoring(policy, undecided);
        assertEquals(4, scoring.failures());
        scoring.applyAsDouble(completion("", "40"));
        assertEquals(5, scoring.failures());
    }

    @Test
    void aRolloutIsScoredByIt() {
        Rollout rollout = (prompts, step) -> Group.of(IntStream.range(0, prompts.size())
                .mapToObj(i -> completion(prompts.get(i), i % 2 == 0 ? "40" : "41")).toList());
        List<Group> groups = rollout.scored(new Scoring(policy, Reward.lastWord()))
                .sample(List.of(prompt(""), prompt("20"), prompt("")), new Step(1, new Seed(1)));
        assertEquals("[1.0, 0.0, 1.0]", Arrays.toString(groups.get(0).rewards()));
    }

    private static Prompt prompt(String prefix) {
        int[] question = policy.encode(PROBLEM.question());
        int[] hint = policy.encode(prefix);
        return new Prompt(PROBLEM, IntStream.concat(Arrays.stream(question), Arrays.stream(hint)).toArray(), hint.length,
                hint.length > 0 ? 0.5 : 0);
    }

    private static Completion completion(String prefix, String text) {
        return completion(prompt(prefix), text);
    }

    private static Completion completion(Prompt prompt, String text) {
        int[] tokens = policy.encode(text);
        return new Completion(prompt, tokens, new float[tokens.length], Completion.Finish.STOP, Double.NaN);
    }
}
