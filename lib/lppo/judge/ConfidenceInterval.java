package lppo.judge;

import common.Seed;
import java.util.Arrays;
import java.util.SplittableRandom;

/** A 95 % interval. */
public record ConfidenceInterval(double low, double high) {

    private static final int RESAMPLES = 10_000;

    /**
     * The percentile bootstrap of a mean (Efron 1979), from 10,000 keyed resamples: the same values give the same interval. For several
     * samples, the interval of the mean of their means, each sample being resampled independently.
     *
     * @param samples independent and identically distributed values, such as scores of problems; NaN gives NaN
     */
    public static ConfidenceInterval ofMean(double[]... samples) {
        SplittableRandom random = new Seed(0).at("bootstrap", 0);
        double[] means = new double[RESAMPLES];
        for (int resample = 0; resample < RESAMPLES; resample++) {
            for (double[] values : samples) {
                double sum = 0;
                for (int i = 0; i < values.length; i++) {
                    sum += values[random.nextInt(values.length)];
                }
                means[resample] += sum / values.length / samples.length;
            }
        }
        Arrays.sort(means); // NaN last
        return Double.isNaN(means[RESAMPLES - 1]) ? new ConfidenceInterval(Double.NaN, Double.NaN)
                : new ConfidenceInterval(means[RESAMPLES / 40], means[RESAMPLES - RESAMPLES / 40 - 1]);
    }
}
