package common;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Parses a list as Python prints it, {@code ['$2$', "it's 3", None]}, as found in columns of lists that were saved as text. Only lists of
 * quoted elements count, and a single number, {@code [70]}: {@code [0, 1]} and {@code (2, 3)} are intervals and points.
 */
final class PythonList {

    private final String text;
    private int at;

    private PythonList(String text) {
        this.text = text;
    }

    /** Returns the elements of a list without None; empty if the text is not such a list. */
    static Optional<List<String>> of(String text) {
        String bare = text.strip();
        if (bare.matches("\\[\\s*([-+]?\\d+(\\.\\d+)?)?\\s*]")) {
            String number = bare.substring(1, bare.length() - 1).strip();
            return Optional.of(number.isEmpty() ? List.of() : List.of(number));
        }
        boolean list = bare.startsWith("[") && bare.endsWith("]");
        boolean tuple = bare.startsWith("(") && bare.endsWith(")");
        return list || tuple ? Optional.ofNullable(new PythonList(bare.substring(1, bare.length() - 1)).elements())
                .filter(elements -> list || !elements.isEmpty()) : Optional.empty();
    }

    /** Returns null if there is anything between the brackets but quoted texts, None, null and commas. */
    private List<String> elements() {
        List<String> elements = new ArrayList<>();
        for (blanks(); at < text.length(); blanks()) {
            char quote = text.charAt(at);
            if (quote == '\'' || quote == '"') {
                String element = quoted(quote);
                if (element == null) {
                    return null;
                }
                elements.add(element);
            } else if (text.startsWith("None", at) || text.startsWith("null", at)) {
                at += 4;
            } else {
                return null;
            }
            blanks();
            if (at < text.length() && text.charAt(at++) != ',') {
                return null;
            }
        }
        return elements;
    }

    /** Returns the text up to the closing quote, with escapes resolved; null if there is none. */
    private String quoted(char quote) {
        StringBuilder element = new StringBuilder();
        for (at++; at < text.length() && text.charAt(at) != quote; at++) {
            char c = text.charAt(at);
            if (c != '\\' || at + 1 == text.length()) {
                element.append(c);
                continue;
            }
            char escaped = text.charAt(++at);
            int digits = escaped == 'x' ? 2 : escaped == 'u' ? 4 : 0;
            int known = "ntr".indexOf(escaped);
            if (digits > 0 && at + digits < text.length() && text.substring(at + 1, at + 1 + digits).matches("[0-9a-fA-F]+")) {
                element.append((char) Integer.parseInt(text.substring(at + 1, at + 1 + digits), 16));
                at += digits;
            } else if (known >= 0) {
                element.append("\n\t\r".charAt(known));
            } else {
                element.append("\\'\"".indexOf(escaped) < 0 ? "\\" : "").append(escaped); // as Python leaves \p
            }
        }
        return at++ < text.length() ? element.toString() : null;
    }

    private void blanks() {
        while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
            at++;
        }
    }
}
