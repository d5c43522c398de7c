package view;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Tests charts of little data, by the pixels in a recipe's colour. */
class ChartsTest {

    private static final int GRPO = 0xFF555555;
    private static final int LPPO = 0xFFD55E00;
    private static final int FIRST = 0xFF0072B2; // of a series that is no recipe
    private static final double NONE = Double.NaN;

    @Test
    void barsOfOneAndOfManyCategories() {
        assertTrue(inPlot(Charts.bars("t", "x", "y", List.of("a"), Map.of("s", new double[] {1})), FIRST) > 10_000);
        BufferedImage signs = Charts.bars("t", "x", "y", List.of("a", "b"),
                Map.of("GRPO", new double[] {0, 0}, "LPPO", new double[] {-1, 2}));
        assertTrue(inPlot(signs, LPPO) > 10_000);
        assertTrue(inPlot(signs, GRPO) < 1_000, "bars of no height");
        List<String> many = IntStream.range(0, 40).mapToObj(Integer::toString).toList();
        BufferedImage stairs = Charts.bars("t", "x", "y", many, Map.of("s", IntStream.range(0, 40).mapToDouble(i -> i).toArray()));
        assertTrue(inColumns(stairs, FIRST, 60, 250) * 5 < inColumns(stairs, FIRST, 650, 890), "the last are higher");
    }

    @Test
    void aLineIsDrawnWithoutDots() {
        BufferedImage line = curve(new double[] {1, 2}, List.of(new double[] {1, 1}));
        assertEquals(3, height(line), 1, "as thick as a line");
        assertTrue(inPlot(line, LPPO) > 2_000);
    }

    @Test
    void aPointWithoutNeighboursIsADot() {
        BufferedImage one = curve(new double[] {1}, List.of(new double[] {1}));
        assertEquals(50, inPlot(one, LPPO), 25, "a dot");
        BufferedImage gaps = curve(new double[] {1, 2, 3, 4, 5, 6}, List.of(new double[] {1, NONE, 1, NONE, NONE, 1}));
        assertEquals(3 * inPlot(one, LPPO), inPlot(gaps, LPPO), 30, "three dots");
        BufferedImage both = curve(new double[] {1, 2, 3, 4}, List.of(new double[] {1, NONE, 1, 1}));
        assertTrue(height(both) > 5 && inPlot(both, LPPO) > 500, "a dot and a line");
        assertEquals(0, inPlot(curve(new double[] {1, 2}, List.of(new double[] {NONE, NONE})), LPPO), "nothing to draw");
    }

    @Test
    void aPointOfSeveralSeedsHasAnErrorBarAndABandEndsAtAGap() {
        BufferedImage one = curve(new double[] {1}, List.of(new double[] {1}, new double[] {3}));
        assertTrue(height(one) > 300, "the error bar");
        int pale = 0xFFF8E6D7; // LPPO's colour, 40 of 255, on white
        BufferedImage gap = curve(new double[] {1, 2, 3, 4, 5}, List.of(new double[] {1, 1, NONE, 1, 1}, new double[] {3, 3, NONE, 3, 3}));
        assertTrue(inColumns(gap, pale, 60, 280) > 20_000, "the band before the gap");
        assertEquals(0, inColumns(gap, pale, 300, 640), "nothing in the gap");
        assertTrue(inColumns(gap, pale, 690, 890) > 20_000, "the band behind the gap");
    }

    @Test
    void heatMapsOfOneCellOfGapsAndOfEqualValues() {
        int low = 0xFFF7FBFF;
        int high = 0xFF08306B;
        BufferedImage one = Charts.heatMap("t", "x", "y", new double[][] {{1}});
        assertTrue(inPlot(one, low) + inPlot(one, high) > 100_000, "one cell fills the plot");
        BufferedImage gap = Charts.heatMap("t", "x", "y", new double[][] {{0, NONE}, {1, 1}});
        assertEquals(2, inPlot(gap, high) / (double) inPlot(gap, low), 0.1, "two high cells, one low, and one that is left empty");
    }

    @Test
    void anAxisOfSharesGoesFromZeroToOneWhateverTheValues() {
        double[] x = {1, 2, 3};
        BufferedImage flat = Charts.shares("t", "x", "y", List.of(Curve.line("LPPO", x, new double[] {0.30, 0.30, 0.30}),
                Curve.line("GRPO", x, new double[] {0.35, 0.35, 0.35})));
        BufferedImage ends = Charts.shares("t", "x", "y", List.of(Curve.line("LPPO", x, new double[] {0, 0, 0}), Curve.line("GRPO", x,
                new double[] {1, 1, 1})));
        double whole = middle(ends, LPPO) - middle(ends, GRPO);
        assertTrue(whole > 350, "nearly all of the height: " + whole);
        assertEquals(0.05 * whole, middle(flat, LPPO) - middle(flat, GRPO), 2, "no difference looks larger than it is");
        BufferedImage wide = Charts.shares("t", "x", "y", List.of(new Curve("LPPO", x, List.of(new double[] {0.9, 0.9, 0.9},
                new double[] {1, 1, 1}))));
        assertTrue(inPlot(wide, LPPO) > 1_000);
    }

