package spark;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import lppo.Hint;
import lppo.Stateful;
import lppo.Weighting;
import lppo.data.Problem;
import lppo.data.Step;
import lppo.rollout.Group;

/** Hints and weights that depend on how often a problem was visited: an operator as a user writes it, which cannot be serialised. */
final class VisitCount implements Hint, Weighting, Stateful {

    private final String name;
    private final Map<String, double[]> visits = new TreeMap<>();

    VisitCount(String name) {
        this.name = name;
    }

    private double visits(Problem problem) {
        return visits.getOrDefault(problem.id(), new double[1])[0];
    }

    @Override
    public double beta(Problem problem, Step step) {
        return visits(problem) > 0 ? 0.5 : 0;
    }

    @Override
    public double weight(Group group) {
        return 1 / Math.max(1, visits(group.problem()));
    }

    @Override
    public Map<String, double[]> state() {
        Map<String, double[]> copy = new TreeMap<>();
        visits.forEach((id, count) -> copy.put(id, count.clone()));
        return copy;
    }

    @Override
    public void restore(Map<String, double[]> state) {
        visits.clear();
        state.forEach((id, count) -> visits.put(id, count.clone()));
    }

    @Override
    public void observe(List<Group> groups) {
        groups.forEach(group -> visits.computeIfAbsent(group.problem().id(), id -> new double[1])[0]++);
    }

    @Override
    public Map<String, Double> metrics() {
        return Map.of(name + "_visits", visits.values().stream().mapToDouble(count -> count[0]).sum());
    }
}
