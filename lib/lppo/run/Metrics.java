package lppo.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import llm.Policy;
import lppo.learn.Learner;
import lppo.learn.Sample;
import lppo.learn.UpdateMetrics;
import lppo.rollout.Completion;
import lppo.rollout.Group;

/** Computes the metrics of a step. */
final class Metrics {

    private Metrics() {}

    static StepMetrics of(long step, long sampledTokens, List<Group> visited, List<UpdateMetrics> updates, double firstDifference,
            double learningRate, long undecided, Health.Counts counts, Map<String, Double> more) {
        List<Completion> all = visited.stream().flatMap(g -> g.completions().stream()).toList();
        double tokens = all.stream().mapToLong(c -> c.tokens().length).sum();
        return new StepMetrics(step, sampledTokens,
                mean(visited.stream().filter(g -> g.passRate().isPresent()).toList(), g -> g.passRate().getAsDouble()),
                mean(visited.stream().filter(Group::guided).toList(), g -> g.guidedPassRate().getAsDouble()),
                mean(visited, g -> g.guided() ? 1 : 0), mean(visited, g -> g.silent() ? 1 : 0),
                mean(all, c -> c.finish() == Completion.Finish.LENGTH ? 1 : 0),
                (double) counts.ended() / counts.guided(), (double) counts.gamed() / counts.paid(),
                tokens / all.size(), mean(updates, UpdateMetrics::loss),
                mean(updates, UpdateMetrics::ratio), mean(updates, UpdateMetrics::clipFraction), mean(updates, UpdateMetrics::kl),
                mean(updates, UpdateMetrics::entropy), entropy(all), firstDifference, mean(updates, UpdateMetrics::gradientNorm),
                learningRate, undecided, "", more);
    }

    /** Counts the completions of a step behind two of its shares. */
    static Health.Counts counts(long paid, long gamed, List<Group> visited) {
        List<Completion> guided = visited.stream().flatMap(g -> g.completions().stream()).filter(c -> c.prompt().guided()).toList();
        return new Health.Counts(paid, gamed, guided.size(), guided.stream().filter(Metrics::endedAtOnce).count());
    }

    private static boolean endedAtOnce(Completion completion) {
        return completion.finish() == Completion.Finish.STOP && completion.tokens().length <= 1;
    }

    private static <T> double mean(List<T> items, ToDoubleFunction<T> value) {
        return items.stream().mapToDouble(value).average().orElse(Double.NaN);
    }

    /** Returns the mean negative log-probability of the sampled tokens, in nats: a sample estimate of the entropy of the policy. */
    static double entropy(List<Completion> completions) {
        return completions.stream().flatMapToDouble(c -> IntStream.range(0, c.logProbs().length).mapToDouble(i -> -c.logProbs()[i]))
                .average().orElse(Double.NaN);
    }

    /**
     * Returns the mean absolute difference of log-probabilities between rollout and learner over one group, for a step without an update.
     */
    static double difference(Learner learner, Policy policy, Group group) {
        List<Sample> samples = group.completions().stream().map(c -> Sample.of(c, 0)).toList();
        List<float[]> learners = learner.logProbs(policy, samples);
        double sum = 0;
        for (int i = 0; i < samples.size(); i++) {
            for (int j = 0; j < learners.get(i).length; j++) {
                sum += Math.abs(learners.get(i)[j] - samples.get(i).behaviour()[j]);
            }
        }
        return sum / samples.stream().mapToInt(s -> s.completion().length).sum();
    }

    /** Returns the memory of this process in megabytes, including native memory; NaN if unknown. */
    static double residentMegabytes() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
            return lines.filter(line -> line.startsWith("VmRSS:"))
                    .mapToDouble(line -> Double.parseDouble(line.replaceAll("\\D", "")) / 1024).findFirst().orElse(Double.NaN);
        } catch (IOException e) {
            return Double.NaN;
        }
    }
}
