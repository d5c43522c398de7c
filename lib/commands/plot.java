///usr/bin/env jbang "$0" "$@" ; exit $?
//SOURCES ../lppo/Lppo.java
//SOURCES Commands.java
//SOURCES RunCharts.java

package commands;

import common.BadInput;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import view.Charts;

/** Draws charts of one run folder, or of several side by side. */
@Command(name = "plot", mixinStandardHelpOptions = true, showDefaultValues = true,
        description = "Draw charts of a run folder, or of several side by side.",
        footer = {"", "Example:", "  ./jbang plot runs/reproduce/runs/grpo-1 runs/reproduce/runs/lppo-1 --out /tmp/charts"})
public class plot implements Callable<Integer> {

    @Parameters(paramLabel = "RUN", arity = "1..*", description = "Run folders.")
    List<Path> folders;

    @Option(names = "--out", required = true, description = "Folder for the PNG files.")
    Path out;

    @Override
    public Integer call() throws Exception {
        boolean named = folders.stream().map(f -> String.valueOf(f.getFileName())).distinct().count() == folders.size();
        BadInput.unless(folders.stream().distinct().count() == folders.size(), "the same run folder is given twice");
        BadInput.unless(Files.notExists(out) || Files.isDirectory(out), "%s: is a file; --out must be a folder", out);
        List<RunGroup> runs = folders.stream().map(f -> new RunGroup(named ? String.valueOf(f.getFileName()) : f.toString(), List.of(f)))
                .toList();
        for (Path folder : folders) {
            BadInput.unless(Files.isRegularFile(folder.resolve("metrics.csv")), "%s: is not a run folder", folder);
        }
        Files.createDirectories(out);
        for (Map.Entry<String, BufferedImage> chart : RunCharts.of(runs).entrySet()) {
            Charts.write(chart.getValue(), out.resolve(chart.getKey() + ".png"));
        }
        System.out.println("charts: " + out);
        return 0;
    }

    public static void main(String... args) {
        Cli.run(new plot(), args);
    }
}
