package lppo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import common.BadInput;
import java.util.List;
import lppo.PolicyLoss.Ratio;
import lppo.PolicyLoss.Surrogate;
import org.junit.jupiter.api.Test;

/** Tests the named algorithms and combinations of their parts. LossFamilyTest compares their numbers with TRL and verl. */
class AlgorithmTest {

    @Test
    void namesAreThoseOfCommandsAndFiles() {
        assertEquals(List.of("grpo", "dr-grpo", "dapo", "gspo", "cispo", "rloo", "reinforce++"),
                Algorithm.all(14).stream().map(Algorithm::id).toList());
        for (Algorithm algorithm : Algorithm.all(14)) {
            assertEquals(algorithm.title(), Algorithm.named(algorithm.id(), 14).title());
            assertEquals(algorithm.objective(), Algorithm.named(algorithm.id(), 14).objective());
        }
        assertEquals("loss \"ppo\" is unknown; choose one of grpo, dr-grpo, dapo, gspo, cispo, rloo, reinforce++",
                assertThrows(BadInput.class, () -> Algorithm.named("ppo", 14)).getMessage());
    }

    @Test
    void allAreDifferent() {
        List<Algorithm> all = Algorithm.all(14);
        assertEquals(all.size(), all.stream().map(a -> a.objective() + " " + normalization(a) + " " + a.klInReward()).distinct().count());
    }

    /** The numbers of the papers; CISPO's range is ScaleRL's. */
    @Test
    void eachHasThePartsOfItsPaper() {
        parts(Algorithm.grpo(), Ratio.TOKEN, Surrogate.CLIPPED, 0.2, 0.2, Aggregation.SEQUENCE_MEAN, Normalization.GROUP, false);
        parts(Algorithm.drGrpo(14), Ratio.TOKEN, Surrogate.CLIPPED, 0.2, 0.2, Aggregation.constant(14), Normalization.NONE, false);
        parts(Algorithm.dapo(14), Ratio.TOKEN, Surrogate.CLIPPED, 0.2, 0.28, Aggregation.TOKEN_MEAN, Normalization.GROUP, false);
        parts(Algorithm.gspo(), Ratio.SEQUENCE, Surrogate.CLIPPED, 3e-4, 4e-4, Aggregation.SEQUENCE_MEAN, Normalization.GROUP, false);
        parts(Algorithm.cispo(), Ratio.TOKEN, Surrogate.CISPO, 1, 4, Aggregation.TOKEN_MEAN, Normalization.GROUP, false);
        parts(Algorithm.rloo(), Ratio.TRAJECTORY, Surrogate.CLIPPED, 0.2, 0.2, Aggregation.SEQUENCE_MEAN, Normalization.NONE, true);
        parts(Algorithm.reinforcePlusPlus(), Ratio.TOKEN, Surrogate.CLIPPED, 0.2, 0.2, Aggregation.TOKEN_MEAN, Normalization.BATCH, true);
        for (Algorithm algorithm : Algorithm.all(20_480)) {
            boolean dapo = algorithm.id().equals("dapo");
            assertEquals(dapo ? 3 : 0, algorithm.refills(), algorithm.title());
            assertEquals(dapo ? new Overlong(20_480, 4096) : Overlong.NONE, algorithm.overlong(), algorithm.title());
            assertFalse(algorithm.needsReference(), "no KL term unless asked for");
        }
    }

    @Test
    void aKlTermGoesWhereTheAlgorithmHasIt() {
        Algorithm inLoss = Algorithm.grpo().kl(Kl.K3, 0.1);
        assertEquals(PolicyLoss.grpo().kl(Kl.K3, 0.1), inLoss.objective());
        assertEquals(Algorithm.KlPenalty.NONE, inLoss.rewardKl());
        Algorithm inReward = Algorithm.rloo().kl(Kl.K1, 0.1);
        assertEquals(Algorithm.rloo().objective(), inReward.objective());
        assertEquals(new Algorithm.KlPenalty(Kl.K1, 0.1), inReward.rewardKl());
        assertTrue(inLoss.needsReference() && inReward.needsReference());
        assertEquals(new Algorithm.KlPenalty(Kl.K1, 0.2), Algorithm.grpo().klInReward(true).kl(Kl.K1, 0.2).rewardKl());
        assertFalse(Algorithm.grpo().kl(Kl.K3, 0).needsReference());
    }

    @Test
    void anObjectiveOfOnesOwnHasNoPlaceForAKlTermInTheLoss() {
        Objective own = (logProbs, tokens) -> Objective.loss(logProbs.sum());
        BadInput refused = assertThrows(BadInput.class, () -> Algorithm.grpo().objective(own).kl(Kl.K3, 0.1));
        assertEquals(1, refused.getMessage().lines().count());
        assertTrue(Algorithm.rloo().objective(own).kl(Kl.K1, 0.1).needsReference(), "but in the reward");
    }

    @Test
    void whatIsSetAloneLeavesTheOthersAlone() {
        Objective own = (logProbs, tokens) -> Objective.loss(logProbs.sum());
        Advantage advantage = Advantage.leaveOneOut();
        Algorithm dapo = Algorithm.dapo(14);
        Algorithm made = dapo.objective(own).advantage(advantage).refills(7).overlong(new Overlong(14, 1)).klInReward(true);
        assertEquals(new Algorithm("DAPO", advantage, own, Algorithm.KlPenalty.NONE, true, 7, new Overlong(14, 1)), made);
        assertSame(dapo.objective(), dapo.refills(1).objective());
        assertEquals(3, dapo.refills(), "a value");
    }

    @Test
    void badNumbersAreRefused() {
        assertThrows(BadInput.class, () -> Algorithm.grpo().refills(-1));
        for (double coefficient : new double[] {-0.1, Double.NaN, Double.POSITIVE_INFINITY}) {
            assertThrows(BadInput.class, () -> new Algorithm.KlPenalty(Kl.K1, coefficient));
            assertThrows(BadInput.class, () -> Algorithm.grpo().kl(Kl.K3, coefficient));
        }
    }

    private static void parts(Algorithm algorithm, Ratio ratio, Surrogate surrogate, double low, double high, Aggregation aggregation,
            Normalization normalization, boolean klInReward) {
        assertEquals(new PolicyLoss(ratio, surrogate, low, high, Kl.K3, 0, aggregation), algorithm.objective(), algorithm.title());
        assertEquals(normalization, normalization(algorithm), algorithm.title());
        assertEquals(klInReward, algorithm.klInReward(), algorithm.title());
    }

    private static Normalization normalization(Algorithm algorithm) {
        return ((Advantage.Estimator) algorithm.advantage()).normalization();
    }
}
