package lppo.train;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import lppo.data.Problem;
import lppo.data.Seed;
import lppo.model.Policy;
import lppo.reward.Reward;
import lppo.rollout.Completion;
import lppo.rollout.GpuRollout;
import lppo.rollout.Group;
import lppo.rollout.Prompt;
import lppo.rollout.Rollout;
import lppo.rollout.Sampling;

/**
 * Accuracy of a policy on problems it is not trained on: greedy, and avg@k, the mean accuracy of k completions sampled at
 * temperature 1.
 *
 * @param rows one per level, in numeric order where levels are numbers, then one for {@code all}
 * @param greedy the greedy completions, to read
 */
public record Evaluation(List<Row> rows, List<Completion> greedy) {

    /**
     * Accuracy on one level.
     *
     * @param level its name, or {@code all}
     * @param problems how many
     * @param greedy share that the greedy completion solves
     * @param average avg@k
     */
    public record Row(String level, int problems, double greedy, double average) {}

    /** Evaluates a policy; {@code samples} is k, and 0 leaves avg@k out (NaN). */
    public static Evaluation of(Policy policy, List<Problem> problems, Reward reward, int maxNewTokens, int samples,
            Seed seed) {
        List<Prompt> prompts = problems.stream()
                .map(p -> Prompt.unguided(p, policy.encode(p.question()))).toList();
        Rollout greedyRollout = new GpuRollout(policy, Sampling.greedy(maxNewTokens), seed);
        List<Completion> greedy = scored(greedyRollout.sample(prompts, 0), policy, reward);
        List<Group> sampled = samples == 0 ? List.of()
                : new GpuRollout(policy, Sampling.plain(maxNewTokens), seed).sample(prompts, samples, 0).stream()
                        .map(g -> g.scored(c -> score(c, policy, reward))).toList();
        Map<String, List<Integer>> byLevel = new TreeMap<>(Evaluation::compareLevels);
        for (int i = 0; i < problems.size(); i++) {
            String level = problems.get(i).level() == null ? "all" : problems.get(i).level();
            byLevel.computeIfAbsent(level, key -> new ArrayList<>()).add(i);
        }
        byLevel.put("all", java.util.stream.IntStream.range(0, problems.size()).boxed().toList());
        List<Row> rows = new ArrayList<>();
        byLevel.forEach((level, indices) -> rows.add(new Row(level, indices.size(),
                indices.stream().collect(Collectors.averagingDouble(i -> greedy.get(i).reward())),
                samples == 0 ? Double.NaN : indices.stream()
                        .collect(Collectors.averagingDouble(i -> sampled.get(i).passRate().orElseThrow())))));
        return new Evaluation(rows, greedy);
    }

    /** The row over all problems. */
    public Row all() {
        return rows.get(rows.size() - 1);
    }

    /** The score of a completion: that of prefix and completion together if it ended by itself, else 0. */
    public static double score(Completion completion, Policy policy, Reward reward) {
        if (completion.finish() != Completion.Finish.STOP) {
            return 0; // a truncated completion never earns a reward from an intermediate value
        }
        int[] prefix = completion.prompt().prefix();
        int[] response = java.util.Arrays.copyOf(prefix, prefix.length + completion.tokens().length);
        System.arraycopy(completion.tokens(), 0, response, prefix.length, completion.tokens().length);
        return reward.score(completion.prompt().problem(), policy.decode(response));
    }

    private static List<Completion> scored(List<Completion> completions, Policy policy, Reward reward) {
        return completions.stream().map(c -> c.withReward(score(c, policy, reward))).toList();
    }

    private static int compareLevels(String a, String b) {
        if (a.equals("all") || b.equals("all")) {
            return Boolean.compare(a.equals("all"), b.equals("all"));
        }
        boolean numbers = a.matches("\\d{1,9}") && b.matches("\\d{1,9}");
        return numbers ? Integer.compare(Integer.parseInt(a), Integer.parseInt(b)) : a.compareTo(b);
    }
}
