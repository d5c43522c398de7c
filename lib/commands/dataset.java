///usr/bin/env jbang "$0" "$@" ; exit $?
//SOURCES ../lppo/Lppo.java
//SOURCES Commands.java
//SOURCES TrainingOptions.java
//SOURCES HintShares.java
//SOURCES ../benchmarks/Benchmarks.java

package commands;

import benchmarks.Benchmark;
import benchmarks.Layout;
import benchmarks.ProblemFiles;
import common.BadInput;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import llm.Tokenizer;
import lppo.Cut;
import lppo.data.Problem;
import lppo.data.Problems;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tech.tablesaw.api.IntColumn;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;
import view.Display;

/** Lists where the benchmarks are published, and converts a downloaded file into our problem format. */
@Command(name = "dataset", mixinStandardHelpOptions = true, showDefaultValues = true,
        description = "List where the benchmarks are published; with a FILE, describe it; with --out, convert it into problems.",
        footer = {"", "Examples:", "  ./jbang dataset", "  ./jbang dataset test-00000-of-00001.parquet --out gsm8k.jsonl",
            "  ./jbang dataset openai/gsm8k --split train --out gsm8k.jsonl", "  ./jbang data --hints gsm8k.jsonl --model MODEL",
            "", "evaluate, train and sft read such files directly, and also accept the names of data sets on the Hugging Face hub."})
public class dataset implements Callable<Integer> {

    @Parameters(arity = "0..1", paramLabel = "FILE", description = "JSON Lines, JSON or Parquet; or OWNER/NAME of a data set on the hub.")
    Path file;

    @Option(names = "--out", paramLabel = "FILE", description = "Write the problems to this file, one JSON object per line.")
    Path out;

    @Option(names = "--name", description = "Source of problems that have none, such as aime24.")
    String name;

    @Option(names = "--split", description = "Split of a data set on the hub.")
    String split = "test";

    @Option(names = "--hints", description = "Print how much of the solutions in FILE hints show: beta, mean share shown, most that can be"
            + " shown without the conclusion, share of empty hints.")
    boolean hints;

    @Option(names = "--cut", paramLabel = "tokens|steps", description = "Where --hints cuts.")
    String cut = "tokens";

    @Option(names = "--model", description = "Folder with the tokenizer that --hints counts tokens with; without one a word, a"
            + " digit or a sign is a token.")
    Path model;

    @Option(names = "--force", description = "Overwrite --out if it exists.")
    boolean force;

    @Override
    public Integer call() throws IOException {
        if (file == null) {
            BadInput.unless(out == null && name == null, "--out and --name need a FILE to convert");
            BadInput.unless(!hints, "--hints needs a FILE of problems with solutions");
            list();
            return 0;
        }
        Path source = ByName.problems(file, split);
        ProblemFiles.Loaded loaded = ProblemFiles.load(source);
        BadInput.unless(out == null || !Files.isDirectory(out), "%s: is a folder; name a file", out);
        BadInput.unless(out == null || Files.isWritable(out.toAbsolutePath().getParent()),
                "%s: its folder is missing or cannot be written to", out);
        BadInput.unless(out == null || force || Files.notExists(out), "%s: exists; name another --out, or overwrite with --force", out);
        BadInput.unless(out == null || Files.notExists(out) || !Files.isSameFile(source, out), "%s: is the input FILE itself", out);
        List<Problem> problems = loaded.problems().stream().map(p -> p.source() != null || name == null ? p
                : new Problem(p.id(), p.question(), p.answer(), p.solution(), p.level(), name)).toList();
        System.out.printf("%s: %d rows, recognised by %s%n", file, loaded.rows(), loaded.layout().columns());
        System.out.printf("%d problems, %d of them with a solution%s%n", problems.size(),
                problems.stream().filter(Problem::hasDemonstration).count(),
                loaded.dropped().isEmpty() ? "" : "; skipped: " + loaded.leftOut());
        Benchmark.named(name == null ? Benchmark.title(file, loaded.layout()) : name)
                .filter(b -> b.problems() != problems.size())
                .ifPresent(b -> System.out.printf("the test set of %s has %d problems%n", b.title(), b.problems()));
        if (hints) {
            hints(problems.stream().filter(Problem::hasDemonstration).toList());
        }
        if (out != null) {
            Problems.write(out, problems);
            System.out.println("wrote " + out);
        }
        return 0;
    }

    private void hints(List<Problem> shown) {
        Cut chosen = TrainingOptions.Hints.cut(cut);
        BadInput.unless(!shown.isEmpty(), "%s: no problem has a solution to show", file);
        try (Tokenizer tokenizer = model == null ? null : Tokenizer.load(model)) {
            HintShares shares = new HintShares(chosen, tokenizer == null ? HintShares.WORDS : text -> tokenizer.encode(text).length);
            Display.print(shares.table(shown, 0.1, 0.3, 0.5, 0.7, 0.9, 1));
        }
    }

    private static void list() {
        StringColumn benchmark = StringColumn.create("benchmark");
        IntColumn problems = IntColumn.create("problems");
        StringColumn licence = StringColumn.create("licence");
        StringColumn columns = StringColumn.create("recognised by");
        StringColumn published = StringColumn.create("published");
        for (Benchmark each : Benchmark.values()) {
            for (Benchmark.Page page : each.pages()) {
                benchmark.append(each.title());
                problems.append(each.problems());
                licence.append(page.licence());
                columns.append(page.layout().columns());
                published.append(page.address());
            }
        }
        System.out.println(Table.create("benchmarks", benchmark, problems, columns, licence, published).print());
        System.out.println("\nMost are also in " + Benchmark.COLLECTION + ".\nNo licence: none is stated on the page, as far as we"
                + " know of. Files are recognised by their columns, which may also be\n"
                + Layout.BOXED.columns() + " (MATH, Minerva); they may be JSON Lines, JSON or Parquet.");
    }

    public static void main(String... args) {
        Cli.run(new dataset(), args);
    }
}
