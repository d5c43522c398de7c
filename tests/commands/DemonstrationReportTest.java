package commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tech.tablesaw.api.Table;
import view.Curve;

/** Tests the tables, chart and crossings of accuracy by number of demonstrations. */
class DemonstrationReportTest {

    private static final List<Integer> COUNTS = List.of(0, 8, 64);
    /** On the scale log(1 + N), a third of the way from 8 to 64. */
    private static final double THIRD = Math.exp((2 * Math.log(9) + Math.log(65)) / 3) - 1;

    @TempDir
    Path folder;

    @Test
    void curvesCrossWhereTheirMeansDo() {
        Curve flat = curve("GRPO", row(0.3, 0.3, 0.3), row(0.3, 0.3, 0.3));
        Curve rising = curve("SFT", row(0.2, 0.2, 0.5), row(0.2, 0.2, 0.5));
        List<DemonstrationReport.Crossing> crossings = new DemonstrationReport(COUNTS, List.of(flat, rising)).crossings();
        assertEquals(1, crossings.size());
        DemonstrationReport.Crossing crossing = crossings.get(0);
        assertEquals("SFT is ahead of GRPO from about 16 demonstrations [95 %: 16 to 16].", crossing.words(true));
        assertEquals(THIRD, crossing.at(), 1e-9);
        assertEquals(THIRD, crossing.low(), 1e-9);
        assertEquals(THIRD, crossing.high(), 1e-9);
    }

    /** A resample of the seed that is never ahead has no crossing, nor has one of the seed that always is. */
    @Test
    void theIntervalSaysWhetherThereMayBeNoCrossing() {
        Curve flat = curve("GRPO", row(0.3, 0.3, 0.3), row(0.3, 0.3, 0.3));
        Curve never = curve("SFT", row(0.2, 0.2, 0.6), row(0.2, 0.2, 0.2));
        assertEquals("SFT is ahead of GRPO from about 23 demonstrations [95 %: 14 to never].",
                new DemonstrationReport(COUNTS, List.of(flat, never)).crossings().get(0).words(true));
        Curve always = curve("SFT", row(0.2, 0.2, 0.5), row(0.35, 0.35, 0.5));
        assertEquals("SFT is ahead of GRPO from about 10 demonstrations [95 %: always to 16].",
                new DemonstrationReport(COUNTS, List.of(flat, always)).crossings().get(0).words(true));
    }

    @Test
    void equalCurvesAndThoseThatStayApartDoNotCross() {
        Curve flat = curve("GRPO", row(0.3, 0.3, 0.3));
        Curve same = curve("GRPO + PG", row(0.3, 0.3, 0.3));
        Curve above = curve("LPPO", row(0.3, 0.4, 0.3)); // equal at both ends
        assertEquals(List.of(), new DemonstrationReport(COUNTS, List.of(flat, same, above)).crossings());
    }

    @Test
    void theReportHasTablesChartAndNumbers() throws Exception {
        Curve grpo = curve("GRPO", row(0.2, 0.2, 0.2), row(0.3, 0.3, 0.3), row(0.4, 0.4, 0.4));
        Curve lppo = curve("LPPO", row(0.1, 0.3, 0.2), row(0.2, 0.5, 0.4), row(0.3, 0.7, 0.6));
        DemonstrationReport report = new DemonstrationReport(COUNTS, List.of(grpo, lppo));
        Table table = report.table();
        assertEquals(List.of("demonstrations", "GRPO", "LPPO"), table.columnNames());
        assertEquals(List.of("0", "8", "64"), table.stringColumn(0).asList());
        assertEquals("0.500 ± 0.200", table.stringColumn("LPPO").get(1));
        assertEquals(List.of("-0.100 [-0.100, -0.100]", "+0.200 [+0.100, +0.300]", "+0.100 [+0.000, +0.200]"),
                report.differences().stringColumn("LPPO minus GRPO").asList());
        report.write(folder, "By number", "3 seeds.");
        List<String> csv = Files.readAllLines(folder.resolve("demonstrations.csv"));
        assertEquals(1 + 2 * 3 * 3, csv.size());
        assertEquals("LPPO,2,64,0.6", csv.get(csv.size() - 1));
        String page = Files.readString(folder.resolve("report.md"));
        assertTrue(page.startsWith("# By number\n\n3 seeds.\n") && page.contains("- LPPO is ahead of GRPO from about 1 demonstrations ["),
                page);
        BufferedImage chart = ImageIO.read(folder.resolve("accuracy-demonstrations.png").toFile());
        long orange = IntStream.range(0, chart.getWidth() * chart.getHeight())
                .filter(i -> chart.getRGB(i % chart.getWidth(), i / chart.getWidth()) == 0xFFD55E00).count();
        assertTrue(orange > 500, "LPPO's line: " + orange);
    }

    @Test
    void theBestSettingOfEachMethodIsMarked() {
        Map<String, Map<String, double[]>> tried = new LinkedHashMap<>();
        tried.put("GRPO", new LinkedHashMap<>(Map.of("slow", new double[] {0.2, 0.3})));
        tried.get("GRPO").put("fast", new double[] {0.4, 0.2});
        Table settings = DemonstrationReport.settings(tried);
        assertEquals(List.of("", "x"), settings.stringColumn("best").asList());
        assertEquals("0.250 ± 0.071", settings.stringColumn("greedy, validation").get(0));
    }

    private static double[] row(double... values) {
        return values;
    }

    private static Curve curve(String name, double[]... rows) {
        return new Curve(name, COUNTS.stream().mapToDouble(c -> c).toArray(), Arrays.asList(rows));
    }
}
