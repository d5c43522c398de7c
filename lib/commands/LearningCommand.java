package commands;

import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Options of commands that train a model on problems. */
abstract class LearningCommand {

    @Option(names = "--model", required = true, description = "Model folder, or OWNER/NAME[@REVISION] on the Hugging Face hub.")
    Path model;

    @Option(names = "--data", description = "Problem file (default: the problems of --task).")
    Path data;

    @Option(names = "--demonstrations", description = "Use only this many of the solutions, chosen evenly (default: all).")
    Integer demonstrations;

    @Option(names = "--seed", description = "Random seed (default: ${DEFAULT-VALUE}).")
    long seed = 1;

    @Option(names = "--config", paramLabel = "FILE", description = "Run the run of this config.json again: its options are used where none"
            + " are given. It needs a new --out.")
    Path config;

    @Spec
    CommandSpec spec;
}
