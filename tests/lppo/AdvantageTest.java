package lppo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** Advantages against values worked out by hand, and what holds for every group. */
class AdvantageTest {

    private static final List<Advantage> ESTIMATORS = List.of(Advantage.grpo(), Advantage.drGrpo());

    @Example
    void grpoDividesByTheSampleDeviation() {
        // mean 1/4; squares 9/16 + 3/16 = 3/4; deviation sqrt(3/4 / 3) = 1/2
        assertArrayEquals(new double[] {-0.25 / 0.5001, 0.75 / 0.5001, -0.25 / 0.5001, -0.25 / 0.5001},
                Advantage.grpo().of(new double[] {0, 1, 0, 0}), 1e-12);
        // mean 0.5; squares 1/4 + 1/4; deviation sqrt(1/2 / 1)
        double half = 0.5 / (Math.sqrt(0.5) + 1e-4);
        assertArrayEquals(new double[] {half, -half}, Advantage.grpo().of(new double[] {1, 0}), 1e-12);
    }

    @Example
    void drGrpoSubtractsTheMeanOnly() {
        assertArrayEquals(new double[] {-0.25, 0.75, -0.25, -0.25}, Advantage.drGrpo().of(new double[] {0, 1, 0, 0}), 0);
        assertArrayEquals(new double[] {0.25, -0.25}, Advantage.drGrpo().of(new double[] {1, 0.5}), 0);
    }

    @Example
    void aWeightMultipliesEveryAdvantage() {
        assertArrayEquals(new double[] {1, -1}, Advantage.drGrpo().times(2).of(new double[] {1, 0}), 0);
        assertArrayEquals(new double[] {0, 0}, Advantage.drGrpo().times(0).of(new double[] {1, 0}), 0);
    }

    @Example
    void anOwnEstimatorIsALambda() {
        Advantage raw = rewards -> rewards;
        assertArrayEquals(new double[] {1.5, 0.75}, raw.times(1.5).of(new double[] {1, 0.5}), 0);
    }

    @Example
    void theRewardsAreLeftAsTheyWere() {
        double[] rewards = {1, 0, 0.5};
        ESTIMATORS.forEach(estimator -> estimator.of(rewards));
        assertArrayEquals(new double[] {1, 0, 0.5}, rewards, 0);
    }

    @Property(tries = 300)
    void advantagesSumToZero(@ForAll @Size(min = 2, max = 16) List<@DoubleRange(min = 0, max = 1) Double> group) {
        double[] rewards = array(group);
        for (Advantage estimator : ESTIMATORS) {
            assertEquals(0, Arrays.stream(estimator.of(rewards)).sum(), 1e-9);
        }
    }

    @Property(tries = 300)
    void aBetterCompletionNeverGetsLess(@ForAll @Size(min = 2, max = 16) List<@DoubleRange(min = 0, max = 1) Double> group) {
        double[] rewards = array(group);
        double[] sorted = Arrays.stream(rewards).sorted().toArray();
        for (Advantage estimator : ESTIMATORS) {
            double[] advantages = estimator.of(sorted);
            assertArrayEquals(Arrays.stream(advantages).sorted().toArray(), advantages, 0);
        }
    }

    @Property(tries = 300)
    void theOrderOfTheGroupDoesNotMatter(@ForAll @Size(min = 2, max = 16) List<@DoubleRange(min = 0, max = 1) Double> group,
            @ForAll long shuffle) {
        double[] rewards = array(group);
        List<Integer> order = new java.util.ArrayList<>(IntStream.range(0, rewards.length).boxed().toList());
        Collections.shuffle(order, new Random(shuffle));
        for (Advantage estimator : ESTIMATORS) {
            double[] advantages = estimator.of(rewards);
            assertArrayEquals(order.stream().mapToDouble(i -> advantages[i]).toArray(),
                    estimator.of(order.stream().mapToDouble(i -> rewards[i]).toArray()), 1e-9);
        }
    }

    @Property(tries = 300)
    void aSilentGroupTeachesNothing(@ForAll @DoubleRange(min = 0, max = 1) double reward,
            @ForAll @IntRange(min = 1, max = 64) int size) {
        double[] rewards = new double[size];
        Arrays.fill(rewards, reward);
        for (Advantage estimator : ESTIMATORS) {
            for (double advantage : estimator.times(1.5).of(rewards)) {
                assertEquals(0, advantage); // exactly: such samples are left out of the update
            }
        }
    }

    private static double[] array(List<Double> values) {
        return values.stream().mapToDouble(x -> x).toArray();
    }
}
