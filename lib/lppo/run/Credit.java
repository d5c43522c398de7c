package lppo.run;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import lppo.Loss;
import lppo.learn.Learner;
import lppo.learn.Sample;
import lppo.model.Policy;
import lppo.rollout.Completion;
import lppo.rollout.Group;

/**
 * From scored groups to samples with advantages:
 *
 * <pre>  A = w normalised(advantage(reward + overlong penalty - beta KL)).</pre>
 */
final class Credit {

    private final Loss loss;
    private final Options options;
    private final Learner learner;
    private final Policy reference;

    /** @param reference for a KL term in the reward; null if there is none */
    Credit(Options options, Learner learner, Policy reference) {
        this.loss = options.loss();
        this.options = options;
        this.learner = learner;
        this.reference = reference;
    }

    /**
     * The samples of each group, in order.
     *
     * @param weight w, the learning-progress weight of a problem; 1 for recipes without
     */
    List<List<Sample>> of(List<Group> groups, ToDoubleFunction<String> weight) {
        List<double[]> rewards = groups.stream().map(this::shaped).toList();
        if (reference != null) {
            penalise(groups, rewards);
        }
        List<double[]> advantages = options.normalization().of(rewards.stream().map(loss.advantage()::of).toList(),
                groups.stream().map(g -> g.completions().stream().mapToInt(c -> c.tokens().length).toArray()).toList());
        return IntStream.range(0, groups.size()).mapToObj(g -> {
            double w = weight.applyAsDouble(groups.get(g).problem().id());
            List<Completion> completions = groups.get(g).completions();
            return IntStream.range(0, completions.size())
                    .mapToObj(i -> Sample.of(completions.get(i), w * advantages.get(g)[i])).toList();
        }).toList();
    }

    private double[] shaped(Group group) {
        return group.completions().stream().mapToDouble(c -> c.reward() + options.overlong().penalty(c.tokens().length)).toArray();
    }

    /** Takes beta times the KL to the reference, summed over the completion, off each reward. */
    private void penalise(List<Group> groups, List<double[]> rewards) {
        List<Sample> samples = new ArrayList<>();
        groups.forEach(g -> g.completions().forEach(c -> samples.add(Sample.of(c, 0))));
        List<float[]> logProbs = learner.logProbs(reference, samples);
        int at = 0;
        for (double[] group : rewards) {
            for (int i = 0; i < group.length; i++, at++) {
                float[] sampled = samples.get(at).behaviour();
                float[] other = logProbs.get(at);
                group[i] -= options.kl * IntStream.range(0, sampled.length)
                        .mapToDouble(t -> options.klEstimator().of(sampled[t], other[t])).sum();
            }
        }
    }
}
