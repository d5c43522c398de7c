package lppo;

import java.math.BigDecimal;
import java.util.regex.Pattern;

/**
 * Detects whether a text reveals an answer: numbers by value, however they are written; words as words; formulas in their usual spellings.
 */
final class AnswerLeak {

    /** A number as people write it: "-3", "1,200", "0.50"; a minus between two numbers is not a sign. */
    private static final Pattern NUMBER =
            Pattern.compile("(?:(?<!\\p{Alnum})-)?(?:\\d{1,3}(?:,\\d{3})+(?!\\d)|\\d+)(?:\\.\\d+)?");

    private AnswerLeak() {}

    /** Returns whether a text reveals an answer: numbers by value, words as words, formulas in any of their usual spellings. */
    static boolean reveals(String text, String answer) {
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

    /** Returns a formula without blanks, braces, size commands and angle units, with fractions as a/b. */
    private static String squeezed(String text) {
        return text.replaceAll("\\\\[dt]?frac\\s*\\{([^{}]*)}\\s*\\{([^{}]*)}", "$1/$2").replaceAll("\\\\[dt]?frac\\s*(\\d)\\s*(\\d)", "$1/$2")
                .replaceAll("\\\\(?:left|right|big+|Big+|text|mathrm|mathbf|[,;:! ])|\\^?\\\\circ|\\bdegrees?\\b|[\\s{}$]", "");
    }

    private static BigDecimal number(String text) {
        return new BigDecimal(text.replace(",", ""));
    }
}
