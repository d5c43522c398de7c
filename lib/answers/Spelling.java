package answers;

import answers.Node.Text;
import java.util.Locale;

/** One spelling for answers that are equal, where that is cheap to tell. */
final class Spelling {

    private Spelling() {}

    /** Fractions in lowest terms, sorted sets without duplicates, no units, no {@code x =}; a text in lower case. */
    static String of(String answer) {
        Node node = Equivalence.value(Parser.parse(answer));
        return Choice.of(answer).map(Choice::letter).orElseGet(() -> node instanceof Text ? plain(answer).toLowerCase(Locale.ROOT)
                : Exact.of(node).filter(value -> !node.is("percent")).map(Rational::toString).orElseGet(node::canonical));
    }

    /** The text without LaTeX's styling, spaces and a full stop at the end. */
    static String plain(String text) {
        String bare = text.length() > Parser.MAX_LENGTH ? text : text
                .replaceAll("\\\\(?:left|right|displaystyle|quad|qquad|boxed)(?![A-Za-z])|\\\\[,;:!()\\[\\]]|[$~]", "")
                .replaceAll("\\\\(?:text|textbf|textit|textrm|mbox|mathrm|textnormal|operatorname)\\{([^{}]*)\\}", "$1")
                .replaceAll("\\\\[dt]frac", "\\\\frac").replaceAll("\\*\\*|\\s+", "");
        return bare.replaceAll("[.]$", "");
    }
}
