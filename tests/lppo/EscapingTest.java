package lppo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import answers.MathAnswer;
import benchmarks.ProblemFiles;
import com.google.gson.JsonParser;
import commands.AnswerPairs;
import commands.ConditionReport;
import commands.RunGroup;
import common.BadInput;
import common.OneLine;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import lppo.data.Problem;
import lppo.data.Problems;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;
import view.Display;
import view.Tables;

/** Tests that untrusted text is shown as text: never as markup or terminal control, never run or opened. */
class EscapingTest {

    @TempDir
    Path folder;

    static Stream<String> texts() {
        return Stream.of("<script>alert('1')</script>", "<img src=x onerror=\"alert(1)\">", "a & b &lt;", "\"'`", "%magic", "!rm -rf x",
                "%%javascript\nalert(1)",
                "${jndi:ldap://x/y}", "\u001b[2J\u001b[31mred\u001b]0;title\u0007", "\u009b31m", "\u202egnp.exe", "a\rb",
                "../../etc/passwd", "file:///etc/passwd",
                "| a | b |\n| --- |", "[x](javascript:alert(1))", "# title\n- item", "$(touch x)", "`touch x`", "\\u001b[31m",
                "=HYPERLINK(\"x\")", "{{ 7*7 }}", "</td></table>");
    }

    @ParameterizedTest
    @MethodSource("texts")
    void inHtmlItIsText(String text) {
        String html = Tables.html(Table.create(text, StringColumn.create(text, text)));
        String inside = html.replaceAll("</?(table|thead|tbody|tr|th|td)( style=\"text-align:left\")?>", "");
        assertFalse(inside.matches("(?s).*[<>\"'].*"), html);
        assertEquals(text.trim() + text,
                inside.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&"));
    }

    @ParameterizedTest
    @MethodSource("texts")
    void inMarkdownItStaysInItsCell(String text) {
        String markdown = Tables.markdown(Table.create("t", StringColumn.create(text, text), StringColumn.create("b", "1")));
        List<String> lines = markdown.lines().toList();
        assertEquals(3, lines.size(), markdown);
        lines.forEach(line -> assertEquals(3, line.chars().filter(c -> c == '|').count(), line));
        assertFalse(markdown.matches("(?s).*([<>\u001b]|\\]\\().*"), markdown);
    }

    @ParameterizedTest
    @MethodSource("texts")
    void inAReportItStaysText(String text) throws Exception {
        Path run = Files.createDirectories(folder.resolve("run"));
        Files.writeString(run.resolve("evaluation.csv"),
                "step,sampled_tokens,level,problems,greedy,average\n0,0,all,2,0.1,0.2\n5,9,all,2,0.3,0.2\n");
        new ConditionReport(text, java.util.Map.of(text, List.of(new RunGroup("GRPO", List.of(run))))).write(folder, text, text);
        String report = Files.readString(folder.resolve("report.md"));
        assertFalse(report.matches("(?s).*([<>\u001b]|\\]\\().*"), report);
        assertEquals(2, report.lines().filter(line -> line.startsWith("#") || line.startsWith("| ---") || line.startsWith("|---")).count(),
                report);
    }

    @ParameterizedTest
    @MethodSource("texts")
    void onATerminalItDoesNothing(String text) {
        PrintStream screen = System.out;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        try {
            System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
            Display display = new Display(folder.resolve("shown"), false);
            display.show(text);
            display.show(text, "text/plain");
            Display.print(Table.create(text, StringColumn.create(text, text)));
        } finally {
            System.setOut(screen);
        }
        String printed = said.toString(StandardCharsets.UTF_8);
        assertFalse(printed.codePoints().anyMatch(c -> Character.isISOControl(c) && c != '\n' && c != '\t' || c == 0x202e), printed);
        assertFalse(Files.exists(folder.resolve("shown")), "a text is printed, not written or opened");
        assertEquals(1, new BadInput(text).getMessage().lines().count());
        assertTrue(OneLine.text("é\n\t名\uD83D\uDE00\r\n").equals("é\n\t名\uD83D\uDE00\r\n") && OneLine.line("a\n b").equals("a b"));
    }

    /** Judging, storing and reading back never look at what a text names: no file comes to be, none is read. */
    @ParameterizedTest
    @MethodSource("texts")
    void itIsJudgedAndStoredAsText(String text) throws Exception {
        Path secret = Files.writeString(folder.resolve("secret"), "42");
        Path file = folder.resolve("problems.jsonl");
        List<Problem> problems = List.of(new Problem(text, text, text, text, text, text));
        Problems.write(file, problems);
        assertEquals(problems, ProblemFiles.read(file));
        StringWriter verdicts = new StringWriter();
        try (MathAnswer judge = new MathAnswer()) {
            for (String answer : List.of(text, "Import(\"" + secret + "\")", secret.toString(), "Run(\"touch " + folder + "/made\")",
                    "\\input{" + secret + "}")) {
                assertFalse(judge.judge("\\boxed{" + answer + "}", "42").correct(), answer);
            }
            com.google.gson.JsonObject pair = new com.google.gson.JsonObject();
            pair.addProperty("completion", "\\boxed{" + text + "}");
            pair.addProperty("reference", "42");
            AnswerPairs.judge(judge, List.of(pair.toString()), "there", verdicts, done -> {});
        }
        assertEquals(1, verdicts.toString().lines().count());
        assertFalse(verdicts.toString().strip().chars().anyMatch(c -> c < 32), "escaped as JSON");
        assertFalse(JsonParser.parseString(verdicts.toString()).getAsJsonObject().get("correct").getAsBoolean());
        assertEquals(List.of("problems.jsonl", "secret"), Checkout.list(folder).stream().map(p -> p.getFileName().toString()).toList());
    }

    /** What a notebook renders as HTML is made by {@code Tables.html}. */
    @Test
    void notebooksRenderNothingElse() throws Exception {
        for (Path notebook : Checkout.list(Checkout.ROOT.resolve("notebooks"))) {
            if (!notebook.toString().endsWith(".ipynb")) {
                continue;
            }
            for (var cell : JsonParser.parseString(Files.readString(notebook)).getAsJsonObject().getAsJsonArray("cells")) {
                StringBuilder source = new StringBuilder();
                cell.getAsJsonObject().getAsJsonArray("source").forEach(line -> source.append(line.getAsString()));
                if (cell.getAsJsonObject().get("cell_type").getAsString().equals("code")) {
                    source.toString().lines().filter(line -> line.matches(".*(text/html|render\\(|\"<\\w).*"))
                            .forEach(line -> assertTrue(line.strip().matches(
                                    "(render\\(|updateDisplay\\(\\w+, )Tables\\.html\\(.*"), notebook + ": " + line));
                }
            }
        }
    }

    @Test
    void aMessageOfAnyLengthIsCut() {
        assertTrue(new BadInput("x".repeat(100_000)).getMessage().length() < 1100);
        assertNull(new BadInput("x").getCause());
    }
}
