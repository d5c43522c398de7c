package chat;

import static chat.Values.integer;
import static chat.Values.string;

import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.IntPredicate;

/** The methods of texts, lists and mappings, and the global functions, that chat templates call. */
final class Methods {

    private static final Set<String> OF_TEXT = Set.of("strip", "lstrip", "rstrip", "split", "rsplit", "splitlines", "startswith",
            "endswith", "replace", "upper", "lower", "title", "capitalize", "find", "rfind", "count", "join", "removeprefix",
            "removesuffix", "isdigit", "isspace", "isalpha", "isupper", "islower");
    private static final Set<String> OF_MAPPING = Set.of("items", "keys", "values", "get", "copy");
    private static final Set<String> OF_LIST = Set.of("index", "count", "copy");
    private static final Map<Character, String> DATE = Map.ofEntries(Map.entry('d', "dd"), Map.entry('b', "MMM"),
            Map.entry('B', "MMMM"), Map.entry('Y', "yyyy"), Map.entry('y', "yy"), Map.entry('m', "MM"), Map.entry('H', "HH"),
            Map.entry('I', "hh"), Map.entry('M', "mm"), Map.entry('S', "ss"), Map.entry('p', "a"), Map.entry('A', "EEEE"),
            Map.entry('a', "EEE"), Map.entry('j', "DDD"), Map.entry('F', "yyyy-MM-dd"), Map.entry('T', "HH:mm:ss"));

    private Methods() {}

    /** {@code value.name}: a method if there is one, else the item. */
    static Object attribute(Renderer run, Object value, String name) {
        boolean method = (value instanceof String ? OF_TEXT : value instanceof Map ? OF_MAPPING : value instanceof List ? OF_LIST
                : Set.<String>of()).contains(name);
        return method ? (Values.Callable) (r, arguments) -> call(r, value, name, arguments) : Values.item(run, value, name);
    }

    static Map<String, Values.Callable> globals() {
        Map<String, Values.Callable> globals = new LinkedHashMap<>();
        globals.put("namespace", (run, a) -> new Values.Namespace(mapping(a)));
        globals.put("dict", (run, a) -> mapping(a));
        globals.put("range", Methods::range);
        globals.put("strftime_now", (run, a) -> date(run.now, string(a.need(0, "format"))));
        globals.put("raise_exception", (run, a) -> {
            throw new TemplateError("it rejects these messages: " + Values.text(run, a.need(0, "message")));
        });
        return Collections.unmodifiableMap(globals);
    }

    private static Map<Object, Object> mapping(Arguments a) {
        Map<Object, Object> map = new LinkedHashMap<>();
        if (a.get(0, "", null) instanceof Map<?, ?> m) {
            map.putAll(m);
        }
        map.putAll(a.named());
        return map;
    }

