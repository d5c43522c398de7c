package lppo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.SplittableRandom;
import java.util.function.ToIntFunction;
import lppo.data.Problem;
import lppo.task.ModularChain;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;

/** Tests that a hint reveals whole steps and never the answer. */
class StepCutTest {

    /** A token per word. */
    private static final ToIntFunction<String> WORDS = text -> text.isBlank() ? 0 : text.strip().split("\\s+").length;
    private static final Problem CHAIN = new Problem("c", "start 17 +3 *2 -7 +3 =", "36", "20 40 33 36", "4", null);

    @Example
    void betaCutsAtWholeStepsAndNeverShowsTheLast() {
        assertEquals("", prefix(CHAIN, 0));
        assertEquals("", prefix(CHAIN, 0.24)); // floor(0.24 * 4) = 0
        assertEquals("20 ", prefix(CHAIN, 0.25));
        assertEquals("20 40 ", prefix(CHAIN, 0.74)); // floor(2.96) = 2
        assertEquals("20 40 33 ", prefix(CHAIN, 0.75));
        assertEquals("20 40 33 ", prefix(CHAIN, 1), "not the last step");
    }

    @Example
    void anEarlyOccurrenceOfTheAnswerEndsTheHint() {
        assertEquals("5 ", prefix(problem("9", "5 9 12 9"), 1));
        assertEquals("", prefix(problem("9", "9 5 12 9"), 1));
        assertEquals("5 19 91 0.9 9.5 ", prefix(problem("9", "5 19 91 0.9 9.5 9"), 1), "parts of numbers do not count");
        assertEquals("So ", prefix(problem("9", "So x=9 is right: 9"), 1));
        assertEquals("", prefix(problem("9", "(9) then 9"), 1));
        assertEquals("", prefix(problem("9", "9. Then 9"), 1));
        assertEquals("a ", prefix(problem("b c", "a b c d b c"), 1).substring(0, 2));
        assertFalse(prefix(problem("b c", "a b c d b c"), 1).contains("b c"), "an answer of several words");
        assertEquals("", prefix(problem("$2^{3}$", "$2^{3}$ it is, so $2^{3}$"), 1), "not a pattern");
        assertEquals("5 ", prefix(problem(" 9 ", "5 9 12 9"), 1), "blanks around the answer");
    }

    @Example
    void theAnswerIsFoundHoweverItIsWritten() {
        for (String[] pair : new String[][] {{"36", "It is 36.0. So 36"}, {"36.50", "We get $36.5. So 36.50"},
            {"1200", "That is 1,200. So 1200"}, {"1,200", "That is 1200. So 1,200"}, {"4", "It is 4cm. So 4"},
            {"-3", "x = -3. So -3"}, {"7", "As 10-7=3. So 7"}, {"Paris", "In paris. So Paris"}, {"Öl", "(öl) it is. So Öl"}}) {
            assertEquals("", prefix(problem(pair[0], pair[1]), 1), pair[0]);
        }
        for (String[] pair : new String[][] {{"36", "It is 136 or 36.5 or 360. So 36"}, {"1200", "That is 1,2000. So 1200"},
            {"3", "x = -3. So 3"}, {"Paris", "In Parisian cafés. So Paris"}}) {
            assertEquals(pair[1].indexOf("So"), prefix(problem(pair[0], pair[1]), 1).length(), pair[0]);
        }
    }

    @Example
    void theStepThatReachesTheAnswerIsNotShown() {
        Problem text = problem("12", "First 3 + 4 is 7. Then 7 + 5 is 12. So 12.");
        assertEquals("First 3 + 4 is 7. ", prefix(text, 1));
    }

    @Example
    void aFormulaIsFoundInItsUsualSpellings() {
        for (String[] pair : new String[][] {{"\\frac{1}{2}", "It is 1/2"}, {"\\frac12", "It is $\\dfrac{1}{2}$"},
            {"2\\sqrt{3}", "is $2\\sqrt3$"},
            {"(3,4)", "at $\\left( 3, 4 \\right)$"}, {"1000", "are 1{,}000"}, {"0.5", "is .5"}, {"90^\\circ", "is 90 degrees"},
            {"x^2+1", "is x^{2} + 1"}}) {
            assertEquals("", prefix(problem(pair[0], pair[1] + ".\nSo " + pair[0]), 1), pair[0]);
        }
        for (String[] pair : new String[][] {{"\\frac{1}{2}", "It is 11/2 or 1/23"}, {"(3,4)", "at (3,5)"},
            {"2\\sqrt{3}", "is 12\\sqrt3"}}) {
            assertEquals(pair[1] + ".\n", prefix(problem(pair[0], pair[1] + ".\nSo " + pair[0]), 1), pair[0]);
        }
    }

    @Example
    void betaIsAShareOfTheTokensAndNotOfTheSteps() {
        Problem problem = problem("9", "One two three four.\nFive.\nSix seven.\nSo 9");
        assertEquals("", new StepCut().prefix(problem, 0.4, WORDS)); // 3.6 of 9 tokens
        assertEquals("One two three four.\n", new StepCut().prefix(problem, 0.45, WORDS));
        assertEquals("One two three four.\nFive.\n", new StepCut().prefix(problem, 0.75, WORDS));
    }

    @Example
    void stepsAreLinesElseSentencesElseWords() {
        assertEquals(List.of("a b. c\n", "d\n\n", "e"), StepCut.steps("a b. c\nd\n\ne"));
        assertEquals(List.of("One is 1. ", "Two is 2.5! ", "Done"), StepCut.steps("One is 1. Two is 2.5! Done"));
        assertEquals(List.of("20 ", "40 ", "33"), StepCut.steps("20 40 33"));
        assertEquals(List.of("33"), StepCut.steps("33"));
        assertEquals(List.of("So\n", "\\[\na\n= b\n\\]\n", "and $x\n= 2$\n", "done"),
                StepCut.steps("So\n\\[\na\n= b\n\\]\nand $x\n= 2$\ndone"),
                "no step ends inside a formula");
        assertEquals(List.of("So\n", "$$\nx = 1 +\n y\n$$\n", "Then"), StepCut.steps("So\n$$\nx = 1 +\n y\n$$\nThen"));
        assertEquals(List.of("He has $5. ", "So 5"), StepCut.steps("He has $5. So 5"), "money is no formula");
        assertEquals("", prefix(problem("33", "33"), 1), "one step: nothing to show");
    }

    @Property(tries = 300)
    void aHintNeverGivesTheAnswerAwayAndEndsOnAStep(@ForAll long seed, @ForAll @IntRange(min = 1, max = 12) int length,
            @ForAll @DoubleRange(min = 0, max = 1) double beta) {
        Problem problem = ModularChain.problem("p", length, new SplittableRandom(seed), true, 1);
        String prefix = prefix(problem, beta);
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
        assertEquals(text, String.join("", StepCut.steps(text)));
    }

    /** Every step of one length. */
    private static String prefix(Problem problem, double beta) {
        return new StepCut().prefix(problem, beta, step -> 1);
    }

    private static Problem problem(String answer, String solution) {
        return new Problem("x", "?", answer, solution, null, null);
    }
}
