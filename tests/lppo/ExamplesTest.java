package lppo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Tests the scripts of {@code notebooks/examples}, and commands with a user's own operator files. */
class ExamplesTest {

    @TempDir
    Path folder;

    static List<Path> examples() throws IOException {
        return Checkout.list(Checkout.ROOT.resolve("notebooks/examples")).stream().filter(file -> file.toString().endsWith(".java"))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("examples")
    void eachIsShortAndRuns(Path example) throws Exception {
        assertTrue(Files.readAllLines(example).size() <= 30, example + " is longer than 30 lines");
        assertEquals(0, ToolProvider.getSystemJavaCompiler().run(null, null, null, "-proc:none", "-d", folder.toString(), "-cp",
                System.getProperty("java.class.path"), example.toString()));
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        PrintStream screen = System.out;
        try (URLClassLoader loader = new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
            System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
            loader.loadClass(example.getFileName().toString().replace(".java", "")).getMethod("main", String[].class)
                    .invoke(null, (Object) new String[0]);
        } finally {
            System.setOut(screen);
        }
        String text = said.toString(StandardCharsets.UTF_8);
        assertTrue(text.startsWith("1 ") && text.lines().count() >= 5, text);
    }

    @Test
    void commandsTakeThemByFile() throws Exception {
        String examples = Checkout.ROOT.resolve("notebooks/examples").toString();
        train(0, "own", "--reward", examples + "/OwnReward.java", "--hint", examples + "/OwnHint.java", "--weighting",
                examples + "/OwnWeighting.java");
        assertTrue(Files.readAllLines(folder.resolve("own/metrics.csv")).size() == 3);
    }

    @Test
    void whatIsWrongWithOneIsSaidInOneLine() throws Exception {
        wrong("Typo",
                "public class Typo implements lppo.judge.Reward { public double score(lppo.data.Problem p, String r) {\n return x; } }",
                "Typo.java:2: does not compile: cannot find symbol");
        wrong("Other", "public class Other {}", "Other is not a Reward; write \"public class Other implements Reward\"");
        wrong("Named", "class Else implements lppo.judge.Reward { public double score(lppo.data.Problem p, String r) { return 1; } }",
                "contains no class Named");
        wrong("Shy",
                "public class Shy implements lppo.judge.Reward { public Shy(int i) {} public double score(lppo.data.Problem p, String r)"
                        + " { return 1; } }",
                "must be public and have a constructor without arguments");
        assertTrue(train(2, "none", "--reward", folder + "/Nowhere.java").contains("Nowhere.java: no such file"));
    }

    /** A reward that throws is told with its problem and counted, and never a silent zero. */
    @Test
    void aRewardThatThrowsIsToldAndCounted() throws Exception {
        Path file = Files.writeString(folder.resolve("Thrower.java"), "public class Thrower implements lppo.judge.Reward {"
                + " public double score(lppo.data.Problem p, String r) { throw new IllegalStateException(\"no idea\"); } }");
        String said = train(0, "thrown", "--reward", file.toString(), "--trusted-share", "0", "--demonstrations", "0");
        assertTrue(said.contains("the reward throws java.lang.IllegalStateException: no idea"), said);
        String[] last = Files.readAllLines(folder.resolve("thrown/metrics.csv")).get(2).split(",");
        assertTrue(Integer.parseInt(last[19]) > 0, "undecided " + last[19]);
    }

    @Test
    void aRewardThatThrowsIsToldInEvaluationsToo() throws Exception {
        String reward = Files.writeString(folder.resolve("Thrower.java"), "public class Thrower implements lppo.judge.Reward {"
                + " public double score(lppo.data.Problem p, String r) { if (p.id().contains(\"validation\"))"
                + " throw new IllegalStateException(\"no idea\"); return 1; } }").toString();
        String data = Checkout.ROOT.resolve("data").toString();
        String said = new Commands(folder).run(0, "evaluate", "--model", data + "/base", "--data", data + "/validation.jsonl", "--samples",
                "0", "--device", "cpu", "--reward", reward);
        String complaint = "problem validation-\\S+: the reward throws java.lang.IllegalStateException: no idea; ";
        assertEquals(1, said.lines().filter(l -> l.matches(complaint + "\\d+ answers could not be judged and count as wrong")).count(),
                said);
        said = new Commands(folder).run(0, "sft", "--model", data + "/base", "--data", data + "/train.jsonl", "--evaluate-on",
                data + "/validation.jsonl", "--evaluate-samples", "0", "--steps", "1", "--device", "cpu", "--out",
                folder.resolve("sft").toString(), "--reward", reward);
        assertEquals(1, said.lines().filter(l -> l.matches(complaint + "such answers count as wrong")).count(), said);
    }

    private void wrong(String name, String source, String complaint) throws Exception {
        String said = train(2, name, "--reward", Files.writeString(folder.resolve(name + ".java"), source).toString());
        assertTrue(said.contains(complaint), said);
        assertEquals(1, said.strip().lines().count(), said);
    }

    private String train(int status, String out, String... more) throws Exception {
        List<String> line = new java.util.ArrayList<>(List.of("train", "--recipe", out.equals("own") ? "lppo" : "grpo", "--model",
                Checkout.ROOT.resolve("data/base").toString(), "--task", "modular-chain", "--steps", "2", "--problems-per-step", "4",
                "--device", "cpu", "--out", folder.resolve(out).toString()));
        line.addAll(List.of(more));
        return new Commands(folder).run(status, line.toArray(new String[0]));
    }
}
