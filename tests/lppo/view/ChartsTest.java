package lppo.view;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Charts of little data, where a drawing library is weakest. */
class ChartsTest {

    @Test
    void barsOfOneAndOfManyCategories() {
        drawn(Charts.bars("t", "x", "y", List.of("a"), Map.of("s", new double[] {1})));
        drawn(Charts.bars("t", "x", "y", List.of("a", "b"), Map.of("s", new double[] {0, 0}, "LPPO", new double[] {-1, 2})));
        List<String> many = IntStream.range(0, 40).mapToObj(Integer::toString).toList();
        drawn(Charts.bars("t", "x", "y", many, Map.of("s", IntStream.range(0, 40).mapToDouble(i -> i).toArray())));
    }

    @Test
    void curvesOfOnePointOfGapsAndOfEqualValues() {
        drawn(Charts.curves("t", "x", "y", List.of(Curve.line("one", new double[] {1}, new double[] {1}))));
        drawn(Charts.curves("t", "x", "y", List.of(Curve.line("gap", new double[] {1, 2, 3}, new double[] {1, Double.NaN, 1}))));
        drawn(Charts.curves("t", "x", "y", List.of(new Curve("GRPO", new double[] {0, 5}, List.of(new double[] {1, 1}, new double[] {1, 2})))));
    }

    @Test
    void heatMapsOfOneCellOfGapsAndOfEqualValues() {
        drawn(Charts.heatMap("t", "x", "y", new double[][] {{1}}));
        drawn(Charts.heatMap("t", "x", "y", new double[][] {{1, Double.NaN}, {1, 1}}));
    }

    @Test
    void intervalsOfOneNameOneSeedAndMany() {
        drawn(Charts.intervals("t", "x", List.of("a"), List.of(new double[] {0})));
        List<String> many = IntStream.range(0, 14).mapToObj(i -> "a condition of some length " + i).toList();
        drawn(Charts.intervals("t", "x", many, many.stream().map(name -> new double[] {-0.1, 0.02, name.length() / 100.0}).toList()));
    }

    private static void drawn(BufferedImage image) {
        assertEquals(900, image.getWidth());
        assertTrue(IntStream.range(0, image.getWidth() * image.getHeight())
                .map(i -> image.getRGB(i % image.getWidth(), i / image.getWidth())).distinct().count() > 3, "something is drawn");
    }
}
