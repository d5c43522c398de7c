package lppo.rollout;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import com.google.gson.JsonObject;
import common.Json;
import common.Seed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import llm.Policy;
import lppo.Checkout;
import lppo.data.Problem;
import lppo.data.Step;
import lppo.run.Recipe;
import lppo.run.RunListener;
import lppo.run.Training;
import lppo.task.Task;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests memory and progress of a rollout that takes long. */
class LongRolloutTest {

    private static final int PROMPTS = 1000;
    private static final int LONGEST = 512;
    private static final int ROWS = 100;

    /** 1,000 different prompts, 512 tokens each at most, 100 at a time: with all caches kept, 0.5 GB would be resident at the end. */
    @Test
    void manyLongCompletionsKeepMemoryBoundedAndTellHowFarTheyAre(@TempDir Path folder) throws Exception {
        assumeTrue(Files.isReadable(Path.of("/proc/self/status")), "this system does not tell");
        for (String name : List.of("tokenizer.json", "model.safetensors")) {
            Files.copy(Checkout.ROOT.resolve("data/base").resolve(name), folder.resolve(name));
        }
        JsonObject config = Json.object(Checkout.ROOT.resolve("data/base/config.json"));
        config.addProperty("max_position_embeddings", LONGEST + 32);
        Files.writeString(folder.resolve("config.json"), config.toString());
        List<Double> shares = Collections.synchronizedList(new ArrayList<>());
        List<Double> resident = Collections.synchronizedList(new ArrayList<>());
        Set<String> threads = Collections.synchronizedSet(new HashSet<>());
        try (Policy policy = Policy.load(folder, Device.cpu())) {
            GpuRollout rollout = new GpuRollout(policy, new Sampling(10, 0, 1, LONGEST), ROWS).telling(share -> {
                shares.add(share);
                resident.add(resident());
                threads.add(Thread.currentThread().getName());
            });
            List<Group> groups = rollout.sample(prompts(policy), new Step(1, new Seed(1)));
            assertEquals(PROMPTS, groups.size());
            int longest = groups.stream().mapToInt(group -> group.completions().get(0).tokens().length).max().orElseThrow();
            assertTrue(longest > LONGEST / 2, "tokens nearly at random end rarely, but the longest has " + longest);
        }
        assertTrue(shares.size() >= PROMPTS / ROWS, shares.size() + " times: after each batch at least");
        assertEquals(shares.stream().sorted().distinct().toList(), shares, "rising");
        assertTrue(shares.get(0) > 0 && shares.get(shares.size() - 1) == 1, shares.toString());
        assertTrue(threads.contains("rollout"), "within batches too: " + threads);
        double early = 0;
        for (int i = 0; i < shares.size(); i++) {
            early = shares.get(i) < 0.35 ? Math.max(early, resident.get(i)) : early;
        }
        double late = Collections.max(resident);
        assertTrue(late < early + 150, "from %.0f to %.0f MB".formatted(early, late));
    }

    @Test
    void whatTheListenerThrowsEndsTheRollout() {
        try (Policy policy = Policy.load(Checkout.ROOT.resolve("data/base"), Device.cpu())) {
            GpuRollout rollout = GpuRollout.of(policy, 8).telling(share -> {
                throw new IllegalStateException("heard enough");
            });
            assertEquals("heard enough", assertThrows(IllegalStateException.class,
                    () -> rollout.sample(prompts(policy).subList(0, 20), new Step(1, new Seed(1)))).getMessage());
        }
    }

    @Test
    void aRunTellsItsListeners() throws IOException {
        List<String> heard = Collections.synchronizedList(new ArrayList<>());
        try (Policy policy = Policy.load(Checkout.ROOT.resolve("data/base"), Device.cpu())) {
            Training.of(policy, Task.builtIn()).recipe(Recipe.grpo().problemsPerStep(4)).listener(new RunListener() {
                @Override
                public void sampling(long step, double share) {
                    heard.add(step + " " + share);
                }
            }).run(2);
        }
        assertTrue(heard.contains("1 1.0") && heard.contains("2 1.0"), heard.toString());
    }

    /** Of 5 to 12 tokens, all different. */
    private static List<Prompt> prompts(Policy policy) {
        SplittableRandom random = new SplittableRandom(4);
        return Stream.generate(() -> random.ints(5 + random.nextInt(8), 3, policy.config().vocabSize()).toArray()).limit(PROMPTS)
                .map(tokens -> Prompt.unguided(new Problem("p" + random.nextLong(), "?", "?", null, null, null), tokens)).toList();
    }

    private static double resident() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
            return lines.filter(line -> line.startsWith("VmRSS:"))
                    .mapToDouble(line -> Double.parseDouble(line.replaceAll("\\D", "")) / 1024)
                    .findFirst().orElseThrow();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
