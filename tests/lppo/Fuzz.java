package lppo;

import chat.TemplateError;
import common.BadInput;
import common.Seed;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;

/**
 * Fuzzes code with damaged inputs, which are derived from good ones by seeded draws. The code must accept an input or reject it with a
 * {@link BadInput} or a {@link TemplateError} of one line; anything else is a failure, and so is being slow.
 */
public final class Fuzz {

    /** What stands in no ordinary file. */
    static final List<String> ODD = List.of("\uFEFF", "\r\n", "\r", "\n", "\0", "\u2028", "\u0085", "\uD83D\uDE00", "\u202E", "e\u0301",
            "ß", "\u0130",
            "null", "true", "NaN", "-Infinity", "-0", "0", "-1", "1e999999999", "1e-999999999", "1E400", "99999999999999999999",
            "2147483647",
            "2147483648", "-9223372036854775808", "9223372036854775807", "0.1", "\"", "'", "\\", "{", "}", "[", "]", ",", ":", "{}", "[]",
            "\"\"",
            "\"\\ud800\"", "\\ud83d", "\\u0000", "\\u001b[31m", "\\n", "\u001b[2J", "%s%n%d", "%", "<script>", "${jndi:ldap://x}",
            "../../etc/passwd",
            "{{", "}}", "{%", "%}", "|", "$", "\\boxed{", "####", "<think>", "^", "_", "&", "(", ")", "/", "*", "__class__");

    /** Tries an input: true if it was taken, false if it was refused without an exception. */
    public interface Trial<T> {
        boolean takes(T input) throws Exception;
    }

    /** How many inputs of a kind were taken and refused. */
    public record Tally(String kind, int taken, int refused) {

        int all() {
            return taken + refused;
        }
    }

    private Fuzz() {}

    /**
     * Tries so many inputs.
     *
     * @param where what the complaint about an input must contain
     * @param deadline for one input
     * @throws AssertionError listing the failures, one of each sort, or the input that takes too long
     */
    public static <T> Tally run(String kind, int inputs, Duration deadline, String where, Function<SplittableRandom, T> input,
            Trial<T> trial)
            throws InterruptedException {
        Map<String, String> failures = new LinkedHashMap<>();
        int[] taken = new int[1];
        AtomicLong begun = new AtomicLong(System.nanoTime());
        AtomicReference<String> current = new AtomicReference<>("");
        AtomicReference<Throwable> broken = new AtomicReference<>();
        long start = System.nanoTime();
        Thread worker = new Thread(() -> {
            for (int i = 0; i < inputs && failures.size() < 20; i++) {
                T made = input.apply(new Seed(1).at(kind, i));
                current.set(i + ": " + shown(made));
                begun.set(System.nanoTime());
                try {
                    taken[0] += trial.takes(made) ? 1 : 0;
                } catch (BadInput | TemplateError e) {
                    String line = String.valueOf(e.getMessage());
                    if (line.isBlank() || line.chars().anyMatch(Character::isISOControl) || line.length() > 1000 || !line.contains(where)) {
                        failures.putIfAbsent("complaint " + line.replaceAll("\\d+", "#"), current + "\n  complaint: " + line);
                    }
                } catch (Throwable e) { // errors too
                    failures.putIfAbsent(e.getClass() + place(e), current + "\n  " + e + place(e));
                }
            }
        }, "fuzz " + kind);
        worker.setDaemon(true);
        worker.setUncaughtExceptionHandler((thread, e) -> broken.set(e));
        worker.start();
        while (worker.isAlive()) {
            worker.join(100);
            if (worker.isAlive() && System.nanoTime() - begun.get() > deadline.toNanos()) {
                throw new AssertionError(kind + " hangs at " + current + "\n  " + Arrays.asList(worker.getStackTrace()));
            }
        }
        if (broken.get() != null || !failures.isEmpty()) {
            System.out.println(kind + ":\n" + String.join("\n", failures.values()));
            throw new AssertionError(kind + ": " + String.join("\n", failures.values()), broken.get());
        }
        Tally tally = new Tally(kind, taken[0], inputs - taken[0]);
        System.out.printf(Locale.ROOT, "  %,7d %s: %,d taken, %,d refused, %.1f s%n", inputs, kind, tally.taken, tally.refused,
                (System.nanoTime() - start) / 1e9);
        return tally;
    }

    private static String place(Throwable e) {
        return Arrays.stream(e.getStackTrace()).filter(f -> f.getClassName().startsWith("lppo.")).limit(3).toList().toString();
    }

