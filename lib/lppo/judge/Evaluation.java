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
 * The completions of a policy on problems it is not trained on: one greedy and k sampled completions per problem. {@link Score} computes
 * the measures that papers report.
 *
 * @param greedy the greedy completion of each problem, scored
 * @param sampled the sampled completions of each problem, scored; empty if there are none
 * @param undecided number of answers that could not be judged and count as wrong
 */
public record Evaluation(List<Completion> greedy, List<Group> sampled, long undecided) {

    private static final int MAX_ROWS = 1024;

    /**
     * Accuracy on one level.
     *
     * @param level its name, or {@code all}
     * @param problems number of problems
     * @param greedy share of problems solved by the greedy completion
     * @param average avg@k, the mean accuracy of the samples; NaN without samples
     */
    public record Accuracy(String level, int problems, double greedy, double average) {}

    /** Creates the rollout for given sampling settings, on a GPU or on a cluster. */
    @FunctionalInterface
    public interface Sampler {
        /** Returns a rollout with these settings. */
        Rollout of(Sampling sampling);
    }

    /**
     * Evaluates a policy in this process, with each question as it is; {@code samples} is k, at temperature 1; 0 skips avg@k (NaN).
     *
     * @param longest maximum length of a completion, in tokens
     */
    public static Evaluation of(Policy policy, List<Problem> problems, Reward reward, int longest, int samples, Seed seed) {
        return of(policy, problems, PromptFormat.plain(), reward, longest, samples, seed);
    }

    /**
     * Evaluates a policy in this process with a prompt format.
     *
     * @throws BadInput with the problem's id if the reward throws, as its score of 0 would not be a judgement
     */
    public static Evaluation of(Policy policy, List<Problem> problems, PromptFormat format, Reward reward, int longest, int samples,
            Seed seed) {
        Scoring scoring = new Scoring(policy, reward);
        Evaluation evaluation = of(prompts(problems, format, policy), scoring, Sampling.plain(longest), samples, seed,
                sampling -> new GpuRollout(policy, sampling, MAX_ROWS));
        BadInput.unless(scoring.trouble().isEmpty(), "%s; %d answers could not be judged", scoring.trouble().orElse(""),
                scoring.failures());
        return evaluation;
    }

    /** Returns the prompts of problems, without hints. */
    public static List<Prompt> prompts(List<Problem> problems, PromptFormat format, Policy policy) {
        return problems.stream().map(p -> Prompt.unguided(p, policy.encode(format.of(p.question())))).toList();
    }

    /**
     * Evaluates the completions of a policy for prompts of different problems. Every draw is keyed by its problem, so that evaluating
     * problems in parts gives the same completions, up to rounding in the engine.
     *
     * @param sampling how completions are sampled; its maximum length also applies to the greedy ones
     * @param samples sampled completions per problem; 0 for greedy only
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

    /** Merges evaluations of different problems into one. */
    public static Evaluation joined(List<Evaluation> parts) {
        return new Evaluation(parts.stream().flatMap(part -> part.greedy.stream()).toList(),
                parts.stream().flatMap(part -> part.sampled.stream()).toList(), parts.stream().mapToLong(Evaluation::undecided).sum());
    }

    /** Returns the indices of the problems of each level, in numeric order if levels are numbers, then of {@code all}. */
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

    /** Returns the accuracy by level, then over all problems. */
    public List<Accuracy> rows() {
        List<Accuracy> rows = new ArrayList<>();
        levels().forEach((level, indices) -> rows.add(new Accuracy(level, indices.size(),
                indices.stream().collect(Collectors.averagingDouble(i -> greedy.get(i).reward())),
                sampled.isEmpty() ? Double.NaN : indices.stream()
                        .collect(Collectors.averagingDouble(i -> sampled.get(i).passRate().orElseThrow())))));
        return rows;
    }

    /** Returns the share of all completions that were truncated at the maximum length and score 0. */
    public double truncated() {
        return Stream.concat(greedy.stream(), sampled.stream().flatMap(g -> g.completions().stream()))
                .collect(Collectors.averagingDouble(c -> c.finish() == Completion.Finish.LENGTH ? 1 : 0));
    }

    /** Returns the accuracy over all problems. */
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
