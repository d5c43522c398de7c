package tasks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import common.BadInput;
import common.Seed;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import lppo.Checkout;
import lppo.Commands;
import lppo.StepCut;
import lppo.data.Problem;
import lppo.data.Problems;
import lppo.judge.FinalNumber;
import lppo.task.Task;
import lppo.task.Task.Split;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The task of sums and stories. */
class ArithmeticTaskTest {

    private static final Pattern EQUATION = Pattern.compile("(\\d+(?: [-+*/] \\d+)+) = (\\d+)");
    private static final Task TASK = Tasks.named("arithmetic");
    /** Those of another seed too: what holds must not hold by luck. */
    private static final List<Problem> ALL = Stream.of(TASK, new ArithmeticTask(new Seed(2))).flatMap(ArithmeticTaskTest::all).toList();

    private static Stream<Problem> all(Task task) {
        return Arrays.stream(Split.values()).flatMap(split -> task.problems(split).stream());
    }

    @Test
    void whatIsCheckedInIsWhatTheSeedMakes(@TempDir Path folder) throws Exception {
        Path made = folder.resolve("made");
        new Commands(folder).run(0, "task", "--task", "arithmetic", "--out", made.toString());
        for (String file : List.of("train.jsonl", "validation.jsonl", "heldout.jsonl")) {
            Path kept = Checkout.ROOT.resolve("data/arithmetic").resolve(file);
            assertEquals(Problems.read(kept), Problems.read(made.resolve(file)), file);
        }
        assertEquals(TASK.problems(), Problems.read(Checkout.ROOT.resolve("data/arithmetic/train.jsonl")));
        assertFalse(made.resolve("base").toFile().exists(), "it has no policy of its own");
        assertNotEquals(TASK.problems(), new ArithmeticTask(new Seed(2)).problems());
        String refused = new Commands(folder).run(2, "task", "--task", "arithmetic", "--warm-up", "9", "--out",
                folder.resolve("w").toString());
        assertTrue(refused.contains("--warm-up: the task arithmetic has none"), refused);
    }

    @Test
    void counts() {
        assertEquals(Map.of("1", 96L, "2", 96L, "3", 96L, "4", 96L, "5", 96L), byLevel(TASK.problems()));
        assertEquals(Map.of("1", 50L, "2", 50L, "3", 50L, "4", 50L, "5", 50L), byLevel(TASK.problems(Split.HELD_OUT)));
        assertEquals(Map.of("1", 20L, "2", 20L, "3", 20L, "4", 20L, "5", 20L), byLevel(TASK.problems(Split.VALIDATION)));
        assertEquals(Map.of("2", 40L, "3", 40L, "4", 40L, "5", 40L),
                byLevel(TASK.problems().stream().filter(Problem::hasDemonstration).toList()));
    }

    private static Map<String, Long> byLevel(List<Problem> problems) {
        return problems.stream().collect(Collectors.groupingBy(Problem::level, Collectors.counting()));
    }

    @Test
    void noQuestionComesTwiceAndNoneHoldsItsAnswer() {
        for (Task task : List.of(TASK, new ArithmeticTask(new Seed(2)))) {
            List<Problem> all = all(task).toList();
            assertEquals(all.size(), all.stream().map(Problem::question).distinct().count());
            assertEquals(all.size(), all.stream().map(Problem::id).distinct().count());
        }
        for (Problem problem : ALL) {
            Set<String> numbers = Pattern.compile("\\d+").matcher(problem.question()).results().map(MatchResult::group)
                    .collect(Collectors.toSet());
            assertFalse(numbers.contains(problem.answer()), problem::toString);
            assertTrue(Integer.parseInt(problem.answer()) > 0, problem::toString);
            assertEquals(0, TASK.reward().score(problem, problem.question()), problem::toString);
        }
    }

