package lppo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import lppo.rollout.Group;
import net.jqwik.api.Assume;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** Compares advantages with values computed by hand, and tests properties of all groups. */
class AdvantageTest {

    private static final List<Advantage> ESTIMATORS = List.of(Advantage.grpo(), Advantage.drGrpo(), Advantage.leaveOneOut());

    @Example
    void grpoDividesByTheSampleDeviation() {
        // mean 1/4; squares 9/16 + 3/16 = 3/4; deviation sqrt(3/4 / 3) = 1/2
        assertArrayEquals(new double[] {-0.25 / 0.5001, 0.75 / 0.5001, -0.25 / 0.5001, -0.25 / 0.5001},
                Advantage.grpo().of(0, 1, 0, 0), 1e-12);
        // mean 0.5; squares 1/4 + 1/4; deviation sqrt(1/2 / 1)
        double half = 0.5 / (Math.sqrt(0.5) + 1e-4);
        assertArrayEquals(new double[] {half, -half}, Advantage.grpo().of(1, 0), 1e-12);
    }

    @Example
    void drGrpoSubtractsTheMeanOnly() {
        assertArrayEquals(new double[] {-0.25, 0.75, -0.25, -0.25}, Advantage.drGrpo().of(0, 1, 0, 0), 0);
        assertArrayEquals(new double[] {0.25, -0.25}, Advantage.drGrpo().of(1, 0.5), 0);
    }

    @Example
    void leaveOneOutComparesWithTheOthers() {
        assertArrayEquals(new double[] {-1 / 3.0, 1, -1 / 3.0, -1 / 3.0}, Advantage.leaveOneOut().of(0, 1, 0, 0), 1e-12);
        assertArrayEquals(new double[] {0.75, -0.75}, Advantage.leaveOneOut().of(1, 0.25), 1e-12);
        assertArrayEquals(new double[] {0}, Advantage.leaveOneOut().of(1), 0, "alone there is nothing to compare with");
    }

    @Property(tries = 300)
    void leaveOneOutIsTheRewardLessTheMeanOfTheOthers(@ForAll @Size(min = 2, max = 16) List<@DoubleRange(min = 0, max = 1) Double> group) {
        double[] rewards = array(group);
        double[] advantages = Advantage.leaveOneOut().of(rewards);
        double sum = Arrays.stream(rewards).sum();
        for (int i = 0; i < rewards.length; i++) {
            assertEquals(rewards[i] - (sum - rewards[i]) / (rewards.length - 1), advantages[i], 1e-9);
        }
    }

    @Example
    void noBaselineIsACopyOfTheRewards() {
        double[] rewards = {1, 0, 0.5};
        double[] advantages = Baseline.none().of(rewards);
        assertArrayEquals(rewards, advantages, 0);
        advantages[0] = 7;
        assertEquals(1, rewards[0], 0);
    }

    @Example
    void theBatchIsNormalisedByToken() {
        // four tokens of 1 and two of 0: mean 2/3, squares 4/9 + 8/9 = 4/3, deviation sqrt(4/3 / 5)
        List<double[]> normalised = Normalization.BATCH.of(List.of(new double[] {1, 0}, new double[] {1}),
                List.of(new int[] {1, 2}, new int[] {3}));
        double deviation = Math.sqrt(4 / 15.0 + 1e-8);
        assertArrayEquals(new double[] {1 / 3.0 / deviation, -2 / 3.0 / deviation}, normalised.get(0), 1e-12);
        assertArrayEquals(new double[] {1 / 3.0 / deviation}, normalised.get(1), 1e-12, "a silent group still teaches");
    }

    @Property(tries = 100)
    void aNormalisedBatchHasMeanZeroAndDeviationOneByToken(
            @ForAll @Size(min = 4, max = 40) List<@DoubleRange(min = 0, max = 1) Double> values,
            @ForAll @Size(40) List<@IntRange(min = 1, max = 9) Integer> lengths) {
        Assume.that(Collections.max(values) - Collections.min(values) > 0.1);
        int half = values.size() / 2;
        List<double[]> groups = List.of(array(values.subList(0, half)), array(values.subList(half, values.size())));
        int[] all = lengths.stream().mapToInt(i -> i).toArray();
        List<int[]> tokens = List.of(Arrays.copyOf(all, half), Arrays.copyOfRange(all, half, values.size()));
        List<double[]> normalised = Normalization.BATCH.of(groups, tokens);
        double sum = 0;
        double squares = 0;
        int count = 0;
        for (int g = 0; g < 2; g++) {
            for (int i = 0; i < tokens.get(g).length; i++) {
                int n = tokens.get(g)[i];
                sum += n * normalised.get(g)[i];
                squares += n * normalised.get(g)[i] * normalised.get(g)[i];
                count += n;
            }
        }
        assertEquals(0, sum, 1e-6);
        assertEquals(1, squares / (count - 1), 1e-3);
    }

