package commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import common.BadInput;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import lppo.Checkout;
import lppo.Fuzz;
import lppo.Fuzz.Tally;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** Tests that any command line ends quickly with status 0, 1 or 2 and a message, and writes only to {@code --out}. */
class CommandFuzzTest {

    private static final List<String> WORDS = List.of("", " ", "é", "名前 \uD83D\uDE00", "a\nb", "\u001b[31mred", "%s%n", "x".repeat(5000),
            "\0", "--", "-x", "1,5", "0x10",
            "NaN", "null", "*", "${jndi:ldap://x}", "@nothing");
    private static final List<String> NUMBERS = List.of("-1", "0", "1", "2", "0.5", "-0.0", "Infinity", "-Infinity", "1e400", "1e-400",
            "2147483647", "-2147483648",
            "9223372036854775807", "99999999999999999999");
    private static final List<String> COUNTS = List.of("--samples", "--count", "--warm-up", "--group-size"); // that are work

    private static final List<String> GUARDS = List.of("--dry-run", "--demonstrations", "--on", "--jobs"); // against real work

    @TempDir
    Path folder;

    private Path outs;
    private int runs;
    private Map<String, Long> here;

    @BeforeEach
    void prepare() throws Exception {
        outs = folder.resolve("outs");
        Path base = Checkout.ROOT.resolve("data/base");
        Files.createDirectories(folder.resolve("model"));
        for (Path file : Checkout.list(base)) {
            Files.copy(file, folder.resolve("model").resolve(file.getFileName().toString()));
        }
        try (Stream<String> lines = Files.lines(Checkout.ROOT.resolve("data/train.jsonl"))) {
            Files.write(folder.resolve("data.jsonl"), lines.filter(line -> line.contains("solution")).limit(4).toList());
        }
        Files.writeString(folder.resolve("pairs.jsonl"), "{\"completion\": \"\\\\boxed{7}\", \"reference\": \"7\"}\n");
        Files.createDirectories(folder.resolve("run"));
        Files.writeString(folder.resolve("run/metrics.csv"), "step,loss,pass_rate\n1,0.5,0.1\n2,0.4,\n3,NaN,0.2\n4,1,1\n5,1,1\n");
        Files.writeString(folder.resolve("run/evaluation.csv"),
                "step,sampled_tokens,level,problems,greedy,average\n0,0,all,2,0.1,0.2\n5,9,all,2,0.3,0.2\n");
        Files.createDirectories(folder.resolve("broken"));
        Files.writeString(folder.resolve("broken/metrics.csv"), "step,\"loss\n1,x,\"\n");
        here = files(Path.of(""));
    }

    @AfterEach
    void nothingIsWrittenWhereTheCommandRuns() throws IOException {
        assertEquals(here, files(Path.of("")));
    }

    @Test
    void whateverACommandLineHolds() throws Exception {
        List<Tally> tallies = new ArrayList<>();
        tallies.add(tried(900, "train", "--dry-run", "--recipe", "lppo", "--model", at("model"), "--data", at("data.jsonl"), "--device",
                "cpu"));
        // there are 4
        tallies.add(tried(200, "sft", "--demonstrations", "9", "--model", at("model"), "--data", at("data.jsonl"), "--device", "cpu"));
        tallies.add(tried(150, "evaluate", "--model", at("model"), "--data", at("data.jsonl"), "--samples", "2", "--device", "cpu"));
        tallies.add(tried(150, "generate", "--model", at("model"), "--device", "cpu", "start 17 +3 ="));
        tallies.add(tried(400, "check", "\\boxed{7}", "7"));
        tallies.add(tried(200, "check", "--file", at("pairs.jsonl")));
        tallies.add(tried(100, "plot", at("run")));
        tallies.add(tried(60, "task", "--seed", "2"));
        tallies.add(tried(400, "dataset", at("data.jsonl")));
        tallies.add(tried(60, "merge", "--model", at("model"), "--adapter", at("model")));
        tallies.add(tried(300, "reproduce", "--on", "nothing"));
        tallies.add(tried(100, "study", "--jobs", "0"));
        int all = tallies.stream().mapToInt(t -> t.taken() + t.refused()).sum();
        int taken = tallies.stream().mapToInt(Tally::taken).sum();
        System.out.printf("  %,d command lines, %,d with status 0, %,d refused%n", all, taken, all - taken);
        assertTrue(all >= 3000 && taken > 300 && all - taken > 1000, all + " " + taken);
    }

    @Test
    void runFoldersOfAnyContentAreDrawnOrRefused() throws Exception {
        for (String csv : List.of("", "\n", "step\n", "step,loss\n", "step,loss\n1,x\n", "loss\n1\n", "step,step\n1,2\n", "step,loss\n1\n",
                "step,loss\n1,2,3\n",
                "step,loss\n1,1e999\n2,-1e999\n3,NaN\n4,4\n5,5\n", "\0\0", "step,loss\n" + "1,\"".repeat(1000),
                "step,loss\n" + "1,1\n".repeat(5) + "é,ü\n")) {
            for (String evaluation : Arrays.asList(null, csv, "step,level,greedy\n1,all,0\n", "step,level,greedy\n1,é,0\n")) {
                Path run = Files.createDirectories(folder.resolve("runs/r" + runs));
                Files.writeString(run.resolve("metrics.csv"), csv);
                if (evaluation != null) {
                    Files.writeString(run.resolve("evaluation.csv"), evaluation);
                }
                try {
                    run("plot", List.of(run.toString(), "--out", outs.resolve("p" + runs++).toString()), false);
                } catch (BadInput e) {
                    // in words
                }
            }
        }
        try {
            run("plot", List.of(at("run"), at("run"), "/", "--out", outs.resolve("twice").toString()), false);
        } catch (BadInput e) {
            assertTrue(e.getMessage().contains("given twice"), e.getMessage());
        }
        assertTrue(run("plot", List.of(at("run"), at("run") + "/../run", "--out", outs.resolve("twice").toString()), false));
    }

