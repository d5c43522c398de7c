///usr/bin/env jbang "$0" "$@" ; exit $?
//SOURCES ../lppo/Lppo.java
//SOURCES Commands.java
//SOURCES ../lppo/files/FileFormats.java

package commands;

import common.BadInput;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import lppo.data.Problem;
import lppo.data.Problems;
import lppo.files.Benchmark;
import lppo.files.Layout;
import lppo.files.ProblemFiles;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tech.tablesaw.api.IntColumn;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;

/** Says where the benchmarks are published, and converts a file of one into our problem format. */
@Command(name = "dataset", mixinStandardHelpOptions = true, showDefaultValues = true,
        description = "Where the benchmarks are published; with a FILE, what it holds; with --out, our problems of it.",
        footer = {"", "Examples:", "  ./jbang dataset", "  ./jbang dataset test-00000-of-00001.parquet --out gsm8k.jsonl",
            "  ./jbang dataset openai/gsm8k --split train --out gsm8k.jsonl",
            "", "evaluate, train and sft read such files as they are, and take the names of data sets on the Hugging Face hub, too."})
public class dataset implements Callable<Integer> {

    @Parameters(arity = "0..1", paramLabel = "FILE", description = "JSON Lines, JSON or Parquet; or OWNER/NAME of a data set on the hub.")
    Path file;

    @Option(names = "--out", paramLabel = "FILE", description = "Write the problems here, one JSON object a line.")
    Path out;

    @Option(names = "--name", description = "Source of problems that name none, say aime24.")
    String name;

    @Option(names = "--split", description = "What to take of a data set on the hub.")
    String split = "test";

    @Option(names = "--force", description = "Replace --out if it exists.")
    boolean force;

    @Override
    public Integer call() throws IOException {
        if (file == null) {
            BadInput.unless(out == null && name == null, "--out and --name need a FILE to convert");
            list();
            return 0;
        }
        ProblemFiles.Loaded loaded = ProblemFiles.load(ByName.problems(file, split));
        BadInput.unless(out == null || !Files.isDirectory(out), "%s: is a folder; name a file", out);
        BadInput.unless(out == null || Files.isWritable(out.toAbsolutePath().getParent()), "%s: its folder is missing or cannot be written to", out);
        BadInput.unless(out == null || force || Files.notExists(out), "%s: exists; name another --out, or replace it by --force", out);
        BadInput.unless(out == null || Files.notExists(out) || !Files.isSameFile(file, out), "%s: is the FILE itself", out);
        List<Problem> problems = loaded.problems().stream().map(p -> p.source() != null || name == null ? p
                : new Problem(p.id(), p.question(), p.answer(), p.solution(), p.level(), name)).toList();
        System.out.printf("%s: %d rows, recognised by %s%n", file, loaded.rows(), loaded.layout().columns());
        System.out.printf("%d problems, %d of them with a solution%s%n", problems.size(),
                problems.stream().filter(Problem::hasDemonstration).count(),
                loaded.dropped().isEmpty() ? "" : "; left out: " + loaded.leftOut());
        Benchmark.named(name == null ? Benchmark.title(file, loaded.layout()) : name)
                .filter(b -> b.problems() != problems.size())
                .ifPresent(b -> System.out.printf("the test set of %s has %d problems%n", b.title(), b.problems()));
        if (out != null) {
            Problems.write(out, problems);
            System.out.println("wrote " + out);
        }
        return 0;
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
        System.out.println("\nMost are also in " + Benchmark.COLLECTION + ";\nno licence: the page states none that we"
                + " know of. Files are recognised by their columns, which may also be\n"
                + Layout.BOXED.columns() + " (MATH, Minerva); they may be JSON Lines, JSON or Parquet.");
    }

    public static void main(String... args) {
        Cli.run(new dataset(), args);
    }
}
