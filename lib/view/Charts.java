package view;

import static java.util.Map.entry;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import lppo.judge.ConfidenceInterval;
import org.knowm.xchart.AnnotationText;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.HeatMapChart;
import org.knowm.xchart.HeatMapChartBuilder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.AxesChartStyler;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.lines.SeriesLines;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * Charts with XChart, as images: a notebook displays them, a command writes them. A recipe has the same colour everywhere,
 * from the palette of Okabe and Ito, which colour-blind readers can distinguish.
 */
public final class Charts {

    private static final Map<String, Color> COLORS = Map.ofEntries(entry("GRPO", new Color(0x555555)),
            entry("GRPO + PG", new Color(0x0072B2)), entry("GRPO + LP", new Color(0xE69F00)), entry("LPPO", new Color(0xD55E00)),
            entry("SFT", new Color(0x009E73)), entry("SFT then GRPO", new Color(0xCC79A7)), entry("SFT then LPPO", new Color(0x56B4E9)),
            entry("SFT (60 steps)", new Color(0xCC79A7)), entry("adaptive hints", new Color(0x56B4E9)),
            entry("BREAD", new Color(0x009E73)), entry("MoPPS", new Color(0xCC79A7)), entry("dynamic sampling", new Color(0xB8A500)));
    private static final List<Color> OTHERS = List.of(new Color(0x0072B2), new Color(0xE69F00), new Color(0x009E73), new Color(0xCC79A7),
            new Color(0x56B4E9),
            new Color(0xD55E00), new Color(0x666666));

    private static final int BINS = 10; // of means

    private Charts() {}

    /**
     * Curves of means with a band of one standard deviation over seeds. A point whose neighbours are both missing or NaN, which belongs to
     * no line segment, is drawn as a dot, with an error bar in place of the band.
     */
    public static BufferedImage curves(String title, String xLabel, String yLabel, List<Curve> curves) {
        return BitmapEncoder.getBufferedImage(curves(title, xLabel, yLabel, curves, false));
    }

    /** Curves of shares, accuracies or probabilities on an axis from 0 to 1, on which no difference looks larger than it is. */
    public static BufferedImage shares(String title, String xLabel, String yLabel, List<Curve> curves) {
        return BitmapEncoder.getBufferedImage(curves(title, xLabel, yLabel, curves, true));
    }

    /**
     * Curves of the mean of a share over ten equal parts of the axis from 0 to 1, and below them how many points each mean is of.
     *
     * @param points by name: where they lie on the axis, and their shares
     */
    public static BufferedImage means(String title, String xLabel, String yLabel, Map<String, double[][]> points) {
        List<Curve> curves = new ArrayList<>();
        List<AnnotationText> counts = new ArrayList<>();
        points.forEach((name, xy) -> {
            double[] middles = IntStream.range(0, BINS).mapToDouble(bin -> (bin + 0.5) / BINS).toArray();
            List<double[]> bins = Arrays.stream(middles).mapToObj(middle -> IntStream.range(0, xy[0].length)
                    .filter(i -> Math.min(BINS - 1, Math.floor(xy[0][i] * BINS)) == Math.floor(middle * BINS)).mapToDouble(i -> xy[1][i])
                    .toArray()).toList();
            double row = -0.06 * (curves.size() + 1);
            IntStream.range(0, BINS).filter(bin -> bins.get(bin).length > 0).forEach(bin -> counts
                    .add(new AnnotationText(String.format(Locale.ROOT, "%,d", bins.get(bin).length), middles[bin], row, false)));
            counts.add(new AnnotationText(name, -0.09, row, false));
            curves.add(Curve.line(name, middles, bins.stream().mapToDouble(Curve::mean).toArray()));
        });
        XYChart chart = curves(title, xLabel, yLabel, curves, true);
        chart.getStyler().setXAxisMin(-0.19).setXAxisMax(1.0).setYAxisMin(-0.06 * (curves.size() + 1)).setXAxisTickMarkSpacingHint(150);
        chart.getStyler().setXAxisTickLabelsFormattingFunction(Charts::fromZero).setYAxisTickLabelsFormattingFunction(Charts::fromZero);
        chart.getStyler().setAnnotationTextFont(new Font(Font.SANS_SERIF, Font.PLAIN, 13));
        counts.forEach(chart::addAnnotation);
        return BitmapEncoder.getBufferedImage(chart);
    }

