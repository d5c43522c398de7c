package rivals;

import common.BadInput;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import lppo.PrefixSampler;
import lppo.data.Problem;
import lppo.data.Step;
import lppo.rollout.Group;
import lppo.rollout.Prompt;
import lppo.rollout.Rollout;

/**
 * A scored rollout that searches, within the step, for the shortest working hint of each group whose completions all failed, after BREAD
 * (arXiv 2506.17211). The first try has the length of the given hint; then the length is bisected: longer if all guided completions fail,
 * shorter if all pass. The search ends with the first group in which some pass and some fail, which replaces the failed one, or after a
 * number of tries, and then the failed group stays. All tries count as sampled tokens.
 *
 * <p>BREAD searches by the sentences of the solution; here the ratio beta is bisected, and the task's {@link lppo.Cut} decides where a
 * prefix may end. That a group must be mixed, and the number of tries, are our choices.
 *
 * @param rollout the scored rollout to wrap
 * @param hints for failed groups; its hint is the first length, 0 for no search
 * @param tries maximum number of hints per group, positive
 */
public record SearchedRollout(Rollout rollout, PrefixSampler hints, int tries) implements Rollout {

    public SearchedRollout {
        BadInput.unless(tries > 0, "tries %d of a hint: must be positive", tries);
    }

    /** The lengths between which the search goes on, and the next one. */
    private record Range(Group failed, double low, double high, double beta) {

        Range longer() {
            return new Range(failed, beta, high, (beta + high) / 2);
        }

        Range shorter() {
            return new Range(failed, low, beta, (low + beta) / 2);
        }
    }

    @Override
    public List<Group> sample(List<Prompt> prompts, Step step) {
        List<Group> groups = rollout.sample(prompts, step);
        Map<String, Range> open = new LinkedHashMap<>();
        for (Group group : groups) {
            Problem problem = group.problem();
            double beta = problem.hasDemonstration() && group.passRate().orElse(1) == 0 ? hints.hint().beta(problem, step) : 0;
            if (beta > 0) {
                open.put(problem.id(), new Range(group, 0, 1, beta));
            }
        }
        Map<String, Group> found = new LinkedHashMap<>();
        for (int attempt = 1; attempt <= tries && !open.isEmpty(); attempt++) {
            List<Prompt> again = new ArrayList<>();
            open.replaceAll((id, range) -> {
                Range shown = range;
                List<Prompt> guided = guided(shown, step);
                for (int i = 0; i < tries && guided.isEmpty(); i++) { // as good as no hint, which is known to fail
                    shown = shown.longer();
                    guided = guided(shown, step);
                }
                again.addAll(guided);
                return shown;
            });
            if (again.isEmpty()) {
                break;
            }
            Map<String, Group> tried = rollout.sample(again, step.child("again " + attempt)).stream()
                    .collect(Collectors.toMap(group -> group.problem().id(), group -> group));
            open.keySet().retainAll(tried.keySet());
            open.replaceAll((id, range) -> {
                double rate = tried.get(id).guidedPassRate().orElse(0);
                return rate == 0 ? range.longer() : range.shorter();
            });
            tried.forEach((id, group) -> {
                if (!group.silent()) {
                    found.put(id, group);
                    open.remove(id);
                }
            });
        }
        return groups.stream().map(group -> found.getOrDefault(group.problem().id(), group)).toList();
    }

    /** Returns the prompts of a group with a hint of this length; empty if nothing of the solution would be shown. */
    private List<Prompt> guided(Range range, Step step) {
        List<Prompt> prompts = hints.hint((problem, at) -> range.beta).prompts(range.failed.problem(), step,
                range.failed.completions().size());
        return prompts.stream().anyMatch(Prompt::guided) ? prompts : List.of();
    }
}
