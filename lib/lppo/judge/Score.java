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
 * A measure of an evaluation, with a value per problem.
 *
 * @param name as in table headers: {@code greedy}, {@code avg@8}, {@code pass@4}, {@code maj@8}
 * @param values one per problem, in [0, 1]
 */
public record Score(String name, double[] values) {

    /**
     * Returns the scores of an evaluation: greedy accuracy and, if there are samples, avg@n, pass@k for each k, and maj@n. maj@n is omitted
     * if no response has an answer to count.
     *
     * @param passAt the values of k for pass@k; none may exceed the number of samples
     * @param answer the answer of a completion in a canonical form; empty if there is none
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
     * Returns the unbiased estimate of pass@k, 1 - C(n - c, k) / C(n, k) (Chen et al. 2021, arXiv 2107.03374): the probability that k of n
     * samples, drawn without replacement, include at least one of the c correct ones.
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
     * Returns the reward of the most frequent answer; in case of a tie, the mean of the tied rewards, which is the expectation of a random
     * tie break. Responses without an answer do not vote; empty if none has one.
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

    /** Returns the mean over all problems. */
    public double mean() {
        return mean(values);
    }

    /** Returns the score on a subset of the problems. */
    public Score at(List<Integer> problems) {
        return new Score(name, problems.stream().mapToDouble(i -> values[i]).toArray());
    }

    /** Returns the 95 % confidence interval of the mean over problems. */
    public ConfidenceInterval interval() {
        return ConfidenceInterval.ofMean(values);
    }

    private static double mean(double[] values) {
        return Arrays.stream(values).average().orElse(Double.NaN);
    }
}
