package answers;

import java.util.Locale;
import java.util.Optional;
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
    private static final String LEAD = "(?:(?:the )?(?:(?:final|correct|best|right) )?(?:answer|option|choice)(?: is)?\\s*:?\\s*)?";
    private static final Pattern ALONE = Pattern.compile("(?i:" + LEAD
            + ")(?:[(\\[]\\s?([A-Z]|[a-j])\\s?[)\\]]|([A-Z])[)]?)\\s*[.:]?(?:,? (?i:because|since|as)\\b.*)?", Pattern.DOTALL);
    private static final Pattern LABELLED = Pattern.compile("(?i:" + LEAD
            + ")(?:[(\\[]\\s?([A-Ja-j])\\s?[)\\]][.:]?\\s*|([A-Z])(?:[.:)]\\s+|[)]"
            + "|\\s+[-–—]\\s*(?=\\p{L}{3})))(?![-+*/^=_,;:]|(?:and|or)\\b)(.+)", Pattern.DOTALL);
    private static final Pattern ANOTHER = Pattern.compile("(?<![\\w\\\\])(?:[(\\[][A-Ja-j][)\\]]|(?:and|or|,|/) "
            + "?[(\\[]?[A-J][)\\]]?(?![\\w'])|[A-J][.):] )");

    /** The option that a text names; empty if it names none or several. */
    static Optional<Choice> of(String text) {
        if (text.length() > LONGEST) {
            return Optional.empty();
        }
        String plain = STYLE.matcher(STYLE.matcher(text).replaceAll("$1")).replaceAll("$1").replaceAll("\\*\\*|\\$|\\\\[()\\[\\]]", "")
                .replaceAll("~|\\\\[ ,;:!]|\\\\q?quad\\b|\\s+", " ").strip();
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
