package spark;

import common.Seed;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import lppo.data.Problem;
import lppo.data.Step;
import lppo.rollout.Completion;
import lppo.rollout.Group;
import lppo.rollout.Prompt;
import lppo.rollout.Rollout;
import lppo.rollout.Sampling;

/**
 * A rollout on executors. The problems are divided into as many parts as there are executors; all completions of a problem are sampled
 * by the same executor. As every draw is keyed by its problem, the division changes no draw.
 *
 * <p>What is decoded together changes how the engine rounds, except in {@link llm.FastDecode} on a CPU. So that other decoding
 * (adapters, top-k, top-p) also samples the same to the last bit, parts end where one process would begin a new batch of
 * {@link lppo.run.WorkerSetup#rows}, if there are enough batches.
 *
 * <p>Seen in {@code notebooks/9-beyond-one-machine.ipynb}.
 */
public record SparkRollout(Cluster cluster, Sampling sampling) implements Rollout {

    /** The input of an executor. */
    private record Part(List<Prompt> prompts) implements Serializable {}

    /** The returned part of a completion. */
    private record Sampled(int[] tokens, float[] logProbs, Completion.Finish finish) implements Serializable {

        static Sampled of(Completion completion) {
            return new Sampled(completion.tokens(), completion.logProbs(), completion.finish());
        }
    }

    @Override
    public List<Group> sample(List<Prompt> prompts, Step step) {
        if (prompts.isEmpty()) {
            return List.of();
        }
        List<List<Integer>> parts = parts(prompts, cluster.setup().rows(), cluster.slots());
        Map<Prompt, Prompt> bare = new IdentityHashMap<>(); // so that equal prompts are sent once
        List<Part> work = parts.stream().map(part -> new Part(new ArrayList<>(part.stream()
                .map(i -> bare.computeIfAbsent(prompts.get(i), SparkRollout::bare)).toList()))).toList();
        Sampling how = sampling;
        Seed root = step.seed();
        long number = step.number();
        List<List<Sampled>> sampled = cluster.run("rollout", work, (replica, part) -> new ArrayList<>(replica
                .sample(part.prompts(), how, root, number).stream().flatMap(g -> g.completions().stream()).map(Sampled::of).toList()));
        Completion[] completions = new Completion[prompts.size()];
        for (int p = 0; p < parts.size(); p++) {
            for (int i = 0; i < parts.get(p).size(); i++) {
                int at = parts.get(p).get(i);
                Sampled s = sampled.get(p).get(i);
                completions[at] = new Completion(prompts.get(at), s.tokens(), s.logProbs(), s.finish(), Double.NaN);
            }
        }
        return Group.of(Arrays.asList(completions));
    }

    /** A prompt without question, solution and answer, which only the driver needs. */
    private static Prompt bare(Prompt prompt) {
        Problem id = new Problem(prompt.problem().id(), "", "", null, null, null);
        return new Prompt(id, prompt.tokens(), prompt.prefixLength(), prompt.beta());
    }

    /**
     * Divides the indices of the prompts into at most {@code wanted} parts of whole problems, in order.
     *
     * @param rows completions that one process decodes at a time
     */
    static List<List<Integer>> parts(List<Prompt> prompts, int rows, int wanted) {
        Map<String, List<Integer>> problems = new LinkedHashMap<>();
        for (int i = 0; i < prompts.size(); i++) {
            problems.computeIfAbsent(prompts.get(i).problem().id(), id -> new ArrayList<>()).add(i);
        }
        List<List<Integer>> units = new ArrayList<>();
        if (prompts.size() >= (long) rows * wanted) { // at least as many batches as parts
            int size = 0;
            for (List<Integer> problem : problems.values()) {
                if (size >= (long) rows * units.size()) {
                    units.add(new ArrayList<>());
                }
                units.get(units.size() - 1).addAll(problem);
                size += problem.size();
            }
        } else {
            units.addAll(problems.values());
        }
        int count = Math.min(wanted, units.size());
        List<List<Integer>> parts = new ArrayList<>();
        for (int part = 0; part < count; part++) {
            parts.add(units.subList(units.size() * part / count, units.size() * (part + 1) / count).stream()
                    .flatMap(List::stream).toList());
        }
        return parts;
    }
}
