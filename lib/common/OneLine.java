package common;

/**
 * Makes untrusted text safe for a terminal: control characters that would move the cursor, colour, erase or reverse text become visible
 * signs.
 */
public final class OneLine {

    private OneLine() {}

    /** Returns the text with line breaks and tabs kept. */
    public static String text(String text) {
        StringBuilder plain = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean turning = c >= '\u202a' && c <= '\u202e' || c >= '\u2066' && c <= '\u2069';
            boolean sent = c == '\n' || c == '\t' || c == '\r' && text.startsWith("\n", i + 1);
            plain.append(sent || !turning && !Character.isISOControl(c) ? c : c < ' ' ? (char) ('\u2400' + c) : '\ufffd');
        }
        return plain.toString();
    }

    /** Returns the text on one line, shortened in the middle if it is too long for a message. */
    public static String line(String text) {
        String line = text(text.replaceAll("[\\s\u0085\u2028\u2029]+", " "));
        return line.length() <= 1000 ? line : line.substring(0, 800) + " … " + line.substring(line.length() - 190);
    }
}
