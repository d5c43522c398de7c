package answers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;

/** Tests that judging any text is fast and never throws. */
class HostileTest {

    private static final String[] SOUP = {"\\frac", "{", "}", "\\sqrt", "[", "]", "(", ")", "^", "_", "\\boxed{", "$", "$$", "\\text{", "1",
        "23",
        "0.5", "x", "y", "\\pi", "i", "e", "+", "-", "*", "/", "=", "<", "\\le", ",", ";", "\\cup", "\\in", "\\{", "\\}", "!", "%", "|",
        ":", "\\sin",
        "\\log", "\\sum", "\\int", "_{k=1}", "^{10}", "dx", "\\begin{pmatrix}", "\\end{pmatrix}", "&", "\\\\", " and ", " or ",
        "answer is ", "####",
        "\\infty", "\\pm", "\\binom", "^\\circ", "\\left", "\\right", "\\lfloor", "\\ldots", "f(", "\\mathbb{R}", "\\setminus", "é", "\n",
        " ", ".", "9^9"};

    @Test
    void hugePowersFactorialsAndBinomialsAreTurnedDownBeforeTheyAreComputed() {
        try (MathAnswer judge = new MathAnswer()) {
            for (String huge : List.of("10^{10^{10}}", "9^{9^{9^{9}}}", "(10^9)!", "\\binom{10^9}{10^8}", "1000000!!!",
                    "2^{2^{2^{2^{2^{2^{2}}}}}}",
                    "1e999999999", "1e-999999999", "\\sum_{k=1}^{10^9} k", "\\prod_{k=1}^{10^{9}} k^k", "10^{-10^{10}}", "(1/3)^{10^8}",
                    "\\frac{1}{10^{10^{10}}}", "(x+1)^{10^9}", "9".repeat(4000), "0." + "1".repeat(4000))) {
                for (String other : List.of("5", "x+1", "\\{1,2\\}", huge + "+1")) {
                    long start = System.nanoTime();
                    assertFalse(judge.judge("\\boxed{" + huge + "}", other).correct() && !huge.contains("-") && !huge.startsWith("9999")
                            && !huge.startsWith("0."), huge + " is not " + other);
                    assertTrue(System.nanoTime() - start < 15e9, huge + " against " + other);
                }
            }
        }
    }

    @Test
    void longAndDeepTextsTakeLinearTime() {
        try (MathAnswer judge = new MathAnswer(Duration.ofSeconds(1))) {
            for (String part : List.of("{", "(", "[", "\\{", "|", "\\boxed{", "\\boxed{1} ", "$", "$1$ and ", "$$", "\\(", "\\[",
                    "\\frac{1}", "1+", "x^", "-", "1,", "the answer is ",
                    "answer:", "\\sqrt{", "\\left(", "####", "a", "\\", "<think>", "</think>", "1 ", "9", "\\text{", " ", "\n", "f(",
                    "\\sin ", "2^", "!", "answer of ",
                    "1;", "\\pm 1", "x=", "x<", "\\begin{pmatrix}", "1&", "\\\\", "percent", "and ", "1 and ", "\\overline{")) {
                for (int length : new int[] {4000, 100_000}) {
                    String text = part.repeat(length / part.length());
                    for (String completion : List.of(text, "\\boxed{" + text + "}", "The answer is $" + text + "$", text + "\\boxed{5}")) {
                        long start = System.nanoTime();
                        MathAnswer.Verdict verdict = judge.judge(completion, "5");
                        assertFalse(verdict.reason().contains("internal error"), part + ": " + verdict.reason());
                        assertTrue(System.nanoTime() - start < 10e9, part + " takes " + (System.nanoTime() - start) / 1e9 + " s");
                        judge.answer(completion);
                    }
                }
            }
        }
    }

    @Property(tries = 2000)
    void soupNeverThrowsNorFails(@ForAll long seed, @ForAll @IntRange(min = 1, max = 40) int length) {
        Random random = new Random(seed);
        String left = soup(random, length);
        String right = soup(random, length);
        long start = System.nanoTime();
        for (MathAnswer.Verdict verdict : List.of(Shared.JUDGE.judge("\\boxed{" + left + "}", right), Shared.JUDGE.judge(left, right))) {
            assertFalse(verdict.reason().contains("internal error"), left + " | " + right + " | " + verdict.reason());
        }
        assertTrue(System.nanoTime() - start < 10e9, left + " | " + right);
    }

    @Property(tries = 1000)
    void anyTextIsItself(@ForAll @StringLength(max = 60) String text) {
        assertNotNull(Shared.JUDGE.judge(text, text).reason());
        String boxed = text.replaceAll("[{}\\\\]", "");
        if (!Spelling.plain(boxed).isEmpty() && !boxed.contains("#### ")) {
            MathAnswer.Verdict verdict = Shared.JUDGE.judge("\\boxed{" + boxed + "}", "\\boxed{" + boxed + "}");
            assertTrue(verdict.correct(), boxed + ": " + verdict);
        }
    }

    @Property(tries = 1000)
    void fractionsAreJudgedByTheirValueInBothDirections(@ForAll @IntRange(min = -60, max = 60) int a, @ForAll @IntRange(min = 1,
            max = 60) int b,
            @ForAll @IntRange(min = -60, max = 60) int c, @ForAll @IntRange(min = 1, max = 60) int d) {
        String left = "\\frac{" + a + "}{" + b + "}";
        String right = c + "/" + d;
        assertEquals(a * d == c * b, Shared.JUDGE.judge("\\boxed{" + left + "}", right).correct());
        assertEquals(a * d == c * b, Shared.JUDGE.judge("\\boxed{" + right + "}", left).correct());
    }

    private static String soup(Random random, int length) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            text.append(SOUP[random.nextInt(SOUP.length)]);
        }
        return text.toString();
    }

    /** One process for all tries; it ends with this one. */
    private static final class Shared {
        static final MathAnswer JUDGE = new MathAnswer(Duration.ofSeconds(2));
    }
}
