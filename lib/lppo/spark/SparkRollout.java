package lppo.spark;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import lppo.data.Problem;
import lppo.data.Seed;
import lppo.rollout.Completion;
import lppo.rollout.Prompt;
import lppo.rollout.Rollout;
import lppo.rollout.Sampling;

/**
 * A rollout on executors: all completions of a problem are one executor's, and the problems are cut into as many parts as there
 * are executors. As every draw is keyed by its problem, the parts change no draw.
 *
 * <p>The engine rounds differently by what else is decoded together, except in {@link lppo.model.FastDecode} on a CPU, within
 * its limits. So that other decoding (adapters, top-k, top-p) samples the same to the last bit too, parts end where one process
 * would begin a new batch of {@code --rollout-rows}, wherever there are batches enough.
 *
 * <p>Seen in {@code notebooks/9-beyond-one-machine.ipynb}.
 */
public record SparkRollout(Cluster cluster, Sampling sampling, Seed seed) implements Rollout {

    /** What an executor gets. */
    private record Part(List<Prompt> prompts) implements Serializable {}

    /** What comes back of a completion. */
    private record Drawn(int[] tokens, float[] logProbs, Completion.Finish finish) implements Serializable {}

    @Override
    public List<Completion> sample(List<Prompt> prompts, long step) {
        if (prompts.isEmpty()) {
            return List.of();
        }
        List<List<Integer>> parts = parts(prompts, cluster.rows(), cluster.slots());
        Map<Prompt, Prompt> bare = new IdentityHashMap<>(); // equal ones travel once
        List<Part> work = parts.stream().map(part -> new Part(new ArrayList<>(part.stream()
                .map(i -> bare.computeIfAbsent(prompts.get(i), SparkRollout::bare)).toList()))).toList();
        Sampling how = sampling;
        Seed root = seed;
        List<List<Drawn>> drawn = cluster.run("rollout", work, (replica, part) -> new ArrayList<>(replica
                .sample(part.prompts(), how, root, step).stream().map(c -> new Drawn(c.tokens(), c.logProbs(), c.finish())).toList()));
        Completion[] completions = new Completion[prompts.size()];
        for (int p = 0; p < parts.size(); p++) {
            for (int i = 0; i < parts.get(p).size(); i++) {
                int at = parts.get(p).get(i);
                Drawn d = drawn.get(p).get(i);
                completions[at] = new Completion(prompts.get(at), d.tokens(), d.logProbs(), d.finish(), Double.NaN);
            }
        }
        return Arrays.asList(completions);
    }

    /** A prompt without what only the driver needs. */
    private static Prompt bare(Prompt prompt) {
        return new Prompt(new Problem(prompt.problem().id(), "", "", null, null, null), prompt.tokens(), prompt.prefixLength(), prompt.beta());
    }

    /**
     * The indices of the prompts in at most {@code wanted} parts of whole problems, in order.
     *
     * @param rows of a batch of one process
     */
    static List<List<Integer>> parts(List<Prompt> prompts, int rows, int wanted) {
        Map<String, List<Integer>> problems = new LinkedHashMap<>();
        for (int i = 0; i < prompts.size(); i++) {
            problems.computeIfAbsent(prompts.get(i).problem().id(), id -> new ArrayList<>()).add(i);
        }
        List<List<Integer>> units = new ArrayList<>();
        if (prompts.size() >= (long) rows * wanted) { // as many batches as parts
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
            parts.add(units.subList(units.size() * part / count, units.size() * (part + 1) / count).stream().flatMap(List::stream).toList());
        }
        return parts;
    }
}
