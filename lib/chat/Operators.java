package chat;

import static chat.Values.number;
import static chat.Values.numeric;
import static chat.Values.type;

import java.util.ArrayList;
import java.util.List;

/** Python's arithmetic and comparisons, with integers limited to 64 bits. */
final class Operators {

    private Operators() {}

    static Object of(Renderer run, String operator, Object a, Object b) {
        run.charge(1);
        try {
            return switch (operator) {
                case "~" -> joined(run, Values.text(run, a), Values.text(run, b));
                case "+" -> a instanceof String s && b instanceof String t ? joined(run, s, t)
                        : a instanceof List<?> x && b instanceof List<?> y ? joined(run, x, y) : arithmetic(operator, a, b);
                case "*" -> a instanceof String s && b instanceof Long n ? repeated(run, s, n)
                        : a instanceof Long n && b instanceof String s ? repeated(run, s, n) : arithmetic(operator, a, b);
                case "==" -> Values.equal(run, a, b);
                case "!=" -> !Values.equal(run, a, b);
                case "<" -> Values.compare(run, a, b) < 0;
                case "<=" -> Values.compare(run, a, b) <= 0;
                case ">" -> Values.compare(run, a, b) > 0;
                case ">=" -> Values.compare(run, a, b) >= 0;
                case "in" -> Values.contains(run, b, a);
                case "not in" -> !Values.contains(run, b, a);
                default -> arithmetic(operator, a, b);
            };
        } catch (ArithmeticException e) {
            throw new TemplateError(operator + ": " + e.getMessage());
        }
    }

    private static String joined(Renderer run, String a, String b) {
        run.charge(a.length() + b.length());
        return a + b;
    }

    private static List<Object> joined(Renderer run, List<?> a, List<?> b) {
        run.charge(8L * (a.size() + b.size()));
        List<Object> joined = new ArrayList<>(a);
        joined.addAll(b);
        return joined;
    }

    private static String repeated(Renderer run, String s, long times) {
        long n = Math.max(0, Math.min(Integer.MAX_VALUE, times));
        run.charge(n * s.length());
        return s.repeat(s.isEmpty() ? 0 : (int) n);
    }

    private static Object arithmetic(String operator, Object a, Object b) {
        if (!numeric(a) || !numeric(b)) {
            throw new TemplateError(type(a) + " " + operator + " " + type(b) + " is not possible");
        }
        double x = number(a).doubleValue();
        double y = number(b).doubleValue();
        if (y == 0 && (operator.startsWith("/") || operator.equals("%"))) {
            throw new ArithmeticException("division by zero");
        }
        if (!(number(a) instanceof Long) || !(number(b) instanceof Long) || operator.equals("/") || operator.equals("**") && y < 0) {
            return switch (operator) {
                case "+" -> x + y;
                case "-" -> x - y;
                case "*" -> x * y;
                case "/" -> x / y;
                case "//" -> Math.floor(x / y);
                case "%" -> x - y * Math.floor(x / y);
                default -> Math.pow(x, y);
            };
        }
        long m = number(a).longValue();
        long n = number(b).longValue();
        return switch (operator) {
            case "+" -> Math.addExact(m, n);
            case "-" -> Math.subtractExact(m, n);
            case "*" -> Math.multiplyExact(m, n);
            case "//" -> Math.floorDiv(m, n);
            case "%" -> Math.floorMod(m, n);
            default -> power(m, n);
        };
    }

    private static long power(long base, long exponent) {
        double power = Math.pow(base, exponent);
        if (Math.abs(power) > 1L << 53) {
            throw new ArithmeticException("long overflow");
        }
        return (long) power;
    }
}
