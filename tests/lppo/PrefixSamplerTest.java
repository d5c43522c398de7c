package lppo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.IntStream;
import lppo.data.BadInput;
import lppo.data.Problem;
import lppo.data.Seed;
import lppo.rollout.Prompt;
import lppo.task.ModularChain;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;

/** What a hint shows, who gets one, and when. */
class PrefixSamplerTest {

    /** A token per word, as the built-in task's tokenizer has it. */
    private static final Function<String, int[]> WORDS = text -> text.isBlank() ? new int[0]
            : Arrays.stream(text.strip().split("\\s+")).mapToInt(String::hashCode).toArray();
    private static final Problem CHAIN = new Problem("c", "start 17 +3 *2 -7 +3 =", "36", "20 40 33 36", "4", null);

    @Example
    void betaCutsAtWholeStepsAndNeverShowsTheLast() {
        assertEquals("", PrefixSampler.prefix(CHAIN, 0));
        assertEquals("", PrefixSampler.prefix(CHAIN, 0.24)); // floor(0.24 * 4) = 0
        assertEquals("20 ", PrefixSampler.prefix(CHAIN, 0.25));
        assertEquals("20 40 ", PrefixSampler.prefix(CHAIN, 0.74)); // floor(2.96) = 2
        assertEquals("20 40 33 ", PrefixSampler.prefix(CHAIN, 0.75));
        assertEquals("20 40 33 ", PrefixSampler.prefix(CHAIN, 1), "not the last step");
    }

    @Example
    void anEarlyOccurrenceOfTheAnswerEndsTheHint() {
        assertEquals("5 ", PrefixSampler.prefix(problem("9", "5 9 12 9"), 1));
        assertEquals("", PrefixSampler.prefix(problem("9", "9 5 12 9"), 1));
        assertEquals("5 19 91 0.9 9.5 ", PrefixSampler.prefix(problem("9", "5 19 91 0.9 9.5 9"), 1), "parts of numbers do not count");
        assertEquals("So ", PrefixSampler.prefix(problem("9", "So x=9 is right: 9"), 1));
        assertEquals("", PrefixSampler.prefix(problem("9", "(9) then 9"), 1));
        assertEquals("", PrefixSampler.prefix(problem("9", "9. Then 9"), 1));
        assertEquals("a ", PrefixSampler.prefix(problem("b c", "a b c d b c"), 1).substring(0, 2));
        assertFalse(PrefixSampler.prefix(problem("b c", "a b c d b c"), 1).contains("b c"), "an answer of several words");
        assertEquals("", PrefixSampler.prefix(problem("$2^{3}$", "$2^{3}$ it is, so $2^{3}$"), 1), "not a pattern");
        assertEquals("5 ", PrefixSampler.prefix(problem(" 9 ", "5 9 12 9"), 1), "blanks around the answer");
    }

    @Example
    void theAnswerIsFoundHoweverItIsWritten() {
        for (String[] pair : new String[][] {{"36", "It is 36.0. So 36"}, {"36.50", "We get $36.5. So 36.50"},
            {"1200", "That is 1,200. So 1200"}, {"1,200", "That is 1200. So 1,200"}, {"4", "It is 4cm. So 4"},
            {"-3", "x = -3. So -3"}, {"7", "As 10-7=3. So 7"}, {"Paris", "In paris. So Paris"}, {"Öl", "(öl) it is. So Öl"}}) {
            assertEquals("", PrefixSampler.prefix(problem(pair[0], pair[1]), 1), pair[0]);
        }
        for (String[] pair : new String[][] {{"36", "It is 136 or 36.5 or 360. So 36"}, {"1200", "That is 1,2000. So 1200"},
            {"3", "x = -3. So 3"}, {"Paris", "In Parisian cafés. So Paris"}}) {
            assertEquals(pair[1].indexOf("So"), PrefixSampler.prefix(problem(pair[0], pair[1]), 1).length(), pair[0]);
        }
    }

    @Example
    void aFormulaIsFoundInItsUsualSpellings() {
        for (String[] pair : new String[][] {{"\\frac{1}{2}", "It is 1/2"}, {"\\frac12", "It is $\\dfrac{1}{2}$"}, {"2\\sqrt{3}", "is $2\\sqrt3$"},
            {"(3,4)", "at $\\left( 3, 4 \\right)$"}, {"1000", "are 1{,}000"}, {"0.5", "is .5"}, {"90^\\circ", "is 90 degrees"},
            {"x^2+1", "is x^{2} + 1"}}) {
            assertEquals("", PrefixSampler.prefix(problem(pair[0], pair[1] + ".\nSo " + pair[0]), 1), pair[0]);
        }
        for (String[] pair : new String[][] {{"\\frac{1}{2}", "It is 11/2 or 1/23"}, {"(3,4)", "at (3,5)"}, {"2\\sqrt{3}", "is 12\\sqrt3"}}) {
            assertEquals(pair[1] + ".\n", PrefixSampler.prefix(problem(pair[0], pair[1] + ".\nSo " + pair[0]), 1), pair[0]);
        }
    }

