package benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import common.BadInput;
import common.Seed;
import java.io.File;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import lppo.Checkout;
import lppo.data.Problem;
import lppo.data.Problems;
import lppo.judge.Reward;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests reading problems in the layouts and formats of published benchmarks. */
class ProblemsTest {

    private static final Path FIXTURES = Checkout.ROOT.resolve("tests/fixtures/benchmarks");

    @TempDir
    Path folder;

    @Test
    void gsm8kEndsInItsAnswer() throws IOException {
        String rows = """
                {"question": "Nuts?", "answer": "She has 3*4=<<3*4=12>>12 nuts.\\n#### 12", "idx": 7}
                {"question": "Cost?", "answer": "Two cost $<<1200*2=2400>>2,400.\\n#### 2,400", "idx": 9}
                """;
        List<Problem> problems = ProblemFiles.read(file("x.jsonl", rows));
        assertEquals(new Problem("7", "Nuts?", "12", "She has 3*4=12 nuts.\n#### 12", null, null), problems.get(0));
        assertEquals("2400", problems.get(1).answer());
        Reward.lastWord().check(problems, "x.jsonl"); // so that its solutions are demonstrations
        problems.forEach(p -> assertFalse(p.solution().contains("<<")));
    }

    @Test
    void competitionsHaveProblemAndAnswer() throws IOException {
        String rows = """
                {"id": 60, "problem": "P", "solution": "S", "answer": "073", "url": "http://u", "year": "2024", "question": "P"}
                {"id": 61, "problem": "Q", "solution": "", "answer": 27.0, "url": null, "level": "Level 5"}
                {"id": 62, "problem": "R", "solution": null, "answer": "000"}
                {"id": 63, "problem": "S", "answer": 0.5, "subject": "Algebra", "level": 3}
                {"id": 64, "problem": "T", "answer": "\\\\frac{07}{2}"}
                """;
        assertEquals(List.of(new Problem("60", "P", "73", "S", null, "http://u"), new Problem("61", "Q", "27", null, "5", null),
                new Problem("62", "R", "0", null, null, null), new Problem("63", "S", "0.5", null, "3", "Algebra"),
                new Problem("64", "T", "\\frac{07}{2}", null, null, null)), ProblemFiles.read(file("x.jsonl", rows)));
    }

    @Test
    void theLastBoxOfASolutionIsItsAnswer() throws IOException {
        assertEquals(Optional.of("\\frac{1}{2}"), Layout.lastBoxed("\\boxed{3} or $\\boxed{\\frac{1}{2}}$ m"));
        assertEquals(Optional.of("\\{1, 2\\}"), Layout.lastBoxed("so \\boxed {\\{1, 2\\}}."));
        assertEquals(Optional.of("\\left\\{x\\right."), Layout.lastBoxed("\\boxed{\\left\\{x\\right.}"), "escaped, unbalanced");
        assertEquals(Optional.of("3"), Layout.lastBoxed("\\boxed{3} and \\boxed{never closed"));
        assertEquals(Optional.of("3"), Layout.lastBoxed("{ } } \\boxed{3} }{"));
        for (String none : List.of("", "\\boxed", "\\boxed{", "\\boxed 3", "boxed{3}", "\\boxed }", "\\framebox{204}", "\\")) {
            assertEquals(Optional.empty(), Layout.lastBoxed(none), none);
        }
        assertEquals(Optional.empty(), Layout.lastBoxed("\\boxed{".repeat(200_000)), "in linear time");

        String rows = """
                {"problem": "P", "solution": "Thus \\\\boxed{1.6} cm", "type": "Astronomy", "idx": 0}
                {"problem": "Q", "solution": "\\\\boxed{204}", "idx": 1}
                {"problem": "R", "solution": "no box", "idx": 2}
                """;
        ProblemFiles.Loaded loaded = ProblemFiles.load(file("minerva.jsonl", rows));
        assertEquals(List.of(new Problem("0", "P", "1.6", "Thus \\boxed{1.6} cm", null, "Astronomy"),
                new Problem("1", "Q", "204", null, null, null)), loaded.problems(), "a box alone demonstrates nothing");
        assertEquals("1 without a \\boxed answer in the solution", loaded.leftOut());
        assertEquals(3, loaded.rows());
    }

