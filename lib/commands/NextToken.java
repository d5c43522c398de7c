package commands;

import java.util.Arrays;
import lppo.rollout.Sampling;

/** Draws one token from logits, as a rollout does for many rows. */
final class NextToken {

    private NextToken() {}

    /**
     * Returns the token at which the distribution function exceeds a number; the most probable one at temperature 0.
     *
     * @param logits unnormalised log-probabilities, {@code [vocab]}
     * @param uniform in [0, 1)
     */
    static int draw(float[] logits, Sampling sampling, double uniform) {
        int best = 0;
        for (int i = 1; i < logits.length; i++) {
            best = logits[i] > logits[best] ? i : best;
        }
        if (sampling.temperature() == 0) {
            return best;
        }
        double[] mass = new double[logits.length];
        for (int i = 0; i < mass.length; i++) {
            mass[i] = Math.exp((logits[i] - logits[best]) / sampling.temperature());
        }
        double least = least(mass, sampling);
        double total = 0;
        for (int i = 0; i < mass.length; i++) {
            mass[i] = mass[i] < least ? 0 : mass[i];
            total += mass[i];
        }
        double sum = 0;
        for (int i = 0; i < mass.length; i++) {
            sum += mass[i];
            if (sum > uniform * total) {
                return i;
            }
        }
        return best;
    }

    /** The smallest mass that top-k and top-p keep; ties with it stay. */
    private static double least(double[] mass, Sampling sampling) {
        boolean k = sampling.topK() > 0 && sampling.topK() < mass.length;
        if (!k && sampling.topP() == 1) {
            return 0;
        }
        double[] sorted = mass.clone();
        Arrays.sort(sorted);
        double least = k ? sorted[sorted.length - sampling.topK()] : 0;
        if (sampling.topP() < 1) {
            double kept = Arrays.stream(sorted).filter(x -> x >= least).sum();
            double before = 0;
            for (int i = sorted.length - 1; i >= 0; i--) {
                before += sorted[i];
                if (before >= sampling.topP() * kept) {
                    return Math.max(least, sorted[i]);
                }
            }
        }
        return least;
    }
}
