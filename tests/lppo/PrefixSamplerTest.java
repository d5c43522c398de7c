package lppo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import common.BadInput;
import common.Seed;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import lppo.data.Problem;
import lppo.data.PromptFormat;
import lppo.data.Step;
import lppo.rollout.Prompt;
import net.jqwik.api.Example;

/** Tests the prompts of a group: the question, and for some of them a prefix of the solution. */
class PrefixSamplerTest {

    /** A token per word, as the built-in task's tokenizer has it. */
    private static final Function<String, int[]> WORDS = text -> text.isBlank() ? new int[0]
            : Arrays.stream(text.strip().split("\\s+")).mapToInt(String::hashCode).toArray();
    private static final Problem CHAIN = new Problem("c", "start 17 +3 *2 -7 +3 =", "36", "20 40 33 36", "4", null);
    private static final Step STEP = new Step(1, new Seed(1));

    /** A byte-level tokenizer reads question and hint as one text, and leaves the blank to the next token. */
    @Example
    void aHintIsTokenisedWithItsQuestionWhereThatIsPossible() {
        Function<String, int[]> characters = text -> text.chars().toArray();
        assertEquals("Q: Aha.", new String(Prompt.continued(characters, "Q: ", "Aha. "), 0, 7));
        assertEquals(2, Prompt.continued(WORDS, "Q", "A").length, "not QA, one word");
    }

    @Example
    void aGuidedPromptIsTheQuestionAndThenThePrefix() {
        Prompt prompt = sampler(1).guided(CHAIN, 0.5);
        assertArrayEquals(WORDS.apply(CHAIN.question() + " 20 40"), prompt.tokens());
        assertArrayEquals(WORDS.apply("20 40"), prompt.prefix());
        assertEquals(2, prompt.prefixLength());
        assertEquals(0.5, prompt.beta(), 0);
        Prompt plain = sampler(1).guided(CHAIN, 0.1);
        assertArrayEquals(WORDS.apply(CHAIN.question()), plain.tokens());
        assertFalse(plain.guided());
        assertEquals(0, plain.beta(), 0);
    }

    /** What is around the question is no part of the problem, nor of the prefix. */
    @Example
    void aFormatIsAppliedToTheQuestionAlone() {
        PromptFormat chat = question -> "<user> " + question + " <assistant> ";
        PrefixSampler sampler = sampler(1).format(chat);
        Prompt guided = sampler.guided(CHAIN, 0.5);
        assertArrayEquals(WORDS.apply("<user> " + CHAIN.question() + " <assistant> 20 40"), guided.tokens());
        assertArrayEquals(WORDS.apply("20 40"), guided.prefix());
        for (Prompt prompt : List.of(guided, sampler.guided(CHAIN, 0), sampler.plain(CHAIN, 1).get(0), sampler.prompts(CHAIN, STEP,
                2).get(1))) {
            assertEquals(CHAIN, prompt.problem(), "the question as a person wrote it");
        }
        assertArrayEquals(WORDS.apply("<user> " + CHAIN.question() + " <assistant>"), sampler.plain(CHAIN, 1).get(0).tokens());
    }

    @Example
    void anotherCutDecidesWhereThePrefixEnds() {
        PrefixSampler sampler = sampler(1).cut((problem, beta, length) -> problem.solution().substring(0, (int) (beta * 10)));
        assertArrayEquals(WORDS.apply("20 40"), sampler.guided(CHAIN, 0.5).prefix());
        assertFalse(sampler.guided(CHAIN, 0).guided());
    }

    @Example
    void theShareSaysHowManyOfAGroupSeeTheHint() {
        for (int[] expected : new int[][] {{8, 4, 50}, {8, 8, 100}, {7, 4, 50}, {8, 1, 1}, {20, 11, 55}}) { // group, guided, percent
            List<Prompt> prompts = sampler(expected[2] / 100.0).prompts(CHAIN, STEP, expected[0]);
            assertEquals(expected[0], prompts.size());
            for (int i = 0; i < prompts.size(); i++) {
                assertEquals(i >= expected[0] - expected[1], prompts.get(i).guided(), "the unguided ones come first");
            }
            assertEquals(1, prompts.stream().filter(Prompt::guided).map(p -> Arrays.toString(p.tokens())).distinct().count());
        }
    }

