package lppo;

import java.util.ArrayList;
import java.util.List;
import lppo.data.Step;
import lppo.rollout.Group;
import lppo.rollout.Prompt;
import lppo.rollout.Rollout;

/**
 * A scored rollout that resamples each group whose completions all failed, with a hint and in the same step, after BREAD (arXiv
 * 2506.17211). The guided group replaces the failed one.
 *
 * @param rollout the scored rollout to wrap
 * @param hints for failed groups
 */
public record RescuedRollout(Rollout rollout, PrefixSampler hints) implements Rollout {

    @Override
    public List<Group> sample(List<Prompt> prompts, Step step) {
        List<Group> groups = rollout.sample(prompts, step);
        List<Prompt> again = groups.stream().filter(g -> g.problem().hasDemonstration() && g.passRate().orElse(1) == 0)
                .map(g -> hints.prompts(g.problem(), step, g.completions().size()))
                .filter(group -> group.stream().anyMatch(Prompt::guided)).flatMap(List::stream).toList();
        List<Group> rescued = again.isEmpty() ? List.of() : rollout.sample(again, step.child("again"));
        List<Group> result = new ArrayList<>(groups);
        result.replaceAll(g -> rescued.stream().filter(r -> r.problem().id().equals(g.problem().id())).findFirst().orElse(g));
        return result;
    }
}
