package lppo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import answers.MathAnswer;
import commands.HintShares;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;
import llm.Tokenizer;
import lppo.data.Problem;
import lppo.data.Problems;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a hint that is cut by tokens shows of real solutions. */
class TokenCutTest {

    private static final List<Problem> WORKED = Problems.read(Checkout.ROOT.resolve("tests/fixtures/worked.jsonl"));
    private static final ToIntFunction<String> WORDS = HintShares.WORDS;
    private static final double[] BETAS = {0.3, 0.5, 0.7, 0.9};

    @Test
    void theMeanShareShownIsBetaAndHintsAreNotEmpty() {
        for (double beta : BETAS) {
            double shown = 0;
            for (Problem problem : WORKED) {
                String prefix = prefix(problem, beta);
                assertFalse(prefix.isEmpty(), problem.id());
                shown += (double) WORDS.applyAsInt(prefix) / WORDS.applyAsInt(problem.solution());
            }
            assertEquals(beta, shown / WORKED.size(), 0.05);
        }
    }

    /** A policy that ends at once behind a hint must not be paid for what the hint says. */
    @Test
    void theCheckerFindsNoAnswerInAHint() {
        try (MathAnswer lenient = new MathAnswer()) {
            MathAnswer judge = lenient.strict();
            for (Problem problem : WORKED) {
                assertTrue(judge.judge(problem.solution(), problem.answer(), problem.question()).correct(), problem.id());
                for (double beta = 0.05; beta <= 1; beta += 0.05) {
                    String prefix = prefix(problem, beta);
                    assertFalse(judge.judge(prefix, problem.answer(), problem.question()).correct(), problem.id() + ": " + prefix);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"qwen2-tokenizer", "llama3-tokenizer"})
    void noTokenIsTorn(String name) {
        try (Tokenizer tokenizer = Tokenizer.load(Checkout.ROOT.resolve("tests/fixtures").resolve(name))) {
            List<Problem> problems = new ArrayList<>(WORKED);
            problems.add(problem("7", "一共有三个人，每人有两个苹果。他们一共有六个，再加一个是 7 个。\n所以答案是 7"));
            problems.add(problem("9", "First:\n\n  2 + 3 = 5\n\n\nThen:\n  5 + 4 = 9\n\nThe answer is 9."));
            for (Problem problem : problems) {
                int[] all = tokenizer.encode(problem.solution());
                for (double beta = 0.1; beta <= 0.9; beta += 0.1) {
                    int[] shown = tokenizer.encode(new TokenCut().prefix(problem, beta, text -> tokenizer.encode(text).length));
                    assertTrue(shown.length > 0, problem.solution());
                    assertArrayEquals(Arrays.copyOf(all, shown.length), shown, problem.solution());
                }
            }
        }
    }

    @Test
    void aHintEndsInsideASentenceOrBehindALineBreakButNotBehindAFullStop() {
        Problem line = problem("23", "7 + 3 = 10. 10 + 2 = 12. 12 + 9 = 21. 21 + 2 = 23.");
        assertEquals(List.of("7 + 3 =", "7 + 3 = 10. 10 + 2 =", "7 + 3 = 10. 10 + 2 = 12. 12 + 9 =",
                "7 + 3 = 10. 10 + 2 = 12. 12 + 9 = 21. 21 + 2 ="),
                Arrays.stream(new double[] {0.22, 0.5, 0.7, 1})
                        .mapToObj(beta -> prefix(line, beta)).toList());
        Problem lines = problem("12", "7 + 3 = 10.\n10 + 2 = 12.");
        assertEquals("7 + 3 = 10.\n", prefix(lines, 0.5));
    }

    @Test
    void noFormulaAndNoNumberIsTorn() {
        for (String whole : List.of("$a + b$", "$$ a = b $$", "\\(a + b\\)", "\\[ a \\]", "\\begin{align} a & b \\end{align}",
                "<<12 + 3>>", "12 + 3 - 4", "1 000 000", "2 1/2", "\\frac{a b}{c d}", "$ 5", "5 %", "(3, 4)", "1,200", "3.5")) {
            Problem problem = problem("99", "We have now " + whole + " and then the sum is 99");
            for (double beta = 0.05; beta <= 1; beta += 0.05) {
                String prefix = prefix(problem, beta);
                assertTrue(prefix.length() <= "We have now".length() || prefix.contains(whole), prefix);
            }
        }
        assertEquals("He pays $5 for", prefix(problem("99", "He pays $5 for a pen and $6 for a book, in all 99"), 0.3),
                "money is no formula");
    }

    @Test
    void aDerivationIsCutBehindItsLinesAndBehindRelationSignsButNotTheFirst() {
        for (String[] derivation : new String[][] {{"$x = a + b = c + d = 99$", "$x = a + b =", "$x = a + b = c + d ="},
            {"\\[ x = \\frac{a = b}{c} \\simeq d = 99 \\]", "\\[ x = \\frac{a = b}{c} \\simeq"},
            {"\\begin{aligned}\na &= b \\\\\nc &= 99\n\\end{aligned}", "\\begin{aligned}\na &= b \\\\\n"}}) {
            Problem problem = problem("99", derivation[0]);
            List<String> hints = IntStream.rangeClosed(1, 100).mapToObj(i -> prefix(problem, i / 100.0)).filter(hint -> !hint.isEmpty())
                    .distinct().toList();
            for (String hint : hints) {
                assertTrue(List.of(derivation).subList(1, derivation.length).contains(hint) || hint.endsWith("d ="), hint);
            }
            assertEquals(derivation[1], hints.get(0));
        }
    }

    @Test
    void anEqualNumberOnTheWayIsNoLeakAndTheConclusionIs() {
        assertEquals("There are 9 boys and 9 girls and 9 dogs, 27 in", prefix(problem("9",
                "There are 9 boys and 9 girls and 9 dogs, 27 in all. A third of 27 is 9."), 0.6));
        for (String said : List.of("\n#### 9", "\nThe answer is 9.", " so it is \\boxed{9}", "\nAnswer: 9", " It is 9",
                "\nFinal answer: 9")) {
            Problem problem = problem("9", "We add 4 and 5 and look at what comes of it, with great care indeed." + said);
            for (double beta : new double[] {0.8, 0.9, 0.95, 1}) {
                assertFalse(prefix(problem, beta).contains("9"), said);
            }
        }
    }

    @Test
    void otherSolutionsBehindTheConclusionAreNotShownAndDoNotCount() {
        Problem problem = problem("25",
                "We square the number five and so we get $\\boxed{025}$.\nSecond solution: five fives are 25, a known fact."
                        + "\nThird solution: count them.");
        assertTrue("We square the number five and so we get".startsWith(prefix(problem, 1)));
        assertEquals("We square the number five", prefix(problem, 0.3));
    }

    @Test
    void ofASolutionThatIsOneFormulaNothingCanBeShown() {
        assertEquals("", prefix(problem("9", "$4 + 5 = 9$"), 0.9));
        assertEquals("", prefix(problem("9", "9"), 0.9));
        assertEquals("", prefix(WORKED.get(0), 0));
    }

    private static String prefix(Problem problem, double beta) {
        return new TokenCut().prefix(problem, beta, WORDS);
    }

    private static Problem problem(String answer, String solution) {
        return new Problem("x", "?", answer, solution, null, null);
    }
}
