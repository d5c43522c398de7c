package lppo;

import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import lppo.data.Problem;
import lppo.data.Step;
import lppo.rollout.Group;

/**
 * How much of its expert solution a problem is shown in a step. A custom rule is a lambda, for example QuestA's 50 percent, then 25:
 * {@code Hint half = (problem, step) -> step.number() <= 100 ? 0.5 : 0.25;}
 */
@FunctionalInterface
public interface Hint {

    /** Returns the share beta of the expert solution, in [0, 1]; 0 for no hint. */
    double beta(Problem problem, Step step);

    /** No hints. */
    Hint NONE = (problem, step) -> 0;

    /** LPPO's hint: beta ~ U(betaMin, betaMax), sampled anew for each step and problem. */
    static Hint random(double betaMin, double betaMax) {
        return new RandomPrefix(betaMin, betaMax);
    }

    /**
     * Returns this hint restricted to problems that meet a condition, for example {@link ProgressTracker#failing}; the others get no hint.
     */
    default Hint when(Predicate<Problem> condition) {
        return new Conditional(this, condition);
    }

    /** A hint under a condition, with the state of that hint. */
    record Conditional(Hint hint, Predicate<Problem> condition) implements Hint, Stateful {

        @Override
        public double beta(Problem problem, Step step) {
            return condition.test(problem) ? hint.beta(problem, step) : 0;
        }

        @Override
        public Map<String, double[]> state() {
            return hint instanceof Stateful stateful ? stateful.state() : Map.of();
        }

        @Override
        public void restore(Map<String, double[]> state) {
            if (hint instanceof Stateful stateful) {
                stateful.restore(state);
            }
        }

        @Override
        public void observe(List<Group> groups) {
            if (hint instanceof Stateful stateful) {
                stateful.observe(groups);
            }
        }

        @Override
        public Map<String, Double> metrics() {
            return hint instanceof Stateful stateful ? stateful.metrics() : Map.of();
        }
    }
}
