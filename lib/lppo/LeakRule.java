package lppo;

import lppo.data.Problem;

/** A rule for what a hint may not show of an expert solution, such as {@link ConclusionLeak} and {@link AnswerLeak}. */
@FunctionalInterface
public interface LeakRule {

    /**
     * Whether a beginning of a problem's solution gives too much away.
     *
     * @param shown the beginning
     */
    boolean reveals(Problem problem, String shown);

    /** The part of the solution that counts as the demonstration, whose length is L: all of it, if a rule does not say otherwise. */
    default String demonstration(Problem problem) {
        return problem.solution();
    }

    /** The longest beginning of the demonstration that reveals nothing, wherever a cut may end: no hint can show more. */
    default String showable(Problem problem) {
        String shown = demonstration(problem);
        while (!shown.isEmpty() && reveals(problem, shown)) {
            shown = shown.substring(0, shown.length() - 1);
        }
        return shown;
    }
}
