package commands;

import answers.MathAnswer;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import common.BadInput;
import common.Json;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.LongConsumer;

/**
 * A file of answers to judge: JSON Lines of {@code {"completion": ..., "reference": ...}}, with {@code "truncated": true} if the completion
 * was truncated, and {@code "question": ...} if a strict judge should know it.
 *
 * @param completion the text that ends in an answer
 * @param reference the reference answer
 * @param question the question; empty if not given
 * @param truncated whether the completion was truncated
 */
public record AnswerPairs(String completion, String reference, String question, boolean truncated) {

    private static final Gson GSON = new GsonBuilder().disableHtmlEscaping().create();

    /** The number of lines, and how many of them are correct. */
    public record Tally(long correct, long all) {}

    private record Line(boolean correct, String extracted, String reason) {}

    /** Reads the lines of a file; {@link BadInput} if it is missing or not UTF-8 text. */
    public static List<String> lines(Path file) throws IOException {
        BadInput.unless(Files.isRegularFile(file), "%s: no such file", file);
        try {
            return Files.readAllLines(file);
        } catch (CharacterCodingException e) {
            throw new BadInput(file + ": is not UTF-8 text");
        }
    }

    /**
     * Judges lines one after the other and writes {@code {"correct": ..., "extracted": ..., "reason": ...}} for each.
     *
     * @param where the file name, for messages
     * @param progress receives the number of finished lines
     * @throws BadInput naming the first line that is not a pair
     */
    public static Tally judge(MathAnswer judge, List<String> lines, Object where, Writer out, LongConsumer progress) throws IOException {
        long correct = 0;
        for (int i = 0; i < lines.size(); i++) {
            AnswerPairs pair = read(lines.get(i), where + ", line " + (i + 1));
            Line line;
            if (pair.truncated) {
                line = new Line(false, "", "truncated, so there is no final answer");
            } else {
                MathAnswer.Verdict verdict = judge.judge(pair.completion, pair.reference, pair.question);
                line = new Line(verdict.correct(), verdict.extracted(), verdict.reason());
            }
            correct += line.correct ? 1 : 0;
            out.write(GSON.toJson(line) + "\n");
            progress.accept(i + 1);
        }
        return new Tally(correct, lines.size());
    }

    private static AnswerPairs read(String line, String where) {
        try {
            JsonObject pair = Json.object(line, where);
            return new AnswerPairs(pair.get("completion").getAsString(), pair.get("reference").getAsString(),
                    pair.has("question") ? pair.get("question").getAsString() : "",
                    pair.has("truncated") && pair.get("truncated").getAsBoolean());
        } catch (BadInput | NullPointerException | IllegalStateException | UnsupportedOperationException e) {
            throw new BadInput(where + ": must be {\"completion\": TEXT, \"reference\": TEXT}");
        }
    }
}
