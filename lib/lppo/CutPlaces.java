package lppo;

import java.util.BitSet;
import java.util.function.ToIntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * The places where a text may be cut: between words and lines, after an equals sign, and between ideographs, but not inside a formula or
 * number. A derivation, a = b = c, is a chain of formulas: it may be cut after a line, and after a relation sign that is not the first of
 * its line.
 */
final class CutPlaces {

    private static final String INLINE = "(?<![\\\\$])\\$(?=[^\\s$])[^$]*?(?<=\\S)\\$(?!\\d)"; // $x + y$, but not: $5 and $6
    private static final String NUMBER = "[$€£]?\\(?\\d[\\d.,]*%?\\)?";
    private static final String OPERATOR = "[ \\t]*(?:[-+*/^×÷·−]|x(?=[ \\t]))[ \\t]*";
    private static final Pattern WHOLE = Pattern.compile(String.join("|", "\\$\\$.+?\\$\\$",
            INLINE,
            "\\\\\\[.*?\\\\\\]", "\\\\\\(.*?\\\\\\)", "\\\\begin\\{(\\w+\\*?)\\}.*?\\\\end\\{\\1\\}", "<<[^<>]*>>",
            NUMBER + "(?:" + OPERATOR + NUMBER + ")+", // 16 - 3 - 4
            "\\d{1,3}(?: \\d{3})+(?!\\d)", "\\d+ \\d+/\\d+", "[$€£¥] \\d[\\d.,]*", "\\d %", "\\((?=[^()]{0,40}\\d)[^()\\n]{1,40}\\)"),
            Pattern.DOTALL);
    private static final Pattern DERIVATION = Pattern.compile(String.join("|", INLINE, "\\$\\$.+?\\$\\$", "\\\\\\[.*?\\\\\\]",
            "\\\\begin\\{(\\w+\\*?)\\}.*?\\\\end\\{\\1\\}"), Pattern.DOTALL);
    private static final Pattern LINK = Pattern.compile("(?<![=<>!:\\\\])=(?!=)|\\\\(?:simeq|approx|(?:Long)?[rR]ightarrow|implies|iff)\\b"
            + "|\\\\\\\\[ \\t]*\\n");
    private static final Pattern BRACKET = Pattern.compile("\\\\[{}]|([{]|\\\\left\\b)|([}]|\\\\right\\b)");
    private static final Pattern SENTENCE_END = Pattern.compile("[.!?。！？…][\"'”’»)\\]}*_$]{0,4}[ \\t]*\\z");

    private CutPlaces() {}

    /** The places in ascending order, each a number of characters before it. */
    static int[] of(String text) {
        BitSet inside = inside(text);
        return IntStream.range(1, text.length()).filter(i -> !inside.get(i) && divides(text, i)).toArray();
    }

    private static boolean divides(String text, int at) {
        char before = text.charAt(at - 1);
        char next = text.charAt(at);
        if (Character.isWhitespace(next)) {
            return next != '\n' && next != '\r' && !Character.isWhitespace(before);
        }
        return before == '\n' || before == '=' && next != '=' || Character.isIdeographic(before) || Character.isIdeographic(next);
    }

    /** The places that would tear something. */
    private static BitSet inside(String text) {
        BitSet inside = new BitSet(text.length());
        Matcher whole = WHOLE.matcher(text);
        while (whole.find()) {
            inside.set(whole.start() + 1, whole.end());
        }
        int open = -1;
        int depth = 0;
        for (int i = 0; i < text.length(); i++) { // \frac{a b}{c} outside of dollars
            if (text.charAt(i) == '{') {
                open = depth++ == 0 ? i : open;
            } else if (text.charAt(i) == '}' && depth > 0 && --depth == 0) {
                inside.set(open, i + 1);
            }
        }
        DERIVATION.matcher(text).results().forEach(found -> openChain(found.group(), found.start(), inside));
        return inside;
    }

    private static void openChain(String formula, int start, BitSet inside) {
        boolean related = false;
        Matcher link = LINK.matcher(formula);
        while (link.find()) {
            boolean line = link.group().endsWith("\n");
            if ((line || related) && balanced(formula.substring(0, link.start()))) {
                inside.clear(start + link.end());
            }
            related = !line;
        }
    }

    private static boolean balanced(String formula) {
        return BRACKET.matcher(formula).results().mapToInt(found -> found.group(1) != null ? 1 : found.group(2) != null ? -1 : 0)
                .sum() == 0;
    }

    /** Whether a text ends where a sentence does, so that nothing need follow. A line break behind it promises more. */
    static boolean endsSentence(String text) {
        return SENTENCE_END.matcher(text.substring(Math.max(0, text.length() - 20))).find();
    }

    /** Whether no token is torn at a place. Tokens begin with a blank, so that they end before one. */
    static boolean isWhole(String text, int at, ToIntFunction<String> length) {
        return Character.isWhitespace(text.charAt(at))
                || length.applyAsInt(text.substring(0, at)) + length.applyAsInt(text.substring(at)) == length.applyAsInt(text);
    }
}
