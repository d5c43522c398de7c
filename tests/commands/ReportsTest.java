package commands;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import lppo.Algorithm;
import lppo.run.Recipe;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tech.tablesaw.api.Table;
import view.Charts;

/** Tests the reports of comparisons of synthetic runs. */
class ReportsTest {

    private static final List<Recipe> TWO = List.of(Recipe.grpo(), Recipe.lppo());

    @TempDir
    Path folder;

    @Test
    void recipesAcrossLosses() throws Exception {
        Map<String, List<RunGroup>> conditions = new LinkedHashMap<>();
        for (Algorithm loss : Algorithm.all(14)) { // LPPO is 0.1, 0.2 and 0.3 above GRPO, whatever the loss
            conditions.put(loss.title(),
                    List.of(runs(loss.id(), Recipe.grpo(), 0.2, 0.3, 0.4), runs(loss.id(), Recipe.lppo(), 0.3, 0.5, 0.7)));
        }
        ConditionReport across = new ConditionReport("loss", conditions);
        Table table = across.table();
        assertEquals(List.of("loss", "GRPO", "LPPO", "LPPO minus GRPO [95 %]"), table.columnNames());
        assertEquals(List.of("GRPO", "Dr. GRPO", "DAPO", "GSPO", "CISPO", "RLOO", "REINFORCE++"), table.stringColumn(0).asList());
        for (int row = 0; row < 7; row++) {
            assertEquals("0.300 ± 0.100", table.stringColumn(1).get(row));
            assertEquals("0.500 ± 0.200", table.stringColumn(2).get(row));
            assertEquals("+0.200 [+0.100, +0.300]", table.stringColumn(3).get(row));
        }

        across.write(folder, "Recipe by loss", "3 seeds, 40 steps.");
        assertTrue(ImageIO.read(folder.resolve("across.png").toFile()).getWidth() > 0);
        String csv = Files.readString(folder.resolve("across.csv"));
        assertFalse(csv.contains("\r"), "lines end alike on every system");
        List<String> lines = csv.lines().toList();
        assertEquals("loss,recipe,seed_index,level,greedy,average", lines.get(0));
        assertEquals(1 + 7 * 2 * 3 * 2, lines.size());
        assertEquals("\"GRPO\",GRPO,0,\"3\",0.2,0.2", lines.get(1));
        assertEquals("\"REINFORCE++\",LPPO,2,\"all\",0.7,0.7", lines.get(lines.size() - 1));
        String page = Files.readString(folder.resolve("report.md"));
        assertTrue(page.startsWith("# Recipe by loss\n\n3 seeds, 40 steps.") && page.contains("REINFORCE++"), page);
        assertEquals(2 + 7, page.lines().filter(l -> l.startsWith("|")).count(), "a table of seven losses");
    }

    @Test
    void oneRecipeAndOneSeedAcrossLossesComparesNothing() throws Exception {
        ConditionReport across = new ConditionReport("loss", Map.of("GSPO", List.of(runs("gspo", Recipe.grpo(), 0.25))));
        assertEquals(List.of("loss", "GRPO"), across.table().columnNames());
        assertEquals("0.250", across.table().stringColumn(1).get(0), "no spread of one");
        across.write(folder, "", "");
        assertEquals("\"GSPO\",GRPO,0,\"3\",0.25,0.25", Files.readAllLines(folder.resolve("across.csv")).get(1));
    }