    /** A tick of an axis whose part below zero has words. */
    private static String fromZero(double value) {
        return value < -1e-9 ? "" : tick(value);
    }

    /**
     * Curves of shares over numbers such as 0, 4 and 64, which are drawn at equal distances, with a band of the 95 % interval of the mean
     * over seeds.
     *
     * @param places the numbers, in order
     * @param curves each with one value per place; their own x is ignored
     */
    public static BufferedImage sharesAt(String title, String xLabel, String yLabel, List<Integer> places, List<Curve> curves) {
        double[] x = IntStream.range(0, places.size()).asDoubleStream().toArray();
        double top = Math.min(1, 0.05 + curves.stream().flatMap(c -> c.runs().stream()).flatMapToDouble(Arrays::stream).max().orElse(1));
        XYChart chart = new XYChartBuilder().width(900).height(560).title(title).xAxisTitle(xLabel).yAxisTitle(yLabel).build();
        style(chart.getStyler());
        chart.getStyler().setYAxisMin(-0.07 * top).setYAxisMax(top).setXAxisMin(-0.2).setXAxisMax(places.size() - 0.8);
        chart.getStyler().setXAxisTickLabelsFormattingFunction(any -> "").setYAxisTickLabelsFormattingFunction(Charts::fromZero);
        chart.getStyler().setAnnotationTextFont(new Font(Font.SANS_SERIF, Font.PLAIN, 15));
        for (int i = 0; i < x.length; i++) {
            chart.addAnnotation(new AnnotationText(places.get(i).toString(), x[i], -0.035 * top, false));
        }
        int other = 0;
        for (Curve each : curves) {
            Curve curve = new Curve(each.name(), x, each.runs());
            Color color = COLORS.containsKey(curve.name()) ? COLORS.get(curve.name()) : OTHERS.get(other++ % OTHERS.size());
            List<ConfidenceInterval> intervals = IntStream.range(0, x.length).mapToObj(i -> ConfidenceInterval.ofMean(curve.at(i)))
                    .toList();
            if (curve.runs().size() > 1 && x.length > 1) {
                band(chart, curve, intervals.stream().mapToDouble(ConfidenceInterval::low).toArray(),
                        intervals.stream().mapToDouble(ConfidenceInterval::high).toArray(), 0, x.length, color);
            }
            XYSeries line = chart.addSeries(curve.name(), x, curve.mean());
            line.setMarker(SeriesMarkers.CIRCLE).setMarkerColor(color).setLineColor(color).setLineStyle(new BasicStroke(3f));
        }
        return BitmapEncoder.getBufferedImage(chart);
    }

    private static XYChart curves(String title, String xLabel, String yLabel, List<Curve> curves, boolean shares) {
        XYChart chart = new XYChartBuilder().width(900).height(560).title(title).xAxisTitle(xLabel).yAxisTitle(yLabel).build();
        style(chart.getStyler());
        if (shares) {
            chart.getStyler().setYAxisMin(0.0).setYAxisMax(1.0);
        }
        chart.getStyler().setErrorBarsColorSeriesColor(true);
        roundTicks(chart.getStyler(), curves.stream().flatMapToDouble(curve -> Arrays.stream(curve.x())).filter(Double::isFinite)
                .summaryStatistics());
        int other = 0;
        for (Curve curve : curves) {
            if (curve.x().length == 0) {
                continue; // a run that has just started
            }
            Color color = COLORS.containsKey(curve.name()) ? COLORS.get(curve.name()) : OTHERS.get(other++ % OTHERS.size());
            double[] mean = Arrays.stream(curve.mean()).map(y -> Double.isFinite(y) ? y : Double.NaN).toArray(); // infinite values are gaps
            bandsAndDots(chart, curve, mean, curve.deviation(), color);
            XYSeries line = chart.addSeries(curve.name(), curve.x(), mean);
            line.setMarker(SeriesMarkers.NONE).setLineColor(color).setLineStyle(new BasicStroke(3f));
        }
        return chart;
    }

