package lppo;

import common.BadInput;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;
import llm.Policy;
import lppo.data.Problem;
import lppo.data.PromptFormat;
import lppo.data.Step;
import lppo.rollout.Prompt;

/**
 * Prefix-guided sampling (LPPO, arXiv 2507.06573): a problem that the policy keeps failing is retried from a prefix of its expert
 * solution. The {@link Hint} decides how long the prefix is, the {@link Cut} where it ends. A problem without a demonstration is never
 * guided.
 *
 * <p>Seen in {@code notebooks/3-a-hint-from-the-expert.ipynb}.
 *
 * @param encode encodes text as tokens
 * @param format how a question becomes the text of a prompt
 * @param hint share of the solution that a problem is shown
 * @param cut where the solution is cut
 * @param share share of a guided problem's group that gets the hint, in (0, 1]: 1 guides whole groups, less mixes guided and unguided
 *     completions
 */
public record PrefixSampler(Function<String, int[]> encode, PromptFormat format, Hint hint, Cut cut, double share) {

    public PrefixSampler {
        BadInput.unless(share > 0 && share <= 1, "guided share %s: must lie in (0, 1]", share);
    }

    /** Returns a sampler of prompts without hints for a policy, with each question as it is; solutions are cut by tokens. */
    public static PrefixSampler of(Policy policy) {
        return new PrefixSampler(policy::encode, PromptFormat.plain(), Hint.NONE, new TokenCut(), 1);
    }

    /** Returns a copy with another prompt format. */
    public PrefixSampler format(PromptFormat other) {
        return new PrefixSampler(encode, other, hint, cut, share);
    }

    /** Returns a copy with another hint. */
    public PrefixSampler hint(Hint other) {
        return new PrefixSampler(encode, format, other, cut, share);
    }

    /** Returns a copy with LPPO's hint, beta ~ U(betaMin, betaMax). */
    public PrefixSampler beta(double betaMin, double betaMax) {
        return hint(Hint.random(betaMin, betaMax));
    }

    /** Returns a copy that gives the hint only to problems that meet a condition. */
    public PrefixSampler when(Predicate<Problem> condition) {
        return hint(hint.when(condition));
    }

    /** Returns a copy with another cut. */
    public PrefixSampler cut(Cut other) {
        return new PrefixSampler(encode, format, hint, other, share);
    }

    /** Returns a copy that gives the hint to another share of a guided group. */
    public PrefixSampler share(double other) {
        return new PrefixSampler(encode, format, hint, cut, other);
    }

    /** Returns the prompts of all problems of a step, problem by problem, {@code groupSize} of each. */
    public List<Prompt> prompts(Step step, int groupSize) {
        return step.problems().stream().flatMap(problem -> prompts(problem, step, groupSize).stream()).toList();
    }

    /**
     * Returns the prompts of one problem, one per completion of its group.
     *
     * @return {@code groupSize} prompts, the unguided ones first; all unguided if the hint is 0, if there is no demonstration, or if no
     *     part of it may be revealed
     */
    public List<Prompt> prompts(Problem problem, Step step, int groupSize) {
        double beta = problem.hasDemonstration() ? hint.beta(problem, step) : 0;
        BadInput.unless(beta >= 0 && beta <= 1, "problem %s: the hint's beta is %s; it must lie in [0, 1]", problem.id(), beta);
        if (beta == 0) {
            return plain(problem, groupSize);
        }
        int hints = (int) Math.ceil(share * groupSize - 1e-9); // 0.55 x 20 is 11, not 11.000000000000002 as in floating point
        List<Prompt> prompts = new ArrayList<>(plain(problem, groupSize - hints));
        prompts.addAll(Collections.nCopies(hints, guided(problem, beta)));
        return prompts;
    }

    /** Returns the prompts of a problem without a hint. */
    public List<Prompt> plain(Problem problem, int groupSize) {
        return Collections.nCopies(groupSize, Prompt.unguided(problem, encode.apply(format.of(problem.question()))));
    }

    /** Returns the prompt of a problem with the prefix for this beta; unguided if nothing may be revealed. */
    public Prompt guided(Problem problem, double beta) {
        String question = format.of(problem.question());
        int[] asked = encode.apply(question);
        String prefix = cut.prefix(problem, beta, text -> encode.apply(text).length);
        if (prefix.isEmpty()) {
            return Prompt.unguided(problem, asked);
        }
        int[] tokens = Prompt.continued(encode, question, prefix);
        return new Prompt(problem, tokens, tokens.length - asked.length, beta);
    }
}
