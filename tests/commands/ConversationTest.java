package commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import common.Seed;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import llm.Lora;
import llm.Policy;
import lppo.ChatModel;
import lppo.Commands;
import lppo.rollout.Sampling;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code generate} without a prompt. */
class ConversationTest {

    @TempDir
    Path folder;

    private String talk(String input, Object... more) throws Exception {
        InputStream before = System.in;
        try {
            System.setIn(new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)));
            List<String> line = new ArrayList<>(List.of("generate", "--model", folder.resolve("model").toString(), "--device", "cpu"));
            for (Object word : more) {
                line.add(word.toString());
            }
            return new Commands(folder).run(0, line.toArray(String[]::new));
        } finally {
            System.setIn(before);
        }
    }

    /** What was answered, without the lines about the conversation. */
    private static String answers(String said) {
        return said.lines().filter(line -> !line.startsWith("chose ") && !line.startsWith("/exit")).reduce("", (a, b) -> a + b + "\n");
    }

    @Test
    void theFirstAnswerIsThatToAPrompt() throws Exception {
        Path model = ChatModel.write(folder);
        String prompted = answers(talk("", "--temperature", 0, "--max-new-tokens", 20, "Say é!"));
        assertTrue(prompted.length() > 10, prompted);
        assertEquals(prompted, answers(talk("Say é!\n", "--temperature", 0, "--max-new-tokens", 20)));
        String again = answers(talk("Say é!\n\nSay é!\n/new\nSay é!\n/exit\nnever\n", "--temperature", 0, "--max-new-tokens", 20));
        assertTrue(again.startsWith(prompted) && again.endsWith("a new conversation\n" + prompted), again);
        assertTrue(again.length() > 2 * prompted.length() + 20, "the second answer remembers the first: " + again);
        String drawn = answers(talk("Hi\n", "--max-new-tokens", 20, "--seed", 3));
        assertEquals(drawn, answers(talk("Hi\n", "--max-new-tokens", 20, "--seed", 3)));
        assertTrue(!drawn.equals(answers(talk("Hi\n", "--max-new-tokens", 20, "--seed", 4))));

        try (Policy policy = Policy.load(model, Device.cpu())) {
            Lora other = Lora.fresh(policy.config(), Lora.Settings.of(4), new Seed(7), policy.manager());
            other.parameters().forEach(array -> array.addi(0.3f));
            Files.createDirectories(folder.resolve("adapter"));
            policy.adapted(other).saveLearned(folder.resolve("adapter"));
        }
        String adapted = answers(talk("", "--temperature", 0, "--max-new-tokens", 20, "--adapter", folder.resolve("adapter"), "Say é!"));
        assertTrue(!adapted.equals(prompted), "the adapters change something");
        assertEquals(adapted,
                answers(talk("Say é!\n", "--temperature", 0, "--max-new-tokens", 20, "--adapter", folder.resolve("adapter"))));
    }

    @Test
    void theOldestTurnsAreDroppedWhenThePositionsEnd() throws Exception {
        ChatModel.write(folder);
        String said = talk("one two three four\n".repeat(8) + "x".repeat(2000) + "\nshort\n", "--max-new-tokens", 40, "--system", "Be.");
        long dropped = said.lines().filter(line -> line.matches("the first \\d+ messages are dropped: the model has 256 positions"))
                .count();
        assertTrue(dropped >= 2, said);
        assertEquals(1, said.lines().filter(line -> line.contains("which fill the model's 256 positions; say less")).count(), said);
    }

    @Test
    void whatIsNoConversationIsRefused() throws Exception {
        Path model = ChatModel.write(folder);
        Commands commands = new Commands(folder);
        assertTrue(commands.run(2, "generate", "--model", model.toString(), "--count", "2").contains("give a prompt"));
        assertTrue(commands.run(2, "generate", "--model", model.toString(), "--prompt-format", "plain").contains("needs a chat template"));
    }

    /** The answer would take minutes: a signal ends it, and another turn follows. */
    @Test
    void ctrlCStopsTheAnswerAndNotTheProgram() throws Exception {
        assumeTrue(Files.exists(Path.of("/proc")));
        assumeTrue(new ProcessBuilder("env", "--default-signal=INT", "true").start().waitFor() == 0);
        Path model = ChatModel.write(folder, 1 << 17, "<|im_start|>");
        for (String file : List.of("config.json", "tokenizer_config.json")) { // no token ends it
            Files.writeString(model.resolve(file), Files.readString(model.resolve(file)).replaceFirst("\"eos_token(_id)?\": *[^,\n]+",
                    "\"other$1\": 0"));
        }
        Files.deleteIfExists(model.resolve("SHA256SUMS"));
        Path log = folder.resolve("log");
        ProcessBuilder builder = new Commands(folder).process(log, "generate", "--model", model.toString(), "--device", "cpu",
                "--precision",
                "fp32", "--prompt-format", "chat", "--max-new-tokens", "100000");
        builder.command().addAll(0, List.of("env", "--default-signal=INT")); // who runs the tests may ignore it
        Process process = builder.start();
        try (OutputStream in = process.getOutputStream()) {
            in.write("Count.\n".getBytes(StandardCharsets.UTF_8));
            in.flush();
            await(log, text -> text.length() > 400, process);
            long pid = process.pid();
            assertEquals(0, new ProcessBuilder("kill", "-INT", Long.toString(pid)).start().waitFor());
            String first = await(log, text -> text.contains(" …\nstopped\n"), process);
            assertTrue(process.isAlive());
            in.write("Again.\n".getBytes(StandardCharsets.UTF_8));
            in.flush();
            await(log, text -> text.length() > first.length() + 100, process);
            assertEquals(0, new ProcessBuilder("kill", "-INT", Long.toString(pid)).start().waitFor());
            await(log, text -> text.endsWith(" …\nstopped\n") && text.length() > first.length() + 100, process);
            in.write("/exit\n".getBytes(StandardCharsets.UTF_8));
            in.flush();
            assertTrue(process.waitFor(60, TimeUnit.SECONDS));
            assertEquals(0, process.exitValue());
        } finally {
            process.destroyForcibly();
        }
    }

    private static String await(Path log, Predicate<String> there, Process process) throws Exception {
        for (int i = 0; i < 3000; i++) {
            String text = Files.exists(log) ? new String(Files.readAllBytes(log), StandardCharsets.UTF_8) : "";
            if (there.test(text)) {
                return text;
            }
            assertTrue(process.isAlive(), text);
            Thread.sleep(50);
        }
        throw new AssertionError("never came: " + Files.readString(log));
    }

    @Test
    void aTokenIsDrawnByItsProbability() {
        float[] logits = {0, (float) Math.log(2), (float) Math.log(5), Float.NEGATIVE_INFINITY};
        assertEquals(2, NextToken.draw(logits, Sampling.greedy(1), 0));
        int[] counts = new int[4];
        for (int i = 0; i < 800; i++) {
            counts[NextToken.draw(logits, Sampling.plain(1), (i + 0.5) / 800)]++;
        }
        assertEquals(List.of(100, 200, 500, 0), List.of(counts[0], counts[1], counts[2], counts[3]));
        assertEquals(1, NextToken.draw(logits, new Sampling(1, 2, 1, 1), 0), "of the two best the first");
        assertEquals(2, NextToken.draw(logits, new Sampling(1, 0, 0.6, 1), 0), "5 of 8 is more than 0.6");
        assertEquals(1, NextToken.draw(logits, new Sampling(1, 0, 0.7, 1), 0));
        assertEquals(2, NextToken.draw(logits, Sampling.plain(1), Math.nextDown(1.0)));
    }
}