    @Test
    void ofOlympiadBenchWhatIsTextAndMathematicsInEnglishIsKept() throws IOException {
        ProblemFiles.Loaded loaded = ProblemFiles.load(FIXTURES.resolve("olympiad.parquet"));
        assertEquals(Layout.OLYMPIAD, loaded.layout());
        assertEquals(List.of(new Problem("1", "Find $a_1$.", "1", "First way.", null, "Algebra"),
                new Problem("2", "Let $a$ be a sequence.\nFind $a_2$.", "x=2, x=\\frac{5}{2}", "First way.", null, "Algebra")),
                loaded.problems());
        assertEquals(Map.of("not in English", 1, "not of mathematics", 1, "with pictures", 1, "without a final answer", 1),
                loaded.dropped());

        String official = """
                [{"id": 1, "context": null, "question": "See <img_3362>.", "solution": ["s"], "final_answer": ["$2$"]},
                 {"id": 2, "question": "What?", "solution": null, "final_answer": "['$2^{9}$', null, '$\\\\\\\\pi$']"},
                 {"id": 3, "question": "Where?", "solution": "s", "final_answer": ["$1$ or $2$"]},
                 {"id": 4, "question": "Which interval?", "final_answer": "[0, 1]"}]
                """;
        assertEquals(List.of(new Problem("2", "What?", "2^{9}, \\pi", null, null, null),
                new Problem("3", "Where?", "$1$ or $2$", "s", null, null),
                new Problem("4", "Which interval?", "[0, 1]", null, null, null)), ProblemFiles.read(file("o.json", official)));
    }

    @Test
    void parquetIsReadHoweverItIsWritten() {
        assertEquals(List.of(new Problem("1", "Ann has 3 bags of 4 nuts. How many nuts?", "12", "She has 3*4=12 nuts.\n#### 12",
                null, null),
                new Problem("2", "A lot costs $1,200, two cost?", "2400",
                        "Two cost $1,200*2=$2,400.\n#### 2400", null, null)),
                ProblemFiles.read(FIXTURES.resolve("gsm8k.parquet")));
        assertEquals(List.of(new Problem("2024-I-1", "What is $5^2$?", "25", "$5 \\cdot 5 = 25$, so $\\boxed{025}$.", null, null),
                new Problem("2024-I-2", "What is $2^9$?", "512", "Double nine times.", null, null)),
                ProblemFiles.read(FIXTURES.resolve("aime_2024.parquet")));
        assertEquals(List.of("test/algebra/1.json", "test/prealgebra/2.json"),
                ProblemFiles.read(FIXTURES.resolve("math500.parquet")).stream().map(Problem::id).toList(), "two row groups");
        assertEquals(List.of(new Problem("0", "Six times seven?", "42", null, null, null)),
                ProblemFiles.read(FIXTURES.resolve("amc23.parquet")));
    }

    @Test
    void jsonIsReadHoweverItIsWrapped() throws IOException {
        String row = "{\"problem\": \"P\", \"answer\": 1}";
        Problem one = new Problem("1", "P", "1", null, null, null);
        for (String text : List.of(row, "\uFEFF" + row + "\r\n\r\n", "[" + row + "]", "\n [\n" + row + "\n]\n",
                "{\"data\": [" + row + "]}", "{\"version\": 1,\n \"tags\": [\"a\"], \"examples\": [\n" + row + "]}",
                "{\"features\": [{\"name\": \"problem\"}], \"rows\": [{\"row_idx\": 0, \"row\": " + row + "}]}",
                "{\"problem\": \"P\", \"answer\": 1, \"turns\": [{\"role\": \"user\"}]}")) {
            assertEquals(List.of(one), ProblemFiles.read(file("whatever", text)), text);
        }
    }

    @Test
    void whatIsConvertedReadsAsItWas() throws IOException {
        for (String name : List.of("gsm8k.parquet", "aime_2024.parquet", "math500.parquet", "amc23.parquet", "olympiad.parquet")) {
            List<Problem> problems = ProblemFiles.read(FIXTURES.resolve(name));
            Path written = folder.resolve(name + ".jsonl");
            Problems.write(written, problems);
            ProblemFiles.Loaded again = ProblemFiles.load(written);
            assertEquals(problems, again.problems(), name);
            assertEquals(Layout.OWN, again.layout());
        }
    }

