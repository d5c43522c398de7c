package lppo.model;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import lppo.data.BadInput;

/** The {@code tokenizer.json} of a model folder, read by Hugging Face's own library. Close it to free its native memory. */
public final class Tokenizer implements AutoCloseable {

    private final HuggingFaceTokenizer tokenizer;

    private Tokenizer(HuggingFaceTokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    /**
     * Reads the tokenizer of a model folder.
     *
     * @throws BadInput if it is missing or malformed
     */
    public static Tokenizer load(Path folder) {
        Path file = folder.resolve("tokenizer.json");
        BadInput.unless(Files.isRegularFile(file), "%s: missing, so %s is not a Hugging Face model folder", file, folder);
        try {
            return new Tokenizer(HuggingFaceTokenizer.newInstance(file, Map.of("padding", "false", "truncation", "false")));
        } catch (IOException | RuntimeException e) { // the native library throws RuntimeException for a malformed file
            throw new BadInput(file + ": is no tokenizer (" + e.getMessage() + ")", e);
        }
    }

    /** The tokens of a text: special tokens that are written in it count as such, none is added. */
    public int[] encode(String text) {
        return LongStream.of(tokenizer.encode(text, false, false).getIds()).mapToInt(Math::toIntExact).toArray();
    }

    /** The text of tokens, special tokens left out. */
    public String decode(int[] tokens) {
        return tokenizer.decode(IntStream.of(tokens).asLongStream().toArray(), true);
    }

    /** What the tokenizer puts before every text, as text: Llama's begin token; nothing for Qwen. */
    public String opening() {
        return tokenizer.decode(tokenizer.encode("", true, false).getIds(), false);
    }

    @Override
    public void close() {
        tokenizer.close();
    }
}
