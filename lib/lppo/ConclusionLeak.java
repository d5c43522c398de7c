package lppo;

import java.util.List;
import java.util.OptionalInt;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import lppo.data.Problem;

/**
 * A rule that hints do not contain the conclusion, that is the first final statement of the answer, and that their last sentence does
 * not end with the answer, so that a policy that stops there has not answered. An equal number earlier is no leak. The conclusion is the
 * text after {@code ####} or in a box, or what is stated to be the answer; else the last mention of it; else the last step. What
 * follows it, other solutions or the names of authors, is no part of the demonstration.
 */
public record ConclusionLeak() implements LeakRule {

    private static final Pattern MARK = Pattern.compile("^####(.*)$", Pattern.MULTILINE);
    private static final Pattern BOX = Pattern.compile("(\\\\(?:boxed|fbox|framebox)\\s*" + braces(5) + ")");
    private static final Pattern STATEMENT = Pattern.compile(
            "\\b(?:final answer|answer|ans)\\b\\**(?:\\s(?:to|of|for)\\s[^.\\n]{1,80}?)?\\s*(?:\\bis\\b|\\bare\\b|=|:)(.{0,200})",
            Pattern.CASE_INSENSITIVE);
    private static final Pattern BOLD = Pattern.compile("(\\\\(?:text|math)bf\\s*\\{[^{}]*}|\\*\\*[^*\\n]+\\*\\*)");
    /** A result of three digits or more at the end of a line: shorter ones are often equal by chance. */
    private static final Pattern RESULT = Pattern.compile("=\\s*([^=\\n]*\\d{3}[^=\\n]*)$", Pattern.MULTILINE);
    private static final Pattern SENTENCE = Pattern.compile("[.!?]\\s+(?=\\S)|\\n\\s*(?=\\S)");
    private static final Pattern BEFORE_LAST_LINE = Pattern.compile("=\\s*([^=\\n]+)\\n\\s*[^\\d\\n#]*\\z"); // "= 9\nSo she has"
    private static final Pattern FORMULA = Pattern.compile("\\$(?=\\S)([^$]+)(?<=\\S)\\$[^$\\d]*\\z");

    @Override
    public boolean reveals(Problem problem, String shown) {
        return shown.length() > start(problem) || endsInAnswer(shown, problem.answer().strip());
    }

    @Override
    public String demonstration(Problem problem) {
        String solution = problem.solution();
        int start = start(problem);
        int line = solution.indexOf('\n', start);
        int end = line < 0 ? solution.length() : line;
        return solution.substring(0, BOX.matcher(solution).results().filter(box -> box.start() >= start && box.start() < end)
                .filter(box -> AnswerLeak.mentions(box.group(), problem.answer().strip())).mapToInt(MatchResult::end).findFirst()
                .orElse(end));
    }

    /** Where what is concluded begins, in characters of the solution: "The answer is" may be shown, what it is may not. */
    public int start(Problem problem) {
        String solution = problem.solution();
        String answer = problem.answer().strip();
        Stream<MatchResult> marked = Stream.of(MARK, BOX, STATEMENT).flatMap(pattern -> pattern.matcher(solution).results())
                .filter(found -> AnswerLeak.mentions(found.group(1), answer));
        Stream<MatchResult> bare = Stream.of(BOLD, RESULT).flatMap(pattern -> pattern.matcher(solution).results())
                .filter(found -> AnswerLeak.isAnswer(found.group(1), answer));
        return Stream.concat(marked, bare).mapToInt(found -> found.start(1)).min()
                .orElseGet(() -> unmarked(solution, answer));
    }

    /** A pattern of braces that hold others, so many deep. */
    private static String braces(int depth) {
        return depth == 0 ? "\\{[^{}]*+}" : "\\{(?:[^{}]++|" + braces(depth - 1) + ")*+}";
    }

    /** The last mention of the answer, the last step that holds it in another spelling, or the last step. */
    private static int unmarked(String solution, String answer) {
        boolean number = AnswerLeak.NUMBER.matcher(answer).matches();
        Matcher mention = (number ? AnswerLeak.NUMBER : AnswerLeak.word(answer)).matcher(solution);
        int last = -1;
        while (mention.find()) {
            last = !number || AnswerLeak.isValue(mention.group(), answer) ? mention.start() : last;
        }
        if (last >= 0) {
            return last;
        }
        OptionalInt box = BOX.matcher(solution).results().mapToInt(MatchResult::start).reduce((one, next) -> next);
        if (box.isPresent()) {
            return box.getAsInt(); // the answer in other words
        }
        List<String> steps = StepCut.steps(solution);
        int end = solution.length();
        int lastStep = end - steps.get(steps.size() - 1).length();
        for (int i = steps.size() - 1; i >= 0; i--) {
            end -= steps.get(i).length();
            if (AnswerLeak.mentions(steps.get(i), answer)) {
                return end;
            }
        }
        return lastStep;
    }

    /** Whether the last number of the last sentence is the answer, or its last formula holds it, or it holds an answer of words. */
    private static boolean endsInAnswer(String shown, String answer) {
        Matcher sentence = SENTENCE.matcher(shown.stripTrailing());
        int from = 0;
        while (sentence.find()) {
            from = sentence.end();
        }
        String last = shown.substring(from);
        Matcher formula = FORMULA.matcher(last);
        if (formula.find() && AnswerLeak.mentions(formula.group(1), answer)) {
            return true;
        }
        Matcher before = BEFORE_LAST_LINE.matcher(shown);
        if (before.find() && AnswerLeak.isAnswer(before.group(1), answer)) {
            return true;
        }
        return AnswerLeak.NUMBER.matcher(answer).matches() ? AnswerLeak.endsInNumber(last, answer) : AnswerLeak.mentions(last, answer);
    }
}