    @Test
    void ourOwnLayoutDropsNothing() throws IOException {
        refused("p.jsonl:2: \"answer\" is missing or empty", "{\"question\": \"a\", \"answer\": 1}\n{\"question\": \"b\"}");
        refused("p.jsonl:2: \"question\" is missing or empty", "{\"question\": \"a\", \"answer\": 1}\n{\"answer\": \"b\"}");
        refused("p.jsonl:1: \"answer\" is not a text or a number", "{\"question\": \"a\", \"answer\": {\"value\": 1}}");
        refused("p.jsonl:1: \"id\" is empty", "{\"question\": \"a\", \"answer\": 1, \"id\": \" \"}");
        refused("p.jsonl:3: id \"x\" was used before, at " + folder.resolve("p.jsonl:1"),
                "{\"question\": \"a\", \"answer\": 1, \"id\": \"x\"}\n\n{\"question\": \"b\", \"answer\": 1, \"id\": \"x\"}");
    }

    /** Tables that were saved as text by pandas have such columns. */
    @Test
    void anAnswerThatIsAListHasOneElement() throws IOException {
        for (String[] one : new String[][] {{"\"['70']\"", "70"}, {"\"[\\\"70\\\"]\"", "70"},
            {"[\"70\"]", "70"}, {"[70.0]", "70"}, {"\"[70]\"", "70"},
            {"\" [ '7, 0' , ] \"", "7, 0"}, {"\"('70',)\"", "70"}, {"\"['\\\\\\\\frac{1}{2}']\"", "\\frac{1}{2}"},
            {"\"['it\\\\'s']\"", "it's"},
            {"\"['\\\\pi\\\\x41\\\\u00e9']\"", "\\piAé"},
            {"\"[None, '70', null]\"", "70"}, {"\"[0, 1]\"", "[0, 1]"}, {"\"(2, 3)\"", "(2, 3)"},
            {"\"[x, 'y']\"", "[x, 'y']"},
            {"\"['70'\"", "['70'"}, {"\"['70]\"", "['70]"}, {"\"['a' 'b']\"", "['a' 'b']"}, {"\"()\"", "()"}}) {
            for (String column : List.of("question", "problem")) {
                String row = "{\"" + column + "\": \"a\", \"answer\": " + one[0] + "}";
                assertEquals(one[1], ProblemFiles.read(file("p.jsonl", row)).get(0).answer(), row);
            }
        }
        refused("p.jsonl:1: \"answer\" is a list of 2, 70, 71; give one", "{\"question\": \"a\", \"answer\": \"['70', '71']\"}");
        refused("p.jsonl:1: \"answer\" is a list of 2, 70, 71; give one", "{\"problem\": \"a\", \"answer\": [70, 71]}");
        refused("p.jsonl:1: \"answer\" is missing or empty", "{\"question\": \"a\", \"answer\": \"[]\"}");
        refused("p.jsonl:1: \"answer\" is missing or empty", "{\"question\": \"a\", \"answer\": \"['']\"}");
        String backslashes = "\\\\".repeat(200_000);
        String row = "{\"question\": \"a\", \"answer\": \"['" + backslashes + backslashes + "']\"}";
        assertEquals(200_000, ProblemFiles.read(file("p.jsonl", row)).get(0).answer().length());
    }

    @Test
    void whatIsNotJsonIsSaidPlainly() throws IOException {
        refused("p.jsonl: looks like CSV; save it as JSON Lines, JSON or Parquet", "id,question,answer\n1,What?,2\n");
        refused("p.jsonl: looks like CSV", "\"id\"\t\"question\"\t\"answer\"\n1\tWhat?\t2\n");
        refused("p.jsonl:2: is not a complete JSON object (column 30: a comma before })",
                "{\"question\": \"a\", \"answer\": 1}\n{\"question\": \"b\", \"answer\": 1,}");
        refused("p.jsonl:1: is not a complete JSON object (column 29: NaN is not a JSON value)", "{\"question\": \"a\", \"answer\": NaN}");
        refused("p.jsonl: is not a complete JSON array (line 2, column 31: a comma before ])", "[\n{\"question\": \"a\", \"answer\": 1},]");
    }

