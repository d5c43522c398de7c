///usr/bin/env jbang "$0" "$@" ; exit $?
//SOURCES ../lppo/Lppo.java
//SOURCES Commands.java
//SOURCES ../answers/Answers.java
//SOURCES AnswerPairs.java

package commands;

import answers.MathAnswer;
import common.BadInput;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import lppo.run.RunFolder;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import view.Display;

/** Judges answers like the reward for mathematics. */
@Command(name = "check", mixinStandardHelpOptions = true, showDefaultValues = true,
        description = {"Judge an answer against a reference answer, with the reason; or every line of a file.",
            "A line of the file is {\"completion\": ..., \"reference\": ...}, with \"truncated\": true if it was truncated and \"question\""
                    + ": ... "
                    + "where --strict should know it; a line of the output is {\"correct\": ..., \"extracted\": ..., \"reason\": ...}, in"
                    + " the same order."},
        footer = {"", "Exit status: for two arguments 0 if correct, 1 if not; for a file 0; 2 for wrong usage or input.", "", "Examples:",
            "  ./jbang check '\\boxed{\\frac{1}{2}}' 0.5", "  ./jbang check --file pairs.jsonl --out verdicts.jsonl",
            "  ./jbang check --strict '\\boxed{7 + 3}' 10"})
public class check implements Callable<Integer> {

    @Parameters(index = "0", arity = "0..1", paramLabel = "ANSWER", description = "An answer, or a text that ends in one.")
    String answer;

    @Parameters(index = "1", arity = "0..1", paramLabel = "REFERENCE", description = "The reference answer.")
    String reference;

    @Option(names = "--file", description = "JSON Lines to judge.")
    Path file;

    @Option(names = "--out", description = "Output file of the verdicts (default: standard output).")
    Path out;

    @Option(names = "--strict", description = "Require an answer in final form, as in training: no unevaluated sum, no list of"
            + " candidates, no repetition of the question. Without it, equivalence is enough.")
    boolean strict;

    @Option(names = "--deadline", description = "Time limit of computer algebra for one answer, in seconds.")
    double deadline = 3;

    @Override
    public Integer call() throws IOException {
        BadInput.unless(deadline > 0 && deadline <= 3600, "--deadline %s: must be between 0 and 3600 seconds", deadline);
        BadInput.unless(file != null ? answer == null : reference != null,
                "give ANSWER and REFERENCE, or --file FILE; see --help");
        BadInput.unless(out == null || file != null, "--out needs --file");
        if (out != null) {
            RunFolder.unused(out);
        }
        try (MathAnswer lenient = new MathAnswer(Duration.ofMillis((long) (deadline * 1000)))) {
            MathAnswer judge = strict ? lenient.strict() : lenient;
            if (file != null) {
                return checkFile(judge);
            }
            MathAnswer.Verdict verdict = judge.judge(answer, reference);
            Display.print("%s%nextracted: %s%nreason: %s".formatted(verdict.correct() ? "correct" : "not correct", verdict.extracted(),
                    verdict.reason()));
            return verdict.correct() ? 0 : 1;
        }
    }

    private int checkFile(MathAnswer judge) throws IOException {
        List<String> lines = AnswerPairs.lines(file);
        AnswerPairs.Tally tally;
        try (Writer to = out == null ? new OutputStreamWriter(System.out, StandardCharsets.UTF_8) : Files.newBufferedWriter(out);
                Progress progress = new Progress("check", lines.size())) {
            tally = AnswerPairs.judge(judge, lines, file, to, progress);
        }
        System.err.printf("%d of %d correct, %d could not be decided%n", tally.correct(), tally.all(), judge.failures());
        return 0;
    }

    public static void main(String... args) {
        Cli.run(new check(), args);
    }
}
