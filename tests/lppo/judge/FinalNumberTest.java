package lppo.judge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import benchmarks.ProblemFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import lppo.Checkout;
import lppo.data.Problem;
import lppo.data.Problems;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The strict reward of numbers. */
class FinalNumberTest {

    private static final Reward REWARD = new FinalNumber();
    private static final Problem SUM = new Problem("p", "What is 7 + 3 + 13?", "23", null, null, null);

    @ParameterizedTest
    @ValueSource(strings = {"The answer is 23.", "23", "12 + 11 = 23", "12 + 11 = 23.", "She has 23 apples left.", "It costs $23.00.",
        "12 + 5 = 17. 17 + 6 = 23.\nThe answer is 23.", "So there are 12 + 11 = 23 apples", "= 23", "The answer is **23**.", "Answer: 23",
        "He gets 30 - 7 = 23 back.", "The answer is \"23\".", "The answer is (23).", "So 12 plus 11 is 23!"})
    void aStatementThatEndsInTheAnswerIsPaid(String response) {
        assertEquals(1, score("23", response), response);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "  ", "The answer is 24.", "The answer is 123.", "The answer is 2.3.", "The answer is 23.5.",
        "The answer is 1,023.",
        "The answer is -23.", "The answer is 12 + 23", "It is 46 - 23.", "It is 23 + 0.", "It is 23 +", "It is 1 * 23.", "It is 1*23.",
        "23 = 12 + 11", "The answer is 23 = 20 + 3.", "Is it 23?", "What is 23?", "The answer is 23. What else can I do?",
        "The answer is 23. It was easy.", "The answer is 22 or 23.", "22, 23, 24", "23 or 24.", "The answer is 22-23.", "22–23",
        "The answer is 23/1.", "The answer is 46/2.", "The answer is x23.", "The answer is 0 plus 23.", "23 times 1", "23 minus 0 is easy",
        "Take 0 from 23.", "The answer is 23 \u00d7 1.", "The answer is $-23.", "The answer is 23^1", "The answer is 1,23."})
    void allElseIsNot(String response) {
        assertEquals(0, score("23", response), response);
    }

    @Test
    void numbersAreComparedByValueAndNotByText() {
        assertEquals(1, score("1200", "That makes 1,200 dollars."));
        assertEquals(1, score("1,200", "That makes 1200."));
        assertEquals(1, score("-3", "The answer is -3."));
        assertEquals(1, score("-3", "4 - 7 = -3"));
        assertEquals(0, score("-3", "4 -3"));
        assertEquals(0, score("3", "4 - 3"));
        assertEquals(1, score("0.5", "It is 0.50."));
    }

    @Test
    void votesAreCountedByValue() {
        assertEquals(Optional.of("1200"), REWARD.answer("That is 1,200.00 dollars."));
        assertEquals(Optional.empty(), REWARD.answer("It is 6 + 2."));
    }

    /** All are paid, and none should be. */
    @ParameterizedTest
    @ValueSource(strings = {"What is 7 + 3 + 13? 23", "what is 7 + 3 + 13?\nThe answer is 23.", "The answer is 7 + 3 + 13. It is 23.",
        "The answer is: 7 + 3 + 13. So 23.", "It is 7 + 3 + 13. 23.", "21, 22, 23", "The answer is 21, 22 and 23.", "22 23", "22; 23",
        "The answer is 22. The answer is 23.", "The answer is 22 or 23. It is 23.", "Maybe 22. Maybe 23.",
        "It could be 22. It could be 23.",
        "22. 23.", "21\n22\n23", "20. 21. 22. 23.", "The answer is ±23.", "Either 22 or 23. So 23.",
        "The answer is 23. The answer is 23. The answer is 23. The answer is 23.", "The answer is 1.\nThe answer is 2.\nThe answer is 23.",
        "The answers are 5 and 23.", "Answer: 22\nAnswer: 23", "The answer is **22**. The answer is **23**."})
    void gamingIsSeen(String response) {
        assertEquals(1, score("23", response), response);
        assertTrue(REWARD.isGamed(SUM, response), response);
    }

    @ParameterizedTest
    @ValueSource(strings = {"7 + 3 = 10. 10 + 13 = 23. The answer is 23.", "7 + 3 + 13 = 23", "The answer is 7 + 3 + 13 = 23.", "23", "23.",
        "The sum is 7 + 3 + 13 = 10 + 13 = 23.", "We add 7, 3 and 13. The first two make 10. With the next it is 23.",
        "7 and 3 make 10. 10 and 13 make 23.", "1. 7 + 3 = 10\n2. 10 + 13 = 23\nThe answer is 23.", "1) Add 7 and 3: 10.\n2) Add 13: 23.",
        "The answer is 22. No, wait, the answer is 23.", "She needs 5 or 6 bags, 23 kg in all.", "7 + 3 = 10\n10 + 13 = 23\n23",
        "10 + 13 = 23. So the answer is 23. The answer is 23.", "7 + 3 is 10, 10 + 13 is 23", "It is 7 + 3 + 13, which is 23.",
        "The total is 7 + 3 + 13 = 23.", "He has 7 + 3 = 10 red and 13 blue ones, 23 in all.", "First 10, then 23.", "10 + 13 makes 23. 23",
        "In 2 years, 23", "The answer is 46/2 = 23.", "= 23", "The answer is\n23"})
    void anHonestAnswerIsNoGaming(String response) {
        assertEquals(1, score("23", response), response);
        assertFalse(REWARD.isGamed(SUM, response), response);
    }

    @Test
    void noDemonstrationAndNoPublishedSolutionIsGaming() {
        List<Problem> problems = new ArrayList<>(Problems.read(Checkout.ROOT.resolve("data/arithmetic/train.jsonl")));
        problems.addAll(Problems.read(Checkout.ROOT.resolve("tests/fixtures/worked.jsonl")));
        Path published = Checkout.ROOT.resolve("../shared/data/gsm8k-300.jsonl");
        if (Files.exists(published)) {
            problems.addAll(ProblemFiles.load(published).problems());
        }
        int shown = 0;
        for (Problem problem : problems.stream().filter(Problem::hasDemonstration).toList()) {
            assertFalse(REWARD.isGamed(problem, problem.solution()), problem.solution());
            shown++;
        }
        assertTrue(shown >= 160);
    }

    @Test
    void signsAreSoughtInTimeAndNeverThrow() {
        for (String part : List.of("7 + 3 + ", "1, ", "the answer is ", "or ", "2 ", "22. ", "\n", "maybe 5 or ", "**", "")) {
            long start = System.nanoTime();
            REWARD.isGamed(new Problem("p", part.repeat(50) + "?", "23", null, null, null), part.repeat(20_000));
            assertTrue(System.nanoTime() - start < 5e9, part);
        }
    }

    private static double score(String answer, String response) {
        return REWARD.score(new Problem("p", "?", answer, null, null, null), response);
    }
}
