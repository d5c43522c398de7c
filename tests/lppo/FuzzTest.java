package lppo;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import answers.MathAnswer;
import benchmarks.ProblemFiles;
import chat.ChatTemplate;
import com.google.gson.JsonParser;
import commands.AnswerPairs;
import java.io.IOException;
import java.io.Writer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;
import llm.ModelConfig;
import llm.Safetensors;
import llm.Tokenizer;
import lppo.Fuzz.Tally;
import lppo.data.Problem;
import lppo.data.Problems;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tests that untrusted files and texts are read correctly or rejected quickly in one line. {@code commands.CommandFuzzTest} does the same
 * for commands.
 */
class FuzzTest {

    private static final Path FIXTURES = Checkout.ROOT.resolve("tests/fixtures");
    private static final Duration SOON = Duration.ofSeconds(90); // the start of computer algebra on a busy machine; a hang is longer
    private static final Map<String, Tally> TALLIES = new TreeMap<>();

    @TempDir
    Path folder;

    @AfterAll
    static void thereWereManyAndOfBothKinds() {
        int all = TALLIES.values().stream().mapToInt(Tally::all).sum();
        int taken = TALLIES.values().stream().mapToInt(Tally::taken).sum();
        System.out.printf("  %,d inputs, %,d taken, %,d refused%n", all, taken, all - taken);
        assertTrue(all >= 100_000 || TALLIES.size() < 12, all + " inputs");
        TALLIES.values().stream().filter(tally -> !tally.kind().equals("references")) // any text may be one
                .forEach(tally -> assertTrue(Math.min(tally.taken(), tally.refused()) * 100 > tally.all(), "one-sided: " + tally));
    }

    @Test
    void jsonLines() throws Exception {
        problems("JSON Lines", 18_000, List.of(head(Checkout.ROOT.resolve("data/train.jsonl"), 3), bytes("""
                {"id": "a", "question": "Nuts?", "answer": "12", "solution": "3*4=12", "level": "3", "source": "s"}
                {"id": 7, "question": "Wie viele Nüsse?", "answer": 27.0, "solution": null}\r
                """), bytes("""
                {"question": "Nuts?", "answer": "She has 3*4=<<3*4=12>>12 nuts.\\n#### 12", "idx": 7}
                {"question": "Cost?", "answer": "Two cost $<<1200*2=2400>>2,400.\\n#### 2,400", "idx": 9}
                """), bytes("""
                {"problem": "P", "solution": "Thus \\\\boxed{1.6} cm", "type": "Astronomy", "idx": 0}
                {"problem": "Q", "solution": "\\\\boxed{\\\\frac{1}{2}}", "level": "Level 5", "unique_id": "x/1.json"}
                """)));
    }

    @Test
    void json() throws Exception {
        problems("JSON", 15_000, List.of(bytes("""
                [{"id": 2, "question": "What?", "solution": null, "final_answer": "['$2^{9}$', null, '$\\\\pi$']", "language": "English"},
                 {"id": 3, "question": "Where?", "context": "c", "solution": ["s"], "final_answer": ["$1$ or $2$"], "modality": \
                "Text-only"}]
                """), bytes("""
                {"features": [{"name": "problem"}], "rows": [{"row_idx": 0, "row": {"problem": "P", "answer": "073", "url": "http://u"}},
                 {"row_idx": 1, "row": {"problem": "Q", "answer": 1e2}}]}
                """), bytes("{\"version\": 1,\n \"tags\": [\"a\"], \"examples\": [\n{\"problem\": \"P\", \"answer\": 1}]}"),
                bytes("\uFEFF[{\"question\": \"a\", \"answer\": true}, {\"question\": \"b\", \"answer\": \"\\u00e9\", \"id\": \"b\"}]")));
    }

    @Test
    void parquet() throws Exception {
        problems("Parquet", 4_000,
                files(FIXTURES.resolve("benchmarks"), "aime_2024.parquet", "amc23.parquet", "gsm8k.parquet", "math500.parquet",
                        "olympiad.parquet"));
    }

