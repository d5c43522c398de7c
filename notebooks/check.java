///usr/bin/env jbang "$0" "$@" ; exit $?
//SOURCES ../lib/lppo/Lppo.java
//SOURCES ../lib/lppo/math/Symja.java

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import lppo.cli.Cli;
import lppo.cli.Progress;
import lppo.data.BadInput;
import lppo.math.MathAnswer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Judges answers as the reward of mathematics does. */
@Command(name = "check", mixinStandardHelpOptions = true, showDefaultValues = true,
        description = {"Judges an answer against a reference answer and says why; or every line of a file.",
            "A line of the file is {\"completion\": ..., \"reference\": ...}, with \"truncated\": true if it was cut off;"
                    + " a line of the output is {\"correct\": ..., \"extracted\": ..., \"reason\": ...}, in the same order."},
        footer = {"", "Status: of two arguments 0 if correct, 1 if not; of a file 0; 2 for wrong usage or input.", "", "Examples:",
            "  ./jbang check '\\boxed{\\frac{1}{2}}' 0.5", "  ./jbang check --file pairs.jsonl --out verdicts.jsonl"})
public class check implements Callable<Integer> {

    @Parameters(index = "0", arity = "0..1", paramLabel = "ANSWER", description = "An answer, or a text that ends in one.")
    String answer;

    @Parameters(index = "1", arity = "0..1", paramLabel = "REFERENCE", description = "The reference answer.")
    String reference;

    @Option(names = "--file", description = "JSON Lines to judge.")
    Path file;

    @Option(names = "--out", description = "Where the verdicts on a file go; standard output if not given.")
    Path out;

    @Option(names = "--deadline", description = "Seconds that computer algebra has for one question.")
    double deadline = 3;

    private final Gson gson = new GsonBuilder().disableHtmlEscaping().create();

    private record Line(boolean correct, String extracted, String reason) {}

    @Override
    public Integer call() throws IOException {
        BadInput.unless(deadline > 0 && deadline <= 3600, "--deadline %s: must be between 0 and 3600 seconds", deadline);
        BadInput.unless(file != null ? answer == null : reference != null,
                "give ANSWER and REFERENCE, or --file FILE; see --help");
        BadInput.unless(out == null || file != null, "--out is for --file");
        try (MathAnswer judge = new MathAnswer(Duration.ofMillis((long) (deadline * 1000)))) {
            if (file != null) {
                return checkFile(judge);
            }
            MathAnswer.Verdict verdict = judge.judge(answer, reference);
            System.out.printf("%s%nextracted: %s%nreason: %s%n", verdict.correct() ? "correct" : "not correct",
                    verdict.extracted(), verdict.reason());
            return verdict.correct() ? 0 : 1;
        }
    }

    private int checkFile(MathAnswer judge) throws IOException {
        List<String> lines = lines();
        long correct = 0;
        try (PrintStream to = out == null ? new PrintStream(System.out, true, StandardCharsets.UTF_8)
                : new PrintStream(Files.newOutputStream(out), false, StandardCharsets.UTF_8);
                Progress progress = new Progress("check", lines.size())) {
            for (int i = 0; i < lines.size(); i++) {
                Line line = judged(judge, lines.get(i), i + 1);
                correct += line.correct ? 1 : 0;
                to.println(gson.toJson(line));
                progress.accept(i + 1);
            }
            BadInput.unless(!to.checkError(), "%s: could not be written", out == null ? "standard output" : out);
        }
        System.err.printf("%d of %d correct, %d could not be decided%n", correct, lines.size(), judge.failures());
        return 0;
    }

    private List<String> lines() throws IOException {
        BadInput.unless(Files.isRegularFile(file), "--file %s: no such file", file);
        try {
            return Files.readAllLines(file);
        } catch (java.nio.charset.CharacterCodingException e) {
            throw new BadInput("--file " + file + ": not UTF-8 text");
        }
    }

    private Line judged(MathAnswer judge, String text, int number) {
        JsonObject pair;
        String completion;
        String expected;
        boolean truncated;
        try {
            pair = gson.fromJson(text, JsonObject.class);
            completion = pair.get("completion").getAsString();
            expected = pair.get("reference").getAsString();
            truncated = pair.has("truncated") && pair.get("truncated").getAsBoolean();
        } catch (JsonParseException | NullPointerException | IllegalStateException | UnsupportedOperationException e) {
            throw new BadInput(file + ", line " + number + ": must be {\"completion\": TEXT, \"reference\": TEXT}");
        }
        if (truncated) {
            return new Line(false, "", "truncated, so without a final answer");
        }
        MathAnswer.Verdict verdict = judge.judge(completion, expected);
        return new Line(verdict.correct(), verdict.extracted(), verdict.reason());
    }

    public static void main(String... args) {
        Cli.run(new check(), args);
    }
}