    /** Plots unconnected points, a series per name. */
    public static BufferedImage points(String title, String xLabel, String yLabel, Map<String, double[][]> series) {
        XYChart chart = new XYChartBuilder().width(900).height(560).title(title).xAxisTitle(xLabel).yAxisTitle(yLabel).build();
        style(chart.getStyler());
        series.forEach((name, xy) -> {
            XYSeries added = chart.addSeries(name, xy[0], xy[1]);
            added.setXYSeriesRenderStyle(XYSeries.XYSeriesRenderStyle.Scatter);
            added.setMarker(SeriesMarkers.CIRCLE).setMarkerColor(COLORS.getOrDefault(name, OTHERS.get(0)));
        });
        return BitmapEncoder.getBufferedImage(chart);
    }

    /**
     * Plots bars side by side.
     *
     * @param series heights by name, one per category
     */
    public static BufferedImage bars(String title, String xLabel, String yLabel, List<String> categories,
            Map<String, double[]> series) {
        return bars(title, xLabel, yLabel, categories, series, false);
    }

    /** Plots stacked bars; otherwise as {@link #bars}. */
    public static BufferedImage stacked(String title, String xLabel, String yLabel, List<String> categories,
            Map<String, double[]> series) {
        return bars(title, xLabel, yLabel, categories, series, true);
    }

    private static BufferedImage bars(String title, String xLabel, String yLabel, List<String> categories,
            Map<String, double[]> series, boolean stacked) {
        CategoryChart chart = new CategoryChartBuilder().width(900).height(560).title(title).xAxisTitle(xLabel).yAxisTitle(yLabel).build();
        style(chart.getStyler());
        chart.getStyler().setAvailableSpaceFill(0.8).setStacked(stacked).setLegendVisible(series.size() > 1);
        chart.getStyler().setXAxisTickLabelsFormattingFunction(null).setXAxisMaxLabelCount(categories.size() > 24 ? 9 : Math.max(2,
                categories.size()));
        int longest = categories.stream().mapToInt(String::length).max().orElse(0);
        if (longest * categories.size() > 110) { // labels side by side would overlap
            chart.getStyler().setXAxisLabelRotation(30);
        }
        if (stacked) {
            chart.getStyler().setYAxisMin(0.0);
        }
        List<Color> colors = new ArrayList<>();
        series.forEach((name, heights) -> {
            chart.addSeries(name, categories, Arrays.stream(heights).boxed().toList());
            colors.add(COLORS.getOrDefault(name, OTHERS.get(colors.size() % OTHERS.size())));
        });
        chart.getStyler().setSeriesColors(colors.toArray(new Color[0]));
        return BitmapEncoder.getBufferedImage(chart);
    }

