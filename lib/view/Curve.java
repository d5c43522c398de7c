package view;

import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * The runs of one recipe over seeds, at common points.
 *
 * @param name for legends
 * @param x points, such as steps
 * @param runs a row per seed, each as long as {@code x}
 */
public record Curve(String name, double[] x, List<double[]> runs) {

    /** Returns the curve of a single run through points. */
    public static Curve line(String name, double[] x, double[] y) {
        return new Curve(name, x, List.of(y));
    }

    /**
     * Returns a curve through two numbers of each row, for example {@code Curve.of("loss", metrics, StepMetrics::step,
     * StepMetrics::loss)}.
     */
    public static <T> Curve of(String name, List<T> rows, ToDoubleFunction<? super T> x, ToDoubleFunction<? super T> y) {
        return line(name, rows.stream().mapToDouble(x).toArray(), rows.stream().mapToDouble(y).toArray());
    }

    /** Returns the mean over seeds at each point. */
    public double[] mean() {
        double[] mean = new double[x.length];
        for (int i = 0; i < mean.length; i++) {
            mean[i] = mean(at(i));
        }
        return mean;
    }

    /** Returns the sample standard deviation over seeds at each point; 0 for one seed. */
    public double[] deviation() {
        double[] deviation = new double[x.length];
        for (int i = 0; i < deviation.length; i++) {
            deviation[i] = deviation(at(i));
        }
        return deviation;
    }

    /** Returns the values of all seeds at a point. */
    public double[] at(int point) {
        return runs.stream().mapToDouble(run -> run[point]).toArray();
    }

    /** Returns the mean. */
    public static double mean(double[] values) {
        return Arrays.stream(values).average().orElse(Double.NaN);
    }

    /** Returns the sample standard deviation; 0 for one value. */
    public static double deviation(double[] values) {
        double mean = mean(values);
        return values.length < 2 ? 0
                : Math.sqrt(Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum() / (values.length - 1));
    }
}
