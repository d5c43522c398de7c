package lppo.judge;

import common.BadInput;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;
import lppo.rollout.Completion;
import lppo.rollout.Group;

/**
 * One measure of an evaluation, problem by problem.
 *
 * @param name as tables head it: {@code greedy}, {@code avg@8}, {@code pass@4}, {@code maj@8}
 * @param values one for each problem, in [0, 1]
 */
public record Score(String name, double[] values) {

    /**
     * What an evaluation says: greedy accuracy and, if there are samples, avg@n, pass@k for each k and maj@n. maj@n is left
     * out if no response has an answer to count.
     *
     * @param passAt each k of pass@k; none may exceed the samples
     * @param answer what a completion answers, as a text that is equal where answers are; empty if nothing
     */
    public static List<Score> of(Evaluation evaluation, List<Integer> passAt,
            Function<Completion, Optional<String>> answer) {
        List<Score> scores = new ArrayList<>();
        scores.add(new Score("greedy", evaluation.greedy().stream().mapToDouble(Completion::reward).toArray()));
        List<Group> groups = evaluation.sampled();
        if (groups.isEmpty()) {
            return scores;
        }
        int n = groups.get(0).completions().size();
        scores.add(new Score("avg@" + n, groups.stream().mapToDouble(g -> mean(g.rewards())).toArray()));
        for (int k : passAt) {
            scores.add(new Score("pass@" + k, groups.stream()
                    .mapToDouble(g -> passAt(n, (int) Arrays.stream(g.rewards()).filter(r -> r == 1).count(), k)).toArray()));
        }
        List<OptionalDouble> majority = groups.stream()
                .map(g -> majority(g.completions().stream().map(answer).toList(), g.rewards())).toList();
        if (majority.stream().anyMatch(OptionalDouble::isPresent)) {
            scores.add(new Score("maj@" + n, majority.stream().mapToDouble(m -> m.orElse(0)).toArray()));
        }
        return scores;
    }

    /**
     * The chance that k of n samples, drawn without putting back, hold a right one where c of the n are right: the unbiased
     * estimate of pass@k, 1 - C(n - c, k) / C(n, k), as a product (Chen et al. 2021, arXiv 2107.03374).
     */
    public static double passAt(int n, int c, int k) {
        BadInput.unless(k >= 1 && k <= n, "pass@%d: k must lie in 1 to the %d samples", k, n);
        if (n - c < k) {
            return 1;
        }
        double none = 1;
        for (int i = n - c + 1; i <= n; i++) {
            none *= 1 - (double) k / i;
        }
        return 1 - none;
    }

    /**
     * The reward of the answer that most responses give; where several lead, the mean of their rewards, which is what
     * choosing one of them by lot would give on average. Responses without an answer have no vote; empty if none has one.
     */
    public static OptionalDouble majority(List<Optional<String>> answers, double[] rewards) {
        Map<String, List<Double>> votes = new LinkedHashMap<>();
        for (int i = 0; i < rewards.length; i++) {
            double reward = rewards[i];
            answers.get(i).ifPresent(a -> votes.computeIfAbsent(a, key -> new ArrayList<>()).add(reward));
        }
        int most = votes.values().stream().mapToInt(List::size).max().orElse(0);
        return votes.values().stream().filter(v -> v.size() == most)
                .mapToDouble(v -> v.stream().mapToDouble(r -> r).average().orElseThrow()).average();
    }

    /** Mean over all problems. */
    public double mean() {
        return mean(values);
    }

    /** The score on some of the problems. */
    public Score at(List<Integer> problems) {
        return new Score(name, problems.stream().mapToDouble(i -> values[i]).toArray());
    }

    /** The 95 % interval of the mean, were other problems of the kind drawn. */
    public ConfidenceInterval interval() {
        return ConfidenceInterval.ofMean(values);
    }

    private static double mean(double[] values) {
        return Arrays.stream(values).average().orElse(Double.NaN);
    }
}
