package answers;

import java.text.Normalizer;
import java.util.Locale;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The same text in the characters that the rest of this package reads: full-width forms and mathematical letters as plain ones,
 * superscripts as powers, {@code ½} as a fraction, {@code p.m.} as {@code PM}. Leaves an ordinary text as it is.
 */
final class Characters {

    private static final String SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ";
    private static final String SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉";
    /** What would become a brace, a backslash, a dollar, which mean something. */
    private static final String LATEX = "｛｝＼＄＆＃";
    private static final Map<Character, String> ALIKE = Map.ofEntries(Map.entry('\u00a0', " "), Map.entry('\u202f', " "),
            Map.entry('\u2009', " "), Map.entry('\u3000', " "), Map.entry('\u200b', ""), Map.entry('\ufeff', ""), Map.entry('⁄', "/"),
            Map.entry('∕', "/"), Map.entry('∛', "\\sqrt[3]"), Map.entry('∜', "\\sqrt[4]"), Map.entry('。', ". "), Map.entry('、', ", "),
            Map.entry('‐', "-"), Map.entry('‑', "-"), Map.entry('‒', "-"), Map.entry('，', ","), Map.entry('｡', ". "), Map.entry('【', "["),
            Map.entry('】', "]"), Map.entry('“', "\""), Map.entry('”', "\""), Map.entry('∗', "*"), Map.entry('\u2061', ""),
            Map.entry('\u2062', ""));
    private static final Map<Character, String> FRACTIONS = Map.ofEntries(Map.entry('½', "1}{2"), Map.entry('⅓', "1}{3"), Map.entry('⅔',
            "2}{3"), Map.entry('¼', "1}{4"), Map.entry('¾', "3}{4"), Map.entry('⅕', "1}{5"), Map.entry('⅖', "2}{5"),
            Map.entry('⅗',
                    "3}{5"),
            Map.entry('⅘', "4}{5"), Map.entry('⅙', "1}{6"), Map.entry('⅚', "5}{6"), Map.entry('⅛', "1}{8"), Map.entry('⅜',
                    "3}{8"),
            Map.entry('⅝', "5}{8"), Map.entry('⅞', "7}{8"));
    private static final Pattern DOTTED = Pattern.compile(
            "(?<![A-Za-z])(?:([ap])\\. ?m\\b\\.?|(a)\\. ?d\\b\\.?|(b)\\. ?c\\b(?:\\.? ?(e)\\b)?\\.?|(c)\\. ?e\\b\\.?)",
            Pattern.CASE_INSENSITIVE);

    private static final Pattern HYPHENATED = Pattern.compile("(?<![A-Za-z-])([A-Za-z]{3,10})-([a-z]{3,10})(?![A-Za-z-])");
    /** 45 a week. */
    private static final Pattern EACH = Pattern.compile("(?<=\\d) an? (?=(?:second|minute|hour|day|night|week|month|year|piece|person|head"
            + "|pound|kilo|mile|gallon|liter|ticket|share|ride|visit|bag|box|bottle|shirt)\\b)");
    private static final Pattern CLOCK = Pattern.compile("\\bo['’`] ?clock\\b", Pattern.CASE_INSENSITIVE);

    private Characters() {}

    /** Such a text. */
    static String plain(String text) {
        StringBuilder plain = null;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (plain == null && c < 128) {
                continue;
            }
            plain = plain == null ? new StringBuilder(text.substring(0, i)) : plain;
            i = append(text, i, plain);
        }
        String same = (plain == null ? text : plain.toString()).replace("{:}", ":");
        Matcher dotted = DOTTED.matcher(same);
        String undotted = dotted.find() ? dotted.replaceAll(Characters::abbreviation) : same;
        undotted = EACH.matcher(undotted).replaceAll(" per ");
        String clock = undotted.contains("clock") ? CLOCK.matcher(undotted).replaceAll("oclock") : undotted;
        return clock.contains("-") ? HYPHENATED.matcher(clock).replaceAll(Characters::numberWords) : clock;
    }

    /** Number words without the hyphen between them: twenty-three, two-thirds. */
    private static String numberWords(MatchResult found) {
        boolean number = NumberWords.isPart(found.group(1).toLowerCase(Locale.ROOT)) && NumberWords.isPart(found.group(2));
        return number ? found.group(1) + " " + found.group(2) : Matcher.quoteReplacement(found.group());
    }

    /** Appends what one character, or a run of raised ones, stands for; the index of its last. */
    private static int append(String text, int at, StringBuilder to) {
        char c = text.charAt(at);
        if (SUPERSCRIPTS.indexOf(c) >= 0 || SUBSCRIPTS.indexOf(c) >= 0) {
            String kind = SUPERSCRIPTS.indexOf(c) >= 0 ? SUPERSCRIPTS : SUBSCRIPTS;
            int end = at;
            to.append(kind.equals(SUPERSCRIPTS) ? "^{" : "_{");
            while (end < text.length() && kind.indexOf(text.charAt(end)) >= 0) {
                to.append("0123456789+-n".charAt(kind.indexOf(text.charAt(end++))));
            }
            to.append('}');
            return end - 1;
        } else if (FRACTIONS.containsKey(c)) {
            to.append("\\frac{").append(FRACTIONS.get(c)).append('}');
        } else if (ALIKE.containsKey(c)) {
            to.append(ALIKE.get(c));
        } else if (c > '\uff00' && c < '\uff5f' && LATEX.indexOf(c) < 0) {
            to.append((char) (c - '\uff00' + ' '));
        } else if (c == '\ud835' && at + 1 < text.length()) { // a letter or digit of a mathematical alphabet
            to.append(Normalizer.normalize(text.substring(at, at + 2), Normalizer.Form.NFKC));
            return at + 1;
        } else {
            to.append(c);
        }
        return at;
    }

    private static String abbreviation(MatchResult found) {
        return found.group(1) != null ? found.group(1).toUpperCase(Locale.ROOT) + "M" : found.group(2) != null ? "AD"
                : found.group(3) != null ? "BC" : "CE";
    }
}
