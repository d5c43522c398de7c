package commands;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import com.google.gson.Gson;
import com.google.gson.JsonObject;
import common.Json;
import common.Seed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import llm.Policy;
import lppo.Advantage;
import lppo.Aggregation;
import lppo.Objective;
import lppo.PolicyLoss;
import lppo.data.Problem;
import lppo.learn.Learner;
import lppo.learn.LearnerSettings;
import lppo.learn.Sample;
import lppo.rollout.Completion;
import lppo.rollout.GpuRollout;
import lppo.rollout.Group;
import lppo.rollout.Prompt;
import lppo.rollout.Sampling;
import lppo.task.BasePolicy;
import lppo.task.Task;

/** A policy of one size, with the prompts and samples of its measurements. */
final class BenchWorkload implements AutoCloseable {

    /** The sizes of policies and of their workloads. */
    enum Size {
        /** The policy of this project, 0.1 million parameters, with real questions: 32 groups of 8, answers of 3 to 14 tokens. */
        BUILT_IN("built-in", 0, 0, 0, 0, 0, 74, 32, 16, 256),
        /** Random weights, no end token: 8 groups of 8, 48 tokens. */
        MIDDLE("20m", 6, 512, 1536, 8, 8, 512, 8, 48, 64),
        /** Qwen2.5-0.5B's shape with random weights: 2 groups of 8, 32 tokens. */
        HALF_BILLION("0.5b", 24, 896, 4864, 14, 2, 151_936, 2, 32, 4);

        final String label;
        final int layers;
        final int width;
        final int feed;
        final int heads;
        final int kvHeads;
        final int vocabulary;
        final int groups;
        final int newTokens;
        final int updateRows;

        Size(String label, int layers, int width, int feed, int heads, int kvHeads, int vocabulary, int groups, int newTokens,
                int updateRows) {
            this.label = label;
            this.layers = layers;
            this.width = width;
            this.feed = feed;
            this.heads = heads;
            this.kvHeads = kvHeads;
            this.vocabulary = vocabulary;
            this.groups = groups;
            this.newTokens = newTokens;
            this.updateRows = updateRows;
        }
    }

    static final int GROUP = 8;
    private static final double RATE = 1e-7; // almost zero, so that the length of the answers does not change

    final Size size;
    final Policy policy;
    final Path folder;
    final long parameters;
    private final List<Problem> problems;
    private final List<Prompt> prompts;
    private final Learner learner;
    private final Objective objective = PolicyLoss.grpo().clip(0.2, 0.28).aggregation(Aggregation.TOKEN_MEAN);
    private long step;

    /** Seconds of the phases of a step, and the number of sampled tokens. */
    record Step(double rollout, double reward, double update, long tokens) {

        double seconds() {
            return rollout + reward + update;
        }
    }

    /** @param groups of a step; 0 for those of the size */
    BenchWorkload(Size size, Path parent, Device device, int groups) throws IOException {
        this.size = size;
        folder = Files.createDirectories(parent.resolve(size.label));
        write(size, folder);
        policy = size == Size.BUILT_IN ? Policy.load(folder, device) : Policy.random(folder, 0.02, new Seed(1), device);
        parameters = policy.weights().parameters().stream().mapToLong(NDArray::size).sum();
        List<Problem> all = Task.builtIn().problems().stream() // of the same length, so that peers need no padding
                .filter(p -> policy.encode(p.question()).length == 15).toList();
        int count = groups > 0 ? groups : size.groups;
        List<Problem> chosen = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            chosen.add(all.get((int) ((long) i * all.size() / count)));
        }
        problems = List.copyOf(chosen);
        prompts = problems.stream().map(p -> Prompt.unguided(p, policy.encode(p.question()))).toList(); // like the peers' prompts
        learner = Learner.of(policy, new LearnerSettings().updates(1).learningRate(RATE).warmUp(0));
    }

    private static void write(Size size, Path folder) throws IOException {
        BasePolicy.copyTo(folder);
        if (size != Size.BUILT_IN) {
            Files.delete(folder.resolve("model.safetensors"));
            JsonObject config = Json.object(folder.resolve("config.json"));
            config.addProperty("vocab_size", size.vocabulary);
            config.addProperty("hidden_size", size.width);
            config.addProperty("intermediate_size", size.feed);
            config.addProperty("num_hidden_layers", size.layers);
            config.addProperty("num_attention_heads", size.heads);
            config.addProperty("num_key_value_heads", size.kvHeads);
            config.addProperty("max_position_embeddings", 128);
            config.remove("eos_token_id");
            Files.writeString(folder.resolve("config.json"), config.toString());
        }
    }

    /** Samples every group; with {@code newTokens} 1 this is little more than prefill. */
    List<Group> rollout(int newTokens, boolean plain) {
        return new GpuRollout(policy, Sampling.plain(newTokens), 1024, plain).sample(prompts.stream()
                .flatMap(p -> Collections.nCopies(GROUP, p).stream()).toList(), new lppo.data.Step(step++, new Seed(1)));
    }

    /** Returns the prompts, one per problem. */
    List<Prompt> prompts() {
        return prompts;
    }

    /** Runs one optimiser step on samples. */
    void update(List<Sample> samples) {
        learner.update(samples, objective, RATE);
    }

    /** Runs a whole step: sample, score, update on every group that is not silent. The reward is the peer's, a parity. */
    Step step() {
        long begin = System.nanoTime();
        List<Group> groups = rollout(size.newTokens, false);
        long sampled = System.nanoTime();
        List<Group> scored = groups.stream().map(g -> g.scored(c -> policy.decode(c.tokens()).length() % 2)).toList();
        long judged = System.nanoTime();
        learner.update(scored, Advantage.grpo(), objective, new lppo.data.Step(step, new Seed(1)));
        long tokens = groups.stream().flatMap(g -> g.completions().stream()).mapToLong(c -> c.tokens().length).sum();
        return new Step((sampled - begin) / 1e9, (judged - sampled) / 1e9, (System.nanoTime() - judged) / 1e9, tokens);
    }

    /** Returns the samples for measuring an update: completions of the policy with alternating advantages. */
    List<Sample> samples() {
        List<Completion> all = rollout(size.newTokens, false).stream().flatMap(g -> g.completions().stream()).limit(size.updateRows)
                .toList();
        List<Sample> samples = new ArrayList<>();
        for (int i = 0; i < all.size(); i++) {
            samples.add(Sample.of(all.get(i), i % 2 == 0 ? 1 : -1));
        }
        return samples;
    }

    /** Writes the weights and the work for the peer. */
    void share(List<Sample> samples) throws IOException {
        policy.save(folder);
        Map<String, Object> work = new LinkedHashMap<>();
        work.put("group", GROUP);
        work.put("max_new_tokens", size.newTokens);
        work.put("ends", policy.config().eosTokens());
        work.put("prompts", problems.stream().map(p -> policy.encode(p.question())).toList());
        work.put("questions", problems.stream().map(Problem::question).toList());
        work.put("update", samples.stream().map(s -> Map.of("prompt", s.prompt(), "completion", s.completion(), "behaviour",
                s.behaviour(), "advantage", s.advantage())).toList());
        Files.writeString(folder.resolve("work.json"), new Gson().toJson(work));
    }

    /** Returns the floating-point operations of a forward pass over a number of tokens, without attention: two per weight. */
    double operations(double tokens) {
        return 2.0 * parameters * tokens;
    }

    @Override
    public void close() {
        policy.close();
    }
}
