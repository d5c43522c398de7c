package lppo.run;

import ai.djl.Device;
import ai.djl.util.cuda.CudaUtils;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import llm.Backpropagation;
import llm.Lora;
import llm.ModelConfig;
import llm.Precision;
import llm.Probe;
import llm.Weights;
import lppo.learn.AdamW;
import lppo.rollout.GpuRollout;

/**
 * Estimates the memory of a run from its configuration alone. Letters as in {@link llm.Decoder}: C width, F feed-forward width, H
 * heads, K key-value heads, D width of a head. The memory that the engine keeps for a backward pass was counted in the blocks of the
 * decoder; a test compares the sum with the measured memory of a process.
 *
 * @param parameters number of parameters of the model
 * @param learning number of trainable parameters: all, or those of the adapters
 * @param held bytes by purpose, during the whole run
 * @param rollout bytes by purpose, while sampling
 * @param update bytes by purpose, while updating
 */
public record Footprint(long parameters, long learning, Map<String, Long> held, Map<String, Long> rollout, Map<String, Long> update) {

    /**
     * The sizes of what is sampled.
     *
     * @param promptTokens length of the longest prompt, prefix included
     * @param longest maximum length of a completion, in tokens
     * @param rows maximum number of completions decoded at a time
     * @param evaluates whether the run evaluates, which uses all these rows
     */
    public record Extent(int promptTokens, int longest, int rows, boolean evaluates) {}

    /** Estimates the footprint of a training run that samples in the precision that it learns in. */
    public static Footprint of(ModelConfig c, Recipe recipe, Lora.Settings lora, Precision precision, Device device, Extent extent) {
        return of(c, recipe, lora, precision, precision, device, extent);
    }

    /**
     * Estimates the footprint of a training run.
     *
     * @param lora adapters; null if all weights are trained
     * @param precision of the learner
     * @param sampled precision of rollouts and evaluation
     * @param device that computes
     */
    public static Footprint of(ModelConfig c, Recipe recipe, Lora.Settings lora, Precision precision, Precision sampled, Device device,
            Extent extent) {
        long parameters = Weights.count(c);
        long learning = lora == null ? parameters : Lora.count(c, lora);
        int width = precision.bytes();
        Map<String, Long> held = new LinkedHashMap<>();
        held.put("weights", parameters * (lora == null ? 4 : width));
        if (lora != null) {
            held.put("adapters", 4 * learning);
        }
        held.put("gradients", 4 * learning);
        held.put("AdamW's moments", 8 * learning);
        if (recipe.algorithm().needsReference() && lora == null) {
            held.put("reference policy", parameters * width);
        }

        int promptTokens = extent.promptTokens;
        long rows = extent.evaluates ? extent.rows : Math.min(extent.rows, (long) recipe.problemsPerStep() * recipe.groupSize());
        long slots = promptTokens + (long) extent.longest;
        boolean recompute = recipe.learning().recompute();
        Map<String, Long> rollout = new LinkedHashMap<>();
        int sampledWidth = sampled.bytes();
        long perRow = 2L * c.layers() * c.kvHeads() * c.headDim() * slots * sampledWidth;
        rows = device.isGpu() ? rows : Math.max(1, Math.min(rows, GpuRollout.CACHE_BYTES / perRow));
        long cache = perRow * rows;
        rollout.put("key-value cache", cache + cache / c.layers()); // and a margin for what moves when rows leave
        rollout.put("next-token probabilities", rows * c.vocabSize() * 4 * 5);
        long prompts = (rows + recipe.groupSize() - 1) / recipe.groupSize(); // run once for each group, nothing kept
        rollout.put("prompts", prompts * promptTokens * block(c, promptTokens, width) / 2);
        if (sampled != Precision.FP32 && (lora == null || sampled != precision)) {
            rollout.put("weights in 16 bits", parameters * sampledWidth);
        }
        if (!device.isGpu() && c.hiddenSize() >= Probe.WIDE) {
            rollout.put("weights laid out for oneDNN", parameters * sampledWidth); // where it is faster: see FastDecode.packed
        }

        long longest = Math.min(c.maxPositions(), slots);
        boolean flat = Backpropagation.suits(c, device, precision, (int) longest);
        long kept = Backpropagation.bytes(c, precision, recompute);
        long budget = recipe.learning().tokenBudget();
        long tokens = Math.max(flat ? Math.min(budget, Backpropagation.ACTIVATIONS / kept) : budget, longest); // a longer one goes alone
        long learned = Math.max(1, tokens * extent.longest / Math.max(1, slots)); // of which so many carry the loss
        Map<String, Long> update = new LinkedHashMap<>();
        if (flat) {
            long again = recompute ? Backpropagation.bytes(c, precision, false) / c.layers() : 0;
            update.put("activations", tokens * (kept + again + Backpropagation.scratch(c, precision)));
        } else {
            long block = tokens * block(c, longest, width);
            update.put("activations", recompute ? tokens * c.hiddenSize() * width * c.layers() + 2 * block : block * c.layers());
        }
        update.put("logits", 4 * (flat ? 4 : 6) * Math.min(learned * c.vocabSize(), Backpropagation.LOGITS));
        if (flat && lora == null) {
            update.put("gradient of the output layer", 4L * c.vocabSize() * c.hiddenSize()); // before it is added
        }
        return new Footprint(parameters, learning, held, rollout, update);
    }

    /** Returns the bytes that one block keeps for the backward pass, per token of a sequence of this length. */
    private static long block(ModelConfig c, long length, int width) {
        long projected = (c.heads() + 2L * c.kvHeads()) * c.headDim();
        long attended = (long) c.heads() * c.headDim();
        long scores = width == 4 && length < 256 ? 3 * c.heads() * length : 0; // plain attention keeps a matrix per head
        return width * (8L * c.hiddenSize() + 6 * projected + 3 * attended + 6L * c.intermediateSize() + scores);
    }

    /** Returns the peak: the bytes held during the whole run plus those of the larger phase. */
    public long peak() {
        return sum(held) + Math.max(sum(rollout), sum(update));
    }

    /** Returns the sum over some purposes. */
    public static long sum(Map<String, Long> bytes) {
        return bytes.values().stream().mapToLong(x -> x).sum();
    }

    /** Returns the free bytes of a device; -1 if unknown. */
    public static long available(Device device) {
        if (device.isGpu()) {
            var usage = CudaUtils.getGpuMemory(device);
            return usage.getMax() - usage.getCommitted();
        }
        try (Stream<String> lines = Files.lines(Path.of("/proc/meminfo"))) {
            return lines.filter(line -> line.startsWith("MemAvailable:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024).findFirst().orElse(-1);
        } catch (IOException e) {
            return -1;
        }
    }
}
