package lppo.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import common.BadInput;
import common.Seed;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import lppo.ShuffledSelection;
import lppo.data.Problem;
import lppo.data.Step;
import lppo.task.Task;
import org.junit.jupiter.api.Test;

class StepsTest {

    private static final Task TASK = Task.builtIn();

    @Test
    void theDefaultsAreThoseOfARecipe() {
        Step step = Steps.of(TASK).at(3);
        assertEquals(3, step.number());
        assertEquals(new Seed(1), step.seed());
        assertEquals(new ShuffledSelection(0.5).select(TASK.problems(), 64, new Step(3, new Seed(1))), step.problems());
        assertEquals(32, step.problems().stream().filter(Problem::hasDemonstration).count());
    }

    @Test
    void stepsAreCountedFromOneAndKeyedByTheSeed() {
        List<Long> numbers = new ArrayList<>();
        for (Step step : Steps.of(TASK).problems(8).seed(2).take(3)) {
            numbers.add(step.number());
            assertEquals(new ShuffledSelection(0.5).select(TASK.problems(), 8, new Step(step.number(), new Seed(2))), step.problems());
        }
        assertEquals(List.of(1L, 2L, 3L), numbers);
    }

    @Test
    void aStepIsSelectedWhenItIsReached() { // so that a selection may learn from the step before
        List<String> said = new ArrayList<>();
        Steps steps = Steps.of(TASK).problems(1).selection((problems, count, step) -> {
            said.add("select " + step.number());
            return problems.subList(0, count);
        });
        for (Step step : steps.take(2)) {
            said.add("learn " + step.number());
        }
        assertEquals(List.of("select 1", "learn 1", "select 2", "learn 2"), said);
    }

    @Test
    void badSizesAreRefused() {
        assertEquals("problems per step 0: must be positive", assertThrows(BadInput.class, () -> Steps.of(TASK).problems(0)).getMessage());
        assertThrows(BadInput.class, () -> Steps.of(TASK).problems(801).at(1));
    }

    @Test
    void aWatcherIsShownAllStepsSoFar() {
        List<List<Long>> shown = new ArrayList<>();
        RunListener listener = RunListener.watching(soFar -> shown.add(soFar.stream().map(StepMetrics::step).toList()));
        IntStream.rangeClosed(1, 3).forEach(step -> listener.stepped(metrics(step), List.of(), new StepTiming(step, 1, 1, 1, 1)));
        assertEquals(List.of(List.of(1L), List.of(1L, 2L), List.of(1L, 2L, 3L)), shown);
    }

    private static StepMetrics metrics(long step) {
        return new StepMetrics(step, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, "", Map.of());
    }
}
