package lppo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import answers.MathAnswer;
import benchmarks.ProblemFiles;
import commands.HintShares;
import java.nio.file.Files;
import java.nio.file.Path;
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
import tech.tablesaw.api.Table;

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
    void aDerivationIsCutBehindItsLinesAndAtRelationSignsButNotTheFirst() {
        for (String[] derivation : new String[][] {
            {"$x = a + b = c + d = e$", "$x = a + b", "$x = a + b =", "$x = a + b = c + d", "$x = a + b = c + d ="},
            {"\\[ x = \\frac{a = b}{c} \\simeq d = e \\]", "\\[ x = \\frac{a = b}{c}", "\\[ x = \\frac{a = b}{c} \\simeq",
                "\\[ x = \\frac{a = b}{c} \\simeq d", "\\[ x = \\frac{a = b}{c} \\simeq d ="},
            {"\\begin{aligned}\na &= b \\\\\nc &= d\n\\end{aligned}", "\\begin{aligned}\na &= b \\\\\n"}}) {
            List<String> inside = hints(problem("99", derivation[0] + " and so it is 99")).stream()
                    .filter(hint -> hint.length() < derivation[0].length()).toList();
            assertTrue(List.of(derivation).subList(1, derivation.length).containsAll(inside), inside.toString());
            assertTrue(inside.contains(derivation[1]), inside.toString());
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

    /** Published solutions; the figures with the tokenizer of SmolLM2 are in lib/README.md. */
    @ParameterizedTest
    @ValueSource(strings = {"gsm8k-300", "aime24", "minerva-100"})
    void ofPublishedSolutionsTheShareIsShownThatCanBeAndNeverTheConclusion(String name) {
        Path file = Checkout.ROOT.resolve("../shared/data").resolve(name + ".jsonl");
        assumeTrue(Files.exists(file), "no " + file);
        List<Problem> problems = ProblemFiles.load(file).problems();
        Table table = new HintShares(new TokenCut(), WORDS).table(problems, BETAS);
        for (int row = 0; row < BETAS.length; row++) {
            double most = table.doubleColumn("most that can be shown").get(row);
            double target = most < BETAS[row] - 0.05 ? most : BETAS[row]; // cannot be reached without showing the conclusion
            assertEquals(BETAS[row] == 0.9 && name.startsWith("minerva"), target == most && most < BETAS[row] - 0.05, table.print());
            assertEquals(target, table.doubleColumn("mean share shown").get(row), 0.05, table.print());
            assertTrue(table.doubleColumn("share of empty hints").get(row) <= 0.02, table.print());
        }
        try (MathAnswer lenient = new MathAnswer()) {
            MathAnswer judge = lenient.strict();
            for (Problem problem : problems) {
                for (double beta : new double[] {0.7, 0.9, 1}) {
                    String prefix = prefix(problem, beta);
                    assertFalse(judge.judge(prefix, problem.answer(), problem.question()).correct(), problem.id() + ": " + prefix);
                }
            }
        }
    }

    @Test
    void theFormulaThatHoldsTheConclusionIsCutAtAnyRelationAndNoOtherAtItsFirst() {
        Problem display = problem("1.6", "We have\n\\[\n s=\\frac{45}{3600} \\cdot 7200=\\boxed{1.6} \\mathrm{~cm}\n\\]");
        assertEquals(List.of("We", "We have\n", "We have\n\\[\n s", "We have\n\\[\n s=", "We have\n\\[\n s=\\frac{45}{3600} \\cdot 7200",
                "We have\n\\[\n s=\\frac{45}{3600} \\cdot 7200="), hints(display));
        assertEquals(List.of("We", "We have", "We have $x = 2$", "We have $x = 2$ and"),
                hints(problem("9", "We have $x = 2$ and $\\boxed{9}$")));
        assertTrue(hints(problem("e^t", "When $c=0, x=\\boxed{e^t}$")).contains("When $c=0,"), "between equations");
        assertEquals(List.of("$P(X=1)+P(X=2)", "$P(X=1)+P(X=2) ="), hints(problem("0.5", "$P(X=1)+P(X=2) = \\boxed{0.5}$")),
                "not within brackets");
        assertEquals(List.of("$y", "$y ="), hints(problem("-0.875", "$y = \\boxed{-0.875}$")), "a solution of one formula");
    }

    @Test
    void theDemonstrationEndsWithTheBoxAndItsShareBeforeTheConclusionIsTheMostThatCanBeShown() {
        Problem units = problem("12", "Count to five, then to $\\boxed{12}$ parsecs, the distance.\nAnother way.");
        assertEquals("Count to five, then to $\\boxed{12}", new TokenCut().demonstration(units));
        assertEquals("Count to five, then to $", new TokenCut().showable(units));
        assertEquals("Count to five, then to", prefix(units, 1));
        Problem nested = problem("\\frac{x^{2}}{y^{z^{2}}}", "So $\\boxed{\\frac{x^{2}}{y^{z^{2}}}}$ and more");
        assertEquals("So $\\boxed{\\frac{x^{2}}{y^{z^{2}}}}", new TokenCut().demonstration(nested));
        assertEquals("So", prefix(nested, 0.9));
        Table table = new HintShares(new TokenCut(), WORDS).table(List.of(units), 0.3, 1);
        assertEquals(List.of(0.3, 0.538), table.doubleColumn("most that can be shown").asList()); // 7 of 13
    }

    @Test
    void aResultInBoldOrAtTheEndOfALineOrInAnotherNotationIsAConclusion() {
        for (String said : List.of("so it is \\textbf{468}.", "so it is **468**.", "so $3 \\cdot 156 = 468$.", "so 3 x 156 = 468\n")) {
            Problem problem = problem("468", "We add and multiply, " + said + "\nAnother way is this: it is \\boxed{468}.");
            assertFalse(prefix(problem, 1).contains("468"), said);
            assertFalse(new TokenCut().demonstration(problem).contains("boxed"), said);
        }
        for (String[] spelt : new String[][] {{"4.4e7", "$4.4 \\times 10^{7}$"}, {"4.4e7", "4.4 x 10^7"}, {"118000", "$118 000."}}) {
            Problem problem = problem(spelt[0], "We add with care and find " + spelt[1] + "\nThus \\boxed{" + spelt[0] + "}");
            for (double beta = 0.05; beta <= 1; beta += 0.05) {
                assertFalse(prefix(problem, beta).strip().endsWith(spelt[1]), spelt[1]);
            }
        }
        Problem first = problem("9", "Now 3 * 3 = 9\nMishka spent all of it, so\n#### 9");
        assertFalse(hints(first).contains("Now 3 * 3 = 9\nMishka spent"), "a policy that ends there has answered");
        assertTrue(hints(first).contains("Now 3 * 3 = 9\nMishka spent all of it, so\n####"), hints(first).toString());
    }

    @Test
    void ofASolutionThatIsOnlyTheAnswerNothingCanBeShown() {
        assertEquals("", prefix(problem("9", "$\\boxed{9}$"), 0.9));
        assertEquals("", prefix(problem("9", "9"), 0.9));
        assertEquals("", prefix(WORKED.get(0), 0));
        assertEquals("$4 + 5", prefix(problem("9", "$4 + 5 = 9$"), 0.4));
    }

    /** All hints of a problem, from short to long. */
    private static List<String> hints(Problem problem) {
        return IntStream.rangeClosed(1, 200).mapToObj(i -> prefix(problem, i / 200.0)).filter(hint -> !hint.isEmpty()).distinct().toList();
    }

    private static String prefix(Problem problem, double beta) {
        return new TokenCut().prefix(problem, beta, WORDS);
    }

    private static Problem problem(String answer, String solution) {
        return new Problem("x", "?", answer, solution, null, null);
    }
}
