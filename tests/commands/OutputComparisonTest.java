package commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests which outputs {@code notebook --check} considers equal. */
class OutputComparisonTest {

    private static final String TABLE = "<table><tr><td>%s</td><td>-9.09</td></tr></table>";

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "loss 0.1234 after 10 steps | loss 0.1234 after 10 steps | true",
        "loss 0.1234 after 10 steps | loss 0.1235 after 10 steps | true", // rounded otherwise
        "loss 0.1234 after 10 steps | loss 0.1239 after 10 steps | false",
        "loss 0.1234 after 10 steps | loss 0.1234 after 11 steps | false", // whole numbers are exact
        "loss 0.1234 after 10 steps | Loss 0.1234 after 10 steps | false",
        "loss 0.1234 after 10 steps | loss 0.1234 | false",
        "loss 0.1234 | loss -0.1234 | false",
        "-0.00 | +0.00 | true",
        "0.6 | 0.65 | false", // by the finer of the two
        "12345.678 | 12345.99 | true", // a ten-thousandth
        "12345.678 | 12355.99 | false",
        "1.5e-7 | 1.6e-7 | true",
        "1.5e-7 | 1.5e-6 | false",
        "version 1.2.3 | version 1.2.4 | false",
        "loss 0.1234 | loss NaN | false"})
    void numbersAreComparedByValueAndTheRestAsText(String before, String after, boolean same) {
        OutputComparison written = OutputComparison.compare(notebook(stream(before)), notebook(stream(after)));
        assertEquals(same ? 0 : 1, written.faults().size(), written.toString());
        assertTrue(written.notes().isEmpty());
    }

    @Test
    void drawsAreToldAndAreNoFaultInACellThatSamples() {
        assertTold(0, 1, cell(html(TABLE.formatted("13 21 23")), "sampled"), cell(html(TABLE.formatted("13 40"))));
        assertTold(1, 0, cell(html(TABLE.formatted("13 21 23"))), cell(html(TABLE.formatted("13 40"))));
        assertTold(0, 0, cell(html(TABLE.formatted("13")), "sampled"), cell(html(TABLE.formatted("13"))));
        assertTold(1, 0, cell(html(TABLE.formatted("13")), "sampled"), cell(html("<table></table>")));
        assertTold(1, 0, cell(stream("a 1\nb 2\n"), "sampled"), cell(stream("a 1\n")));
        assertTold(1, 0, cell(stream("a 1\n"), "sampled"), cell(html("a 1\n")));
        assertTold(0, 1, cell(stream("a 1\n"), "sampled"), cell(stream("a 2\n")));
    }

    @Test
    void aMissingOutputAndAnErrorAreFaults() {
        for (String tag : List.of("none", "sampled")) {
            assertTold(1, 0, cell(stream("a\n"), tag), cell(null));
            assertTold(1, 0, cell(data("image/png", "x"), tag), cell(null));
            JsonObject error = new JsonObject();
            error.addProperty("output_type", "error");
            error.addProperty("ename", "NullPointerException");
            assertTold(1, 0, cell(stream("a\n"), tag), cell(error));
        }
        assertTold(0, 0, cell(data("image/png", "x")), cell(data("image/png", "y")));
        assertTold(0, 0, cell(stream("3.1 seconds"), "varies"), cell(null));
        assertEquals(List.of("2 code cells instead of 1"),
                OutputComparison.compare(notebook(stream("a")), notebook(stream("a"), stream("b"))).faults());
    }

    @Test
    void whatCameOnStandardErrorIsTold() {
        JsonObject warning = stream("careful\n");
        warning.addProperty("name", "stderr");
        assertTold(0, 1, cell(null), cell(warning));
        assertTold(0, 0, cell(warning), cell(null));
        JsonObject between = cell(stream("a\n"));
        between.getAsJsonArray("outputs").add(warning);
        between.getAsJsonArray("outputs").add(stream("b\n"));
        assertTold(0, 1, cell(stream("a\nb\n")), between);
        assertEquals(List.of("code cell 1: printed to standard error \"careful\\n\""),
                OutputComparison.compare(book(cell(null)), book(cell(warning))).notes());
    }

    @Test
    void theQuoteBeginsBeforeTheFirstDifference() {
        String same = "a ".repeat(500);
        String said = OutputComparison.compare(notebook(stream(same + "b")), notebook(stream(same + "c"))).faults().get(0);
        assertTrue(said.contains("a c\" instead of") && said.contains("a b\"") && said.length() < 300, said);
    }

    @Test
    void theCellIsNamedAndQuoted() {
        assertEquals(List.of("code cell 2: wrote \"b\\n\" instead of \"c\\n\""),
                OutputComparison.compare(notebook(stream("a\n"), stream("c\n")), notebook(stream("a\n"), stream("b\n"))).faults());
    }

    private static void assertTold(int faults, int notes, JsonObject before, JsonObject after) {
        OutputComparison written = OutputComparison.compare(book(before), book(after));
        assertEquals(faults, written.faults().size(), written.toString());
        assertEquals(notes, written.notes().size(), written.toString());
    }

    private static JsonObject stream(String text) {
        JsonObject output = new JsonObject();
        output.addProperty("output_type", "stream");
        output.addProperty("text", text);
        return output;
    }

    private static JsonObject html(String text) {
        return data("text/html", text);
    }

    private static JsonObject data(String type, String content) {
        JsonObject data = new JsonObject();
        data.addProperty(type, content);
        JsonObject output = new JsonObject();
        output.add("data", data);
        return output;
    }

    private static JsonObject cell(JsonObject output, String... tags) {
        JsonObject cell = new JsonObject();
        cell.addProperty("cell_type", "code");
        JsonArray names = new JsonArray();
        List.of(tags).forEach(names::add);
        JsonObject metadata = new JsonObject();
        metadata.add("tags", names);
        cell.add("metadata", metadata);
        JsonArray outputs = new JsonArray();
        if (output != null) {
            outputs.add(output);
        }
        cell.add("outputs", outputs);
        return cell;
    }

    private static JsonObject notebook(JsonObject... outputs) {
        return book(List.of(outputs).stream().map(output -> cell(output)).toArray(JsonObject[]::new));
    }

    private static JsonObject book(JsonObject... cells) {
        JsonArray all = new JsonArray();
        List.of(cells).forEach(all::add);
        JsonObject book = new JsonObject();
        book.add("cells", all);
        return book;
    }
}
