package lppo;

import java.util.BitSet;
import java.util.function.IntPredicate;
import java.util.function.ToIntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * The places where a text may be cut: between words and lines, after an equals sign, and between ideographs, but not inside a formula or
 * number. A derivation, a = b = c, is a chain of formulas: it may be cut after a line, between equations, and before and after a relation
 * sign that is not the first of its line. A formula that may not be shown whole may be cut at the first too.
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
    private static final Pattern LINK = Pattern.compile("\\s*&?\\s*((?<![=<>!:\\\\])=(?!=)"
            + "|\\\\(?:simeq|approx|sim|equiv|cong|(?:Long)?[rR]ightarrow|to|implies|iff)(?![a-zA-Z]))|\\\\\\\\[ \\t]*\\n"
            + "|(?<!\\\\)[,;](?=\\s+[^=,;$]*=)");
    private static final Pattern BRACKET = Pattern.compile("(\\\\left(?![a-zA-Z])\\s*(?:\\\\[a-zA-Z]+|\\\\?.))"
            + "|(\\\\right(?![a-zA-Z])\\s*(?:\\\\[a-zA-Z]+|\\\\?.))|\\\\.|([{(\\[])|([})\\]])", Pattern.DOTALL);
    private static final Pattern SENTENCE_END = Pattern.compile("[.!?。！？…][\"'”’»)\\]}*_$]{0,4}[ \\t]*\\z");

    private CutPlaces() {}

    /**
     * The places in ascending order, each a number of characters before it.
     *
     * @param hidden whether a beginning of so many characters may not be shown; a formula that ends there may be cut at its first relation
     */
    static int[] of(String text, IntPredicate hidden) {
        BitSet inside = inside(text);
        BitSet links = new BitSet(text.length());
        DERIVATION.matcher(text).results().forEach(found -> addLinks(found.group(), found.start(), hidden.test(found.end()), links));
        return IntStream.range(1, text.length()).filter(i -> links.get(i) || !inside.get(i) && divides(text, i)).toArray();
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
        return inside;
    }

    /** Adds the places before and behind relation signs, behind lines and between equations. */
    private static void addLinks(String formula, int start, boolean hidden, BitSet links) {
        boolean related = hidden;
        Matcher link = LINK.matcher(formula);
        while (link.find()) {
            if (depth(formula.substring(0, link.start())) != 0) {
                continue;
            }
            boolean relation = link.group(1) != null;
            boolean line = link.group().endsWith("\n");
            if (relation && related) {
                links.set(start + link.start());
            }
            if (line || related) {
                links.set(start + link.end());
            }
            related = relation || hidden;
        }
    }

    private static int depth(String formula) {
        return BRACKET.matcher(formula).results()
                .mapToInt(found -> found.group(1) != null || found.group(3) != null ? 1
                        : found.group(2) != null || found.group(4) != null ? -1 : 0)
                .sum();
    }

    /** Whether a text ends where a sentence does, so that nothing need follow. A line break behind it promises more. */
    static boolean endsSentence(String text) {
        return SENTENCE_END.matcher(text.substring(Math.max(0, text.length() - 20))).find();
    }

    /** Whether no token is torn at a place. Tokens begin with a blank, so that they end before one. */
    static boolean isWhole(String text, int at, ToIntFunction<String> length) {
        return Character.isWhitespace(text.charAt(at)) && !Character.isWhitespace(text.charAt(at - 1))
                || length.applyAsInt(text.substring(0, at)) + length.applyAsInt(text.substring(at)) == length.applyAsInt(text);
    }
}
