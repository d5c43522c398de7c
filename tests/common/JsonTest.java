package common;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.StringReader;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests that JSON is parsed strictly with any Gson, and rejected with position and reason. */
class JsonTest {

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "{\"a\": NaN}              | line 1, column 7: NaN is not a JSON value",
        "[1, -Infinity]            | line 1, column 5: -Infinity is not a JSON value",
        "[1, 2,]                   | line 1, column 6: a comma before ]",
        "{\"a\": 1, }              | line 1, column 8: a comma before }",
        "[1 2]                     | line 1, column 4: '2' where a comma or ] was expected",
        "{a: 1}                    | line 1, column 2: 'a' where a name in double quotes was expected",
        "{'a': 1}                  | line 1, column 2: ''' where a name in double quotes was expected",
        "{\"a\" 1}                 | line 1, column 6: '1' where a colon after the name was expected",
        "{\"a\": 1                 | line 1, column 8: the text ends where a comma or } was expected",
        "[                         | line 1, column 2: the text ends where a value was expected",
        "[1] x                     | line 1, column 5: unexpected text after the value",
        "[\"a                      | line 1, column 2: a text whose closing quote is missing",
        "[\"\\q\"]                 | line 1, column 3: an unknown escape \\q",
        "[\"\\u12g4\"]             | line 1, column 3: an escape \\u without four hexadecimal digits",
        "[01]                      | line 1, column 2: 01 is not a JSON value",
        "[+1]                      | line 1, column 2: +1 is not a JSON value",
        "[.5]                      | line 1, column 2: .5 is not a JSON value",
        "[1.]                      | line 1, column 2: 1. is not a JSON value",
        "True                      | line 1, column 1: True is not a JSON value",
        "[1 /* one */]             | line 1, column 4: '/' where a comma or ] was expected",
        "[;]                       | line 1, column 2: ';' where a value was expected"})
    void whatIsMalformedIsSaidWithItsPlace(String text, String message) {
        assertEquals(message, assertThrows(Json.Malformed.class, () -> Json.parse(text)).getMessage());
    }

    @Test
    void placesCountLines() {
        assertEquals("line 2, column 8: a control character or line break inside a text",
                assertThrows(Json.Malformed.class, () -> Json.check("{\n\"a\": \"b\n\t\"}")).getMessage());
        assertEquals("line 3, column 3: a comma before }",
                assertThrows(Json.Malformed.class, () -> Json.check("{\n \"a\": 1\n  ,}")).getMessage());
    }

    @Test
    void depthIsBounded() throws Exception {
        Json.check("[".repeat(100) + "]".repeat(100));
        for (String open : List.of("[", "{\"a\":")) {
            assertTrue(assertThrows(Json.Malformed.class, () -> Json.check(open.repeat(1_000_000))).getMessage()
                    .endsWith("nested more than 100 levels deep"));
        }
    }

    /** The reference is the strictest mode of a Gson that has one; nothing is as deep as Gson's own limit. */
    @Test
    void itTakesWhatAStrictReaderTakes() {
        List<String> good = List.of("{\"a\": [1, -2.5e+3, \"x\\n\\u00e9\"], \"b\": {\"c\": null, \"d\": true}, \"e\": \"\"}",
                "[[], {}, 0, 1E5, false]", " \"\\\"\\\\\\/\\b\\f\\r\\t\" ", "-0.0", "{\"question\": \"3 < 4\", \"answer\": 12}");
        List<String> pieces = List.of(",", ":", "\"", "\\", "{", "}", "[", "]", "NaN", "TRUE", "nul", "-", "+", ".", "e", "0", "'", "\n",
                "\0", "\u2028", "//", "#", "\\u", "\\'", " ", "\t", "\uFEFF", "é", "\uD83D");
        int taken = 0;
        for (int i = 0; i < 60_000; i++) {
            SplittableRandom random = new Seed(1).at("json", i);
            StringBuilder text = new StringBuilder(good.get(random.nextInt(good.size())));
            for (int damage = random.nextInt(3); damage >= 0; damage--) {
                int at = random.nextInt(text.length() + 1);
                int end = Math.min(text.length(), at + random.nextInt(3));
                text.replace(at, end, random.nextInt(3) == 0 ? "" : pieces.get(random.nextInt(pieces.size())));
            }
            String json = text.toString();
            JsonElement expected = json.startsWith("\uFEFF") ? null : strict(json);
            taken += expected == null ? 0 : 1;
            if (expected != null) {
                JsonElement[] read = new JsonElement[1];
                assertDoesNotThrow(() -> read[0] = Json.parse(json), json);
                assertEquals(expected, read[0], json);
            } else {
                assertThrows(Json.Malformed.class, () -> Json.check(json), json);
            }
        }
        assertTrue(taken > 6_000 && taken < 54_000, taken + " of 60,000 were taken");
    }

    private static JsonElement strict(String json) {
        try (JsonReader reader = new JsonReader(new StringReader(json))) {
            reader.setStrictness(Strictness.STRICT);
            JsonElement element = new Gson().getAdapter(JsonElement.class).read(reader);
            return reader.peek() == JsonToken.END_DOCUMENT ? element : null;
        } catch (IOException | JsonParseException e) {
            return null;
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"flag", "text", "number", "count"})
    void aValueOfTheWrongKindIsNamed(String name) {
        JsonObject wrong = Json.object("{\"" + name + "\": [1]}", "there");
        JsonObject none = new JsonObject();
        String kind = switch (name) {
            case "flag" -> "neither true nor false";
            case "text" -> "not a text";
            case "number" -> "not a number";
            default -> "not a whole number";
        };
        assertEquals("there: " + name + " is [1], " + kind, message(wrong, name));
        assertEquals(name.equals("flag") ? "taken" : "there: " + name + " is missing", message(none, name));
    }

    private static String message(JsonObject object, String name) {
        try {
            switch (name) {
                case "flag" -> Json.flag(object, name, "there");
                case "text" -> Json.text(object, name, "there");
                case "number" -> Json.positive(object, name, "there");
                default -> Json.positiveInteger(object, name, "there");
            }
            return "taken";
        } catch (BadInput e) {
            return e.getMessage();
        }
    }

    @Test
    void numbersHaveTheirRange() {
        JsonObject numbers = Json.object("{\"a\": 2147483648, \"b\": 1.5, \"c\": -3, \"d\": 1e999, \"e\": 4.0, \"f\": 2147483647,"
                + "\"g\": 0.25}", "there");
        for (String refused : List.of("a", "b", "c", "d")) {
            assertThrows(BadInput.class, () -> Json.positiveInteger(numbers, refused, "there"), refused);
        }
        assertEquals(4, Json.positiveInteger(numbers, "e", "there"));
        assertEquals(Integer.MAX_VALUE, Json.positiveInteger(numbers, "f", "there"));
        assertEquals(0.25, Json.positive(numbers, "g", "there"));
        assertThrows(BadInput.class, () -> Json.positive(numbers, "c", "there"));
        assertThrows(BadInput.class, () -> Json.positive(numbers, "d", "there"));
    }
}
