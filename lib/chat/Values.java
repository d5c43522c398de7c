package chat;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Python's values as used by templates: {@code null} for None, {@code Boolean}, {@code Long}, {@code Double},
 * {@code String} counted in code points, {@code List}, {@code Map} with texts or numbers as keys, and the types below.
 * Nothing else can be reached from a template.
 */
final class Values {

    /** An undefined name: empty when printed or looped over, an error when used otherwise. */
    record Undefined(String name) {}

    /** The result of {@code namespace(…)}, the only value with attributes that can be set. */
    record Namespace(Map<Object, Object> attributes) {}

    /** A value that can be called. */
    interface Callable {
        Object call(Renderer run, Arguments arguments);
    }

    private Values() {}

    /** Python's white space. */
    static boolean space(int c) {
        return c >= 9 && c <= 13 || c >= 0x1c && c <= 0x20 || c == 0x85 || c == 0xa0 || c == 0x1680
                || c >= 0x2000 && c <= 0x200a || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
    }

    static boolean truth(Object value) {
        if (value instanceof Boolean b) {
            return b;
        }
        if (value instanceof Number n) {
            return n.doubleValue() != 0;
        }
        if (value instanceof String s) {
            return !s.isEmpty();
        }
        if (value instanceof Collection<?> c) {
            return !c.isEmpty();
        }
        return value instanceof Map<?, ?> m ? !m.isEmpty() : value != null && !(value instanceof Undefined);
    }

    static String type(Object value) {
        return value == null ? "none" : value instanceof Undefined u ? "undefined (" + u.name() + ")" : value instanceof String ? "a text"
                : value instanceof Boolean ? "a boolean" : value instanceof Number ? "a number" : value instanceof List ? "a list"
                : value instanceof Map ? "a mapping" : value instanceof Callable ? "a function" : "an object";
    }

    static String text(Renderer run, Object value) {
        if (value instanceof String s) {
            return s;
        }
        StringBuilder text = new StringBuilder();
        if (!(value instanceof Undefined)) {
            represent(run, value, text);
        }
        return text.toString();
    }

