package lppo.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import commands.Children;
import common.Seed;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import llm.Policy;
import lppo.Checkout;
import lppo.Commands;
import lppo.data.Problems;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests that runs of {@code train} that crash in separate processes end, when resumed, like uninterrupted ones. */
class CrashTest {

    private static final int KILLS = 30;
    private static final int STEPS = 60;

    @TempDir
    static Path folder;
    private static Commands commands;
    private static Path whole;

    @BeforeAll
    static void theUninterruptedRun() throws Exception {
        commands = new Commands(Files.createDirectories(folder.resolve("classes")));
        Problems.write(folder.resolve("validation.jsonl"),
                Problems.read(Checkout.ROOT.resolve("data/validation.jsonl")).stream().limit(8).toList());
        whole = folder.resolve("whole");
        assertEquals(0, start(whole).waitFor(), CrashTest::said);
    }

    @Test
    void killedAtThirtyMomentsItEndsTheSame() throws Exception {
        Random random = new Random(1);
        int kills = 0;
        int writing = 0;
        int runs = 0;
        while (kills < KILLS) {
            Path run = folder.resolve("killed-" + ++runs);
            boolean ended = false;
            while (!ended) {
                Process process = start(run, resuming(run));
                if (kills == KILLS) {
                    assertEquals(0, process.waitFor(), CrashTest::said);
                    break;
                }
                if (kills % 3 == 0) { // as a checkpoint is written
                    await(process, () -> Files.exists(run.resolve("checkpoint.new")));
                    TimeUnit.MICROSECONDS.sleep(random.nextInt(60_000));
                } else { // in a rollout or an update, or before the first
                    int rows = rows(run) + random.nextInt(6) - 1;
                    await(process, () -> rows(run) > rows);
                    TimeUnit.MICROSECONDS.sleep(random.nextInt(80_000));
                }
                process.destroyForcibly();
                ended = process.waitFor() == 0;
                kills += ended ? 0 : 1;
                writing += !ended && Files.exists(run.resolve("checkpoint.new")) ? 1 : 0;
            }
            same(run);
        }
        System.out.printf("%d kills, %d of them in the middle of writing a checkpoint; %d runs of %d steps%n", kills, writing, runs, STEPS);
        assertTrue(writing >= 3, writing + " kills in the middle of writing a checkpoint");
    }

    @Test
    void askedToEndItFinishesTheStepAndSaves() throws Exception {
        for (String signal : List.of("TERM", "INT")) {
            Path run = folder.resolve("asked-" + signal);
            ProcessBuilder command = command(run);
            command.command().addAll(0, List.of("env", "--default-signal=INT")); // what runs in the background may ignore it
            Process process = command.start();
            await(process, () -> rows(run) > 6);
            new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start().waitFor();
            assertTrue(process.waitFor() != 0);
            assertTrue(said().contains("continue with --resume"), CrashTest::said);
            int done = rows(run) - 1;
            assertTrue(Files.readString(run.resolve("checkpoint/state.json")).contains("\"step\":" + done + ","), "saved at its last step");
            assertEquals(0, start(run, "--resume").waitFor(), CrashTest::said);
            same(run);
        }
    }

    @Test
    void aFullDiskEndsItWithOneLineAndLosesNothing() throws Exception {
        Path small = Files.createDirectories(folder.resolve("small disk"));
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/mount")) && mount(small) == 0, "cannot mount a small disk here");
        try {
            for (int free : new int[] {1000, 2200}) { // KB: the first checkpoint does not fit, or the second
                Path run = small.resolve("run");
                Path filler = small.resolve("filler");
                Files.write(filler, new byte[(8192 - free) << 10]);
                assertEquals(1, start(run).waitFor(), CrashTest::said);
                assertTrue(said().lines().count() == 1 && said().contains("disk full"), CrashTest::said);
                Files.delete(filler);
                if (Files.isDirectory(run.resolve("checkpoint"))) {
                    assertEquals(0, start(run, "--resume").waitFor(), CrashTest::said);
                    same(run);
                }
                Children.delete(run);
            }
        } finally {
            new ProcessBuilder("umount", small.toString()).start().waitFor();
        }
    }