    @Test
    void sumsAreRight() {
        for (Problem problem : ALL) {
            if (problem.level().compareTo("4") < 0) {
                int[] numbers = Pattern.compile("\\d+").matcher(problem.question()).results().mapToInt(m -> Integer.parseInt(m.group()))
                        .toArray();
                boolean minus = problem.question().contains("-") || problem.question().contains("minus");
                assertEquals(minus ? numbers[0] - numbers[1] : Arrays.stream(numbers).sum(), Integer.parseInt(problem.answer()),
                        problem::toString);
                int terms = numbers.length;
                assertTrue(terms == 2 ? problem.level().equals("1") : problem.level().equals(terms < 5 ? "2" : "3"), problem::toString);
            }
        }
    }

    @Test
    void everyStepOfASolutionIsRightIsFoundedAndLeadsToTheAnswer() {
        int words = 0;
        int shown = 0;
        for (Problem problem : ALL) {
            if (!problem.hasDemonstration()) {
                continue;
            }
            shown++;
            words += Pattern.compile("[a-z]").matcher(problem.solution().replace("The answer is", "")).find() ? 1 : 0;
            Set<String> known = Pattern.compile("\\d+").matcher(problem.question()).results().map(MatchResult::group)
                    .collect(Collectors.toSet());
            List<MatchResult> steps = EQUATION.matcher(problem.solution()).results().toList();
            for (MatchResult step : steps) {
                String[] parts = step.group(1).split(" ");
                int value = Integer.parseInt(parts[0]);
                for (int i = 1; i < parts.length; i += 2) {
                    int operand = Integer.parseInt(parts[i + 1]);
                    assertTrue(known.contains(parts[i + 1]) || parts[i].equals("/") && operand == 2, problem::toString); // half
                    assertTrue(!parts[i].equals("/") || value % operand == 0, problem::toString);
                    value = switch (parts[i]) {
                        case "+" -> value + operand;
                        case "-" -> value - operand;
                        case "*" -> value * operand;
                        default -> value / operand;
                    };
                }
                assertTrue(known.contains(parts[0]), problem::toString);
                assertEquals(Integer.parseInt(step.group(2)), value, problem::toString);
                assertTrue(value > 0, problem::toString);
                known.add(step.group(2));
            }
            int expected = switch (problem.level()) {
                case "4" -> 2;
                case "5" -> 3;
                default -> problem.question().split("\\d+").length - 2;
            };
            assertEquals(expected, steps.size(), problem::toString);
            assertEquals(problem.answer(), steps.get(expected - 1).group(2));
            assertTrue(problem.solution().endsWith(" The answer is " + problem.answer() + "."), problem::toString);
            assertEquals(1, new FinalNumber().score(problem, problem.solution()), problem::toString);
            assertFalse(problem.solution().contains("%"), problem::toString);
        }
        assertTrue(words > shown / 3 && words < 2 * shown / 3, "two wordings, " + words + " of " + shown + " in words");
    }

    @Test
    void everyStoryIsTold() {
        for (int level : new int[] {4, 5}) {
            Set<String> told = new HashSet<>();
            ALL.stream().filter(p -> p.level().equals(Integer.toString(level))).forEach(p -> told.add(p.question()
                    .replaceAll("\\d+", "N").replaceAll("(?<!^)(?<![.?] )\\b[A-Z][a-z]+", "P").replaceAll("^[A-Z][a-z]+ ", "")
                    .split(" ")[0]));
            assertTrue(told.size() >= 5, () -> told + " at level " + level);
        }
    }

    /** A hint at beta 0.9 shows something of each demonstration, and never its answer. */
    @Test
    void everyDemonstrationHasSomethingToHintAt() {
        long hinted = TASK.problems().stream().filter(Problem::hasDemonstration)
                .filter(p -> !new StepCut().prefix(p, 0.9, String::length).isEmpty()).count();
        assertEquals(160, hinted);
        for (Problem problem : TASK.problems()) {
            if (problem.hasDemonstration()) {
                assertFalse(new StepCut().prefix(problem, 0.95, String::length).matches(".*\\b" + problem.answer() + "\\b.*"),
                        problem::toString);
            }
        }
    }

    @Test
    void anUnknownTaskIsRefused() {
        assertTrue(
                assertThrows(BadInput.class, () -> Tasks.named("sums")).getMessage().contains("choose one of modular-chain, arithmetic"));
    }
}