    @Test
    void allRecipesRankedByAccuracy() throws Exception {
        List<RunGroup> compared = new ArrayList<>();
        double greedy = 0.2;
        for (String name : Recipe.names()) { // the later, the better, but for GRPO
            Recipe recipe = Recipe.named(name);
            compared.add(name.equals("grpo") ? runs("a", recipe, 0.5, 0.5, 0.5) : runs("a", recipe, greedy, greedy + 0.1, greedy + 0.2));
            greedy += 0.05;
        }
        RecipeReport report = new RecipeReport(compared, List.of(), 0.4, true);
        Table table = report.table();
        assertEquals(Recipe.names().size(), table.rowCount());
        double[] means = table.stringColumn("greedy").asList().stream().mapToDouble(s -> Double.parseDouble(s.substring(0, 5))).toArray();
        for (int i = 1; i < means.length; i++) {
            assertTrue(means[i] <= means[i - 1], "the best first");
        }
        int grpo = table.stringColumn("recipe").asList().indexOf("GRPO");
        assertTrue(grpo > 0);
        assertEquals("", table.stringColumn("greedy minus GRPO [95 %]").get(grpo));
        report.write(folder, "setting");
        String page = Files.readString(folder.resolve("report.md"));
        assertTrue(page.contains("- dynamic sampling: above GRPO.") && page.contains("- BREAD: not distinguishable from GRPO."), page);
        assertTrue(page.contains("- GRPO + PG: below GRPO."), page);
        assertTrue(ImageIO.read(folder.resolve("accuracy-tokens.png").toFile()).getWidth() > 0);
        List<String> curves = Files.readAllLines(folder.resolve("curves.csv"));
        assertEquals(1 + 8 * 3 * 4, curves.size());
        assertEquals(curves.get(0).split(",", -1).length, curves.get(1).split(",", -1).length, curves.get(1));
    }

    @Test
    void otherWeightsAreRankedByValidationAndJudgedOnHeldOutProblems() throws Exception {
        List<WeightStudy.Result> results = List.of(result("LPPO", 0.30, 0.20, 0.21, 0.22), result("GRPO + PG", 0.31, 0.21, 0.22, 0.24),
                result("above both", 0.32, 0.26, 0.27, 0.28), result("above one", 0.33, 0.22, 0.21, 0.25));
        assertEquals(List.of("above one", "above both", "GRPO + PG", "LPPO"), WeightStudy.table(results).stringColumn("method").asList());
        assertEquals("+0.060 [+0.060, +0.060]", WeightStudy.table(results).stringColumn("held-out minus LPPO [95 %]").get(1));
        assertEquals("", WeightStudy.table(results).stringColumn("minus GRPO + PG [95 %]").get(2));
        assertEquals(List.of("above both"), WeightStudy.better(results));
        WeightStudy.write(folder, results, "setting");
        String page = Files.readString(folder.resolve("report.md"));
        assertTrue(page.contains("Above both LPPO and GRPO + PG by their intervals: above both."), page);
        assertEquals("\"above one\",3,40,0.33,0.25,0.25", Files.readAllLines(folder.resolve("weights.csv")).get(12));
        assertTrue(ImageIO.read(folder.resolve("weights.png").toFile()).getWidth() > 0);
        WeightStudy.write(folder, results.subList(0, 2), "setting");
        assertTrue(Files.readString(folder.resolve("report.md")).contains("No method is above both"), "and if none is, it says so");
    }

    private static WeightStudy.Result result(String name, double validation, double... heldOut) {
        double[] same = Arrays.stream(heldOut).map(x -> validation).toArray();
        return new WeightStudy.Result(name, same, heldOut, heldOut, Arrays.stream(heldOut).map(x -> 40).toArray());
    }

    @Test
    void recipesInTheirOrder() throws Exception {
        List<RunGroup> compared = new ArrayList<>();
        for (Recipe recipe : TWO) {
            compared.add(runs("b", recipe, recipe.guided() ? 0.4 : 0.2));
        }
        Table table = new RecipeReport(compared, List.of(), 0.3, false).table();
        assertEquals(List.of("GRPO", "LPPO"), table.stringColumn("recipe").asList());
        assertEquals("never", table.stringColumn("steps to 0.30").get(0));
        assertEquals("40", table.stringColumn("steps to 0.30").get(1));
        assertEquals("4000", table.stringColumn("tokens to it").get(1));
        assertEquals("+0.200", table.stringColumn("greedy minus GRPO [95 %]").get(1));
    }

