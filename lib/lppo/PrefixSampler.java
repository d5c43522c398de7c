package lppo;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import java.util.regex.Pattern;
import lppo.data.BadInput;
import lppo.data.Problem;
import lppo.data.Seed;
import lppo.rollout.Prompt;

/**
 * Prefix-guided sampling (LPPO, arXiv 2507.06573): a problem that the policy keeps failing is retried from a prefix of its
 * expert solution, cut at beta ~ U(betaMin, betaMax). The cut falls on a step boundary, and what it reveals never
 * contains the final answer. A problem without a demonstration is never guided.
 *
 * <p>The paper as available to us gives neither its beta range nor its rule for a challenging problem; both are parameters
 * with our defaults.
 *
 * <p>Seen in {@code notebooks/3-a-hint-from-the-expert.ipynb}.
 *
 * @param rule which problems are guided
 * @param betaMin least ratio, 0 or more
 * @param betaMax largest ratio, at most 1
 * @param share of a guided problem's group that gets the hint, in (0, 1]: 1 guides whole groups, less leaves honest
 *     completions beside the guided ones
 * @param encode text to tokens
 * @param seed root of the draws
 */
public record PrefixSampler(Rule rule, double betaMin, double betaMax, double share, Function<String, int[]> encode,
        Seed seed) {

    /** A number as people write it: "-3", "1,200", "0.50"; a minus between two numbers is no sign. */
    private static final Pattern NUMBER =
            Pattern.compile("(?:(?<!\\p{Alnum})-)?(?:\\d{1,3}(?:,\\d{3})+(?!\\d)|\\d+)(?:\\.\\d+)?");

    private static final Pattern DOLLAR = Pattern.compile("(?<![\\\\$])\\$(?!\\$)");
    private static final Pattern DOLLARS = Pattern.compile("(?<!\\\\)\\$\\$");
    private static final Pattern OPENING = Pattern.compile("\\\\(?:\\[|\\(|begin\\{)");
    private static final Pattern CLOSING = Pattern.compile("\\\\(?:]|\\)|end\\{)");

    public PrefixSampler {
        BadInput.unless(betaMin >= 0 && betaMax <= 1, "beta range [%s, %s]: must lie within [0, 1]", betaMin, betaMax);
        BadInput.unless(betaMin <= betaMax, "beta range [%s, %s]: its least value exceeds its largest", betaMin, betaMax);
        BadInput.unless(share > 0 && share <= 1, "guided share %s: must lie in (0, 1]", share);
    }

    /**
     * Which problems are challenging.
     *
     * @param maxAverage guided only while p~ is at most this
     * @param minSeen and it was observed at least so often
     * @param maxProgress and its progress Delta is at most this, so that what is being learned is left alone
     * @param maxInARow and at most so many guided visits have passed since the last honest observation
     */
    public record Rule(double maxAverage, int minSeen, double maxProgress, int maxInARow) {

        public Rule {
            BadInput.unless(maxAverage >= 0 && maxAverage <= 1, "guidance threshold %s: must lie in [0, 1]", maxAverage);
            BadInput.unless(minSeen >= 0, "guidance after %d visits: must be 0 or more", minSeen);
            BadInput.unless(maxInARow > 0, "guided visits in a row %d: must be positive", maxInARow);
            BadInput.unless(maxProgress >= -1, "guidance up to a progress of %s: must be -1 or more", maxProgress);
        }

        /** Whether a problem with this record is to be guided; one never observed has p~ = 0 and Delta = 0. */
        public boolean guides(Optional<ProgressTracker.Entry> entry) {
            ProgressTracker.Entry e = entry.orElse(new ProgressTracker.Entry(0, 0, 0, 0, 0));
            return e.seen() >= minSeen && e.average() <= maxAverage && e.progress() <= maxProgress
                    && e.guidedSince() < maxInARow;
        }
    }

    /**
     * The prompts of one problem at one step, one for each completion of its group.
     *
     * @param groupSize completions in the group
     * @return {@code groupSize} prompts, the unguided ones first; all unguided if the rule says so, if there is no
     *     demonstration, or if nothing of it can be shown without giving the answer away
     */
    public List<Prompt> prompts(Problem problem, ProgressTracker tracker, int groupSize, long step) {
        return guides(problem, tracker) ? prompts(problem, beta(problem, step), groupSize) : plain(problem, groupSize);
    }

    /** Whether a problem has a demonstration and is challenging. */
    public boolean guides(Problem problem, ProgressTracker tracker) {
        return problem.hasDemonstration() && rule.guides(tracker.entry(problem.id()));
    }

    /** beta ~ U(betaMin, betaMax), one draw for each step and problem. */
    public double beta(Problem problem, long step) {
        return betaMin + (betaMax - betaMin) * seed.at("beta", step, problem.id(), 0).nextDouble();
    }

    /** A group's prompts without a hint. */
    public List<Prompt> plain(Problem problem, int groupSize) {
        return Collections.nCopies(groupSize, Prompt.unguided(problem, encode.apply(problem.question())));
    }

    /** A group's prompts, of which {@code share} get the hint that beta cuts; the unguided ones first. */
    public List<Prompt> prompts(Problem problem, double beta, int groupSize) {
        int hints = (int) Math.ceil(share * groupSize - 1e-9); // 0.55 x 20 is 11, not the 11.000000000000002 of the machine
        List<Prompt> prompts = new ArrayList<>(plain(problem, groupSize - hints));
        prompts.addAll(Collections.nCopies(hints, guided(problem, beta)));
        return prompts;
    }

    /** The prompt of a problem with the prefix that beta cuts; unguided if nothing may be shown. */
    public Prompt guided(Problem problem, double beta) {
        int[] question = encode.apply(problem.question());
        String prefix = prefix(problem, beta, step -> encode.apply(step).length);
        if (prefix.isEmpty()) {
            return Prompt.unguided(problem, question);
        }
        int[] tokens = Prompt.continued(encode, problem.question(), prefix);
        return new Prompt(problem, tokens, tokens.length - question.length, beta);
    }

    /** The part of a demonstration that beta reveals, where every step is as long as every other. */
    public static String prefix(Problem problem, double beta) {
        return prefix(problem, beta, step -> 1);
    }

    /**
     * The part of a demonstration that beta reveals: as many of its first steps as make up a share beta of its length, never
     * the last one, and only steps before the first that contains the answer: as a number of the same value, however it is
     * written, or as words.
     *
     * @param length of a step, in tokens say
     */
    public static String prefix(Problem problem, double beta, ToIntFunction<String> length) {
        List<String> steps = steps(problem.solution());
        int[] lengths = steps.stream().mapToInt(length).toArray();
        double shown = Math.floor(beta * Arrays.stream(lengths).sum());
        String answer = problem.answer().strip();
        StringBuilder prefix = new StringBuilder();
        for (int i = 0; i < lengths.length - 1; i++) {
            String step = steps.get(i);
            shown -= lengths[i];
            String before = prefix.substring(Math.max(0, prefix.length() - 2 * answer.length() - 50)); // where an answer may begin
            if (shown < 0 || reveals(before + step, answer)) {
                break;
            }
            prefix.append(step);
        }
        return prefix.toString();
    }

    /** Whether a text shows an answer: a number by its value, words as words, formulas in any of their usual spellings. */
    private static boolean reveals(String text, String answer) {
        if (NUMBER.matcher(answer).matches()) {
            BigDecimal value = number(answer);
            String plain = text.replace("{,}", ",").replaceAll("(?<!\\d)\\.(?=\\d)", "0.");
            return NUMBER.matcher(plain).results().anyMatch(found -> number(found.group()).compareTo(value) == 0);
        }
        String formula = squeezed(answer);
        return Pattern.compile("(?<![\\p{Alnum}])" + Pattern.quote(answer) + "(?![\\p{Alnum}])",
                Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE).matcher(text).find()
                || !formula.matches("\\p{Alpha}*") && Pattern.compile("(?<![\\d.])" + Pattern.quote(formula) + "(?!\\d)")
                        .matcher(squeezed(text)).find();
    }

    /** A formula without blanks, braces, sizes and units of angle, fractions as a/b. */
    private static String squeezed(String text) {
        return text.replaceAll("\\\\[dt]?frac\\s*\\{([^{}]*)}\\s*\\{([^{}]*)}", "$1/$2").replaceAll("\\\\[dt]?frac\\s*(\\d)\\s*(\\d)", "$1/$2")
                .replaceAll("\\\\(?:left|right|big+|Big+|text|mathrm|mathbf|[,;:! ])|\\^?\\\\circ|\\bdegrees?\\b|[\\s{}$]", "");
    }

    private static BigDecimal number(String text) {
        return new BigDecimal(text.replace(",", ""));
    }

    /**
     * The steps of a solution; together they are the solution. Steps are lines if there are several, else sentences if
     * there are several, else words. None ends inside a formula.
     */
    public static List<String> steps(String solution) {
        for (String boundary : List.of("(?<=\\n)(?=\\S)", "(?<=[.!?;]\\s)(?=\\S)", "(?<=\\s)(?=\\S)")) {
            List<String> steps = new ArrayList<>();
            boolean formulas = count(solution, DOLLAR) % 2 == 0; // else some are money
            String open = "";
            for (String part : solution.split(boundary)) {
                open += part;
                if (closed(open, formulas)) {
                    steps.add(open);
                    open = "";
                }
            }
            if (!open.isEmpty()) {
                steps.add(open); // a formula that is never closed
            }
            if (steps.size() > 1) {
                return steps;
            }
        }
        return List.of(solution);
    }

    /** Whether every formula in a text that begins is ended too: $ $, \[ \], \( \), \begin \end. */
    private static boolean closed(String text, boolean dollars) {
        return (!dollars || count(text, DOLLAR) % 2 == 0) && count(text, DOLLARS) % 2 == 0 && count(text, OPENING) == count(text, CLOSING);
    }

    private static long count(String text, Pattern pattern) {
        return pattern.matcher(text).results().count();
    }
}
