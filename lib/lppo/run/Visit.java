package lppo.run;

import java.util.OptionalDouble;
import lppo.ProgressTracker;
import lppo.rollout.Group;

/**
 * One visit to a problem: a row of {@code problems.csv}.
 *
 * @param step counted from 1
 * @param problem its id
 * @param level its level; null if unknown
 * @param passRate pass rate of the unguided completions; empty if there are none
 * @param guidedPassRate pass rate of the guided completions; empty if there are none
 * @param ema average pass rate p~ after the visit
 * @param progress Delta after the visit
 * @param weight factor of the group's advantages
 * @param guided 1 if any completion saw a hint, else 0
 * @param beta share of the solution at which the hint was cut; 0 without a hint
 */
public record Visit(long step, String problem, String level, OptionalDouble passRate, OptionalDouble guidedPassRate, double ema,
        double progress, double weight, int guided, double beta) {

    static Visit of(long step, Group group, ProgressTracker tracker, double weight) {
        ProgressTracker.Entry entry = tracker.entry(group.problem().id()).orElseThrow();
        double beta = group.completions().stream().mapToDouble(c -> c.prompt().beta()).max().orElse(0);
        return new Visit(step, group.problem().id(), group.problem().level(), group.passRate(), group.guidedPassRate(), entry.average(),
                entry.progress(), weight, group.guided() ? 1 : 0, beta);
    }
}
