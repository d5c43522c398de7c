package lppo.view;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * Charts with XChart, as images: a notebook displays them, a command writes them. A recipe has the same colour everywhere,
 * from the palette of Okabe and Ito, which colour-blind readers can tell apart.
 */
public final class Charts {

    private static final Map<String, Color> COLORS = Map.of("GRPO", new Color(0x555555), "GRPO + PG", new Color(0x0072B2),
            "GRPO + LP", new Color(0xE69F00), "LPPO", new Color(0xD55E00), "SFT", new Color(0x009E73));
    private static final List<Color> OTHERS =
            List.of(new Color(0xCC79A7), new Color(0x56B4E9), new Color(0x009E73), new Color(0xE69F00), new Color(0x0072B2));

    private Charts() {}

    /** Curves of means with a band of one standard deviation over seeds. */
    public static BufferedImage curves(String title, String xLabel, String yLabel, List<Curve> curves) {
        XYChart chart = new XYChartBuilder().width(900).height(560).title(title).xAxisTitle(xLabel).yAxisTitle(yLabel).build();
        style(chart);
        int other = 0;
        for (Curve curve : curves) {
            Color color = COLORS.containsKey(curve.name()) ? COLORS.get(curve.name()) : OTHERS.get(other++ % OTHERS.size());
            double[] mean = curve.mean();
            double[] deviation = curve.deviation();
            if (curve.runs().size() > 1) {
                band(chart, curve, mean, deviation, color);
            }
            XYSeries line = chart.addSeries(curve.name(), curve.x(), mean);
            line.setMarker(SeriesMarkers.NONE).setLineColor(color).setLineStyle(new BasicStroke(3f));
        }
        return BitmapEncoder.getBufferedImage(chart);
    }

    /** Unconnected points, a series per name. */
    public static BufferedImage points(String title, String xLabel, String yLabel, Map<String, double[][]> series) {
        XYChart chart = new XYChartBuilder().width(900).height(560).title(title).xAxisTitle(xLabel).yAxisTitle(yLabel).build();
        style(chart);
        series.forEach((name, xy) -> {
            XYSeries added = chart.addSeries(name, xy[0], xy[1]);
            added.setXYSeriesRenderStyle(XYSeries.XYSeriesRenderStyle.Scatter);
            added.setMarker(SeriesMarkers.CIRCLE).setMarkerColor(COLORS.getOrDefault(name, OTHERS.get(0)));
        });
        return BitmapEncoder.getBufferedImage(chart);
    }

    /** Writes an image as PNG. */
    public static void write(BufferedImage image, Path file) throws IOException {
        ImageIO.write(image, "png", file.toFile());
    }

    /** The outline of mean plus and minus one standard deviation, thin and pale. */
    private static void band(XYChart chart, Curve curve, double[] mean, double[] deviation, Color color) {
        int n = mean.length;
        double[] x = new double[2 * n + 1];
        double[] y = new double[2 * n + 1];
        for (int i = 0; i < n; i++) {
            x[i] = curve.x()[i];
            y[i] = mean[i] + deviation[i];
            x[2 * n - 1 - i] = curve.x()[i];
            y[2 * n - 1 - i] = mean[i] - deviation[i];
        }
        x[2 * n] = x[0];
        y[2 * n] = y[0];
        XYSeries band = chart.addSeries(curve.name() + " band", x, y);
        band.setXYSeriesRenderStyle(XYSeries.XYSeriesRenderStyle.PolygonArea);
        band.setMarker(SeriesMarkers.NONE).setLineColor(new Color(0, 0, 0, 0)).setShowInLegend(false);
        band.setFillColor(new Color(color.getRed(), color.getGreen(), color.getBlue(), 40));
    }

    private static void style(XYChart chart) {
        Styler style = chart.getStyler();
        style.setChartBackgroundColor(Color.WHITE);
        style.setLegendPosition(Styler.LegendPosition.OutsideE);
        style.setLegendBorderColor(Color.WHITE);
        style.setChartTitleFont(new Font(Font.SANS_SERIF, Font.BOLD, 18));
        style.setLegendFont(new Font(Font.SANS_SERIF, Font.PLAIN, 15));
        chart.getStyler().setAxisTitleFont(new Font(Font.SANS_SERIF, Font.PLAIN, 15));
        chart.getStyler().setAxisTickLabelsFont(new Font(Font.SANS_SERIF, Font.PLAIN, 13));
        chart.getStyler().setPlotGridLinesColor(new Color(0xDDDDDD));
        chart.getStyler().setPlotBorderVisible(false);
    }
}