    @Test
    void aShortRunIsShownStepByStepAndWhatIsMissingIsLeftOut() throws Exception {
        Path run = Files.createDirectories(folder.resolve("short"));
        Files.writeString(run.resolve("metrics.csv"), "step,loss,entropy\n1,NaN,NaN\n2,0.5,NaN\n");
        RunGroup runs = new RunGroup("GRPO", List.of(run));
        assertArrayEquals(new double[] {1, 2}, runs.metrics("loss", 5).x());
        assertArrayEquals(new double[] {Double.NaN, 0.5}, runs.metrics("loss", 5).mean());
        for (String column : List.of("loss", "entropy")) { // a chart without a value is empty, but a chart
            assertTrue(Charts.curves(column, "step", column, List.of(runs.metrics(column, 1))).getWidth() > 0);
        }
    }

    @Test
    void levelsMayBeWordsOrAbsent() throws Exception {
        List<RunGroup> compared = List.of(runs("words", Recipe.grpo(), 0.2, 0.4), runs("words", Recipe.lppo(), 0.4, 0.6));
        relevel(compared, "3", "\"number theory, \"\"easy\"\"\"");
        RecipeReport report = new RecipeReport(compared, List.of(), 0.4, false);
        assertFalse(report.table().columnNames().contains("greedy, hardest level"), "words have no order");
        report.write(folder, "setting");
        BufferedImage bars = ImageIO.read(folder.resolve("accuracy-levels.png").toFile());
        assertTrue(IntStream.range(0, bars.getWidth()).anyMatch(x -> bars.getRGB(x, 300) == 0xFFD55E00), "LPPO's bar");
        new ConditionReport("loss", Map.of("GSPO", compared)).write(folder, "", "");
        assertEquals("\"GSPO\",LPPO,1,\"number theory, \"\"easy\"\"\",0.6,0.6", Files.readAllLines(folder.resolve("across.csv")).get(6));

        Files.delete(folder.resolve("accuracy-levels.png"));
        relevel(compared, "\"number theory, \"\"easy\"\"\"", "all");
        report.write(folder, "setting");
        assertFalse(Files.exists(folder.resolve("accuracy-levels.png")), "no level, no chart by level");
    }

    private static void relevel(List<RunGroup> groups, String from, String to) throws IOException {
        for (RunGroup runs : groups) {
            for (Path run : runs.folders()) {
                Path file = run.resolve("evaluation.csv");
                Files.writeString(file, Files.readString(file).replace("," + from + ",4,", "," + to + ",4,"));
            }
        }
    }

    /** Run folders, one a seed, that end at these accuracies after 40 steps of 100 tokens. */
    private RunGroup runs(String condition, Recipe recipe, double... greedy) throws IOException {
        List<Path> folders = new ArrayList<>();
        for (int seed = 0; seed < greedy.length; seed++) {
            Path run = Files.createDirectories(folder.resolve(condition).resolve(recipe.title() + "-" + seed));
            Files.writeString(run.resolve("evaluation.csv"),
                    String.format(Locale.ROOT, "step,sampled_tokens,level,problems,greedy,average,undecided%n"
                            + "0,0,3,4,0,0,%n0,0,all,4,0,0,0%n40,4000,3,4,%1$s,%1$s,%n40,4000,all,4,%1$s,%1$s,0%n", greedy[seed]));
            StringBuilder metrics = new StringBuilder("step,sampled_tokens,silent_share\n");
            StringBuilder problems = new StringBuilder("step,problem,level,pass_rate,guided_pass_rate,ema,progress,weight,guided,beta\n");
            for (int step = 1; step <= 40; step++) {
                metrics.append("%d,%d,0.5\n".formatted(step, 100 * step));
                problems.append("%d,p%d,3,0.5,,0.5,0,1,%d,0.5\n".formatted(step, step % 5, recipe.guided() ? 1 : 0));
            }
            Files.writeString(run.resolve("metrics.csv"), metrics);
            Files.writeString(run.resolve("problems.csv"), problems);
            folders.add(run);
        }
        return new RunGroup(recipe.title(), folders);
    }
}
