package lppo;

import common.BadInput;
import lppo.data.Problem;
import lppo.data.Step;

/**
 * LPPO's hint (arXiv 2507.06573, prefix-guided sampling): a prefix of the expert solution of random length, beta ~ U(betaMin, betaMax),
 * sampled anew for each step and problem. The paper, as available to us, does not give the range.
 *
 * @param betaMin smallest share, 0 or more
 * @param betaMax largest share, at most 1
 */
public record RandomPrefix(double betaMin, double betaMax) implements Hint {

    public RandomPrefix {
        BadInput.unless(betaMin >= 0 && betaMax <= 1, "beta range [%s, %s]: must lie within [0, 1]", betaMin, betaMax);
        BadInput.unless(betaMin <= betaMax, "beta range [%s, %s]: the lower bound exceeds the upper bound", betaMin, betaMax);
    }

    @Override
    public double beta(Problem problem, Step step) {
        return betaMin + (betaMax - betaMin) * step.random("beta", problem.id(), 0).nextDouble();
    }
}
