package llm;

import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import commands.Children;
import common.Seed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import lppo.Checkout;
import lppo.data.Problem;
import lppo.rollout.Completion;
import lppo.rollout.Prompt;

/** The property that the result of a row does not depend on the other rows of its batch, for any decoding method. */
final class RowsApart {

    /** A way to decode: the completions of prompts, so many rows at a time. */
    interface Way {
        List<Completion> sample(Policy policy, List<Prompt> prompts, int rows);
    }

    /**
     * A model with random weights, and what it is asked.
     *
     * @param family of the fixtures, {@code qwen2} say
     * @param hidden width
     * @param wide width of the feed-forward layer
     * @param heads of queries
     * @param kvHeads of keys and values
     * @param dim width of a head
     * @param vocab tokens
     * @param positions most tokens of prompt and completion; prompts have up to a half
     * @param rows prompts, four of a kind
     */
    record Shape(String family, int hidden, int wide, int heads, int kvHeads, int dim, int vocab, int positions, int rows) {

        Policy policy(Path folder, Precision precision) throws IOException {
            Path fixture = Checkout.ROOT.resolve("tests/fixtures").resolve(family);
            JsonObject config = JsonParser.parseString(Files.readString(fixture.resolve("config.json"))).getAsJsonObject();
            config.addProperty("hidden_size", hidden);
            config.addProperty("intermediate_size", wide);
            config.addProperty("num_attention_heads", heads);
            config.addProperty("num_key_value_heads", kvHeads);
            config.addProperty("head_dim", dim);
            config.addProperty("vocab_size", vocab);
            config.addProperty("max_position_embeddings", positions);
            Files.writeString(folder.resolve("config.json"), config.toString());
            Files.copy(fixture.resolve("tokenizer.json"), folder.resolve("tokenizer.json"));
            try (Policy random = Policy.random(folder, 1.2 / Math.sqrt(hidden), new Seed(hidden), Device.cpu())) {
                random.save(folder);
            }
            return Policy.load(folder, Device.cpu(), precision, false);
        }

        /** Short ones first, so that their batches have no long one when few rows are decoded at a time. */
        List<Prompt> prompts() {
            SplittableRandom random = new SplittableRandom(hidden);
            List<Prompt> prompts = new ArrayList<>();
            for (int i = 0; i < rows; i++) {
                int most = i < rows / 2 ? 12 : positions / 2;
                int[] tokens = i % 4 > 0 ? prompts.get(i - 1).tokens() : random.ints(1 + random.nextInt(most), 3, vocab).toArray();
                prompts.add(Prompt.unguided(new Problem("p" + i, "?", "?", null, null, null), tokens));
            }
            return prompts;
        }
    }

    private RowsApart() {}

    /**
     * Fails unless each completion comes out the same in whatever company.
     *
     * @param tolerance of log-probabilities; if it is not 0, one completion in twenty may have another token, from which on it
     *     is not compared
     */
    static void check(Way way, Shape shape, Precision precision, float tolerance) throws IOException {
        Path folder = Files.createTempDirectory("rows");
        try (Policy policy = shape.policy(folder, precision)) {
            List<Prompt> prompts = shape.prompts();
            List<Completion> together = way.sample(policy, prompts, shape.rows);
            for (int i = 0; i < shape.rows; i += Math.max(6, shape.rows / 12)) {
                Completion alone = way.sample(policy, prompts.subList(i, i + 1), 1).get(0);
                boolean same = same(together.get(i), alone, tolerance, "%s, %s, row %d alone".formatted(shape, precision, i));
                assertTrue(same || tolerance > 0, "%s, %s, row %d alone drew another token".formatted(shape, precision, i));
            }
            for (int rows : new int[] {shape.rows, 7, 24}) {
                List<Completion> apart = way.sample(policy, prompts, rows);
                int parted = 0;
                for (int i = 0; i < prompts.size(); i++) {
                    String where = "%s, %s, %d rows at a time, row %d".formatted(shape, precision, rows, i);
                    parted += same(together.get(i), apart.get(i), tolerance, where) ? 0 : 1;
                }
                assertTrue(parted <= (tolerance == 0 ? 0 : shape.rows / 20), "%s, %s, %d rows at a time: %d rows drew another token"
                        .formatted(shape, precision, rows, parted));
            }
        } finally {
            Children.delete(folder);
        }
    }

    /** Whether both have the same tokens; up to the first that is not, log-probabilities must agree. */
    private static boolean same(Completion a, Completion b, float tolerance, String where) {
        int differs = Arrays.mismatch(a.tokens(), b.tokens());
        int shared = differs < 0 ? a.tokens().length : differs;
        for (int j = 0; j < shared; j++) {
            float difference = Math.abs(a.logProbs()[j] - b.logProbs()[j]);
            int token = j;
            assertTrue(difference <= tolerance,
                    () -> "%s, token %d: log-probability %s, together %s".formatted(where, token, b.logProbs()[token],
                            a.logProbs()[token]));
        }
        return differs < 0;
    }
}