    /**
     * Plots means with 95 % intervals, one below the other, and a line at zero.
     *
     * @param samples values of each name, one per seed
     */
    public static BufferedImage intervals(String title, String xLabel, List<String> names, List<double[]> samples) {
        XYChart chart = new XYChartBuilder().width(900).height(200 + 30 * names.size()).title(title).xAxisTitle(xLabel).build();
        style(chart.getStyler());
        List<ConfidenceInterval> intervals = samples.stream().map(ConfidenceInterval::ofMean).toList();
        double low = Math.min(0, intervals.stream().mapToDouble(ConfidenceInterval::low).min().orElse(0));
        double high = Math.max(low + 1e-3, intervals.stream().mapToDouble(ConfidenceInterval::high).max().orElse(0));
        chart.getStyler().setYAxisMin(-1.0).setYAxisMax((double) names.size()).setXAxisMin(low - 0.7 * (high - low))
                .setLegendVisible(false);
        chart.getStyler().setXAxisTickLabelsFormattingFunction(x -> (x > 1e-12 ? "+" : "") + tick(x))
                .setYAxisTicksVisible(false) // no tick labels: names are in the plot
                .setAnnotationTextFont(new Font(Font.SANS_SERIF, Font.PLAIN, 14));
        for (int i = 0; i < names.size(); i++) {
            double y = names.size() - 1 - i;
            ConfidenceInterval interval = intervals.get(i);
            chart.addAnnotation(new AnnotationText(names.get(i), low - 0.38 * (high - low), y, false));
            XYSeries range = chart.addSeries(names.get(i), new double[] {interval.low(), interval.high()}, new double[] {y, y});
            range.setMarker(SeriesMarkers.NONE).setLineColor(OTHERS.get(0)).setLineStyle(new BasicStroke(3f));
            XYSeries mean = chart.addSeries(names.get(i) + " mean", new double[] {Curve.mean(samples.get(i))}, new double[] {y});
            mean.setMarker(SeriesMarkers.CIRCLE).setMarkerColor(OTHERS.get(0)).setLineStyle(SeriesLines.NONE);
        }
        XYSeries zero = chart.addSeries("zero", new double[] {0, 0}, new double[] {-1, names.size()});
        zero.setMarker(SeriesMarkers.NONE).setLineColor(Color.GRAY).setLineStyle(new BasicStroke(1f));
        return BitmapEncoder.getBufferedImage(chart);
    }

    /**
     * Plots a heat map, dark where values are high.
     *
     * @param cells {@code [columns][rows]}; NaN leaves a cell empty
     */
    public static BufferedImage heatMap(String title, String xLabel, String yLabel, double[][] cells) {
        HeatMapChart chart = new HeatMapChartBuilder().width(900).height(560).title(title).xAxisTitle(xLabel).yAxisTitle(yLabel).build();
        style(chart.getStyler());
        List<Number[]> points = new ArrayList<>();
        for (int x = 0; x < cells.length; x++) {
            for (int y = 0; y < cells[x].length; y++) {
                if (!Double.isNaN(cells[x][y])) {
                    points.add(new Number[] {x, y, cells[x][y]});
                }
            }
        }
        chart.addSeries("value", IntStream.range(0, cells.length).boxed().toList(), IntStream.range(0, cells[0].length).boxed().toList(),
                points);
        chart.getStyler().setRangeColors(new Color[] {new Color(0xF7FBFF), new Color(0x9ECAE1), new Color(0x08306B)});
        chart.getStyler().setShowValue(false);
        chart.getStyler().setXAxisMin(-1e-3).setYAxisMin(-1e-3); // as in roundTicks
        chart.getStyler().setAxisTicksMarksVisible(false).setPlotGridLinesVisible(false);
        DoubleSummaryStatistics range = points.stream().mapToDouble(point -> point[2].doubleValue()).summaryStatistics();
        chart.getStyler().setMin(Math.floor(100 * range.getMin()) / 100).setMax(Math.ceil(100 * range.getMax()) / 100);
        chart.getStyler().setPlotContentSize(1);
        return BitmapEncoder.getBufferedImage(chart);
    }

    /** Writes an image as PNG. */
    public static void write(BufferedImage image, Path file) throws IOException {
        ImageIO.write(image, "png", file.toFile());
    }

