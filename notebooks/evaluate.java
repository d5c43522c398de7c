///usr/bin/env jbang "$0" "$@" ; exit $?
//SOURCES ../lib/lppo/Lppo.java

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import lppo.cli.Cli;
import lppo.data.BadInput;
import lppo.data.Problem;
import lppo.data.Problems;
import lppo.data.Seed;
import lppo.model.Policy;
import lppo.model.Precision;
import lppo.reward.Reward;
import lppo.train.Evaluation;
import lppo.view.Tables;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Prints the accuracy of a model folder on a problem file, by level. */
@Command(name = "evaluate", mixinStandardHelpOptions = true, showDefaultValues = true,
        description = "Accuracy of a model folder on a problem file: greedy, and averaged over samples.",
        footer = {"", "Example:", "  ./jbang evaluate --model data/base --data data/heldout.jsonl"})
public class evaluate implements Callable<Integer> {

    @Option(names = "--model", required = true, description = "Model folder.")
    Path model;

    @Option(names = "--data", required = true, description = "Problems.")
    Path data;

    @Option(names = "--samples", description = "k of avg@k; 0 for greedy only.")
    int samples = 8;

    @Option(names = "--max-new-tokens", description = "Longest completion.")
    int maxNewTokens = 14;

    @Option(names = "--adapter", description = "Folder of LoRA adapters that were trained on the model.")
    Path adapter;

    @Option(names = "--seed", description = "Root of the draws.")
    long seed = 0;

    @Option(names = "--device", description = "auto, cpu or gpu.")
    String device = "auto";

    @Override
    public Integer call() {
        BadInput.unless(samples >= 0, "--samples %d: must be 0 or more", samples);
        List<Problem> problems = Problems.read(data);
        try (Policy policy = Policy.load(model, adapter, Policy.device(device), Precision.FP32)) {
            System.out.println(Tables.of(
                    Evaluation.of(policy, problems, Reward.lastWord(), maxNewTokens, samples, new Seed(seed)), samples).print());
        }
        return 0;
    }

    public static void main(String... args) {
        Cli.run(new evaluate(), args);
    }
}
