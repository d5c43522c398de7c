package lppo;

import common.BadInput;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import lppo.data.Problem;
import lppo.data.Step;
import lppo.rollout.Group;
import lppo.rollout.Prompt;
import lppo.rollout.Rollout;

/**
 * A scored rollout that replaces silent groups with groups of other problems: dynamic sampling (DAPO, arXiv 2503.14476), bounded.
 *
 * @param rollout the scored rollout to wrap
 * @param times maximum number of refills; the step has fewer groups if that is not enough
 * @param problems to choose from
 * @param refill chooses among them
 * @param prompts makes the prompts of a problem
 */
public record RefilledRollout(Rollout rollout, int times, List<Problem> problems, Refill refill,
        Function<Problem, List<Prompt>> prompts) implements Rollout {

    public RefilledRollout {
        BadInput.unless(times > 0, "refills %d: must be positive", times);
    }

    @Override
    public List<Group> sample(List<Prompt> first, Step step) {
        List<Prompt> next = first;
        List<Group> kept = new ArrayList<>();
        Set<String> taken = new HashSet<>();
        int wanted = -1;
        for (int round = 1; !next.isEmpty(); round++) {
            next.forEach(prompt -> taken.add(prompt.problem().id()));
            List<Group> groups = rollout.sample(next, step);
            wanted = wanted < 0 ? groups.size() : wanted;
            groups.stream().filter(group -> !group.silent()).forEach(kept::add);
            next = round > times || kept.size() == wanted ? List.of() : refill.more(problems, wanted - kept.size(), taken, round, step)
                    .stream().flatMap(problem -> prompts.apply(problem).stream()).toList();
        }
        return kept;
    }
}
