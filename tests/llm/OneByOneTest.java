package llm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import common.Seed;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import lppo.ChatModel;
import lppo.Checkout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A sequence that is continued, cut and replaced has the logits of whole sequences; its text comes in whole characters. */
class OneByOneTest {

    @TempDir
    Path folder;

    @Test
    void whatIsNewRunsAndTheRestIsKept() throws Exception {
        Path model = ChatModel.write(folder, 2048, "<|im_end|>");
        for (Precision precision : new Precision[] {Precision.FP32, Precision.BF16}) {
            try (Policy policy = Policy.load(model, Device.cpu(), precision, false)) {
                check(policy, precision == Precision.FP32 ? 1e-4 : 0.15);
            }
        }
        try (Policy base = Policy.load(model, Device.cpu())) {
            Lora adapters = Lora.fresh(base.config(), Lora.Settings.of(4), new Seed(1), base.manager());
            check(base.adapted(adapters), 1e-4);
        }
    }

    private static void check(Policy policy, double tolerance) {
        SplittableRandom random = new SplittableRandom(1);
        int[] tokens = random.ints(700, 0, policy.config().vocabSize()).toArray();
        try (OneByOne sequence = new OneByOne(policy)) {
            for (int length : new int[] {1, 7, 8, 9, 30, 20, 20, 21, 300, 301, 600, 5, 520}) { // grows, begins again, outgrows its slots
                assertArrayEquals(whole(policy, tokens, length), sequence.next(Arrays.copyOf(tokens, length)), (float) tolerance,
                        "length " + length);
                assertEquals(length, sequence.length());
            }
            int[] other = tokens.clone();
            other[10] = (other[10] + 1) % policy.config().vocabSize(); // another beginning after ten tokens
            assertArrayEquals(whole(policy, other, 40), sequence.next(Arrays.copyOf(other, 40)), (float) tolerance);
        }
    }

    private static float[] whole(Policy policy, int[] tokens, int length) {
        float[][] logits = new float[1][];
        Scopes.run(() -> {
            long[] first = IntStream.of(tokens).limit(length).asLongStream().toArray();
            NDArray hidden = policy.decoder().hidden(policy.manager().create(first, new Shape(1, length)), null);
            logits[0] = policy.decoder().logits(hidden.reshape(length, -1).get(length - 1)).toFloatArray();
        });
        return logits[0];
    }

    @Test
    void charactersComeWhole() throws Exception {
        String text = "Ünïcode: 你好, 😀👩‍🚀 e\u0301 and\n\n  two  spaces 1,234 \uFFFD.";
        for (String fixture : List.of("qwen2-tokenizer", "llama3-tokenizer")) {
            try (Tokenizer tokenizer = Tokenizer.load(Checkout.ROOT.resolve("tests/fixtures").resolve(fixture))) {
                int[] tokens = tokenizer.encode(text);
                StreamedText streamed = new StreamedText(tokenizer);
                StringBuilder all = new StringBuilder();
                int silent = 0;
                for (int token : tokens) {
                    String piece = streamed.add(token);
                    assertTrue(piece.isEmpty() || !Character.isHighSurrogate(piece.charAt(piece.length() - 1)), "not half a character");
                    silent += piece.isEmpty() ? 1 : 0;
                    all.append(piece);
                }
                all.append(streamed.rest());
                assertEquals(tokenizer.decode(tokens), all.toString());
                assertTrue(silent > 0, "some tokens are parts of characters");

                StreamedText cut = new StreamedText(tokenizer); // ends within a character
                int[] half = Arrays.copyOf(tokenizer.encode("a😀"), tokenizer.encode("a😀").length - 1);
                StringBuilder some = new StringBuilder();
                for (int token : half) {
                    some.append(cut.add(token));
                }
                assertEquals("a", some.toString());
                assertEquals(tokenizer.decode(half), some + cut.rest());
            }
        }
    }
}
