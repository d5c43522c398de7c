package answers;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import lppo.Checkout;

/** Judged answers in {@code tests/fixtures}: a completion, a reference, whether it is correct, and {@code strict} where that differs. */
final class Cases {

    private static final Path FIXTURES = Checkout.ROOT.resolve("tests/fixtures");

    private Cases() {}

    /** The lines of a fixture. */
    static List<JsonObject> read(String file) throws IOException {
        return Files.readAllLines(FIXTURES.resolve(file)).stream().map(line -> JsonParser.parseString(line).getAsJsonObject()).toList();
    }

    static boolean isCorrect(JsonObject line, boolean strict) {
        return line.has(strict && line.has("strict") ? "strict" : "correct") && line.get(strict && line.has("strict") ? "strict"
                : "correct").getAsBoolean();
    }

    /** The lines that are not judged as they say; a line that says nothing is not correct. */
    static List<String> wrong(String file, boolean strict, BiFunction<String, String, MathAnswer.Verdict> judge) throws IOException {
        List<String> wrong = new ArrayList<>();
        for (JsonObject line : read(file)) {
            MathAnswer.Verdict verdict = judge.apply(line.get("completion").getAsString(), line.get("reference").getAsString());
            if (verdict.correct() != isCorrect(line, strict) || verdict.failed()) {
                wrong.add(line + " but " + verdict);
            }
        }
        return wrong;
    }
}
