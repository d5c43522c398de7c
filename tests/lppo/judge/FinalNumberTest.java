package lppo.judge;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import lppo.data.Problem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The strict reward of numbers. */
class FinalNumberTest {

    private static final Reward REWARD = new FinalNumber();

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

    private static double score(String answer, String response) {
        return REWARD.score(new Problem("p", "?", answer, null, null, null), response);
    }
}