    private String at(String name) {
        return folder.resolve(name).toString();
    }

    private Tally tried(int inputs, String name, String... given) throws Exception {
        CommandLine line = new CommandLine(Class.forName("commands." + name).getDeclaredConstructor().newInstance());
        List<OptionSpec> options = line.getCommandSpec().options().stream()
                .filter(o -> !List.of("--out", "--csv", "--completions", "--resume", "--help", "--version", "--force")
                        .contains(o.longestName()))
                .filter(o -> !GUARDS.contains(o.longestName()) || !List.of(given).contains(o.longestName())).toList();
        boolean out = line.getCommandSpec().findOption("--out") != null;
        return Fuzz.run("command lines of " + name, inputs, Duration.ofSeconds(60), "", random -> line(random, options, out, given),
                arguments -> {
                    Map<String, Long> before = files(folder);
                    boolean nonsense = name.equals("train") && !arguments.contains("--help")
                            && arguments.subList(given.length, arguments.size()).contains("NaN");
                    boolean taken = run(name, arguments, nonsense);
                    assertEquals(before, files(folder), "written elsewhere");
                    return taken;
                });
    }

    /** Some options set, or set again, to odd values; or arguments left out or added. */
    private List<String> line(SplittableRandom random, List<OptionSpec> options, boolean out, String... given) {
        List<String> arguments = new ArrayList<>(List.of(given));
        for (int i = options.isEmpty() ? -1 : random.nextInt(3); i >= 0; i--) {
            OptionSpec option = Fuzz.any(random, options);
            String name = option.longestName();
            int at = arguments.indexOf(name);
            if (option.arity().max() == 0) {
                arguments.remove(name);
                if (random.nextBoolean()) {
                    arguments.add(name);
                }
            } else {
                String value = random.nextBoolean() ? Fuzz.any(random, List.of("1", "2", "0.5")) : value(random, name);
                if (at >= 0 && at + 1 < arguments.size()) {
                    arguments.set(at + 1, value);
                } else {
                    arguments.addAll(List.of(name, value));
                }
            }
        }
        switch (random.nextInt(12)) {
            case 0 -> arguments.add(value(random, ""));
            case 1 -> arguments.add("--nonsense");
            case 2 -> arguments.add("--help");
            default -> {}
        }
        if (out && !List.of(given).contains("7") && random.nextInt(10) > 0) {
            arguments.addAll(List.of("--out", random.nextInt(8) > 0 ? outs.resolve("o" + runs++).toString()
                    : random.nextBoolean() ? at("data.jsonl") : outs + "/" + value(random, "").replace("..", "")));
        }
        return arguments;
    }

    private String value(SplittableRandom random, String name) {
        return switch (random.nextInt(6)) {
            case 0, 1 -> Fuzz.any(random, WORDS);
            case 2 -> Fuzz.any(random, List.of(at("none"), at("model"), at("data.jsonl"), at("run/metrics.csv"), at("broken"), at("run")));
            default -> Fuzz.any(random, NUMBERS.subList(0, COUNTS.contains(name) ? 10 : NUMBERS.size()));
        };
    }

    /** Runs a command; a refusal comes out as a {@link BadInput} with its complaint. */
    private boolean run(String name, List<String> arguments, boolean nonsense) throws Exception {
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        ByteArrayOutputStream complaint = new ByteArrayOutputStream();
        PrintStream screen = System.out;
        PrintStream errors = System.err;
        int status;
        try {
            System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
            System.setErr(System.out);
            @SuppressWarnings("unchecked")
            Callable<Integer> command = (Callable<Integer>) Class.forName("commands." + name).getDeclaredConstructor().newInstance();
            status = Cli.execute(command,
                    new PrintWriter(complaint, true, StandardCharsets.UTF_8), arguments.toArray(new String[0]));
        } finally {
            System.setOut(screen);
            System.setErr(errors);
        }
        String words = said + "\n" + complaint;
        assertFalse(words.contains("\tat ") || words.contains("--verbose for the stack"), words);
        assertFalse(words.chars().anyMatch(c -> c == 27 || c == 0), words);
        assertFalse(status == 0 && nonsense, "NaN was taken");
        if (status == 0 || status == 1 && name.equals("check") && words.contains("not correct")) {
            return status == 0;
        }
        assertEquals(2, status, words);
        throw new BadInput(complaint.toString(StandardCharsets.UTF_8).strip());
    }

    /** Every file and folder but those for results, with its size. */
    private Map<String, Long> files(Path root) throws IOException {
        Map<String, Long> files = new TreeMap<>();
        try (Stream<Path> all = Files.find(root, 4, (path, about) -> !path.startsWith(outs) && !path.toString().startsWith(".git"))) {
            for (Path path : all.toList()) {
                files.put(path.toString(), Files.isDirectory(path) ? -1 : Files.size(path));
            }
        }
        return files;
    }
}
