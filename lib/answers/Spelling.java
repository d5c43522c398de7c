package answers;

import answers.Node.Num;
import answers.Node.Sym;
import answers.Node.Text;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One spelling for answers that are equal, where that is cheap to tell. */
final class Spelling {

    private static final Pattern ARTICLE = Pattern.compile("^(?:an?|the)\\s+", Pattern.CASE_INSENSITIVE);
    private static final Map<String, String> SYNONYMS = Map.of("dne", "doesnotexist", "doesn'texist", "doesnotexist", "nosolutions",
            "nosolution");

    private static final Pattern GAP = Pattern.compile("(?<=\\d)(?:\\s|[~$]|\\*\\*|\\\\[,;: ]|\\\\q?quad(?![A-Za-z]))+(?=\\d)");
    private static final Pattern THOUSANDS = Pattern.compile("\\d(?:\\\\[,;: ]|[\\s~])\\d{3}(?!\\d)");

    private Spelling() {}

    /** Fractions in lowest terms, sorted sets without duplicates, no units, no {@code x =}; a text in lower case. */
    static String of(String answer) {
        Node node = Equivalence.value(Parser.parse(answer));
        return Choice.of(answer).map(Choice::letter).orElseGet(() -> node instanceof Text ? plain(answer).toLowerCase(Locale.ROOT)
                : Exact.of(node).filter(value -> !node.is("percent")).map(Rational::toString).orElseGet(node::canonical));
    }

    /** The text without LaTeX's styling, spaces and a full stop at the end. */
    static String plain(String text) {
        String bare = text.length() > Parser.MAX_LENGTH ? text : parted(text)
                .replaceAll("\\\\(?:left|right|displaystyle|quad|qquad|boxed)(?![A-Za-z])|\\\\[,;:!()\\[\\]]|[$~]", "")
                .replaceAll("\\\\(?:text|textbf|textit|textrm|mbox|mathrm|textnormal|operatorname)\\{([^{}]*)\\}", "$1")
                .replaceAll("\\\\[dt]frac", "\\\\frac").replaceAll("\\*\\*|\\s+", "");
        return bare.replaceAll("[.]$", "");
    }

    /** With a mark between digits that spaces part, unless they part thousands: 2 3 is not 23. */
    private static String parted(String text) {
        Matcher gap = GAP.matcher(text);
        return gap.find() ? gap.replaceAll(found -> THOUSANDS.matcher(text).region(found.start() - 1, text.length()).lookingAt()
                ? Matcher.quoteReplacement(found.group()) : "\u0001") : text;
    }

    /** The letters of a text, or of what a word was taken for. */
    static String words(Node node) {
        String text = node instanceof Text t ? t.text() : node.any(part -> part instanceof Num) ? "" : letters(node);
        String words = plain(ARTICLE.matcher(Dates.plain(text)).replaceFirst("")).toLowerCase(Locale.ROOT);
        String joined = words.replaceAll("(?<=\\p{L})-(?=\\p{L})", "");
        return SYNONYMS.getOrDefault(joined, joined);
    }

    private static String letters(Node node) {
        return node instanceof Sym sym ? sym.name() : node.is("*") || node.is("apply")
                ? node.parts().stream().map(Spelling::letters).reduce("", String::concat) : node instanceof Text t ? t.text() : "";
    }
}