    @Example
    void betaIsAShareOfTheTokensAndNotOfTheSteps() {
        Problem problem = problem("9", "One two three four.\nFive.\nSix seven.\nSo 9");
        assertEquals("", PrefixSampler.prefix(problem, 0.4, step -> WORDS.apply(step).length)); // 3.6 of 9 tokens
        assertEquals("One two three four.\n", PrefixSampler.prefix(problem, 0.45, step -> WORDS.apply(step).length));
        assertEquals("One two three four.\nFive.\n", PrefixSampler.prefix(problem, 0.75, step -> WORDS.apply(step).length));
    }

    /** A byte-level tokenizer reads question and hint as one text, and leaves the blank to the next token. */
    @Example
    void aHintIsTokenisedWithItsQuestionWhereThatIsPossible() {
        Function<String, int[]> characters = text -> text.chars().toArray();
        assertEquals("Q: Aha.", new String(Prompt.continued(characters, "Q: ", "Aha. "), 0, 7));
        assertEquals(2, Prompt.continued(WORDS, "Q", "A").length, "not QA, one word");
    }

    @Example
    void stepsAreLinesElseSentencesElseWords() {
        assertEquals(List.of("a b. c\n", "d\n\n", "e"), PrefixSampler.steps("a b. c\nd\n\ne"));
        assertEquals(List.of("One is 1. ", "Two is 2.5! ", "Done"), PrefixSampler.steps("One is 1. Two is 2.5! Done"));
        assertEquals(List.of("20 ", "40 ", "33"), PrefixSampler.steps("20 40 33"));
        assertEquals(List.of("33"), PrefixSampler.steps("33"));
        assertEquals(List.of("So\n", "\\[\na\n= b\n\\]\n", "and $x\n= 2$\n", "done"), PrefixSampler.steps("So\n\\[\na\n= b\n\\]\nand $x\n= 2$\ndone"),
                "no step ends inside a formula");
        assertEquals(List.of("So\n", "$$\nx = 1 +\n y\n$$\n", "Then"), PrefixSampler.steps("So\n$$\nx = 1 +\n y\n$$\nThen"));
        assertEquals(List.of("He has $5. ", "So 5"), PrefixSampler.steps("He has $5. So 5"), "money is no formula");
        assertEquals("", PrefixSampler.prefix(problem("33", "33"), 1), "one step: nothing to show");
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

    @Example
    void theShareSaysHowManyOfAGroupSeeTheHint() {
        for (int[] expected : new int[][] {{8, 4, 50}, {8, 8, 100}, {7, 4, 50}, {8, 1, 1}, {20, 11, 55}}) { // group, guided, percent
            List<Prompt> prompts = sampler(expected[2] / 100.0).prompts(CHAIN, failing(), expected[0], 1);
            assertEquals(expected[0], prompts.size());
            for (int i = 0; i < prompts.size(); i++) {
                assertEquals(i >= expected[0] - expected[1], prompts.get(i).guided(), "the unguided ones come first");
            }
            assertEquals(1, prompts.stream().filter(Prompt::guided).map(p -> Arrays.toString(p.tokens())).distinct().count());
        }
    }

    @Example
    void withoutADemonstrationThereIsNoHint() {
        ProgressTracker tracker = new ProgressTracker();
        tracker.observe("x", 0);
        for (String solution : new String[] {null, "", "  "}) {
            List<Prompt> prompts = sampler(1).prompts(problem("9", solution), tracker, 8, 1);
            assertEquals(8, prompts.size());
            assertTrue(prompts.stream().noneMatch(Prompt::guided));
        }
        assertTrue(sampler(1).prompts(problem("9", "9 5 9"), tracker, 8, 1).stream().noneMatch(Prompt::guided),
                "nothing can be shown");
    }

    @Example
    void theRuleStandsOnItsThresholds() {
        PrefixSampler.Rule rule = new PrefixSampler.Rule(0.25, 2, 0.125, 3);
        assertTrue(rule.guides(entry(0.25, 0.125, 2, 2)), "all at their limits");
        assertFalse(rule.guides(entry(Math.nextUp(0.25), 0, 2, 0)), "passes too often");
        assertFalse(rule.guides(entry(0.25, Math.nextUp(0.125), 2, 0)), "is being learned");
        assertFalse(rule.guides(entry(0.25, 0, 1, 0)), "seen too seldom");
        assertFalse(rule.guides(entry(0.25, 0, 2, 3)), "guided often enough in a row");
        assertFalse(rule.guides(Optional.empty()), "never seen");
        assertTrue(new PrefixSampler.Rule(0, 0, 0, 1).guides(Optional.empty()), "never seen counts as failing");
    }

    @Example
    void badNumbersAreRefused() {
        for (double[] range : new double[][] {{-0.1, 0.5}, {0.5, 1.1}, {0.6, 0.5}, {Double.NaN, 0.5}, {0.5, Double.NaN}}) {
            assertThrows(BadInput.class, () -> new PrefixSampler(always(), range[0], range[1], 1, WORDS, new Seed(1)));
        }
        for (double share : new double[] {0, -0.5, 1.01, Double.NaN}) {
            assertThrows(BadInput.class, () -> new PrefixSampler(always(), 0, 1, share, WORDS, new Seed(1)));
        }
        for (double average : new double[] {-0.1, 1.1, Double.NaN}) {
            assertThrows(BadInput.class, () -> new PrefixSampler.Rule(average, 0, 1, 1));
        }
        assertThrows(BadInput.class, () -> new PrefixSampler.Rule(0.3, -1, 1, 1));
        assertThrows(BadInput.class, () -> new PrefixSampler.Rule(0.3, 0, 1, 0));
    }

    @Example
    void betaIsDrawnUniformlyFromItsRangePerSeedStepAndProblem() {
        PrefixSampler sampler = new PrefixSampler(always(), 0.5, 0.9, 1, WORDS, new Seed(3));
        double[] betas = IntStream.range(0, 2000)
                .mapToDouble(step -> sampler.prompts(CHAIN, failing(), 2, step).get(1).beta()).toArray();
        assertTrue(Arrays.stream(betas).allMatch(b -> b >= 0.5 && b <= 0.9));
        assertEquals(0.7, Arrays.stream(betas).average().orElseThrow(), 0.011); // 0.4 / sqrt(12 * 2000) = 0.0026, four of them
        assertEquals(2000, Arrays.stream(betas).distinct().count());
        assertEquals(betas[7], sampler.prompts(CHAIN, failing(), 8, 7).get(0).beta(), 0, "the same step, the same draw");
    }

    @Property(tries = 300)
    void aHintNeverGivesTheAnswerAwayAndEndsOnAStep(@ForAll long seed, @ForAll @IntRange(min = 1, max = 12) int length,
            @ForAll @DoubleRange(min = 0, max = 1) double beta) {
        Problem problem = ModularChain.problem("p", length, new SplittableRandom(seed), true, 1);
        String prefix = PrefixSampler.prefix(problem, beta);
        List<String> shown = prefix.isEmpty() ? List.of() : List.of(prefix.split(" "));
        List<String> steps = List.of(problem.solution().split(" "));
        assertTrue(shown.size() < steps.size());
        assertEquals(steps.subList(0, shown.size()), shown);
        assertTrue(problem.solution().startsWith(prefix));
        assertTrue(shown.size() <= (int) Math.floor(beta * steps.size()));
        assertFalse(shown.contains(problem.answer()));
        int first = steps.indexOf(problem.answer());
        assertEquals(Math.min(first, Math.min((int) Math.floor(beta * steps.size()), steps.size() - 1)), shown.size(),
                "and no less is shown than may be");
    }

    @Property(tries = 100)
    void stepsMakeUpTheSolution(@ForAll long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        String[] parts = {"a", "7", ".", "! ", "\n", " ", "\n\n", ". ", "ü", ";", "\r\n", "\t"};
        String text = String.join("", random.ints(20, 0, parts.length).mapToObj(i -> parts[i]).toList());
        assertEquals(text, String.join("", PrefixSampler.steps(text)));
    }

    private static PrefixSampler sampler(double share) {
        return new PrefixSampler(always(), 0.5, 0.9, share, WORDS, new Seed(1));
    }

    private static PrefixSampler.Rule always() {
        return new PrefixSampler.Rule(1, 0, 1, Integer.MAX_VALUE);
    }

    private static ProgressTracker failing() {
        ProgressTracker tracker = new ProgressTracker();
        tracker.observe(CHAIN.id(), 0);
        return tracker;
    }

    private static Optional<ProgressTracker.Entry> entry(double average, double progress, int seen, int guidedSince) {
        return Optional.of(new ProgressTracker.Entry(average, average, progress, seen, guidedSince));
    }

    private static Problem problem(String answer, String solution) {
        return new Problem("x", "?", answer, solution, null, null);
    }
}
