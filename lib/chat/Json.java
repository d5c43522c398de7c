package chat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/** The filter {@code tojson} as in transformers: Python's {@code json.dumps} with {@code ensure_ascii=False}. */
final class Json {

    private final Renderer run;
    private final StringBuilder out = new StringBuilder();
    private final String indent;
    private final String comma;
    private final String colon;
    private final boolean sorted;
    private final boolean ascii;

    private Json(Renderer run, Arguments a) {
        this.run = run;
        Object width = a.get(1, "indent", null);
        indent = width == null ? null : width instanceof String s ? s : " ".repeat(Math.max(0, Math.min(64, Values.integer(width))));
        List<?> separators = a.get(2, "separators", null) instanceof List<?> list && list.size() == 2 ? list : null;
        comma = separators != null ? Values.string(separators.get(0)) : indent == null ? ", " : ",";
        colon = separators != null ? Values.string(separators.get(1)) : ": ";
        sorted = Values.truth(a.get(3, "sort_keys", false));
        ascii = Values.truth(a.get(0, "ensure_ascii", false));
    }

    static String of(Renderer run, Object value, Arguments a) {
        Json json = new Json(run, a);
        json.write(value, 0);
        return json.out.toString();
    }

    private void write(Object value, int level) {
        run.enter();
        if (value instanceof String s) {
            text(s);
        } else if (value instanceof List<?> list) {
            out.append('[');
            for (int i = 0; i < list.size(); i++) {
                between(i, level + 1);
                write(list.get(i), level + 1);
            }
            end(list.isEmpty(), level, ']');
        } else if (value instanceof Map<?, ?> map) {
            out.append('{');
            List<Map.Entry<?, ?>> entries = new ArrayList<>(map.entrySet());
            if (sorted) {
                entries.sort(Comparator.comparing(e -> Values.string(e.getKey())));
            }
            for (int i = 0; i < entries.size(); i++) {
                between(i, level + 1);
                Object key = entries.get(i).getKey();
                text(key instanceof String s ? s : scalar(key));
                out.append(colon);
                write(entries.get(i).getValue(), level + 1);
            }
            end(map.isEmpty(), level, '}');
        } else {
            out.append(scalar(value));
        }
        run.charge(8);
        run.leave();
    }

    private void between(int i, int level) {
        out.append(i == 0 ? "" : comma);
        newLine(level);
    }

    private void end(boolean empty, int level, char bracket) {
        if (!empty) {
            newLine(level);
        }
        out.append(bracket);
    }

    private void newLine(int level) {
        if (indent != null) {
            run.charge(1 + (long) level * indent.length());
            out.append('\n').append(indent.repeat(level));
        }
    }

    private static String scalar(Object value) {
        if (value == null || value instanceof Boolean) {
            return String.valueOf(value);
        }
        if (!(value instanceof Number)) {
            throw new TemplateError("tojson: " + Values.type(value) + " cannot be JSON");
        }
        return Values.scalar(value);
    }

    private void text(String s) {
        run.charge(s.length());
        out.append('"');
        for (int i = 0; i < s.length(); i++) {
            char c = s.charAt(i);
            int named = "\"\\\n\r\t\b\f".indexOf(c);
            if (named >= 0) {
                out.append('\\').append("\"\\nrtbf".charAt(named));
            } else if (c < 0x20 || ascii && c > 0x7e) {
                out.append("\\u%04x".formatted((int) c));
            } else {
                out.append(c);
            }
        }
        out.append('"');
    }
}
