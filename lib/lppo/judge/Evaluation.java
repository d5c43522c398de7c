package lppo.judge;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import lppo.data.Problem;
import lppo.data.Seed;
import lppo.model.Policy;
import lppo.rollout.Completion;
import lppo.rollout.GpuRollout;
import lppo.rollout.Group;
import lppo.rollout.Prompt;
import lppo.rollout.Rollout;
import lppo.rollout.Sampling;

/**
 * What a policy answers on problems it is not trained on: greedily, and k sampled completions of each. {@link Score} says
 * what papers report of it.
 *
 * @param greedy the greedy completion of each problem, scored
 * @param sampled the samples of each problem, scored; empty if there are none
 */
public record Evaluation(List<Completion> greedy, List<Group> sampled) {

    private static final int MAX_ROWS = 1024;

    /**
     * Accuracy on one level.
     *
     * @param level its name, or {@code all}
     * @param problems how many
     * @param greedy share that the greedy completion solves
     * @param average avg@k, the mean accuracy of the samples; NaN without samples
     */
    public record Row(String level, int problems, double greedy, double average) {}

    /** Evaluates a policy; {@code samples} is k, at temperature 1, and 0 leaves avg@k out (NaN). */
    public static Evaluation of(Policy policy, List<Problem> problems, Reward reward, int maxNewTokens, int samples,
            Seed seed) {
        return of(policy, problems, reward, Sampling.plain(maxNewTokens), samples, MAX_ROWS, seed);
    }

    /**
     * Evaluates a policy. Every draw is keyed by its problem, so that evaluating problems in parts gives the same answers,
     * up to rounding in the engine.
     *
     * @param sampling how the samples are drawn; the greedy completions have its length
     * @param samples how many of each problem; 0 for greedy only
     * @param maxRows most completions decoded at a time; bounds the memory
     */
    public static Evaluation of(Policy policy, List<Problem> problems, Reward reward, Sampling sampling, int samples,
            int maxRows, Seed seed) {
        return of(policy, problems, reward, sampling, samples, how -> new GpuRollout(policy, how, seed, maxRows));
    }

    /** The same by any rollout; {@code place} makes one of each kind of sampling. */
    public static Evaluation of(Policy policy, List<Problem> problems, Reward reward, Sampling sampling, int samples,
            Function<Sampling, Rollout> place) {
        List<Prompt> prompts = problems.stream()
                .map(p -> Prompt.unguided(p, policy.encode(p.question()))).toList();
        Rollout greedy = place.apply(Sampling.greedy(sampling.maxNewTokens()));
        Rollout sampled = place.apply(sampling);
        return new Evaluation(
                greedy.sample(prompts, 0).stream().map(c -> c.withReward(score(c, policy, reward))).toList(),
                samples == 0 ? List.of() : sampled.sample(prompts, samples, 0).stream()
                        .map(g -> g.scored(c -> score(c, policy, reward))).toList());
    }

    /** Evaluations of different problems as one. */
    public static Evaluation joined(List<Evaluation> parts) {
        return new Evaluation(parts.stream().flatMap(part -> part.greedy.stream()).toList(),
                parts.stream().flatMap(part -> part.sampled.stream()).toList());
    }

    /** The indices of the problems of each level, in numeric order where levels are numbers, then of {@code all}. */
    public Map<String, List<Integer>> levels() {
        Map<String, List<Integer>> levels = new TreeMap<>(Evaluation::compareLevels);
        List<Integer> all = IntStream.range(0, greedy.size()).boxed().toList();
        all.forEach(i -> {
            String level = greedy.get(i).prompt().problem().level();
            levels.computeIfAbsent(level == null ? "all" : level, key -> new ArrayList<>()).add(i);
        });
        levels.put("all", all);
        return levels;
    }

    /** Accuracy by level, then that of all. */
    public List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        levels().forEach((level, indices) -> rows.add(new Row(level, indices.size(),
                indices.stream().collect(Collectors.averagingDouble(i -> greedy.get(i).reward())),
                sampled.isEmpty() ? Double.NaN : indices.stream()
                        .collect(Collectors.averagingDouble(i -> sampled.get(i).passRate().orElseThrow())))));
        return rows;
    }

    /** Share of all completions that were cut at the maximum length, which scores 0. */
    public double truncated() {
        return Stream.concat(greedy.stream(), sampled.stream().flatMap(g -> g.completions().stream()))
                .collect(Collectors.averagingDouble(c -> c.finish() == Completion.Finish.LENGTH ? 1 : 0));
    }

    /** The row over all problems. */
    public Row all() {
        List<Row> rows = rows();
        return rows.get(rows.size() - 1);
    }

    /** The score of a completion: that of prefix and completion together if it ended by itself, else 0. */
    public static double score(Completion completion, Policy policy, Reward reward) {
        if (completion.finish() != Completion.Finish.STOP) {
            return 0; // a truncated completion never earns a reward from an intermediate value
        }
        return reward.score(completion.prompt().problem(), response(completion, policy));
    }

    /** The text that a reward judges: the expert prefix, if there is one, and the completion. */
    public static String response(Completion completion, Policy policy) {
        int[] prefix = completion.prompt().prefix();
        int[] response = Arrays.copyOf(prefix, prefix.length + completion.tokens().length);
        System.arraycopy(completion.tokens(), 0, response, prefix.length, completion.tokens().length);
        return policy.decode(response);
    }

    /** What a completion answers; empty if nothing, or if it was cut. */
    public static Optional<String> answer(Completion completion, Policy policy, Reward reward) {
        return completion.finish() == Completion.Finish.STOP ? reward.answer(response(completion, policy)) : Optional.empty();
    }

    private static int compareLevels(String a, String b) {
        if (a.equals("all") || b.equals("all")) {
            return Boolean.compare(a.equals("all"), b.equals("all"));
        }
        boolean numbers = a.matches("\\d{1,9}") && b.matches("\\d{1,9}");
        if (a.matches("\\d{1,9}") != b.matches("\\d{1,9}")) {
            return a.matches("\\d{1,9}") ? -1 : 1; // numbers, then words
        }
        return numbers ? Integer.compare(Integer.parseInt(a), Integer.parseInt(b)) : a.compareTo(b);
    }
}