    /** Under a real limit: what the message advises is enough to go on. */
    @Test
    void outOfMemoryWhileLearningItSaysWhatToLower() throws Exception {
        assumeTrue(Files.exists(Path.of("/proc/self/status")), "this system does not tell");
        Path model = Files.createDirectories(folder.resolve("wide"));
        Files.copy(Checkout.ROOT.resolve("data/base/tokenizer.json"), model.resolve("tokenizer.json"));
        Files.writeString(model.resolve("config.json"), """
                {"model_type": "qwen2", "vocab_size": 74, "hidden_size": 32, "intermediate_size": 4096, "num_hidden_layers": 4,
                 "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 256, "tie_word_embeddings": true, \
                "eos_token_id": 1}
                """);
        try (Policy policy = Policy.random(model, 0.02, new Seed(1), Device.cpu())) {
            policy.save(folder.resolve("random"));
        }
        String[] learning = {"train", "--recipe", "grpo", "--kl", "0.1", "--model", folder.resolve("random").toString(), "--data",
            Checkout.ROOT.resolve("data/train.jsonl").toString(), "--problems-per-step", "32", "--rollout-rows", "32", "--steps", "2",
            "--updates",
            "1", "--device", "cpu", "--token-budget"};
        Process enough = commands.process(folder.resolve("log"), with(learning, "128", "--out", folder.resolve("enough").toString()))
                .start();
        long[] virtual = {0};
        await(enough, () -> {
            virtual[0] = Math.max(virtual[0], virtualKilobytes(enough));
            return false;
        });
        assertEquals(0, enough.waitFor(), CrashTest::said);

        Path run = folder.resolve("short");
        ProcessBuilder limited = commands.process(folder.resolve("log"), with(learning, "8192", "--out", run.toString()));
        limited.command(with(new String[] {"sh", "-c", "ulimit -v " + (virtual[0] + 700_000) + "; exec \"$@\"", "limited"},
                limited.command().toArray(String[]::new)));
        assertEquals(1, limited.start().waitFor(), CrashTest::said);
        assertTrue(said().lines().count() == 1 && said().startsWith("step 1: out of memory while learning; saved in "), CrashTest::said);
        assertTrue(
                said().contains("Lower the token budget to 4096 or recompute, and resume the run (--token-budget, --recompute, --resume)"),
                CrashTest::said);
        assertEquals(0,
                commands.process(folder.resolve("log"), with(learning, "128", "--resume", "--out", run.toString())).start().waitFor(),
                CrashTest::said);
        assertEquals(-1, Files.mismatch(folder.resolve("enough/metrics.csv"), run.resolve("metrics.csv")));
    }

