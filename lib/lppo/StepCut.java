package lppo;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToIntFunction;
import java.util.regex.Pattern;
import lppo.data.Problem;

/**
 * Cuts the solution at the end of a step: it keeps as many of the first steps as make up a share beta of the length, never the last one,
 * and only steps before the first that reveals the answer.
 *
 * @param leak rule for what may not be shown
 */
public record StepCut(LeakRule leak) implements Cut {

    private static final Pattern DOLLAR = Pattern.compile("(?<![\\\\$])\\$(?!\\$)");
    private static final Pattern DOLLARS = Pattern.compile("(?<!\\\\)\\$\\$");
    private static final Pattern OPENING = Pattern.compile("\\\\(?:\\[|\\(|begin\\{)");
    private static final Pattern CLOSING = Pattern.compile("\\\\(?:]|\\)|end\\{)");

    /** Cuts before the first mention of the answer. */
    public StepCut() {
        this(new AnswerLeak());
    }

    @Override
    public String showable(Problem problem) {
        return leak.showable(problem);
    }

    @Override
    public String prefix(Problem problem, double beta, ToIntFunction<String> length) {
        List<String> steps = steps(problem.solution());
        int[] lengths = steps.stream().mapToInt(length).toArray();
        double shown = Math.floor(beta * Arrays.stream(lengths).sum());
        StringBuilder prefix = new StringBuilder();
        for (int i = 0; i < lengths.length - 1; i++) {
            shown -= lengths[i];
            if (shown < 0 || leak.reveals(problem, prefix + steps.get(i))) {
                break;
            }
            prefix.append(steps.get(i));
        }
        return prefix.toString();
    }

    /**
     * Returns the steps of a solution, whose concatenation is the solution. Steps are lines if there are several, else sentences if there
     * are several, else words. None ends inside a formula.
     */
    public static List<String> steps(String solution) {
        for (String boundary : List.of("(?<=\\n)(?=\\S)", "(?<=[.!?;]\\s)(?=\\S)", "(?<=\\s)(?=\\S)")) {
            List<String> steps = new ArrayList<>();
            boolean formulas = count(solution, DOLLAR) % 2 == 0; // otherwise some are dollar amounts
            String open = "";
            for (String part : solution.split(boundary)) {
                open += part;
                if (closed(open, formulas)) {
                    steps.add(open);
                    open = "";
                }
            }
            if (!open.isEmpty()) {
                steps.add(open); // an unclosed formula
            }
            if (steps.size() > 1) {
                return steps;
            }
        }
        return List.of(solution);
    }

    /** Returns whether every formula that starts in a text also ends there: $ $, \[ \], \( \), \begin \end. */
    private static boolean closed(String text, boolean dollars) {
        return (!dollars || count(text, DOLLAR) % 2 == 0) && count(text, DOLLARS) % 2 == 0 && count(text, OPENING) == count(text, CLOSING);
    }

    private static long count(String text, Pattern pattern) {
        return pattern.matcher(text).results().count();
    }
}
