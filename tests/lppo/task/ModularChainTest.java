package lppo.task;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import common.BadInput;
import common.Seed;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import llm.Policy;
import lppo.data.Problem;
import lppo.judge.Reward;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests the built-in task. */
class ModularChainTest {

    private static final ModularChain.Counts SET = new ModularChain.Counts("t",
            new TreeMap<>(Map.of(1, 20, 5, 100, 12, 100)), Map.of(1, 20, 5, 100, 12, 50), 0.5);

    @Test
    void operationsByHand() {
        assertEquals(20, ModularChain.apply("+3", 17));
        assertEquals(40, ModularChain.apply("*2", 20));
        assertEquals(59, ModularChain.apply("-23", 21)); // -2 + 61
        assertEquals(1, ModularChain.apply("+3", 59)); // 62 - 61
        assertEquals(50, ModularChain.apply("*11", 60)); // 660 - 10 * 61
    }

    @Test
    void solutionsFollowTheQuestionAndEndInTheAnswer() {
        for (Problem problem : problems(1)) {
            List<String> question = List.of(problem.question().split(" "));
            assertEquals(2 + ModularChain.MAX_LENGTH + 1, question.size(), "all questions are of one length");
            int value = Integer.parseInt(question.get(1));
            StringBuilder values = new StringBuilder();
            int length = 0;
            for (String operation : question.subList(2, question.size() - 1)) {
                if (!operation.equals(".")) {
                    value = ModularChain.apply(operation, value);
                    values.append(' ').append(value);
                    length++;
                }
                assertTrue(value >= 0 && value < ModularChain.MODULUS, problem::toString);
            }
            assertEquals(problem.level(), Integer.toString(length));
            assertEquals(problem.answer(), Integer.toString(value));
            if (problem.hasDemonstration()) {
                assertEquals(values.toString().strip(), problem.solution());
                assertEquals(1, Reward.lastWord().score(problem, problem.solution()));
            }
        }
    }

    @Test
    void countsAreThoseAskedFor() {
        Map<String, Long> made = problems(1).stream().collect(Collectors.groupingBy(Problem::level, Collectors.counting()));
        assertEquals(Map.of("1", 20L, "5", 100L, "12", 100L), made);
        Map<String, Long> shown = problems(1).stream().filter(Problem::hasDemonstration)
                .collect(Collectors.groupingBy(Problem::level, Collectors.counting()));
        assertEquals(Map.of("1", 20L, "5", 100L, "12", 50L), shown);
        assertEquals(220, problems(1).stream().map(Problem::id).distinct().count());
    }

    @Test
    void theSameSeedMakesTheSameProblems() {
        assertEquals(problems(1), problems(1));
        assertNotEquals(problems(1), problems(2));
    }

    @Test
    void noQuestionComesTwiceOrIsTaken() {
        Set<String> taken = problems(1).stream().map(Problem::question).collect(Collectors.toSet());
        assertEquals(220, taken.size());
        List<Problem> others = ModularChain.problems(SET, new Seed(1), taken, true); // the same seed draws the taken ones first
        assertEquals(220, others.size());
        assertTrue(others.stream().noneMatch(p -> taken.contains(p.question())));
        assertEquals(220, new HashSet<>(others.stream().map(Problem::question).toList()).size());
    }

    @Test
    void whatCannotBeMadeIsRefused() {
        for (double rarity : new double[] {0, -1, 2e6, Double.NaN}) {
            assertThrows(BadInput.class, () -> new ModularChain.Counts("r", Map.of(3, 1), Map.of(), rarity));
        }
        for (int length : new int[] {0, -1, 13}) {
            assertThrows(BadInput.class, () -> new ModularChain.Counts("r", Map.of(length, 1), Map.of(), 1));
        }
        assertThrows(BadInput.class, () -> new ModularChain.Counts("r", Map.of(3, -1), Map.of(), 1));
        BadInput tooMany = assertThrows(BadInput.class, () -> ModularChain.problems(
                new ModularChain.Counts("r", Map.of(1, 489), Map.of(), 1), new Seed(1), Set.of(), true));
        assertTrue(tooMany.getMessage().contains("488 of 489 problems of length 1"), tooMany.getMessage());
    }

    @Test
    void rareOperationsAreRare() {
        List<Problem> problems = ModularChain.problems(new ModularChain.Counts("r", new TreeMap<>(Map.of(12, 1000)),
                Map.of(), 0.1), new Seed(1), Set.of(), true);
        Map<String, Long> counts = problems.stream().flatMap(p -> List.of(p.question().split(" ")).subList(2, 14).stream())
                .collect(Collectors.groupingBy(operation -> operation, Collectors.counting()));
        // of 12000 draws, a common one has 1 / 5.3 = 2264 (deviation 43), a rare one 0.1 / 5.3 = 226 (15)
        for (String common : List.of("+3", "*2", "-7", "*5", "+19")) {
            assertEquals(2264, counts.get(common), 200, common);
        }
        for (String rare : List.of("*7", "-23", "*11")) {
            assertEquals(226, counts.get(rare), 70, rare);
        }
    }

    @Test
    void everyWordIsOneTokenOfThePolicy(@TempDir Path folder) throws Exception {
        ModularChain.writeSkeleton(folder);
        try (Policy policy = Policy.random(folder, 0.05, new Seed(1), Device.cpu())) {
            for (Problem problem : problems(1).subList(0, 50)) {
                String text = problem.question() + " " + problem.answer();
                int[] tokens = policy.encode(text);
                assertEquals(16, tokens.length);
                assertEquals(text, policy.decode(tokens));
                for (int token : tokens) {
                    assertFalse(token == 0 || token == policy.endToken(), "no word is unknown");
                }
            }
        }
    }

    private static List<Problem> problems(long seed) {
        return ModularChain.problems(SET, new Seed(seed), Set.of(), true);
    }
}
