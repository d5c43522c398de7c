package lppo.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import common.BadInput;
import common.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import lppo.Checkout;
import lppo.data.Problem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The logical types of Parquet against pyarrow, by the fixtures that tests/fixtures/parquet_types.py made. */
class ParquetTypesTest {

    private static final Path FIXTURES = Checkout.ROOT.resolve("tests/fixtures/benchmarks");

    @ParameterizedTest
    @CsvSource({"types, 34", "integers, 3", "converted, 25"})
    void eachIsReadAsPythonReadsIt(String name, int columns) throws Exception {
        List<JsonObject> rows = ParquetRows.read(FIXTURES.resolve("parquet-" + name + ".parquet"));
        JsonArray expected = Json.parse(Files.readString(FIXTURES.resolve("parquet-" + name + ".json"))).getAsJsonArray();
        assertEquals(expected.size(), rows.size());
        for (int i = 0; i < rows.size(); i++) {
            JsonObject row = expected.get(i).getAsJsonObject();
            assertEquals(columns, row.size());
            assertEquals(row.keySet(), rows.get(i).keySet());
            for (String column : row.keySet()) {
                assertSame(row.get(column), rows.get(i).get(column), column + ", row " + i);
            }
        }
    }

    private static void assertSame(JsonElement expected, JsonElement read, String what) {
        if (expected.isJsonArray()) {
            assertEquals(expected.getAsJsonArray().size(), read.getAsJsonArray().size(), what);
            for (int i = 0; i < read.getAsJsonArray().size(); i++) {
                assertSame(expected.getAsJsonArray().get(i), read.getAsJsonArray().get(i), what);
            }
        } else if (expected.isJsonPrimitive() && expected.getAsJsonPrimitive().isNumber()) {
            assertEquals(expected.getAsDouble(), read.getAsDouble(), what);
        } else if (expected.isJsonPrimitive() && expected.getAsString().startsWith("bytes ")) {
            assertTrue(read.getAsJsonObject().get("Parquet type").getAsString().endsWith(" without a logical type"), what + ": " + read);
        } else {
            assertEquals(expected.isJsonNull() ? "null" : expected.getAsString(), read.isJsonNull() ? "null" : read.getAsString(), what);
        }
    }

    @Test
    void aDecimalIsAnAnswer() {
        List<Problem> problems = ProblemFiles.read(FIXTURES.resolve("parquet-decimal-answers.parquet"));
        assertEquals(List.of("12.50", "-0.05", "9999.99"), problems.stream().map(Problem::answer).toList());
    }

    @Test
    void whatIsNotUnderstoodIsRefusedWhereATextIsNeeded() {
        Path file = FIXTURES.resolve("parquet-bytes-answers.parquet");
        assertEquals(file + ", row 1: \"answer\" is not a text or a number, but {\"Parquet type\":\"BINARY without a logical type\"}",
                assertThrows(BadInput.class, () -> ProblemFiles.read(file)).getMessage());
    }
}