    private static long virtualKilobytes(Process process) {
        try {
            return Files.readAllLines(Path.of("/proc/" + process.pid() + "/status")).stream().filter(line -> line.startsWith("VmPeak"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", ""))).findFirst().orElse(0);
        } catch (IOException e) {
            return 0; // it has ended
        }
    }

    private static String[] with(String[] some, String... more) {
        return Stream.concat(Arrays.stream(some), Arrays.stream(more)).toArray(String[]::new);
    }

    @Test
    void aFolderThatIsRemovedEndsItWithOneLine() throws Exception {
        Path run = folder.resolve("removed");
        Process process = start(run);
        await(process, () -> rows(run) > 6);
        Files.move(run, folder.resolve("elsewhere"));
        assertEquals(1, process.waitFor());
        assertTrue(said().lines().count() == 1 && said().contains(run + ": no longer exists"), CrashTest::said);
        assertEquals(0, start(folder.resolve("elsewhere"), "--resume").waitFor(), CrashTest::said);
        same(folder.resolve("elsewhere"));
    }

    @Test
    void anotherConfigurationIsRefused() throws Exception {
        assertEquals(2, start(whole, "--resume", "--kappa", "4", "--seed", "2", "--token-budget", "99").waitFor());
        assertTrue(said().lines().count() == 1 && said().contains("seed 1 and not 2") && said().contains("kappa \"8.0\" and not \"4.0\"")
                && !said().contains("tokenBudget"), CrashTest::said);
    }

    /** The parent is killed: its runs end by themselves, and it goes on from what they saved. */
    @Test
    void reproduceKilledAndResumedGivesTheSameRuns() throws Exception {
        Path undisturbed = folder.resolve("reproduced");
        assertEquals(0, reproduce(undisturbed).start().waitFor(), CrashTest::said);
        Path run = folder.resolve("reproduce-killed");
        for (int rows : new int[] {3, 7, 13}) {
            Process process = reproduce(run, Files.exists(run) ? new String[] {"--resume"} : new String[0]).start();
            await(process, () -> rows(run.resolve("runs/grpo-1")) > rows && process.descendants().findAny().isPresent());
            List<ProcessHandle> children = process.descendants().toList();
            process.destroyForcibly().waitFor();
            for (ProcessHandle child : children) {
                child.onExit().get(30, TimeUnit.SECONDS);
            }
        }
        assertEquals(0, reproduce(run, "--resume").start().waitFor(), CrashTest::said);
        for (String name : List.of("grpo-1", "lppo-1", "sft-1")) {
            for (String file : List.of("metrics.csv", "evaluation.csv", "checkpoint/model.safetensors")) {
                assertEquals(-1,
                        Files.mismatch(undisturbed.resolve("runs").resolve(name).resolve(file),
                                run.resolve("runs").resolve(name).resolve(file)),
                        name + " " + file);
            }
        }
    }

    private static ProcessBuilder reproduce(Path out, String... more) {
        return commands.process(folder.resolve("log"),
                with(with(new String[] {"reproduce", "--recipes", "grpo,lppo", "--seeds", "1", "--out",
                    out.toString()}, more), "--steps", "16", "--jobs", "1", "--", "--problems-per-step", "8"));
    }

    @Test
    void twoProcessesDoNotWriteToOneFolder() throws Exception {
        Path run = folder.resolve("shared");
        Closeable lock = RunFolder.create(run).lock();
        try {
            Files.copy(whole.resolve("config.json"), run.resolve("config.json"));
            Files.createDirectory(run.resolve("checkpoint"));
            assertEquals(2, start(run, "--resume").waitFor(), CrashTest::said);
            assertTrue(said().contains("another process is using it"), CrashTest::said);
        } finally {
            lock.close();
        }
        assertFalse(Files.exists(run.resolve(".lock")));
    }

    /** Everything but the clock's is the same, byte by byte. */
    private static void same(Path run) throws IOException {
        List<Path> files = new ArrayList<>(Checkout.list(whole.resolve("checkpoint")));
        List.of("metrics.csv", "problems.csv", "evaluation.csv", "samples.jsonl").forEach(name -> files.add(whole.resolve(name)));
        for (Path file : files) {
            Path other = run.resolve(whole.relativize(file));
            assertArrayEquals(Files.readAllBytes(file), Files.readAllBytes(other), other.toString());
        }
        assertEquals(Checkout.list(whole.resolve("checkpoint")).size(), Checkout.list(run.resolve("checkpoint")).size());
    }

    private static String[] resuming(Path run) {
        return Checkpoints.resumable(run) ? new String[] {"--resume"} : new String[0];
    }

    private static Process start(Path run, String... more) throws IOException {
        return command(run, more).start();
    }

    private static ProcessBuilder command(Path run, String... more) throws IOException {
        if (!Checkpoints.resumable(run)) {
            Children.delete(run); // killed before its first checkpoint
        }
        List<String> line = new ArrayList<>(List.of("train", "--recipe", "lppo", "--model", Checkout.ROOT.resolve("data/base").toString(),
                "--data", Checkout.ROOT.resolve("data/train.jsonl").toString(), "--evaluate-on",
                folder.resolve("validation.jsonl").toString(),
                "--evaluate-every", "5", "--evaluate-samples", "2", "--steps", Integer.toString(STEPS), "--problems-per-step", "4",
                "--group-size", "4", "--device", "cpu", "--out", run.toString()));
        line.addAll(Arrays.asList(more));
        return commands.process(folder.resolve("log"), line.toArray(String[]::new));
    }

    private static String said() {
        try {
            return Files.readString(folder.resolve("log"));
        } catch (IOException e) {
            return "no output";
        }
    }

    private interface Condition {
        boolean met() throws IOException;
    }

    private static void await(Process process, Condition condition) throws Exception {
        while (process.isAlive() && !condition.met()) {
            TimeUnit.MICROSECONDS.sleep(500);
        }
    }

    /** Lines of the table of steps. */
    private static int rows(Path run) throws IOException {
        Path table = run.resolve("timing.csv");
        return Files.exists(table) ? Files.readAllLines(table).size() : 0;
    }

    private static int mount(Path folder) throws Exception {
        return new ProcessBuilder("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder.toString()).redirectErrorStream(true).start()
                .waitFor();
    }
}
