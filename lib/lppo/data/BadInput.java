package lppo.data;

/**
 * Input that a person gave and a person can mend: a missing file, a broken line, an impossible number. The message is
 * one line that says what, where and how to fix it; commands print it without a stack trace and exit with status 2.
 */
public final class BadInput extends RuntimeException {

    private static final int LONGEST = 1000;

    public BadInput(String message) {
        this(message, null);
    }

    public BadInput(String message, Throwable cause) {
        super(line(message), cause);
    }

    /** What a message quotes may hold line breaks and a terminal's control sequences, and be of any length. */
    private static String line(String message) {
        String line = message.replaceAll("[\\p{Cc}\u2028\u2029]+", " ");
        return line.length() <= LONGEST ? line : line.substring(0, LONGEST - 200) + " … " + line.substring(line.length() - 190);
    }

    /** Throws a {@code BadInput} with this message unless {@code ok}. */
    public static void unless(boolean ok, String message, Object... args) {
        if (!ok) {
            throw new BadInput(message.formatted(args));
        }
    }
}