    private static String shown(Object input) {
        String text = input instanceof byte[] bytes ? new String(bytes, StandardCharsets.ISO_8859_1) : String.valueOf(input);
        StringBuilder shown = new StringBuilder();
        text.chars().limit(600).forEach(c -> shown.append(c >= 32 && c < 127 ? Character.toString(c) : "\\u%04x".formatted(c)));
        return shown.toString();
    }

    /** One of them. */
    public static <T> T any(SplittableRandom random, List<T> of) {
        return of.get(random.nextInt(of.size()));
    }

    /** One to four damages to the bytes of a good input; others give pieces. */
    static byte[] damaged(SplittableRandom random, List<byte[]> good) {
        byte[] bytes = any(random, good);
        for (int i = random.nextInt(random.nextInt(20) == 0 ? 12 : 4); i >= 0; i--) {
            bytes = damaged(random, bytes, good);
        }
        return bytes;
    }

    private static byte[] damaged(SplittableRandom random, byte[] bytes, List<byte[]> good) {
        int from = random.nextInt(bytes.length + 1);
        int to = Math.min(bytes.length, from + random.nextInt(1 + random.nextInt(64)));
        return switch (random.nextInt(11)) {
            case 0 -> Arrays.copyOf(bytes, from);
            case 1, 2 -> flipped(random, bytes);
            case 3 -> replaced(bytes, from, to, new byte[0]);
            case 4 -> replaced(bytes, to, to, Arrays.copyOfRange(bytes, from, to));
            case 5 -> {
                byte[] other = any(random, good);
                int at = random.nextInt(other.length + 1);
                yield random.nextBoolean() ? replaced(bytes, from, bytes.length, Arrays.copyOfRange(other, at, other.length))
                        : replaced(bytes, from, to, Arrays.copyOfRange(other, at, Math.min(other.length, at + 1 + random.nextInt(64))));
            }
            case 6, 7 -> value(random, bytes, from);
            case 8 -> random.nextInt(8) > 0 ? replaced(bytes, from, from, odd(random))
                    : replaced(bytes, from, from, any(random, List.of("[", "{\"a\":", "(", "{{", "\\", " ")).repeat(1 << random.nextInt(14))
                            .getBytes(StandardCharsets.UTF_8));
            case 9 -> replaced(bytes, from, from, new byte[] {(byte) random.nextInt(256), (byte) random.nextInt(256)});
            default -> replaced(bytes, from, to, odd(random));
        };
    }

    /** Another bit somewhere. */
    static byte[] flipped(SplittableRandom random, byte[] bytes) {
        byte[] flipped = bytes.clone();
        if (bytes.length > 0) {
            flipped[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
        }
        return flipped;
    }

    private static byte[] odd(SplittableRandom random) {
        return any(random, ODD).getBytes(StandardCharsets.UTF_8);
    }

    /** Something odd instead of the number, word or quoted text that comes next. */
    private static byte[] value(SplittableRandom random, byte[] bytes, int from) {
        for (int i = from; i < bytes.length; i++) {
            int end = i;
            if (bytes[i] == '"') {
                end = i + 1;
                while (end < bytes.length && bytes[end] != '"') {
                    end++;
                }
                end = Math.min(bytes.length, end + 1);
            } else {
                while (end < bytes.length && (Character.isLetterOrDigit(bytes[end]) || bytes[end] == '-' || bytes[end] == '.')) {
                    end++;
                }
            }
            if (end > i) {
                return replaced(bytes, i, end, odd(random));
            }
        }
        return bytes;
    }

    private static byte[] replaced(byte[] bytes, int from, int to, byte[] by) {
        byte[] made = Arrays.copyOf(bytes, from + by.length + bytes.length - to);
        System.arraycopy(by, 0, made, from, by.length);
        System.arraycopy(bytes, to, made, from + by.length, bytes.length - to);
        return made;
    }

    /** The same damage to texts; what is no UTF-8 becomes what decoders make of it. */
    static String text(SplittableRandom random, List<byte[]> good) {
        return new String(damaged(random, good), StandardCharsets.UTF_8);
    }

    /** Pieces in any order. */
    static String soup(SplittableRandom random, List<String> pieces, int most) {
        List<String> some = new ArrayList<>();
        for (int i = random.nextInt(most); i >= 0; i--) {
            some.add(random.nextInt(12) == 0 ? any(random, ODD) : any(random, pieces));
        }
        return String.join("", some);
    }
}