    @Test
    void hostileFilesAreRefusedInOneLine() throws IOException {
        refused("p.jsonl: contains no problems", "");
        refused("p.jsonl: contains no problems", " \n\n");
        refused("p.jsonl: contains no problems", "[]");
        refused("p.jsonl: contains no problems", "{\"rows\": []}");
        refused("is not a complete JSON array", "[{\"problem\": \"P\", \"answer\": 1}");
        refused("is not a complete JSON array", "[{\"problem\": \"P\", \"answer\": 1}] and more");
        refused("p.jsonl:1: is not a complete JSON object", "{\"problem\": \"P\", \"answer\": 1} {\"problem\": \"Q\", \"answer\": 1}");
        refused("p.jsonl, row 2: is not a JSON object like", "[{\"problem\": \"P\", \"answer\": 1}, 3]");
        refused("p.jsonl:1: is not a JSON object like", "3");
        refused("is not a complete JSON array", "[".repeat(100_000));
        refused("p.jsonl:1: is not a complete JSON object", "{\"a\":".repeat(100_000));
        refused("has the columns prompt, text; expected one of: question, answer;", "{\"prompt\": 1, \"text\": 2}");
        refused("has the columns (none)", "{}");
        refused("has the columns a b" + "x".repeat(37) + "…;", "{\"a\\nb" + "x".repeat(5000) + "\": 1}");
        refused("is a Git LFS pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 3\n");
        refused("is a web page", "<!DOCTYPE html>\n<html>");
        refused("row 2: id \"1\" was used before, at ",
                "[{\"id\": 1, \"problem\": \"P\", \"answer\": 1}, {\"id\": 1, \"problem\": \"Q\", \"answer\": 1}]");
        refused("contains no usable problems; skipped: 1 without a \\boxed answer in the solution",
                "{\"problem\": \"P\", \"solution\": \"S\"}");
        refused("\"problem\" is not a text or a number", "{\"problem\": {\"a\": 1}, \"answer\": 1}");

        Path file = folder.resolve("p.jsonl");
        Files.write(file, new byte[] {(byte) 0xff, (byte) 0xfe, 0, 1});
        assertTrue(refused(file).endsWith(": is not UTF-8 text"));
        assertTrue(refused(folder.resolve("none.parquet")).endsWith("none.parquet: no such problem file"));
    }

