package common;

/**
 * Thrown for invalid user input: a missing file, a malformed line, a number out of range. The message is one line that says what is wrong,
 * where, and how to fix it; commands print it without a stack trace and exit with status 2.
 */
public final class BadInput extends RuntimeException {

    public BadInput(String message) {
        this(message, null);
    }

    public BadInput(String message, Throwable cause) {
        super(OneLine.line(message), cause);
    }

    /** Throws a {@code BadInput} with this message unless {@code ok}. */
    public static void unless(boolean ok, String message, Object... args) {
        if (!ok) {
            throw new BadInput(message.formatted(args));
        }
    }
}