    /** What is taken has questions, answers and distinct ids, and is the same when it is written and read again. */
    private void problems(String kind, int inputs, List<byte[]> good) throws Exception {
        Path file = folder.resolve("problems");
        Path again = folder.resolve("again");
        tried(kind, inputs, file.toString(), random -> Fuzz.damaged(random, good), bytes -> {
            put(file, bytes);
            List<Problem> problems = ProblemFiles.read(file);
            Set<String> ids = new HashSet<>();
            for (Problem p : problems) {
                assertTrue(ids.add(p.id()) && !p.id().isBlank() && !p.question().isBlank() && !p.answer().isBlank(), p.toString());
            }
            assertFalse(problems.isEmpty());
            if (problems.stream().noneMatch(p -> p.answer().contains("####"))) { // which is another layout's
                Files.deleteIfExists(again);
                Problems.write(again, problems);
                assertEquals(problems, ProblemFiles.read(again));
            }
            return true;
        });
    }

    @Test
    void safetensors() throws Exception {
        List<byte[]> good = new ArrayList<>(files(FIXTURES, "qwen3/model-00003-of-00003.safetensors"));
        good.add(tensors("{\"__metadata__\":{\"format\":\"pt\"},\"a\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]},"
                + "\"b\":{\"dtype\":\"BF16\",\"shape\":[4],\"data_offsets\":[24,32]},\"c\":{\"dtype\":\"F16\",\"shape\":[],"
                + "\"data_offsets\":[32,34]}}",
                34));
        good.add(tensors(
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[1,0],\"data_offsets\":[0,0]},\"y\":{\"data_offsets\":[0,4],\"shape\":[1],"
                        + "\"dtype\":\"F32\"}} ",
                4));
        Path file = folder.resolve("model.safetensors");
        try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
            tried("safetensors", 12_000, file.toString(), random -> switch (random.nextInt(3)) {
                case 0 -> Fuzz.damaged(random, good);
                case 1 -> header(random, good);
                default -> Fuzz.flipped(random, Fuzz.any(random, good));
            }, bytes -> {
                put(file, bytes);
                Safetensors opened = Safetensors.open(file);
                long covered = opened.entries().values().stream().mapToLong(e -> e.end() - e.begin()).sum();
                assertEquals(bytes.length, opened.start() + covered, "every byte belongs to one tensor");
                try (NDManager scratch = manager.newSubManager()) {
                    Safetensors.read(file, scratch)
                            .forEach((name, array) -> assertEquals(opened.entries().get(name).shape(), array.getShape()));
                }
                return true;
            });
        }
    }

    /** A damaged header with its right length, and values that may fit. */
    private static byte[] header(SplittableRandom random, List<byte[]> good) {
        byte[] bytes = Fuzz.any(random, good.subList(1, 3));
        int length = (int) ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
        String header = Fuzz.text(random, List.of(Arrays.copyOfRange(bytes, 8, 8 + length)));
        return tensors(header, random.nextInt(3) == 0 ? random.nextInt(64) : bytes.length - 8 - length);
    }

    private static byte[] tensors(String header, int values) {
        byte[] text = bytes(header);
        return ByteBuffer.allocate(8 + text.length + values).order(ByteOrder.LITTLE_ENDIAN).putLong(text.length).put(text).array();
    }

    @Test
    void configurations() throws Exception {
        List<byte[]> good = files(FIXTURES, "qwen2/config.json", "qwen3/config.json", "llama/config.json");
        Path file = folder.resolve("config.json");
        tried("config.json", 8_000, file.toString(), random -> Fuzz.damaged(random, good), bytes -> {
            put(file, bytes);
            ModelConfig config = ModelConfig.read(folder);
            assertTrue(config.layers() > 0 && config.heads() % config.kvHeads() == 0 && config.maxPositions() > 0, config.toString());
            return true;
        });
    }

    @Test
    void tokenizers() throws Exception {
        List<byte[]> good = files(Checkout.ROOT, "data/base/tokenizer.json", "tests/fixtures/qwen3/tokenizer.json");
        List<byte[]> longer = files(FIXTURES, "qwen2-tokenizer/tokenizer.json", "llama3-tokenizer/tokenizer.json");
        Path file = folder.resolve("tokenizer.json");
        tried("tokenizer.json", 4_000, file.toString(), random -> random.nextInt(3) == 0 ? Fuzz.flipped(random, Fuzz.any(random, good))
                : Fuzz.damaged(random, random.nextInt(8) == 0 ? longer : good), bytes -> {
                    put(file, bytes);
                    try (Tokenizer tokenizer = Tokenizer.load(folder)) {
                        tokenizer.opening();
                        tokenizer.decode(tokenizer.encode("start 17 +3 *2 é\uD83D\uDE00\0 <|im_end|>"));
                        return true;
                    }
                });
    }

    @Test
    void textsToEncode() throws Exception {
        try (Tokenizer tokenizer = Tokenizer.load(FIXTURES.resolve("qwen2-tokenizer"))) {
            List<byte[]> good = List.of(bytes("Find $\\frac{1}{2}$.\n<|im_end|> naïve \uD83D\uDE00"), bytes("a b  c\t\r\n 12345"));
            tried("texts to encode", 4_000, "text", random -> {
                String text = Fuzz.text(random, good);
                int at = random.nextInt(text.length() + 1);
                // half a character
                return random.nextInt(3) > 0 ? text : text.substring(0, at) + (char) (0xd800 + random.nextInt(0x800)) + text.substring(at);
            }, text -> {
                int[] tokens = tokenizer.encode(text);
                String decoded = tokenizer.decode(tokens);
                assertTrue(text.isEmpty() || tokens.length > 0 || decoded.isEmpty());
                return decoded.equals(text); // what is a special token, or no character, is not
            });
        }
    }

    @Test
    void chatTemplates() throws Exception {
        List<byte[]> good = new ArrayList<>();
        JsonParser.parseString(Files.readString(FIXTURES.resolve("chat.json"))).getAsJsonObject().getAsJsonObject("templates").asMap()
                .values()
                .forEach(t -> good.add(bytes(t.getAsJsonObject().get("template").getAsString())));
        List<ChatTemplate.Message> messages = List.of(new ChatTemplate.Message("system", "be\uD83D\uDE00 {{ 1 }}"),
                new ChatTemplate.Message("user", "hi <|im_end|> {% if %}"));
        tried("chat templates", 22_000, "there: ", random -> random.nextInt(3) > 0 ? Fuzz.text(random, good) : Fuzz.soup(random, JINJA, 14),
                template -> {
                    ChatTemplate.of(template, Map.of("bos_token", "<s>"), "there").render(messages, true);
                    return true;
                });
    }

    @Test
    void tokenizerConfigurations() throws Exception {
        List<byte[]> good = List.of(bytes("""
                {"bos_token": null, "eos_token": {"content": "</s>", "special": true}, "chat_template": "{{ messages[0]['content'] ~ \
                eos_token }}"}
                """), bytes("""
                {"chat_template": [{"name": "tool_use", "template": "no"}, {"name": "default", "template": "{{ messages }}"}], \
                "pad_token": "p"}
                """));
        Path file = folder.resolve("tokenizer_config.json");
        tried("tokenizer_config.json", 4_000, file.toString(), random -> Fuzz.damaged(random, good), bytes -> {
            put(file, bytes);
            ChatTemplate.read(folder).ifPresent(t -> t.render(List.of(new ChatTemplate.Message("user", "hi")), true));
            return true;
        });
    }

    /** A reference that no damage comes to is never met, whatever the completion; what is a text is itself. */
    @Test
    void answers() throws Exception {
        List<byte[]> good = new ArrayList<>();
        for (String name : List.of("answers.jsonl", "ordinary.jsonl", "realistic.jsonl")) {
            for (String line : Files.readAllLines(FIXTURES.resolve(name))) {
                good.add(bytes(JsonParser.parseString(line).getAsJsonObject().get("completion").getAsString()));
            }
        }
        try (MathAnswer judge = new MathAnswer(Duration.ofSeconds(2))) {
            MathAnswer boxed = judge.boxed();
            tried("answers", 12_000, "answer", random -> random.nextInt(3) > 0 ? Fuzz.text(random, good) : Fuzz.soup(random, MATHS, 20),
                    completion -> {
                        for (MathAnswer each : List.of(judge, boxed)) {
                            MathAnswer.Verdict verdict = each.judge(completion, "91827364554637281919");
                            assertFalse(verdict.correct(), verdict.toString());
                            assertFalse(verdict.reason().contains("internal error"), verdict.reason());
                            assertEquals(1, verdict.reason().lines().count(), verdict.reason());
                        }
                        return judge.answer(completion).isPresent();
                    });
            tried("references", 3_000, "reference", random -> Fuzz.soup(random, MATHS, 8), reference -> {
                MathAnswer.Verdict verdict = judge.judge("\\boxed{7}", reference);
                assertFalse(verdict.reason().contains("internal error"), verdict.reason());
                assertFalse(verdict.correct() && !reference.contains("7") && verdict.reason().contains("the same text"),
                        verdict.toString());
                return !verdict.failed();
            });
        }
    }

    @Test
    void pairs() throws Exception {
        List<byte[]> good = List.of(bytes("{\"completion\": \"\\\\boxed{7}\", \"reference\": \"7\"}"),
                bytes("{\"completion\": \"so 8\", \"reference\": 7, \"truncated\": true}"));
        try (MathAnswer judge = new MathAnswer()) {
            tried("pairs", 5_000, "there", random -> Fuzz.text(random, good), text -> {
                List<String> lines = text.lines().toList();
                AnswerPairs.Tally tally = AnswerPairs.judge(judge, lines, "there", Writer.nullWriter(), done -> {});
                assertTrue(tally.all() == lines.size() && tally.correct() <= tally.all());
                return true;
            });
        }
    }

    private static <T> void tried(String kind, int inputs, String where, Function<SplittableRandom, T> input, Fuzz.Trial<T> trial)
            throws Exception {
        TALLIES.put(kind, Fuzz.run(kind, inputs, SOON, where, input, trial));
    }

    /** A new file: some file systems wait for the disk when one is written over. */
    private static void put(Path file, byte[] bytes) throws IOException {
        Files.deleteIfExists(file);
        Files.write(file, bytes);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    private static byte[] head(Path file, int lines) throws IOException {
        try (Stream<String> all = Files.lines(file)) {
            return bytes(String.join("\n", all.limit(lines).toList()));
        }
    }

    private static List<byte[]> files(Path folder, String... names) throws IOException {
        List<byte[]> files = new ArrayList<>();
        for (String name : names) {
            files.add(Files.readAllBytes(folder.resolve(name)));
        }
        return files;
    }

    private static final List<String> JINJA = List.of("{{", "}}", "{%", "%}", "{%-", "-%}", "{#", "#}", "{{ messages", " }}",
            "{% if messages %}",
            "{% endif %}", "{% for m in messages %}", "{% endfor %}", "{% set x = ", "{% set x %}", "{% endset %}", "{% macro f(a, b=1) %}",
            "{% endmacro %}", "{{ f(1) }}", " x ", "|length", "|trim", "|map(attribute='role')", "|tojson", "|sort", "|list", "|join(',')",
            "[0]",
            "[::-1]", ".content", ".split('i')", ".items()", "(", ")", "[", "]", "'a'", "1", "2.5", " + ", " ~ ", "**", "//", " in ",
            " is ",
            "divisibleby(0.5)", " is defined", "|int", "|float", "|round", "|abs", "|min", "|unique", "|indent(", "|dictsort", "|replace(",
            "range(",
            "namespace(a=1)", "loop.index0", "loop.cycle(", "strftime_now('%", "dict(", ", ", "none", "'\\U0010ffff'", "'\\ud800'", "99",
            "-1");

    private static final List<String> MATHS = List.of("\\frac", "{", "}", "\\sqrt", "[", "]", "(", ")", "^", "_", "\\boxed{", "$", "$$",
            "\\text{", "1",
            "23", "0.5", "x", "y", "\\pi", "i", "e", "+", "-", "*", "/", "=", "<", "\\le", ",", ";", "\\cup", "\\in", "\\{", "\\}", "!",
            "%", "|", ":",
            "\\sin", "\\log", "\\sum", "\\int", "_{k=1}", "^{10}", "dx", "\\begin{pmatrix}", "\\end{pmatrix}", "\\\\", " and ", " or ",
            "answer is ",
            "####", "\\infty", "\\pm", "\\binom", "^\\circ", "\\left", "\\right", "\\lfloor", "\\ldots", "f(", "\\mathbb{R}", "9^9",
            "<think>", "</think>");
}