    /** Adds the band around each segment without a gap, and a dot for a segment of one point. */
    private static void bandsAndDots(XYChart chart, Curve curve, double[] mean, double[] deviation, Color color) {
        for (int from = 0, end; from < mean.length; from = end + 1) {
            end = from;
            while (end < mean.length && Double.isFinite(mean[end])) {
                end++;
            }
            if (end - from == 1) {
                boolean drawn = curve.runs().size() > 1 && Double.isFinite(Math.abs(mean[from]) + deviation[from]);
                double[] error = drawn ? new double[] {deviation[from]} : null;
                XYSeries dot = chart.addSeries(curve.name() + " dot " + from, new double[] {curve.x()[from]}, new double[] {mean[from]},
                        error);
                dot.setXYSeriesRenderStyle(XYSeries.XYSeriesRenderStyle.Scatter);
                dot.setMarker(SeriesMarkers.CIRCLE).setMarkerColor(color).setLineColor(color).setShowInLegend(false);
            } else if (end > from && curve.runs().size() > 1) {
                band(chart, curve, IntStream.range(0, mean.length).mapToDouble(i -> mean[i] - deviation[i]).toArray(),
                        IntStream.range(0, mean.length).mapToDouble(i -> mean[i] + deviation[i]).toArray(), from, end, color);
            }
        }
    }

    /** Adds the outline of a band from a point to before an end, thin and pale. */
    private static void band(XYChart chart, Curve curve, double[] low, double[] high, int from, int end, Color color) {
        int n = end - from;
        double[] x = new double[2 * n + 1];
        double[] y = new double[2 * n + 1];
        for (int i = 0; i < n; i++) {
            x[i] = curve.x()[from + i];
            y[i] = high[from + i];
            x[2 * n - 1 - i] = x[i];
            y[2 * n - 1 - i] = low[from + i];
        }
        x[2 * n] = x[0];
        y[2 * n] = y[0];
        XYSeries band = chart.addSeries(curve.name() + " band " + from, x, y);
        band.setXYSeriesRenderStyle(XYSeries.XYSeriesRenderStyle.PolygonArea);
        band.setMarker(SeriesMarkers.NONE).setLineColor(new Color(0, 0, 0, 0)).setShowInLegend(false);
        band.setFillColor(new Color(color.getRed(), color.getGreen(), color.getBlue(), 40));
    }

    /** Has ticks at round numbers: the library puts them at the points where these are equally spaced up to both ends of the axis. */
    private static void roundTicks(AxesChartStyler style, DoubleSummaryStatistics x) {
        if (x.getCount() > 0 && x.getMax() > x.getMin()) {
            style.setXAxisMin(x.getMin() - 0.013 * (x.getMax() - x.getMin()));
        }
    }

    /** A number at an axis, without the digits that binary fractions bring. */
    static String tick(double value) {
        double size = Math.abs(value);
        if (size < 1e-12) {
            return "0";
        }
        BigDecimal rounded = new BigDecimal(value).round(new MathContext(6)).stripTrailingZeros();
        return size < 1e-3 ? rounded.unscaledValue() + "e" + -rounded.scale()
                : String.format(Locale.ROOT, "%,." + Math.max(0, rounded.scale()) + "f", rounded);
    }

    private static void style(AxesChartStyler style) {
        style.setChartBackgroundColor(Color.WHITE);
        style.setLegendPosition(Styler.LegendPosition.OutsideS).setLegendLayout(Styler.LegendLayout.Horizontal);
        style.setLocale(Locale.ROOT);
        style.setXAxisTickMarkSpacingHint(110).setYAxisTickMarkSpacingHint(70);
        style.setXAxisTickLabelsFormattingFunction(Charts::tick).setYAxisTickLabelsFormattingFunction(Charts::tick);
        style.setLegendBorderColor(Color.WHITE);
        style.setChartTitleFont(new Font(Font.SANS_SERIF, Font.BOLD, 18));
        style.setLegendFont(new Font(Font.SANS_SERIF, Font.PLAIN, 15));
        style.setAxisTitleFont(new Font(Font.SANS_SERIF, Font.PLAIN, 15));
        style.setAxisTickLabelsFont(new Font(Font.SANS_SERIF, Font.PLAIN, 13));
        style.setPlotGridLinesColor(new Color(0xDDDDDD));
        style.setPlotBorderVisible(false);
    }
}
