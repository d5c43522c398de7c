package commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import common.BadInput;
import java.util.List;
import lppo.Advantage;
import lppo.Algorithm;
import lppo.GuidanceRule;
import lppo.Kl;
import lppo.Normalization;
import lppo.Overlong;
import lppo.PolicyLoss;
import lppo.RandomPrefix;
import lppo.ShuffledSelection;
import lppo.Weighting;
import lppo.learn.LearnerSettings;
import lppo.rollout.Group;
import lppo.run.Recipe;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import rivals.DecayingPrefix;
import rivals.RivalRecipes;
import rivals.VarianceWeighting;
import rivals.Weightings;

/** Tests the recipe that is built from options. */
class TrainingOptionsTest {

    private static final class Bare {
        @Mixin
        TrainingOptions options;
    }

    private static TrainingOptions options(String... arguments) {
        Bare bare = new Bare();
        new CommandLine(bare).setCaseInsensitiveEnumValuesAllowed(true).parseArgs(arguments);
        bare.options.length.resolve(null);
        return bare.options;
    }

    @Test
    void theTrustedShareIsANumberOrEven() {
        assertEquals(new ShuffledSelection(0.25), options("--trusted-share", "0.25").recipe("lppo").selection());
        assertEquals(ShuffledSelection.uniform(), options("--trusted-share", "even").recipe("grpo").selection());
        for (String wrong : new String[] {"often", "", "1.5", "-1"}) {
            assertThrows(BadInput.class, () -> options("--trusted-share", wrong).recipe("grpo"), wrong);
        }
    }

    @Test
    void withoutOptionsTheRecipeIsThePreset() {
        for (String name : RivalRecipes.names()) {
            Recipe made = options().recipe(name);
            Recipe preset = RivalRecipes.named(name);
            assertEquals(preset.learning(), made.learning());
            assertEquals(preset.learning(), new LearnerSettings());
            assertFalse(preset.title().contains(","), "titles stand unquoted in curves.csv");
            assertEquals(preset.algorithm().objective(), made.algorithm().objective());
            assertEquals(preset.rule(), made.rule(), name);
            assertEquals(preset.refills(), made.refills());
            assertEquals(preset.progressWeighted(), made.progressWeighted());
            assertEquals(preset.rescue(), made.rescue());
            assertEquals(preset.hint() instanceof RandomPrefix, made.hint() instanceof RandomPrefix);
            assertTrue(!(preset.hint() instanceof RandomPrefix) || preset.hint().equals(made.hint()), name);
            assertEquals(preset.hint().getClass(), made.hint().getClass());
            assertEquals(preset.selection().getClass(), made.selection().getClass());
            assertEquals(preset.problemsPerStep(), made.problemsPerStep());
            assertEquals(preset.groupSize(), made.groupSize());
            assertEquals(preset.guidedShare(), made.guidedShare());
        }
    }

    @Test
    void eachOptionChangesItsPart() {
        Recipe recipe = options("--beta-min", "0.1", "--beta-max", "0.2", "--guide-below", "0.5", "--guide-after", "2", "--learning-rate",
                "1e-5", "--updates", "4", "--top-k", "20", "--reward-noise", "0.1", "--recompute").recipe("lppo");
        assertEquals(new RandomPrefix(0.1, 0.2), recipe.hint());
        assertEquals(new GuidanceRule(0.5, 2, 1, 1), recipe.rule());
        assertEquals(new LearnerSettings().learningRate(1e-5).updates(4).recompute(true), recipe.learning());
        assertEquals(20, recipe.topK());
        assertEquals(0.1, recipe.rewardNoise());
    }

