package chat;

/** Thrown if a chat template cannot be read or used, or rejects the messages. The message is one line. */
public final class TemplateError extends RuntimeException {

    TemplateError(String message) {
        super(line(message), null, false, false);
    }

    TemplateError(String message, Throwable cause) {
        super(line(message), cause);
    }

    static void unless(boolean ok, String message, Object... args) {
        if (!ok) {
            throw new TemplateError(message.formatted(args));
        }
    }

    /** Returns the text on one line, without control characters for a terminal. */
    private static String line(String text) {
        return text.replaceAll("[\\s\u0085\u2028\u2029]+", " ").replaceAll("[\\p{Cntrl}\u0080-\u009f\u202a-\u202e\u2066-\u2069]", "\ufffd");
    }
}
