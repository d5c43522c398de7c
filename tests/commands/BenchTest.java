package commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import lppo.ChatModel;
import lppo.Checkout;
import lppo.Commands;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests the measurements of {@code bench} on the built-in policy, few rounds of each. */
class BenchTest {

    @Test
    void theProfileHasAllPartsAndTheirSharesAddUp(@TempDir Path folder) throws Exception {
        String said = new Commands(folder).run(0, "bench", "--model", Checkout.ROOT.resolve("data/base").toString(), "--profile",
                "--rounds", "10", "--threads", "1", "--out", folder.toString());
        assertTrue(said.contains("16 x 8 completions of up to 48 tokens"), said);
        List<String[]> rows = Files.readAllLines(folder.resolve("profile.csv")).stream().map(line -> line.split(",")).toList();
        assertEquals(List.of("part", "fp32 ms", "fp32 share", "bf16 ms", "bf16 share"), Arrays.asList(rows.get(0)));
        List<String> parts = rows.stream().skip(1).map(row -> row[0]).toList();
        assertTrue(parts.containsAll(List.of("prefill", "linear layers", "output layer", "attention", "drawing", "norms", "rotation",
                "activation", "writing the cache", "arguments and results", "detokenising", "first_difference", "all")), parts.toString());
        for (int column : new int[] {2, 4}) {
            double sum = rows.stream().skip(1).limit(parts.size() - 1).mapToDouble(row -> Double.parseDouble(row[column])).sum();
            assertEquals(1, sum, 0.02, said);
        }
        double linear = Double.parseDouble(rows.get(1 + parts.indexOf("linear layers"))[2]);
        assertTrue(linear > 0.02 && linear < 0.9, said);
    }

    @Test
    void anUpdateAndWholeStepsAreMeasuredInBothPrecisions(@TempDir Path folder) throws Exception {
        String said = new Commands(folder).run(0, "bench", "--model", ChatModel.write(folder).toString(), "--learning", "--rounds", "1",
                "--threads", "1", "--out", folder.toString());
        List<String> rows = Files.readAllLines(folder.resolve("learning.csv"));
        assertEquals(
                List.of("phase,seconds,\"PyTorch, TRL seconds\",ratio", "update, fp32", "update, bf16", "step, 16 of 16 groups speak, fp32",
                        "step, 16 of 16 groups speak, bf16", "step, 2 of 16 groups speak, fp32", "step, 2 of 16 groups speak, bf16"),
                rows.stream().map(row -> row.startsWith("phase") ? row : row.split("\"")[1]).toList(), said);
        for (String row : rows.subList(1, rows.size())) {
            assertTrue(Double.parseDouble(row.split("\"")[2].split(",")[1]) > 0, row);
        }
    }

    @Test
    void aProfileNeedsAModel(@TempDir Path folder) throws Exception {
        String said = new Commands(folder).run(2, "bench", "--profile", "--out", folder.toString());
        assertTrue(said.contains("--profile: needs a model; add --model DIR"), said);
        said = new Commands(folder).run(2, "bench", "--learning", "--out", folder.toString());
        assertTrue(said.contains("--learning: needs a model; add --model DIR"), said);
    }

    @Test
    void theLoadIsMeasuredForEachWayToWait(@TempDir Path folder) throws Exception {
        String said = new Commands(folder).run(0, "bench", "--load", "--sizes", "built-in", "--rounds", "1", "--threads", "2", "--out",
                folder.toString());
        List<String[]> rows = Files.readAllLines(folder.resolve("load.csv")).stream().map(line -> line.split(",")).toList();
        assertEquals(List.of("waiting", "rollout ms", "update ms", "loss alone %", "beside: rollout ms", "beside: update ms",
                "times slower"), Arrays.asList(rows.get(0)));
        assertEquals(5, rows.size(), said);
        double[] fastest = {Double.MAX_VALUE, Double.MAX_VALUE};
        for (String[] row : rows.subList(1, 5)) {
            fastest[0] = Math.min(fastest[0], value(row, 6));
            fastest[1] = Math.min(fastest[1], value(row, 5));
        }
        for (String[] row : rows.subList(1, 5)) {
            double slower = Math.max(value(row, 3) / value(row, 6), value(row, 2) / value(row, 5));
            assertEquals(slower, value(row, 1), 0.02 * slower, said);
            double loss = Math.max(value(row, 6) / fastest[0], value(row, 5) / fastest[1]) - 1;
            assertEquals(100 * loss, value(row, 4), 0.1 + loss, said);
        }
    }

    /** The n-th value from the end: the name at the beginning may have a comma. */
    private static double value(String[] row, int n) {
        return Double.parseDouble(row[row.length - n]);
    }
}