    /** Python's {@code repr}. */
    private static void represent(Renderer run, Object value, StringBuilder out) {
        run.enter();
        int before = out.length();
        if (value instanceof String s) {
            char quote = s.contains("'") && !s.contains("\"") ? '"' : '\'';
            out.append(quote);
            s.codePoints().forEach(c -> represent(c, quote, out));
            out.append(quote);
        } else if (value instanceof List<?> list) {
            out.append('[');
            for (int i = 0; i < list.size(); i++) {
                out.append(i == 0 ? "" : ", ");
                represent(run, list.get(i), out);
            }
            out.append(']');
        } else if (value instanceof Map<?, ?> map) {
            out.append('{');
            String separator = "";
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                out.append(separator);
                represent(run, entry.getKey(), out);
                represent(run, entry.getValue(), out.append(": "));
                separator = ", ";
            }
            out.append('}');
        } else {
            out.append(scalar(value));
        }
        run.charge(value instanceof Collection || value instanceof Map ? 1 : out.length() - before);
        run.leave();
    }

    private static void represent(int c, char quote, StringBuilder out) {
        int type = Character.getType(c);
        boolean hidden = type == Character.CONTROL || type == Character.FORMAT || type == Character.UNASSIGNED
                || type == Character.SURROGATE || type == Character.PRIVATE_USE || Character.isSpaceChar(c) && c != ' ';
        if (c == quote || c == '\\') {
            out.append('\\').appendCodePoint(c);
        } else if (c == '\n' || c == '\r' || c == '\t') {
            out.append(c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
        } else if (hidden) {
            out.append((c < 256 ? "\\x%02x" : c < 65536 ? "\\u%04x" : "\\U%08x").formatted(c));
        } else {
            out.appendCodePoint(c);
        }
    }

    static String scalar(Object value) {
        if (value == null) {
            return "None";
        }
        if (value instanceof Boolean b) {
            return b ? "True" : "False";
        }
        if (value instanceof Double d) {
            return real(d);
        }
        return value instanceof Long || value instanceof String ? value.toString()
                : value instanceof Undefined ? "Undefined" : "<" + type(value) + ">";
    }

    private static String real(double d) {
        if (Double.isNaN(d) || Double.isInfinite(d)) {
            return Double.isNaN(d) ? "nan" : d > 0 ? "inf" : "-inf";
        }
        String digits = Double.toString(d);
        double size = Math.abs(d);
        if (size == 0 || size >= 1e-4 && size < 1e16) {
            String plain = new java.math.BigDecimal(digits).toPlainString();
            return d == 0 ? digits : plain.contains(".") ? plain : plain + ".0";
        }
        int e = digits.indexOf('E');
        String mantissa = digits.substring(0, e).replaceAll("\\.0$", "");
        int power = Integer.parseInt(digits.substring(e + 1));
        return mantissa + "e" + (power < 0 ? "-" : "+") + (Math.abs(power) < 10 ? "0" : "") + Math.abs(power);
    }

    static boolean equal(Renderer run, Object a, Object b) {
        run.enter();
        try {
            if (a instanceof List<?> x && b instanceof List<?> y) {
                boolean same = x.size() == y.size();
                for (int i = 0; same && i < x.size(); i++) {
                    same = equal(run, x.get(i), y.get(i));
                }
                return same;
            }
            if (a instanceof Map<?, ?> x && b instanceof Map<?, ?> y) {
                boolean same = x.size() == y.size();
                for (Object key : same ? x.keySet() : List.of()) {
                    same = same && y.containsKey(key) && equal(run, x.get(key), y.get(key));
                }
                return same;
            }
            if (a instanceof String s) {
                run.charge(s.length() / 16);
            }
            return numeric(a) && numeric(b) ? number(a).doubleValue() == number(b).doubleValue()
                    : a instanceof Undefined ? b instanceof Undefined : a instanceof Namespace ? a == b : Objects.equals(a, b);
        } finally {
            run.leave();
        }
    }

    static boolean numeric(Object value) {
        return value instanceof Number || value instanceof Boolean;
    }

    static Number number(Object value) {
        if (value instanceof Boolean b) {
            return b ? 1L : 0L;
        }
        if (value instanceof Number n) {
            return n;
        }
        throw new TemplateError(type(value) + " is used where a number is needed");
    }

    static int integer(Object value) {
        if (!(value instanceof Long || value instanceof Boolean)) {
            throw new TemplateError(type(value) + " is used where a whole number is needed");
        }
        return (int) Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, number(value).longValue()));
    }

    static String string(Object value) {
        if (value instanceof String s) {
            return s;
        }
        throw new TemplateError(type(value) + " is used where a text is needed");
    }

    static int compare(Renderer run, Object a, Object b) {
        run.enter();
        try {
            if (a instanceof String s && b instanceof String t) {
                run.charge(Math.min(s.length(), t.length()) / 16);
                return s.compareTo(t);
            }
            if (a instanceof List<?> x && b instanceof List<?> y) {
                for (int i = 0; i < Math.min(x.size(), y.size()); i++) {
                    if (!equal(run, x.get(i), y.get(i))) {
                        return compare(run, x.get(i), y.get(i));
                    }
                }
                return Integer.compare(x.size(), y.size());
            }
            if (numeric(a) && numeric(b)) {
                return Double.compare(number(a).doubleValue(), number(b).doubleValue());
            }
            throw new TemplateError(type(a) + " cannot be compared with " + type(b));
        } finally {
            run.leave();
        }
    }

    static boolean contains(Renderer run, Object container, Object item) {
        if (container instanceof String s) {
            return find(run, s, string(item), 0) >= 0;
        }
        if (container instanceof Map<?, ?> m) {
            return m.containsKey(key(item));
        }
        for (Object element : items(run, container)) {
            if (equal(run, element, item)) {
                return true;
            }
        }
        return false;
    }

    /** {@code indexOf}, charging the budget for its quadratic worst case. */
    static int find(Renderer run, String text, String part, int from) {
        run.charge(1 + (long) Math.max(0, text.length() - from) * Math.min(part.length(), text.length()) / 64);
        return text.indexOf(part, from);
    }

    /** Returns the items of a loop: the elements of a list, the keys of a mapping, the characters of a text. */
    static List<?> items(Renderer run, Object value) {
        if (value instanceof List<?> list) {
            return list;
        }
        if (value instanceof Map<?, ?> m) {
            run.charge(8L * m.size());
            return new ArrayList<>(m.keySet());
        }
        if (value instanceof String s) {
            run.charge(8L * s.length());
            return s.codePoints().mapToObj(Character::toString).toList();
        }
        if (value instanceof Undefined) {
            return List.of();
        }
        throw new TemplateError(type(value) + " cannot be looped over");
    }

    static long length(Object value) {
        if (value instanceof String s) {
            return s.codePointCount(0, s.length());
        }
        if (value instanceof Collection<?> c) {
            return c.size();
        }
        if (value instanceof Map<?, ?> m) {
            return m.size();
        }
        if (value instanceof Undefined) {
            return 0;
        }
        throw new TemplateError(type(value) + " has no length");
    }

    /** Returns {@code value[key]}, and {@code value.key} if it is not a method. */
    static Object item(Renderer run, Object value, Object key) {
        if (value instanceof Undefined u) {
            throw new TemplateError(u.name() + " is undefined, so it has no " + scalar(key));
        }
        if (value instanceof Map<?, ?> m) {
            return m.containsKey(key(key)) ? m.get(key) : new Undefined(scalar(key));
        }
        if (value instanceof Namespace n) {
            return n.attributes().containsKey(key(key)) ? n.attributes().get(key) : new Undefined(scalar(key));
        }
        if ((value instanceof List || value instanceof String) && (key instanceof Long || key instanceof Boolean)) {
            run.charge(value instanceof String s ? 1 + s.length() / 16 : 1);
            long size = length(value);
            long i = number(key).longValue();
            i += i < 0 ? size : 0;
            if (i >= 0 && i < size) {
                return value instanceof List<?> list ? list.get((int) i) : points((String) value, (int) i, (int) i + 1);
            }
        }
        return new Undefined(scalar(key));
    }

    /** Checks that a value can be the key of a mapping: hashing a nested list could take forever. */
    static Object key(Object value) {
        if (value == null || value instanceof String || numeric(value)) {
            return value;
        }
        throw new TemplateError(type(value) + " cannot be a key");
    }

    static String points(String s, int from, int to) {
        int begin = s.offsetByCodePoints(0, from);
        return s.substring(begin, s.offsetByCodePoints(begin, to - from));
    }

    static Object slice(Renderer run, Object value, Object start, Object stop, Object step) {
        if (!(value instanceof List || value instanceof String)) {
            throw new TemplateError(type(value) + " cannot be sliced");
        }
        int by = step == null ? 1 : integer(step);
        if (by == 0) {
            throw new TemplateError("the step of a slice is 0");
        }
        int size = (int) length(value);
        int from = bound(start, by > 0 ? 0 : size - 1, size, by);
        int to = bound(stop, by > 0 ? size : -1, size, by);
        run.charge(size);
        if (value instanceof String s && by == 1) {
            return to > from ? points(s, from, to) : "";
        }
        List<?> all = items(run, value);
        List<Object> taken = new ArrayList<>();
        for (long i = from; by > 0 ? i < to : i > to; i += by) {
            run.charge(8);
            taken.add(all.get((int) i));
        }
        return value instanceof List ? taken : String.join("", taken.stream().map(String.class::cast).toList());
    }

    private static int bound(Object value, int otherwise, int size, int by) {
        if (value == null) {
            return otherwise;
        }
        long i = integer(value);
        i += i < 0 ? size : 0;
        return (int) Math.max(by > 0 ? 0 : -1, Math.min(by > 0 ? size : size - 1, i));
    }
}
