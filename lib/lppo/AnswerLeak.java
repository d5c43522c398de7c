package lppo;

import java.math.BigDecimal;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lppo.data.Problem;

/**
 * A rule that a hint may not mention the answer anywhere: numbers by value, however they are written; words as words; formulas in their
 * usual spellings. For solutions whose every number is a result, as those of the built-in task.
 */
public record AnswerLeak() implements LeakRule {

    /** A number as people write it: "-3", "1,200", "0.50"; a minus between two numbers is not a sign. */
    static final Pattern NUMBER = Pattern
            .compile("(?:(?<!\\p{Alnum})-)?(?:\\d{1,3}(?:,\\d{3})+(?!\\d)|\\d+)(?:\\.\\d+)?(?:[eE][-+]?\\d{1,3}(?!\\d))?");

    private static final Pattern SPACED = Pattern.compile("(?<![\\d.,])\\d{1,3}(?:[ \\u00a0\\u202f]\\d{3})+(?!\\d)"); // 12 000
    private static final String POWER_OF_TEN = "(\\d)\\s*(?:\\\\times|\\\\cdot|[x×*·])\\s*10\\s*\\^\\s*\\{?\\s*"
            + "([-+]?\\d{1,3})(?!\\d)\\s*}?"; // 4.4 x 10^7

    @Override
    public boolean reveals(Problem problem, String shown) {
        return mentions(shown, problem.answer().strip());
    }

    /** Returns whether a text mentions an answer: numbers by value, words as words, formulas in any of their usual spellings. */
    static boolean mentions(String text, String answer) {
        if (NUMBER.matcher(answer).matches()) {
            return NUMBER.matcher(plain(text)).results().anyMatch(found -> isValue(found.group(), answer));
        }
        String formula = squeezed(answer);
        return word(answer).matcher(text).find()
                || !formula.matches("\\p{Alpha}*") && Pattern.compile("(?<![\\d.])" + Pattern.quote(formula) + "(?!\\d)")
                        .matcher(squeezed(text)).find();
    }

    /** Returns whether a text is a number and nothing else, but for signs of punctuation and formulas. */
    static boolean isAnswer(String text, String answer) {
        String bare = plain(text).replaceAll("\\\\(?:text|math)bf|\\\\[\\])]|[\\s{}$*]|[.!]\\s*$", "");
        return NUMBER.matcher(answer).matches() && NUMBER.matcher(bare).matches() && isValue(bare, answer);
    }

    /** Returns whether the last number of a text equals a number. */
    static boolean endsInNumber(String text, String number) {
        Matcher numbers = NUMBER.matcher(plain(text));
        boolean same = false;
        while (numbers.find()) {
            same = isValue(numbers.group(), number);
        }
        return same;
    }

    /** Returns a pattern that finds an answer as a separate word. */
    static Pattern word(String answer) {
        return Pattern.compile("(?<![\\p{Alnum}])" + Pattern.quote(answer) + "(?![\\p{Alnum}])",
                Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE);
    }

    static boolean isValue(String number, String answer) {
        return number(number).compareTo(number(answer)) == 0;
    }

    private static String plain(String text) {
        return SPACED.matcher(text.replace("{,}", ",").replaceAll("(?<!\\d)\\.(?=\\d)", "0."))
                .replaceAll(found -> found.group().replaceAll("\\s", ""))
                .replaceAll(POWER_OF_TEN, "$1e$2");
    }

    /** Returns a formula without blanks, braces, size commands and angle units, with fractions as a/b. */
    private static String squeezed(String text) {
        return text.replaceAll("\\\\[dt]?frac\\s*\\{([^{}]*)}\\s*\\{([^{}]*)}", "$1/$2")
                .replaceAll("\\\\[dt]?frac\\s*(\\d)\\s*(\\d)", "$1/$2")
                .replaceAll("\\\\(?:left|right|big+|Big+|text|mathrm|mathbf|[,;:! ])|\\^?\\\\circ|\\bdegrees?\\b|[\\s{}$]", "");
    }

    private static BigDecimal number(String text) {
        return new BigDecimal(text.replace(",", ""));
    }
}
