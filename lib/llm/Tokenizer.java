package llm;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import common.BadInput;
import common.Json;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/** The {@code tokenizer.json} of a model folder, read by Hugging Face's own library. Closing it frees its native memory. */
public final class Tokenizer implements AutoCloseable {

    private final Path file;
    private final HuggingFaceTokenizer tokenizer;

    private Tokenizer(Path file, HuggingFaceTokenizer tokenizer) {
        this.file = file;
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
            strict(file);
            return new Tokenizer(file, HuggingFaceTokenizer.newInstance(file, Map.of("padding", "false", "truncation", "false")));
        } catch (BadInput e) {
            throw e;
        } catch (CharacterCodingException e) {
            throw new BadInput(file + ": is not UTF-8 text", e);
        } catch (IOException | RuntimeException e) { // the native library throws RuntimeException for a malformed file
            throw new BadInput(file + ": is not a tokenizer (" + e.getMessage() + ")", e);
        }
    }

    /** Rejects unexpected JSON, at which the native library would abort the whole process. */
    private static void strict(Path file) throws IOException {
        String content = Files.readString(file);
        Json.check(content);
        try (JsonReader json = new JsonReader(new StringReader(content))) {
            String name = "";
            for (JsonToken next = json.peek(); next != JsonToken.END_DOCUMENT; next = json.peek()) {
                switch (next) {
                    case BEGIN_OBJECT -> json.beginObject();
                    case END_OBJECT -> json.endObject();
                    case BEGIN_ARRAY -> json.beginArray();
                    case END_ARRAY -> json.endArray();
                    case NAME -> name = whole(json.nextName());
                    case STRING -> {
                        String text = whole(json.nextString());
                        BadInput.unless(!name.equals("Regex") || bounded(text), "%s: the pattern %s may run forever", file, text);
                    }
                    case NUMBER -> {
                        String number = json.nextString();
                        if (!Double.isFinite(Double.parseDouble(number))) {
                            throw new IOException("the number " + number + " is too large");
                        }
                    }
                    default -> json.skipValue();
                }
            }
        }
    }

    private static String whole(String text) throws IOException {
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
            throw new IOException("half a character");
        }
        return text;
    }

    /**
     * Whether a pattern repeats no group that can match in several ways, and little in one alternative, as those of published
     * tokenizers.
     */
    private static boolean bounded(String pattern) {
        String bare = pattern.replaceAll("(?s)\\\\.", "x").replaceAll("\\[[^\\]]*]", "x").replaceAll("\\{\\d+,}", "+")
                .replaceAll("\\(\\?(<?[=!]|[a-z]*:)", "(");
        for (String before = ""; !before.equals(bare);) { // from the inside out
            before = bare;
            if (bare.matches("(?s).*\\([^()]*[*+?|][^()]*\\)[*+{].*")) {
                return false;
            }
            bare = bare.replaceAll("\\([^()]*\\)[*+]", "x+").replaceAll("\\(([^()]*)\\)", "$1");
        }
        return Stream.of(bare.split("\\|")).allMatch(part -> part.chars().filter(c -> c == '*' || c == '+').count() <= 2);
    }

    /**
     * Returns the tokens of a text: special tokens written in it count as such, and none are added.
     *
     * @throws BadInput if the tokenizer cannot encode it
     */
    public int[] encode(String text) {
        return LongStream.of(ids(text, false)).mapToInt(Math::toIntExact).toArray();
    }

    private long[] ids(String text, boolean special) {
        try {
            long[] ids = tokenizer.encode(text, special, false).getIds();
            BadInput.unless(LongStream.of(ids).allMatch(id -> id <= Integer.MAX_VALUE), "%s: has tokens beyond %d", file,
                    Integer.MAX_VALUE);
            return ids;
        } catch (BadInput e) {
            throw e;
        } catch (RuntimeException e) { // what the native library throws
            throw new BadInput(file + ": cannot encode this text (" + e.getMessage() + ")", e);
        }
    }

    /** Returns the token with exactly this text; empty if there is none. */
    OptionalInt token(String text) {
        long[] ids = ids(text, false);
        return ids.length == 1 && tokenizer.decode(ids, false).equals(text) ? OptionalInt.of((int) ids[0]) : OptionalInt.empty();
    }

    /** Returns the text of tokens without special tokens. */
    public String decode(int[] tokens) {
        return tokenizer.decode(IntStream.of(tokens).asLongStream().toArray(), true);
    }

    /** Returns the text that the tokenizer adds before every text: Llama's begin token; empty for Qwen. */
    public String opening() {
        return tokenizer.decode(ids("", true), false);
    }

    @Override
    public void close() {
        tokenizer.close();
    }
}
