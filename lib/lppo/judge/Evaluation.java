package lppo.judge;

import common.BadInput;
import common.Seed;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import llm.Policy;
import lppo.data.Problem;
import lppo.data.PromptFormat;
import lppo.data.Step;
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
 * @param undecided how many answers could not be judged and count as wrong
 */
public record Evaluation(List<Completion> greedy, List<Group> sampled, long undecided) {

    private static final int MAX_ROWS = 1024;

    /**
     * Accuracy on one level.
     *
     * @param level its name, or {@code all}
     * @param problems how many
     * @param greedy share that the greedy completion solves
     * @param average avg@k, the mean accuracy of the samples; NaN without samples
     */
    public record Accuracy(String level, int problems, double greedy, double average) {}

    /** How each kind of sampling is done: on a GPU, on a cluster. */
    @FunctionalInterface
    public interface Sampler {
        /** A rollout of this kind. */
        Rollout of(Sampling sampling);
    }

    /**
     * Evaluates a policy in this process, each question as it is; {@code samples} is k, at temperature 1, and 0 leaves avg@k out (NaN).
     *
     * @param longest completion, in tokens
     */
    public static Evaluation of(Policy policy, List<Problem> problems, Reward reward, int longest, int samples, Seed seed) {
        return of(policy, problems, PromptFormat.plain(), reward, longest, samples, seed);
    }

    /**
     * The same with another prompt format.
     *
     * @throws BadInput with the problem's id if the reward throws, since nobody would be told that its zero is no verdict
     */
    public static Evaluation of(Policy policy, List<Problem> problems, PromptFormat format, Reward reward, int longest, int samples,
            Seed seed) {
        Scoring scoring = new Scoring(policy, reward);
        Evaluation evaluation = of(prompts(problems, format, policy), scoring, Sampling.plain(longest), samples, seed,
                sampling -> new GpuRollout(policy, sampling, MAX_ROWS));
        BadInput.unless(scoring.trouble().isEmpty(), "%s; %d answers could not be judged", scoring.trouble().orElse(""), scoring.failures());
        return evaluation;
    }

    /** The prompts of problems, without hints. */
    public static List<Prompt> prompts(List<Problem> problems, PromptFormat format, Policy policy) {
        return problems.stream().map(p -> Prompt.unguided(p, policy.encode(format.of(p.question())))).toList();
    }

    /**
     * Evaluates what a policy answers to prompts of different problems. Every draw is keyed by its problem, so that evaluating problems in
     * parts gives the same answers, up to rounding in the engine.
     *
     * @param sampling how the samples are drawn; the greedy completions have its length
     * @param samples how many of each problem; 0 for greedy only
     */
    public static Evaluation of(List<Prompt> prompts, Scoring scoring, Sampling sampling, int samples, Seed seed, Sampler sampler) {
        Step step = new Step(0, seed);
        long failed = scoring.failures();
        List<Prompt> repeated = prompts.stream().flatMap(p -> Collections.nCopies(samples, p).stream()).toList();
        List<Completion> greedy = sampler.of(Sampling.greedy(sampling.maxNewTokens())).scored(scoring).sample(prompts, step).stream()
                .flatMap(group -> group.completions().stream()).toList();
        List<Group> sampled = samples == 0 ? List.of() : sampler.of(sampling).scored(scoring).sample(repeated, step);
        return new Evaluation(greedy, sampled, scoring.failures() - failed);
    }

    /** Evaluations of different problems as one. */
    public static Evaluation joined(List<Evaluation> parts) {
        return new Evaluation(parts.stream().flatMap(part -> part.greedy.stream()).toList(),
                parts.stream().flatMap(part -> part.sampled.stream()).toList(), parts.stream().mapToLong(Evaluation::undecided).sum());
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
    public List<Accuracy> rows() {
        List<Accuracy> rows = new ArrayList<>();
        levels().forEach((level, indices) -> rows.add(new Accuracy(level, indices.size(),
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
    public Accuracy all() {
        List<Accuracy> rows = rows();
        return rows.get(rows.size() - 1);
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
