package answers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import lppo.Checkout;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Tests the strict judge: which answers it rewards, and that it resists the known ways of gaming. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class StrictAnswerTest {

    private MathAnswer lenient;
    private MathAnswer strict;

    @BeforeAll
    void start() {
        lenient = new MathAnswer(java.time.Duration.ofSeconds(20)); // the machine may be busy
        strict = lenient.strict();
    }

    @AfterAll
    void stop() {
        lenient.close();
    }

    @Test
    void formsAreJudgedAsByHandAtBothLevels() throws IOException {
        assertEquals(List.of(), Cases.wrong("strict.jsonl", false, lenient::judge));
        assertEquals(List.of(), Cases.wrong("strict.jsonl", true, strict::judge));
    }

    @Test
    void wordsBehindAValueAreUnitsOnlyIfTheyAre() throws IOException {
        assertEquals(List.of(), Cases.wrong("words.jsonl", false, lenient::judge));
        assertEquals(List.of(), Cases.wrong("words.jsonl", true, strict::judge));
    }

    @Test
    void answersAreFoundWhereverTheyAreStated() throws IOException {
        assertEquals(List.of(), Cases.wrong("places.jsonl", false, lenient::judge));
        assertEquals(List.of(), Cases.wrong("places.jsonl", true, strict::judge));
    }

    /** Neighbours of kinds that were reported, the first half written without sight of the checker; all strict values by hand. */
    @Test
    void neighboursOfReportedKindsAreJudgedAsByHandAtBothLevels() throws IOException {
        assertEquals(List.of(), Cases.wrong("kinds.jsonl", false, lenient::judge));
        assertEquals(List.of(), Cases.wrong("kinds.jsonl", true, strict::judge));
        assertTrue(Cases.read("kinds.jsonl").size() >= 700);
    }

    /** With the question at hand, and without it, as {@code check --strict} on a file may have it. */
    @Test
    void noAttemptAtGamingIsPaid() throws IOException {
        List<JsonObject> attempts = Cases.read("gaming.jsonl");
        List<String> paid = new ArrayList<>();
        int paidLeniently = 0;
        for (JsonObject line : attempts) {
            String completion = line.get("completion").getAsString();
            String reference = line.get("reference").getAsString();
            for (String question : List.of(line.get("question").getAsString(), "")) {
                MathAnswer.Verdict verdict = strict.judge(completion, reference, question);
                if (verdict.correct()) {
                    paid.add(line + " " + verdict);
                }
            }
            paidLeniently += lenient.judge(completion, reference).correct() ? 1 : 0;
        }
        assertEquals(List.of(), paid);
        assertTrue(attempts.size() >= 60 && paidLeniently >= 60, "attempts that a lenient judge pays: " + paidLeniently);
    }

    @Test
    void theReasonSaysWhatIsMissing() {
        for (String[] reason : new String[][] {{"\\boxed{23 + 0}", "boxed: not in final form"}, {"The answer is 46/2",
            "the answer is: not in final form"},
            {"\\boxed{22} \\boxed{23}", "boxed: not of the form of the reference"}, {"It could be \\boxed{22}. It could be \\boxed{23}.",
                "boxed: several different answers"},
            {"Maybe \\boxed{23}", "boxed: the answer is hedged"},
            {"<answer>23", "answer tag: the answer tag is not closed"}, {"\\boxed{22}", "boxed: the numbers differ"}}) {
            assertEquals(reason[1], strict.judge(reason[0], "23").reason(), reason[0]);
        }
        assertEquals("boxed: restates the question", strict.judge("\\boxed{20+3}", "23", "What is 20 + 3?").reason());
    }

    /** Where the reference is an expression of the question itself, saying it is right. */
    @Test
    void anExpressionOfTheQuestionMayBeTheReference() {
        assertTrue(strict.judge("\\boxed{x^2+1}", "x^2+1", "Is $x^2+1$ or $x^2-1$ positive for all $x$?").correct());
        assertTrue(strict.judge("What is 20 + 3? It is \\boxed{23}.", "23", "What is 20 + 3?").correct());
    }

    @Test
    void theFormCanBeReplacedAndBoxesRequired() {
        MathAnswer integers = lenient.strict((answer, reference) -> answer.matches("\\d+"));
        assertTrue(integers.judge("\\boxed{23}", "23").correct());
        assertFalse(integers.judge("\\boxed{23.0}", "23").correct());
        assertTrue(strict.judge("\\boxed{23.0}", "23").correct());
        assertEquals("no boxed answer found", strict.boxed().judge("The answer is 23", "23").reason());
        assertEquals("boxed: not in final form", lenient.boxed().strict().judge("\\boxed{23+0}", "23").reason());
        assertEquals("boxed: not in final form", lenient.strict().boxed().judge("\\boxed{23+0}", "23").reason());
    }

    @Test
    void ordinaryAnswersAreStrictlyJudgedButForWhatIsLeftToDo() throws IOException {
        for (JsonObject line : Cases.read("ordinary.jsonl")) {
            MathAnswer.Verdict verdict = strict.judge(line.get("completion").getAsString(), line.get("reference").getAsString());
            boolean unfinished = line.get("about").getAsString().matches("power|polynomial|radical");
            assertTrue(verdict.correct() == line.get("correct").getAsBoolean() || unfinished
                    && verdict.reason().endsWith("not in final form"), line + " " + verdict);
        }
    }

    /** The texts are not ours and lie beside the checkout, if at all. */
    @Test
    void publishedReferencesAreInFinalForm() throws IOException {
        Path data = Checkout.ROOT.resolve("../shared/data");
        assumeTrue(Files.isDirectory(data), "no ../shared/data");
        List<String> refused = new ArrayList<>();
        int all = 0;
        for (String file : List.of("gsm8k-300.jsonl", "aime24.jsonl", "amc23.jsonl", "minerva-100.jsonl")) {
            for (String line : Files.readAllLines(data.resolve(file))) {
                JsonObject problem = JsonParser.parseString(line).getAsJsonObject();
                String question = problem.get(problem.has("problem") ? "problem" : "question").getAsString();
                String text = problem.get(problem.has("answer") ? "answer" : "solution").getAsString();
                String reference = Extract.reference(text).orElseThrow().text();
                for (String response : List.of("\\boxed{" + reference + "}", "The final answer is $" + reference + "$.")) {
                    MathAnswer.Verdict verdict = strict.judge(response, reference, question);
                    if (!verdict.correct()) {
                        refused.add(file + ": " + reference + " " + verdict);
                    }
                    all++;
                }
            }
        }
        assertEquals(List.of(), refused);
        assertEquals(940, all);
    }
}