    private static Object range(Renderer run, Arguments a) {
        boolean one = a.positional().size() == 1;
        long from = one ? 0 : integer(a.need(0, "start"));
        long to = integer(a.need(one ? 0 : 1, "stop"));
        long step = integer(a.get(2, "step", 1L));
        long count = step == 0 ? Long.MAX_VALUE : Math.max(0, (to - from + step - Long.signum(step)) / step);
        if (count > 100_000) {
            throw new TemplateError("range(…) is longer than 100000 or its step is 0");
        }
        run.charge(8 * count);
        List<Object> numbers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            numbers.add(from + i * step);
        }
        return numbers;
    }

    private static String date(LocalDateTime now, String format) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < format.length(); i++) {
            char c = format.charAt(i);
            if (c != '%' || i + 1 == format.length()) {
                text.append(c);
                continue;
            }
            boolean unpadded = format.charAt(i + 1) == '-' && i + 2 < format.length();
            char directive = format.charAt(i += unpadded ? 2 : 1);
            if (directive != '%' && !DATE.containsKey(directive)) {
                throw new TemplateError("strftime_now: unsupported directive %" + directive);
            }
            String part = directive == '%' ? "%" : DateTimeFormatter.ofPattern(DATE.get(directive), Locale.US).format(now);
            text.append(unpadded ? part.replaceFirst("^0+(?=\\d)", "") : part);
        }
        return text.toString();
    }

    private static Object call(Renderer run, Object value, String name, Arguments a) {
        if (value instanceof String s) {
            run.charge(1 + s.length() / 4);
            return ofText(run, s, name, a);
        }
        if (value instanceof Map<?, ?> m) {
            run.charge(8L * m.size());
            return switch (name) {
                case "items" -> pairs(m);
                case "keys" -> new ArrayList<>(m.keySet());
                case "values" -> new ArrayList<>(m.values());
                case "get" -> m.containsKey(Values.key(a.need(0, "key"))) ? m.get(a.need(0, "key")) : a.get(1, "default", null);
                default -> new LinkedHashMap<>(m);
            };
        }
        List<?> list = (List<?>) value;
        run.charge(8L * list.size());
        if (name.equals("copy")) {
            return new ArrayList<>(list);
        }
        List<Long> found = new ArrayList<>();
        for (int i = 0; i < list.size(); i++) {
            if (Values.equal(run, list.get(i), a.need(0, "value"))) {
                found.add((long) i);
            }
        }
        if (name.equals("count")) {
            return (long) found.size();
        }
        return found.stream().findFirst().orElseThrow(() -> new TemplateError("index(…): there is no such element"));
    }

    static List<Object> pairs(Map<?, ?> map) {
        List<Object> pairs = new ArrayList<>();
        map.forEach((key, value) -> {
            List<Object> pair = new ArrayList<>();
            pair.add(key);
            pair.add(value);
            pairs.add(pair);
        });
        return pairs;
    }

    private static Object ofText(Renderer run, String s, String name, Arguments a) {
        return switch (name) {
            case "strip" -> strip(run, s, a.get(0, "chars", null), true, true);
            case "lstrip" -> strip(run, s, a.get(0, "chars", null), true, false);
            case "rstrip" -> strip(run, s, a.get(0, "chars", null), false, true);
            case "split", "rsplit" -> split(run, s, a.get(0, "sep", null), integer(a.get(1, "maxsplit", -1L)), name.equals("rsplit"));
            case "splitlines" -> lines(run, s);
            case "startswith" -> any(a.need(0, "prefix")).stream().anyMatch(p -> s.startsWith(string(p)));
            case "endswith" -> any(a.need(0, "suffix")).stream().anyMatch(p -> s.endsWith(string(p)));
            case "replace" -> replace(run, s, string(a.need(0, "old")), string(a.need(1, "new")), integer(a.get(2, "count", -1L)));
            case "upper" -> upper(s);
            case "lower" -> lower(s);
            case "title" -> title(s, Character::isLetter);
            case "capitalize" -> s.isEmpty() ? s : title(s, c -> true);
            case "find", "rfind" -> {
                String part = string(a.need(0, "sub"));
                int at = Values.find(run, s, part, 0);
                at = at >= 0 && name.equals("rfind") ? s.lastIndexOf(part) : at;
                yield (long) (at < 0 ? -1 : s.codePointCount(0, at));
            }
            case "count" -> {
                String part = string(a.need(0, "sub"));
                Values.find(run, s, part, 0);
                yield part.isEmpty() ? Values.length(s) + 1 : (long) pieces(run, s, part, -1).size() - 1;
            }
            case "join" -> join(run, Values.items(run, a.need(0, "iterable")), s, true);
            case "removeprefix" -> s.startsWith(string(a.need(0, "prefix"))) ? s.substring(string(a.need(0, "prefix")).length()) : s;
            case "removesuffix" -> s.endsWith(string(a.need(0, "suffix")))
                    ? s.substring(0, s.length() - string(a.need(0, "suffix")).length()) : s;
            case "isdigit" -> all(s, Character::isDigit);
            case "isspace" -> all(s, Values::space);
            case "isalpha" -> all(s, Character::isLetter);
            case "isupper" -> s.equals(upper(s)) && !s.equals(lower(s));
            default -> s.equals(lower(s)) && !s.equals(upper(s));
        };
    }

    private static List<?> any(Object value) {
        return value instanceof List<?> list ? list : List.of(string(value));
    }

    private static boolean all(String s, IntPredicate of) {
        return !s.isEmpty() && s.codePoints().allMatch(of);
    }

    static String strip(Renderer run, String s, Object characters, boolean left, boolean right) {
        String set = characters == null ? null : string(characters);
        run.charge(set == null ? 1 : 1 + (long) s.length() * set.length() / 64);
        IntPredicate gone = set == null ? Values::space : c -> set.indexOf(c) >= 0;
        int from = 0;
        int to = s.length();
        while (left && from < to && gone.test(s.codePointAt(from))) {
            from += Character.charCount(s.codePointAt(from));
        }
        while (right && to > from && gone.test(s.codePointBefore(to))) {
            to -= Character.charCount(s.codePointBefore(to));
        }
        return s.substring(from, to);
    }

    /** {@code String.toUpperCase} takes quadratic time where letters grow ("ß"), so letter by letter. */
    static String upper(String s) {
        StringBuilder upper = new StringBuilder();
        s.codePoints().forEach(c -> upper.append(Character.toString(c).toUpperCase(Locale.ROOT)));
        return upper.toString();
    }

    /** The one letter that grows goes first; the lower case of a sigma depends on its neighbours. */
    static String lower(String s) {
        return s.replace("\u0130", "i\u0307").toLowerCase(Locale.ROOT);
    }

    static String title(String s, IntPredicate inWord) {
        StringBuilder title = new StringBuilder();
        boolean[] inside = {false};
        s.codePoints().forEach(c -> {
            String letter = Character.toString(c);
            title.append(inside[0] ? letter.toLowerCase(Locale.ROOT) : letter.toUpperCase(Locale.ROOT));
            inside[0] = inWord.test(c);
        });
        return title.toString();
    }

    private static List<Object> split(Renderer run, String s, Object separator, int limit, boolean fromRight) {
        if (separator != null && string(separator).isEmpty()) {
            throw new TemplateError("split('') has an empty separator");
        }
        if (fromRight && limit >= 0) {
            List<Object> parts = new ArrayList<>();
            split(run, new StringBuilder(s).reverse().toString(),
                    separator == null ? null : new StringBuilder(string(separator)).reverse().toString(), limit, false)
                    .forEach(p -> parts.add(0, new StringBuilder((String) p).reverse().toString()));
            return parts;
        }
        return separator == null ? words(run, s, limit) : pieces(run, s, string(separator), limit);
    }

    private static List<Object> pieces(Renderer run, String s, String separator, int limit) {
        List<Object> pieces = new ArrayList<>();
        run.charge((long) s.length() * separator.length() / 64);
        int from = 0;
        for (int at = s.indexOf(separator); at >= 0 && pieces.size() != limit; at = s.indexOf(separator, from)) {
            run.charge(8);
            pieces.add(s.substring(from, at));
            from = at + separator.length();
        }
        pieces.add(s.substring(from));
        return pieces;
    }

    private static List<Object> words(Renderer run, String s, int limit) {
        List<Object> words = new ArrayList<>();
        int from = 0;
        while (true) {
            while (from < s.length() && Values.space(s.charAt(from))) {
                from++;
            }
            if (from == s.length()) {
                return words;
            }
            int end = from;
            while (end < s.length() && !Values.space(s.charAt(end))) {
                end++;
            }
            boolean last = words.size() == limit;
            run.charge(8);
            words.add(s.substring(from, last ? s.length() : end));
            from = last ? s.length() : end;
        }
    }

    private static List<Object> lines(Renderer run, String s) {
        List<Object> lines = new ArrayList<>();
        for (int from = 0, i = 0; i < s.length(); from = i) {
            while (i < s.length() && "\n\r\u000b\f\u001c\u001d\u001e\u0085\u2028\u2029".indexOf(s.charAt(i)) < 0) {
                i++;
            }
            run.charge(8);
            lines.add(s.substring(from, i));
            i += s.startsWith("\r\n", i) ? 2 : i < s.length() ? 1 : 0;
        }
        return lines;
    }

    static String replace(Renderer run, String s, String old, String with, int limit) {
        if (old.isEmpty()) {
            throw new TemplateError("replace('', …) is not supported");
        }
        return join(run, pieces(run, s, old, limit), with, true);
    }

    static String join(Renderer run, List<?> parts, String separator, boolean textsOnly) {
        StringBuilder joined = new StringBuilder();
        for (int i = 0; i < parts.size(); i++) {
            String part = textsOnly ? string(parts.get(i)) : Values.text(run, parts.get(i));
            run.charge(1 + part.length() + separator.length());
            joined.append(i == 0 ? "" : separator).append(part);
        }
        return joined.toString();
    }
}
