package commands;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A minimal command that writes the tables of a finished run, or fails. */
public final class TinyJob {

    private TinyJob() {}

    /** @param args folder, then the last step and the tokens sampled, or {@code fail}; a file that it waits for, if any */
    public static void main(String... args) throws Exception {
        if (args[1].equals("fail")) {
            System.err.println("starting");
            System.err.println("x.jsonl: no such file");
            System.exit(2);
        }
        for (int tenths = 0; args.length == 4 && !Files.exists(Path.of(args[3])); tenths++) {
            if (tenths == 300) {
                System.err.println(args[3] + ": does not come");
                System.exit(2);
            }
            Thread.sleep(100);
        }
        Path folder = Path.of(args[0]);
        Files.createDirectories(folder.resolve("checkpoint"));
        Files.write(folder.resolve("metrics.csv"), List.of("step,sampled_tokens", args[1] + "," + args[2]));
        Files.write(folder.resolve("evaluation.csv"), List.of("step,sampled_tokens,level,problems,greedy,average",
                args[1] + "," + args[2] + ",all,4,0.5,"));
        Files.writeString(folder.resolve("ran.txt"), "once");
    }
}
