package answers;

import answers.LatexLexer.Unreadable;
import java.math.BigInteger;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A number as it is spelled in digits: with thousands separators, a decimal part, a repeating part, an exponent.
 *
 * @param value the number; decimal if it has a decimal point or an exponent
 * @param spelling its digits and decimal point
 * @param end where it ends in the text
 */
record Numeral(Node.Num value, String spelling, int end) {

    private static final int MAX_REPEATING = 100;
    private static final List<String> SEPARATORS = List.of("'", "{,}", ",\\!", ",\\,", "\\,", "\\!", "\\ ", "\\;", "\\:", "~");
    private static final Pattern REPEATING = Pattern.compile("\\\\(?:overline|bar)\\{(\\d{1," + MAX_REPEATING + "})\\}");
    private static final Pattern IN_PARENTHESES = Pattern.compile("\\((\\d{1," + MAX_REPEATING + "})\\)");
    private static final Pattern DOTTED = Pattern
            .compile("\\\\dot ?\\{?(\\d)\\}?(?:(\\d{0," + MAX_REPEATING + "})\\\\dot ?\\{?(\\d)\\}?)?");
    private static final Pattern ENDLESS = Pattern.compile("\\.\\.\\.|…|\\\\(?:ldots|dots|cdots)(?![A-Za-z])");
    private static final Pattern SAME_THREE = Pattern.compile("(\\d)\\1\\1\\z");
    private static final Pattern EXPONENT = Pattern.compile("[eE]([-+]?\\d{1,7})");

    /** The one digit at a place: {@code \frac12} is one half. */
    static Numeral digit(String text, int at) {
        return new Numeral(new Node.Num(Rational.of(text.charAt(at) - '0'), false), text.substring(at, at + 1), at + 1);
    }

    /**
     * The number that begins at a place with a digit or a decimal point.
     *
     * @param bracketed whether it stands in brackets, where a comma or space separates items rather than thousands
     * @throws Unreadable if it is too large
     */
    static Numeral read(String text, int at, boolean bracketed) {
        int end = at;
        StringBuilder digits = new StringBuilder();
        while (isDigit(text, end)) {
            digits.append(text.charAt(end++));
        }
        int gap;
        boolean grouped = !digits.isEmpty() && digits.length() <= 3 && digits.charAt(0) != '0';
        while (grouped && (gap = separator(text, end, bracketed)) > 0 && isDigit(text, end + gap) && isDigit(text, end + gap + 1)
                && isDigit(text, end + gap + 2) && !isDigit(text, end + gap + 3)) {
            digits.append(text, end + gap, end + gap + 3);
            end += gap + 3;
        }
        StringBuilder fraction = new StringBuilder();
        int from = end + 1;
        boolean point = end < text.length() && text.charAt(end) == '.'
                && (isDigit(text, end + 1)
                        || List.of(REPEATING, IN_PARENTHESES, DOTTED).stream().anyMatch(p -> p.matcher(text).region(from, text.length())
                                .lookingAt()));
        end += point ? 1 : 0;
        while (point && isDigit(text, end)) {
            fraction.append(text.charAt(end++));
        }
        String repeating = "";
        Matcher bar = REPEATING.matcher(text).region(end, text.length());
        Matcher parentheses = IN_PARENTHESES.matcher(text).region(end, text.length());
        Matcher dotted = DOTTED.matcher(text).region(end, text.length());
        Matcher endless = ENDLESS.matcher(text).region(end, text.length());
        if (point && bar.lookingAt()) {
            repeating = bar.group(1);
            end = bar.end();
        } else if (point && fraction.isEmpty() && parentheses.lookingAt()) { // 0.(3); 0.1(6) may be a product
            repeating = parentheses.group(1);
            end = parentheses.end();
        } else if (point && dotted.lookingAt()) {
            repeating = dotted.group(1) + (dotted.group(3) == null ? "" : dotted.group(2) + dotted.group(3));
            end = dotted.end();
        } else if (point && endless.lookingAt() && SAME_THREE.matcher(fraction).find()) { // 0.333...
            repeating = fraction.substring(fraction.length() - 1);
            end = endless.end();
        }
        Matcher exponent = EXPONENT.matcher(text).region(end, text.length());
        boolean scaled = exponent.lookingAt();
        Rational value = value(digits.toString(), fraction.toString(), repeating, scaled ? Long.parseLong(exponent.group(1)) : 0);
        String spelling = digits + (fraction.isEmpty() ? "" : "." + fraction);
        return new Numeral(new Node.Num(value, (point || scaled) && repeating.isEmpty()), spelling, scaled ? exponent.end() : end);
    }

    private static Rational value(String digits, String fraction, String repeating, long exponent) {
        try {
            Rational value = new Rational(new BigInteger("0" + digits + fraction), BigInteger.TEN.pow(fraction.length()));
            if (!repeating.isEmpty()) {
                BigInteger nines = BigInteger.TEN.pow(repeating.length()).subtract(BigInteger.ONE);
                value = value.plus(new Rational(new BigInteger(repeating), BigInteger.TEN.pow(fraction.length()).multiply(nines)));
            }
            return exponent == 0 ? value : value.times(Rational.of(10).pow(Rational.of(exponent)));
        } catch (ArithmeticException e) {
            throw new Unreadable("number too large");
        }
    }

    /** Length of what may separate thousands at a place; 0 if nothing. */
    private static int separator(String text, int at, boolean bracketed) {
        for (String separator : SEPARATORS) {
            if (text.startsWith(separator, at)) {
                int gap = separator.length();
                while (at + gap < text.length() && text.charAt(at + gap) == ' ') {
                    gap++;
                }
                return gap;
            }
        }
        boolean plain = at < text.length() && (text.charAt(at) == ',' || text.charAt(at) == ' ');
        return !bracketed && plain ? 1 : 0;
    }

    private static boolean isDigit(String text, int index) {
        return index < text.length() && text.charAt(index) >= '0' && text.charAt(index) <= '9';
    }
}
