package answers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import lppo.Checkout;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Answers judged by hand, beside those of Math-Verify 0.8 (written by tests/fixtures/answers.py). */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MathAnswerTest {

    private static final Path FIXTURES = Checkout.ROOT.resolve("tests/fixtures");

    private final Map<String, MathAnswer.Verdict> verdicts = new HashMap<>();
    private MathAnswer judge;

    @BeforeAll
    void start() {
        judge = new MathAnswer(java.time.Duration.ofSeconds(20)); // the machine may be busy
    }

    @AfterAll
    void stop() {
        judge.close();
    }

    @Test
    void aBoxedJudgeTakesAnAnswerInABoxAlone() {
        MathAnswer boxed = judge.boxed();
        assertTrue(boxed.judge("So it is \\boxed{\\frac{1}{2}}.", "0.5").correct());
        for (String text : List.of("The answer is 0.5", "I do not know whether it is 0.5", "$0.5$", "#### 0.5", "0.5")) {
            assertTrue(judge.judge(text, "0.5").correct(), text);
            assertEquals("no boxed answer found", boxed.judge(text, "0.5").reason(), text);
            assertTrue(boxed.answer(text).isEmpty());
        }
    }

    @Test
    void answersAreJudgedAsByHand() throws IOException {
        assertEquals(List.of(), wrong("answers.jsonl"));
    }

    @Test
    void ordinaryAnswersAreJudgedAsTheyAreMade() throws IOException {
        assertEquals(List.of(), wrong("ordinary.jsonl"));
    }

    @Test
    void onOrdinaryAnswersMathVerifySaysTheSame() throws IOException {
        List<JsonObject> cases = lines("ordinary.jsonl");
        List<JsonObject> peer = lines("ordinary-math-verify.jsonl");
        int agreed = 0;
        for (int i = 0; i < cases.size(); i++) {
            agreed += cases.get(i).get("correct").equals(peer.get(i).get("correct")) ? 1 : 0;
        }
        assertTrue(agreed >= 0.97 * cases.size(), agreed + " of " + cases.size());
    }

    /** Written and judged without sight of the checker. The one line that it is known to get wrong says so. */
    @Test
    void realisticCompletionsAreJudgedAsByHand() throws IOException {
        List<JsonObject> known = lines("realistic.jsonl").stream().filter(line -> line.has("ours")).toList();
        assertEquals(known.stream().map(line -> line + " but " + judge(line)).toList(), wrong("realistic.jsonl"));
        assertEquals(1, known.size());
    }

    /** Where they differ ours is the judgement by hand, by the test above; the notes say what Math-Verify does there. */
    @Test
    void onRealisticCompletionsMathVerifySaysTheSameInNineOfTen() throws IOException {
        List<JsonObject> cases = lines("realistic.jsonl");
        List<JsonObject> peer = lines("realistic-math-verify.jsonl");
        int agreed = 0;
        for (int i = 0; i < cases.size(); i++) {
            agreed += judge(cases.get(i)).correct() == peer.get(i).get("correct").getAsBoolean() ? 1 : 0;
        }
        assertTrue(agreed >= 0.92 * cases.size(), agreed + " of " + cases.size());
    }

    @Test
    void whereMathVerifyDisagreesANoteSaysWhy() throws IOException {
        disagreementsHaveNotes("answers.jsonl", "answers-math-verify.jsonl"); // chosen to be hard
        disagreementsHaveNotes("realistic.jsonl", "realistic-math-verify.jsonl");
    }

    private static void disagreementsHaveNotes(String file, String peerFile) throws IOException {
        List<JsonObject> cases = lines(file);
        List<JsonObject> peer = lines(peerFile);
        assertEquals(cases.size(), peer.size());
        for (int i = 0; i < cases.size(); i++) {
            boolean agrees = cases.get(i).get("correct").equals(peer.get(i).get("correct"));
            assertEquals(!agrees, cases.get(i).has("note"), "line " + (i + 1) + ": " + cases.get(i));
        }
    }

    @Test
    void everyVerdictHasAReasonAndTheAnswerItFound() throws IOException {
        for (JsonObject line : lines("answers.jsonl")) {
            MathAnswer.Verdict verdict = judge(line);
            assertFalse(verdict.reason().isBlank());
            assertTrue(verdict.reason().lines().count() == 1 && verdict.reason().length() < 400, verdict.reason());
            assertTrue(!verdict.correct() || !verdict.extracted().isBlank());
        }
    }

    @Test
    void whatCannotBeDecidedIsCounted() {
        try (MathAnswer fresh = new MathAnswer()) {
            assertTrue(fresh.judge("\\boxed{10^{10^{11}}}", "10^{10^{10}}").reason().contains("undecided"));
            assertTrue(fresh.judge("\\boxed{5}", "").failed());
            assertFalse(fresh.judge("\\boxed{5}", "6").failed());
            assertEquals(2, fresh.failures());
        }
    }

    @Test
    void ordinaryAnswersNeverStartTheAlgebraProcess() throws IOException {
        try (MathAnswer fresh = new MathAnswer()) {
            for (JsonObject line : lines("ordinary.jsonl")) {
                if (!line.get("about").getAsString().matches("radical|surd")) {
                    fresh.judge(line.get("completion").getAsString(), line.get("reference").getAsString());
                }
            }
            assertEquals(List.of(), fresh.algebra().processes());
        }
    }

    @Test
    void equalAnswersAreSpelledAlikeWhereThatIsCheap() {
        for (String[] same : new String[][] {{"\\boxed{0.5}", "\\boxed{\\frac{2}{4}}", "The answer is 1/2.", "\\boxed{x = 0.50}"},
            {"\\boxed{1,2}", "\\boxed{\\{2, 1\\}}"}, {"\\boxed{12\\text{ cm}}", "\\boxed{12}"}, {"\\boxed{\\text{(C)}}", "Answer: C"},
            {"\\boxed{1,234}", "#### 1234"}, {"\\boxed{\\text{Yes}}", "The answer is yes."}, {"\\boxed{a+b}", "\\boxed{b+a}"}}) {
            for (String other : same) {
                assertEquals(judge.answer(same[0]), judge.answer(other), other);
            }
        }
        assertEquals(judge.answer("\\boxed{1, 2}"), judge.answer("\\boxed{2, 1, 2}"), "nothing counts twice where order does not matter");
        assertEquals(judge.answer("\\boxed{3}"), judge.answer("\\boxed{3, 3}"));
        assertEquals(judge.answer("\\boxed{3}"), judge.answer("$\\boxed{3}$. $\\boxed{3}$"));
        assertNotEquals(judge.answer("\\boxed{(1,2)}"), judge.answer("\\boxed{(1,2,2)}"));
        assertNotEquals(judge.answer("\\boxed{(1,2)}"), judge.answer("\\boxed{(2,1)}"));
        assertEquals(Optional.empty(), judge.answer("<think>\\boxed{1}"));
        assertEquals(Optional.empty(), judge.answer(""));
    }

    @Test
    void whatIsListedTwiceCountsOnceUnlessTheReferenceListsItSo() {
        for (String[] pair : new String[][] {{"2, 3, 2", "2, 3"}, {"3, 3", "3"}, {"2, 2, 3", "3, 2, 2"}, {"x = 3, x = 3", "3"}}) {
            assertTrue(judge.judge("\\boxed{" + pair[0] + "}", pair[1]).correct(), pair[0]);
        }
        for (String[] pair : new String[][] {{"2, 3", "2, 2, 3"}, {"2, 3, 3", "2, 2, 3"}, {"(2, 3, 3)", "(2, 3)"}}) {
            assertFalse(judge.judge("\\boxed{" + pair[0] + "}", pair[1]).correct(), pair[0]);
        }
    }

    @Test
    void temperaturesUnitsAndQuantifiersLeaveTheValue() {
        for (String[] pair : new String[][] {{"25^\\circ\\text{C}", "25"}, {"25^{\\circ}\\mathrm{C}", "25"}, {"3\\ \\mathrm{N}", "3"},
            {"n^2 \\text{ for all } n \\ge 1", "n^2"}, {"f(x) = 2x \\text{ for all } x \\in \\mathbb{R}", "f(x) = 2x"}, {"\\approx 2.5",
                "2.5"}}) {
            assertTrue(judge.judge("\\boxed{" + pair[0] + "}", pair[1]).correct(), pair[0]);
        }
        for (String[] pair : new String[][] {{"3+4\\,\\mathrm{i}", "3"}, {"n^2 \\text{ for all } n < 0, n", "n^2"}, {"x\\mathrm{m}",
            "x"}}) {
            assertFalse(judge.judge("\\boxed{" + pair[0] + "}", pair[1]).correct(), pair[0]);
        }
    }

    /** The texts are not ours and lie beside the checkout, if at all. */
    @Test
    void publishedSolutionsReachTheirAnswers() throws IOException {
        Path data = Checkout.ROOT.resolve("../shared/data");
        assumeTrue(Files.isDirectory(data), "no ../shared/data");
        int solved = 0;
        int all = 0;
        for (String line : Files.readAllLines(data.resolve("gsm8k-300.jsonl"))) {
            String solution = JsonParser.parseString(line).getAsJsonObject().get("answer").getAsString();
            solved += judge.judge(solution, solution.substring(solution.indexOf("####") + 4)).correct() ? 1 : 0;
            all++;
        }
        for (String line : Files.readAllLines(data.resolve("aime24.jsonl"))) {
            JsonObject problem = JsonParser.parseString(line).getAsJsonObject();
            solved += judge.judge(problem.get("solution").getAsString(), problem.get("answer").getAsString()).correct() ? 1 : 0;
            all++;
        }
        for (String line : Files.readAllLines(data.resolve("minerva-100.jsonl"))) {
            String solution = JsonParser.parseString(line).getAsJsonObject().get("solution").getAsString();
            solved += judge.judge(solution, solution).correct() ? 1 : 0;
            all++;
        }
        assertTrue(solved >= 0.99 * all, solved + " of " + all);
    }

    private List<String> wrong(String file) throws IOException {
        List<String> wrong = new ArrayList<>();
        for (JsonObject line : lines(file)) {
            MathAnswer.Verdict verdict = judge(line);
            if (verdict.correct() != line.get("correct").getAsBoolean()) {
                wrong.add(line + " but " + verdict);
            }
        }
        return wrong;
    }

    private MathAnswer.Verdict judge(JsonObject line) {
        return verdicts.computeIfAbsent(line.toString(),
                text -> judge.judge(line.get("completion").getAsString(), line.get("reference").getAsString()));
    }

    private static List<JsonObject> lines(String file) throws IOException {
        return Files.readAllLines(FIXTURES.resolve(file)).stream().map(line -> JsonParser.parseString(line).getAsJsonObject()).toList();
    }
}
