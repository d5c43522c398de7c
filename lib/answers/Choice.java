package answers;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The letter of one of several options, alone or with what the option says: {@code (E)}, {@code E. 35}, "Answer: E".
 *
 * @param letter the letter, upper case
 * @param value what stands behind the letter; empty if nothing does
 */
record Choice(String letter, String value) {

    private static final int LONGEST = 300;
    private static final Pattern STYLE = Pattern.compile(
            "\\\\(?:text|textbf|mathrm|mathbf|mbox|textit|textrm|boldsymbol|mathbb|operatorname)\\s*\\{([^{}]*)\\}");
    private static final String LEAD = "(?:选项|选|答案[是为:])?"
            + "(?:(?:the )?(?:(?:final|correct|best|right) )?(?:answer|option|choice)(?: is)?\\s*:?\\s*)?";
    private static final Pattern ALONE = Pattern.compile("(?i:" + LEAD
            + ")(?:[(\\[]\\s?([A-Z]|[a-j])\\s?[)\\]]|([A-Z])[)]?)\\s*[.:]?(?:,? (?i:because|since|as)\\b.*)?", Pattern.DOTALL);
    private static final Pattern LABELLED = Pattern.compile("(?i:" + LEAD
            + ")(?:[(\\[]\\s?([A-Ja-j])\\s?[)\\]][.:]?\\s*|([A-Z])(?:[.:)]\\s+|[)]"
            + "|\\s+[-–—]\\s*(?=\\p{L}{3})))(?![-+*/^=_,;:]|(?:and|or)\\b)(.+)", Pattern.DOTALL);
    private static final Pattern SEVERAL = Pattern.compile("[A-J](?:\\s*(?:[,;&]|\\band\\b)+\\s*[A-J]\\b)+");
    private static final Pattern JOINED = Pattern.compile("(?=..)A?B?C?D?E?F?G?H?");
    private static final Pattern ANOTHER = Pattern.compile("(?<![\\w\\\\])(?:[(\\[][A-Ja-j][)\\]]|(?:and|or|,|/) "
            + "?[(\\[]?[A-J][)\\]]?(?![\\w'])|[A-J][.):] )");

    /** The letters of several options: {@code A, C}, {@code (A) and (C)}, AC; empty if a text is anything else. */
    static Optional<Set<String>> several(String text) {
        String plain = text.length() > LONGEST ? "" : plain(text).replaceAll("[()\\[\\]]", "");
        String letters = SEVERAL.matcher(plain).matches() ? plain.replaceAll("[^A-J]", "") : JOINED.matcher(plain).matches() ? plain : "";
        return letters.isEmpty() ? Optional.empty() : Optional.of(new TreeSet<>(List.of(letters.split(""))));
    }

    /** Whether a text is this letter in lower case; e and i are constants. */
    boolean isLower(String text) {
        return value.isEmpty() && "ABCDFGH".contains(letter) && plain(text).equals(letter.toLowerCase(Locale.ROOT));
    }

    private static String plain(String text) {
        return STYLE.matcher(STYLE.matcher(text).replaceAll("$1")).replaceAll("$1").replaceAll("\\*\\*|\\$|\\\\[()\\[\\]]", "")
                .replaceAll("~|\\\\[ ,;:!]|\\\\q?quad\\b|\\s+", " ").strip();
    }

    /** The option that a text names; empty if it names none or several. */
    static Optional<Choice> of(String text) {
        if (text.length() > LONGEST) {
            return Optional.empty();
        }
        String plain = plain(text);
        Matcher alone = ALONE.matcher(plain);
        if (alone.matches()) {
            return Optional.of(new Choice(letter(alone), ""));
        }
        Matcher labelled = LABELLED.matcher(plain);
        return labelled.matches() && !ANOTHER.matcher(labelled.group(3)).find() ? Optional.of(new Choice(letter(labelled),
                labelled.group(3).strip()))
                : Optional.empty();
    }

    private static String letter(Matcher found) {
        return (found.group(1) != null ? found.group(1) : found.group(2)).toUpperCase(Locale.ROOT);
    }
}