    @Property(tries = 100)
    void aSilentBatchTeachesNothing(@ForAll boolean passes,
            @ForAll @Size(min = 2, max = 10) List<@IntRange(min = 1, max = 99) Integer> lengths) {
        double[] rewards = new double[lengths.size()];
        Arrays.fill(rewards, passes ? 1 : 0);
        for (Normalization normalization : Normalization.values()) {
            List<double[]> advantages = normalization.of(List.of(normalization == Normalization.BATCH
                    ? rewards : Baseline.mean().of(rewards)), List.of(lengths.stream().mapToInt(i -> i).toArray()));
            assertArrayEquals(new double[rewards.length], advantages.get(0), 0, normalization.name());
        }
    }

    @Example
    void anEmptyBatchNormalisesToAnEmptyOne() {
        for (Normalization normalization : Normalization.values()) {
            assertEquals(List.of(), normalization.of(List.of(), List.of()));
        }
    }

    @Example
    void aWeightMultipliesEveryAdvantage() {
        assertArrayEquals(new double[] {1, -1}, Advantage.drGrpo().weighted(group -> 2).of(1, 0), 0);
        assertArrayEquals(new double[] {0, 0}, Advantage.drGrpo().weighted(group -> 0).of(1, 0), 0);
        assertArrayEquals(Advantage.grpo().of(1, 0, 0, 1), Advantage.grpo().weighted(Weighting.none()).of(1, 0, 0, 1), 0);
    }

    @Example
    void eachGroupHasItsOwnWeight() {
        Weighting byRate = group -> 1 + group.passRate().orElseThrow();
        List<double[]> advantages = Advantage.drGrpo().weighted(byRate)
                .of(List.of(Group.ofRewards(1, 0), Group.ofRewards(0, 1, 1, 0, 0, 0, 0, 0)));
        assertArrayEquals(new double[] {1.5 * 0.5, 1.5 * -0.5}, advantages.get(0), 0);
        assertArrayEquals(new double[] {1.25 * -0.25, 1.25 * 0.75, 1.25 * 0.75}, Arrays.copyOf(advantages.get(1), 3), 0);
    }

    /** The weight follows the normalisation, which would take it away again. */
    @Example
    void weightsAreNotNormalisedAway() {
        for (Advantage estimator : List.of(Advantage.grpo(), Advantage.of(Baseline.none(), Normalization.BATCH))) {
            assertArrayEquals(Arrays.stream(estimator.of(1, 0, 0, 0)).map(a -> 1.4 * a).toArray(),
                    estimator.weighted(group -> 1.4).of(1, 0, 0, 0), 1e-12);
        }
    }

    @Example
    void anOwnEstimatorIsALambda() {
        Advantage raw = groups -> groups.stream().map(Group::rewards).toList();
        assertArrayEquals(new double[] {1.5, 0.75}, raw.weighted(group -> 1.5).of(1, 0.5), 0);
        assertArrayEquals(new double[] {2, 1.5}, raw.shaped(c -> c.reward() + 1).of(1, 0.5), 0);
    }

    /** What shapes a reward is taken in before the baseline; the group itself is left alone. */
    @Example
    void shapedRewardsMakeTheAdvantages() {
        Group group = Group.ofRewards(new double[] {1, 1, 0}, new int[] {8, 10, 9});
        double[] advantages = Advantage.drGrpo().shaped(new Overlong(10, 2)::reward).of(List.of(group)).get(0);
        // rewards 1, 0, -0.5 after the penalties 0, -1, -0.5; mean 1/6
        assertArrayEquals(new double[] {5 / 6.0, -1 / 6.0, -4 / 6.0}, advantages, 1e-12);
        assertArrayEquals(new double[] {1, 1, 0}, group.rewards(), 0);
    }

    @Example
    void baselinesAreLambdasToo() {
        Baseline best = rewards -> Arrays.stream(rewards).map(r -> r - Arrays.stream(rewards).max().orElseThrow()).toArray();
        assertArrayEquals(new double[] {0, -0.75, -1}, Advantage.of(best, Normalization.NONE).of(1, 0.25, 0), 0);
    }

    @Example
    void theRewardsAreLeftAsTheyWere() {
        double[] rewards = {1, 0, 0.5};
        ESTIMATORS.forEach(estimator -> estimator.of(rewards));
        List.of(Baseline.mean(), Baseline.leaveOneOut(), Baseline.none()).forEach(baseline -> baseline.of(rewards));
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
            for (double advantage : estimator.weighted(group -> 1.5).of(rewards)) {
                assertEquals(0, advantage); // exactly: such samples are left out of the update
            }
        }
    }

    private static double[] array(List<Double> values) {
        return values.stream().mapToDouble(x -> x).toArray();
    }
}