    @Test
    void weightingsAreKnownByName() {
        assertEquals(Weightings.names(), List.of("none", "progress", "earlier", "filtered", "earlier-filtered", "ranked", "variance"));
        assertTrue(options("--weighting", "progress").recipe("pg").progressWeighted());
        assertFalse(options("--weighting", "none").recipe("lppo").progressWeighted());
        assertTrue(options("--weighting", "variance").recipe("lppo").weighting(null) instanceof VarianceWeighting);
        Weighting earlier = options("--weighting", "earlier", "--bias", "0.2").recipe("lppo").weighting(null);
        assertEquals(0.7, earlier.weight(Group.ofRewards(1, 0)), 1e-12, "the tracker's constants");
        BadInput refused = assertThrows(BadInput.class, () -> options("--weighting", "best").recipe("lppo"));
        assertEquals("weighting \"best\" is unknown; choose one of none, progress, earlier, filtered, earlier-filtered, ranked, variance,"
                + " or a file, MyWeighting.java", refused.getMessage());
    }

    @Test
    void decayingHintsTakeTheirStepsFromTheOption() {
        assertEquals(new DecayingPrefix(0.95, 0, 40), options("--hint-steps", "40").recipe("decaying").hint());
        assertEquals(0.5, options("--guided-share", "0.5").recipe("prefix-rft").guidedShare());
        assertThrows(BadInput.class, () -> options("--hint-steps", "0").recipe("decaying"));
    }

    @Test
    void theDefaultEstimatorIsThatOfThePlace() {
        assertEquals(Kl.K3, ((PolicyLoss) options("--kl", "0.1").recipe("grpo").algorithm().objective()).kl());
        Algorithm inReward = options("--loss", "rloo", "--kl", "0.1").recipe("grpo").algorithm();
        assertEquals(new Algorithm.KlPenalty(Kl.K1, 0.1), inReward.rewardKl());
        assertFalse(inReward.objective().needsReference(), "not twice");
        PolicyLoss inLoss = (PolicyLoss) options("--loss", "rloo", "--kl", "0.1", "--kl-in", "loss").recipe("grpo").algorithm().objective();
        assertEquals(Kl.K3, inLoss.kl());
        assertEquals(0.1, inLoss.klCoefficient());
        assertEquals(Kl.K2, ((PolicyLoss) options("--kl", "0.1", "--kl-estimator", "k2").recipe("grpo").algorithm().objective()).kl());
    }

    @Test
    void partsOfALossCanBeSetAlone() {
        Algorithm mixed = options("--loss", "gspo", "--clip-high", "0.5", "--normalization", "batch", "--overlong", "4", "--aggregation",
                "token_mean").recipe("grpo").algorithm();
        PolicyLoss loss = (PolicyLoss) mixed.objective();
        assertEquals(PolicyLoss.Ratio.SEQUENCE, loss.ratio());
        assertEquals(3e-4, loss.clipLow());
        assertEquals(0.5, loss.clipHigh());
        assertEquals(lppo.Aggregation.TOKEN_MEAN, loss.aggregation());
        assertEquals(Normalization.BATCH, ((Advantage.Estimator) mixed.advantage()).normalization());
        assertEquals(new Overlong(14, 4), mixed.overlong());
        assertEquals(0, options("--loss", "dapo", "--refills", "0").recipe("grpo").refills(), "overrides the loss");
        assertEquals(3, options("--loss", "dapo").recipe("grpo").refills());
    }

    @Test
    void impossibleOptionsAreRefusedBeforeTheWork() {
        for (String[] wrong : new String[][] {{"--group-size", "1"}, {"--learning-rate", "NaN"}, {"--beta-min", "0.99"}, {"--alpha", "0"},
            {"--guided-share", "0"}, {"--hint-gain", "0"}, {"--fade", "2"}, {"--top-p", "0"}, {"--max-new-tokens", "0"}, {"--kl", "-1"},
            {"--loss", "best"}, {"--updates", "65"}, {"--refills", "-1"}, {"--temperature", "0"}}) {
            assertThrows(BadInput.class, () -> options(wrong).recipe("grpo"), String.join(" ", wrong));
        }
    }
}
