package common;

/** Text that a model or a file holds, for a terminal: what would move the cursor, colour, erase or turn round is shown as a sign. */
public final class OneLine {

    private OneLine() {}

    /** The text with its lines and tabs. */
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

    /** The text in one line, its middle left out if it is longer than a message should be. */
    public static String line(String text) {
        String line = text(text.replaceAll("[\\s\u0085\u2028\u2029]+", " "));
        return line.length() <= 1000 ? line : line.substring(0, 800) + " … " + line.substring(line.length() - 190);
    }
}