    /** As commands see it: these tests have Spark on their class path, and with it Hadoop, which reads gzip. */
    @Test
    void gzippedParquetIsRefusedInOneLine() throws Exception {
        List<URL> libraries = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            if (!entry.contains("hadoop-client")) {
                libraries.add(Path.of(entry).toUri().toURL());
            }
        }
        try (URLClassLoader loader = new URLClassLoader(libraries.toArray(new URL[0]), ClassLoader.getPlatformClassLoader())) {
            Method read = loader.loadClass("benchmarks.ProblemFiles").getMethod("read", Path.class);
            InvocationTargetException refused = assertThrows(InvocationTargetException.class,
                    () -> read.invoke(null, FIXTURES.resolve("gzip.parquet")));
            assertEquals("common.BadInput", refused.getCause().getClass().getName());
            assertTrue(refused.getCause().getMessage().contains("rewrite it with snappy or zstd"), refused.getCause().getMessage());
        }
    }

    @Test
    void aLineMayBeLong() throws IOException {
        String question = "x".repeat(5_000_000);
        assertEquals(question,
                ProblemFiles.read(file("long.jsonl", "{\"question\": \"" + question + "\", \"answer\": 1}")).get(0).question());
        assertEquals("1E999999999", ProblemFiles.read(file("huge.jsonl", "{\"problem\": \"P\", \"answer\": 1E999999999}")).get(0).answer());
    }

    @Test
    void brokenParquetIsRefusedInOneLine() throws IOException {
        byte[] whole = Files.readAllBytes(FIXTURES.resolve("math500.parquet"));
        Path file = folder.resolve("broken.parquet");
        SplittableRandom random = new Seed(1).at("broken", 0);
        for (int length = 4; length < whole.length; length += 1 + random.nextInt(200)) {
            Files.write(file, Arrays.copyOf(whole, length));
            assertTrue(refused(file).startsWith(file + ": cannot be read as Parquet ("), "cut at " + length);
        }
        for (int i = 0; i < 300; i++) { // a flipped byte in a text goes unnoticed; nothing else may escape than BadInput
            byte[] bytes = whole.clone();
            bytes[4 + random.nextInt(bytes.length - 4)] ^= (byte) (1 << random.nextInt(8));
            Files.write(file, bytes);
            try {
                ProblemFiles.read(file);
            } catch (BadInput e) {
                assertEquals(1, e.getMessage().lines().count(), e.getMessage());
            }
        }
    }

    @Test
    void theNameOfAFileOrItsFolderTellsTheBenchmark() {
        for (String[] expected : new String[][] {{"aime24.jsonl", "AIME24"}, {"AIME_2024/train.jsonl", "AIME24"},
            {"aime2025-II.jsonl", "AIME25"}, {"amc23/test.jsonl", "AMC23"}, {"MATH-500/test.jsonl", "MATH500"},
            {"minerva_math/test.jsonl", "Minerva"}, {"OlympiadBench.json", "OlympiadBench"}, {"gsm8k-300.jsonl", "GSM8K"},
            {"data/heldout.jsonl", "heldout"}, {"my.file.json", "my.file"}, {"bare", "bare"}, {".hidden", ".hidden"}}) {
            assertEquals(expected[1], Benchmark.title(Path.of(expected[0]), Layout.OWN), expected[0]);
        }
        assertEquals("GSM8K", Benchmark.title(Path.of("data/test-00000-of-00001.parquet"), Layout.GSM8K), "the layout says it");
        for (Benchmark benchmark : Benchmark.values()) {
            assertEquals(Optional.of(benchmark), Benchmark.named(benchmark.title()));
            benchmark.pages().forEach(page -> assertEquals(Optional.of(benchmark), Benchmark.named(page.dataset())));
        }
    }

    @Test
    void realFilesAreReadWhereTheyAre() {
        Path shared = Checkout.ROOT.resolve("../shared/data");
        assumeTrue(Files.isDirectory(shared), "no shared problem texts here");
        List<Problem> aime = ProblemFiles.read(shared.resolve("aime24.jsonl"));
        assertEquals(30, aime.size());
        assertEquals(List.of("204", "25", "902"), List.of(aime.get(0).answer(), aime.get(7).answer(), aime.get(29).answer()));
        aime.forEach(p -> assertTrue(p.answer().matches("0|[1-9]\\d{0,2}") && p.hasDemonstration(), p.id()));
        List<Problem> amc = ProblemFiles.read(shared.resolve("amc23.jsonl"));
        assertEquals(40, amc.size());
        assertEquals(List.of("27", "3159", "-1"), List.of(amc.get(0).answer(), amc.get(3).answer(), amc.get(15).answer()));
        amc.forEach(p -> assertNull(p.solution()));
        List<Problem> gsm8k = ProblemFiles.read(shared.resolve("gsm8k-300.jsonl"));
        assertEquals(300, gsm8k.size());
        assertEquals(List.of("18", "3", "70000"), gsm8k.subList(0, 3).stream().map(Problem::answer).toList());
        gsm8k.forEach(p -> assertTrue(p.answer().matches("-?\\d+(\\.\\d+)?") && !p.solution().contains("<<"), p.toString()));
        Reward.lastWord().check(gsm8k, "gsm8k-300.jsonl");
        List<Problem> minerva = ProblemFiles.read(shared.resolve("minerva-100.jsonl"));
        assertEquals(100, minerva.size());
        assertEquals(List.of("1.6", "4.5e33", "41.8"), minerva.subList(0, 3).stream().map(Problem::answer).toList());
        minerva.forEach(p -> assertNotNull(p.source()));
    }

    private Path file(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text);
    }

    private void refused(String expected, String text) throws IOException {
        String message = refused(file("p.jsonl", text));
        assertTrue(message.contains(expected), message);
    }

    private static String refused(Path file) {
        String message = assertThrows(BadInput.class, () -> ProblemFiles.read(file)).getMessage();
        assertEquals(1, message.lines().count(), message);
        assertTrue(message.startsWith(file.toString()) && message.length() < 800, message);
        return message;
    }
}