    @Example
    void withoutADemonstrationThereIsNoHint() {
        for (String solution : new String[] {null, "", "  "}) {
            List<Prompt> prompts = sampler(1).prompts(problem("9", solution), STEP, 8);
            assertEquals(8, prompts.size());
            assertTrue(prompts.stream().noneMatch(Prompt::guided));
        }
        assertTrue(sampler(1).prompts(problem("9", "9 5 9"), STEP, 8).stream().noneMatch(Prompt::guided), "nothing can be shown");
    }

    @Example
    void onlyFailingProblemsWithADemonstrationAreGuided() {
        ProgressTracker tracker = new ProgressTracker();
        PrefixSampler sampler = sampler(0.5).beta(0.5, 0.5).when(tracker.failing(0.2));
        Problem hard = new Problem("hard", "q =", "9", "1 2 3 9", null, null);
        Problem bare = new Problem("bare", "q =", "9", null, null, null);
        assertTrue(sampler.prompts(hard, STEP, 8).stream().noneMatch(Prompt::guided), "never seen");
        tracker.observe("hard", 0);
        tracker.observe("bare", 0);
        List<Prompt> prompts = sampler.prompts(hard, STEP, 8);
        assertEquals(4, prompts.stream().filter(Prompt::guided).count(), "half the group");
        assertEquals(2, prompts.get(7).prefixLength(), "half of four steps");
        assertEquals(4, prompts.get(7).tokens().length, "question, then prefix");
        assertTrue(sampler.prompts(bare, STEP, 8).stream().noneMatch(Prompt::guided));
        tracker.visitGuided("hard");
        assertTrue(sampler.prompts(hard, STEP, 8).stream().noneMatch(Prompt::guided), "an honest visit in between");
        tracker.observe("hard", 1);
        assertTrue(sampler.prompts(hard, STEP, 8).stream().noneMatch(Prompt::guided), "no longer failing");
    }

    @Example
    void thePromptsOfAStepAreThoseOfItsProblemsInTheirOrder() {
        Problem other = problem("9", null);
        List<Prompt> prompts = sampler(0.5).prompts(new Step(3, List.of(other, CHAIN), new Seed(1)), 4);
        assertEquals(List.of("x", "x", "x", "x", "c", "c", "c", "c"), prompts.stream().map(p -> p.problem().id()).toList());
        assertEquals(List.of(false, false, false, false, false, false, true, true), prompts.stream().map(Prompt::guided).toList());
        assertEquals(prompts.get(7).beta(), sampler(1).prompts(CHAIN, new Step(3, new Seed(1)), 2).get(0).beta(), 0,
                "a draw does not depend on what else the step visits");
    }

    @Example
    void aHintThatIsALambdaIsUsedAndChecked() {
        PrefixSampler sampler = sampler(1).hint((problem, step) -> step.number() <= 100 ? 0.5 : 0.25);
        assertEquals(2, sampler.prompts(CHAIN, new Step(100, new Seed(1)), 1).get(0).prefixLength());
        assertEquals(1, sampler.prompts(CHAIN, new Step(101, new Seed(1)), 1).get(0).prefixLength());
        for (double beta : new double[] {-0.1, 1.1, Double.NaN}) {
            BadInput refused = assertThrows(BadInput.class, () -> sampler(1).hint((problem, step) -> beta).prompts(CHAIN, STEP, 8));
            assertTrue(refused.getMessage().contains("problem c") && refused.getMessage().contains("" + beta), refused.getMessage());
        }
        assertTrue(sampler(1).hint(Hint.NONE).prompts(CHAIN, STEP, 8).stream().noneMatch(Prompt::guided));
    }

    @Example
    void badNumbersAreRefused() {
        for (double share : new double[] {0, -0.5, 1.01, Double.NaN}) {
            assertThrows(BadInput.class, () -> sampler(share));
        }
        assertThrows(BadInput.class, () -> sampler(1).beta(0.8, 0.3));
    }

    private static PrefixSampler sampler(double share) {
        return new PrefixSampler(WORDS, PromptFormat.plain(), Hint.random(0.5, 0.9), new StepCut(), share);
    }

    private static Problem problem(String answer, String solution) {
        return new Problem("x", "?", answer, solution, null, null);
    }
}