    @Test
    void meansOfManyPointsAreOneCurveWithTheirCounts() {
        double[][] points = {{0.05, 0.05, 0.95, 1}, {0, 1, 1, 1}};
        BufferedImage image = Charts.means("t", "x", "y", Map.of("LPPO", points));
        assertEquals(2 * inPlot(curve(new double[] {1}, List.of(new double[] {1})), LPPO), inPlot(image, LPPO), 30,
                "two dots, at 0.5 and 1");
        BufferedImage more = Charts.means("t", "x", "y", Map.of("LPPO", new double[][] {{0.05, 0.05, 0.05, 0.05, 0.95, 1}, {0, 0, 1, 1, 1,
            1}}));
        long changed = IntStream.range(0, 560).filter(y -> IntStream.range(0, 900).anyMatch(x -> image.getRGB(x, y) != more.getRGB(x, y)))
                .count();
        assertTrue(changed > 4 && changed < 20, "only a count, 2 or 4, is another: " + changed + " rows of pixels");
    }

    @Test
    void ticksAreRoundNumbersWithoutTheDigitsOfBinaryFractions() {
        assertEquals(List.of("0", "0.3", "-0.25", "1,200,000", "2e-4", "-5e-5", "0.001", "7"), List.of(Charts.tick(0), Charts.tick(0.1
                + 0.2),
                Charts.tick(-0.25), Charts.tick(1.2e6), Charts.tick(2e-4), Charts.tick(-5e-5), Charts.tick(1e-3), Charts.tick(7)));
        BufferedImage odd = Charts.curves("t", "x", "y", List.of(Curve.line("LPPO", IntStream.range(0, 300).mapToDouble(i -> 5123 * i)
                .toArray(),
                IntStream.range(0, 300).asDoubleStream().toArray())));
        int[] line = IntStream.range(0, 900).filter(x -> IntStream.range(0, 480).anyMatch(y -> odd.getRGB(x, y) == LPPO)).toArray();
        int axis = IntStream.range(400, 540).boxed().max((a, b) -> Long.compare(dark(odd, a), dark(odd, b))).orElseThrow();
        int[] marks = IntStream.range(line[0] - 9, 900).filter(x -> dark(odd, x, axis + 3) && !dark(odd, x - 1, axis + 3)).toArray();
        double step = 299 * 5123.0 * (marks[marks.length - 1] - marks[0]) / (marks.length - 1) / (line[line.length - 1] - line[0]);
        assertEquals(200_000, step, 5_000, "tokens between two marks, which were 5123 times a whole number");
    }

    private static long dark(BufferedImage image, int y) {
        return IntStream.range(0, 900).filter(x -> dark(image, x, y)).count();
    }

    private static boolean dark(BufferedImage image, int x, int y) {
        return (image.getRGB(x, y) >> 16 & 255) < 0xD0;
    }

    /** The middle of the rows of the plot that hold a colour. */
    private static double middle(BufferedImage image, int color) {
        return IntStream.range(0, image.getHeight() - 80).filter(y -> IntStream.range(100, 800).filter(x -> image.getRGB(x, y) == color)
                .count() > 200)
                .average().orElseThrow();
    }

    @Test
    void intervalsOfOneNameOneSeedAndMany() {
        assertEquals(50, inPlot(Charts.intervals("t", "x", List.of("a"), List.of(new double[] {0})), FIRST), 45, "a dot");
        List<String> many = IntStream.range(0, 14).mapToObj(i -> "a condition of some length " + i).toList();
        BufferedImage image = Charts.intervals("t", "x", many,
                many.stream().map(name -> new double[] {-0.1, 0.02, name.length() / 100.0}).toList());
        int column = IntStream.range(0, 900).boxed().max((a, b) -> Long.compare(runs(image, a), runs(image, b))).orElseThrow();
        assertEquals(14, runs(image, column), "a line for each name");
    }

    private static BufferedImage curve(double[] x, List<double[]> runs) {
        return Charts.curves("t", "x", "y", List.of(new Curve("LPPO", x, runs)));
    }

    /** Pixels of a colour above axis and legend. */
    private static long inPlot(BufferedImage image, int color) {
        return inColumns(image, color, 0, 900);
    }

    private static long inColumns(BufferedImage image, int color, int from, int end) {
        return IntStream.range(0, image.getHeight() - 80)
                .mapToLong(y -> IntStream.range(from, end).filter(x -> image.getRGB(x, y) == color).count()).sum();
    }

    /** Rows of the plot that hold LPPO's colour. */
    private static long height(BufferedImage image) {
        return IntStream.range(0, image.getHeight() - 80)
                .filter(y -> IntStream.range(0, 900).anyMatch(x -> image.getRGB(x, y) == LPPO)).count();
    }

    /** How many stretches of the first colour a column of pixels crosses. */
    private static long runs(BufferedImage image, int x) {
        return IntStream.range(1, image.getHeight()).filter(y -> image.getRGB(x, y) == FIRST && image.getRGB(x, y - 1) != FIRST).count();
    }
}
