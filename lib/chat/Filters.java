package chat;

import static chat.Values.text;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;

/** The Jinja filters ({@code x | name}) and tests ({@code x is name}) that chat templates use. */
final class Filters {

    private Filters() {}

    static Object filter(Renderer run, String name, Object v, Arguments a) {
        run.charge(v instanceof String s ? 1 + s.length() / 4 : v instanceof List<?> l ? 1 + 2L * l.size() : 1);
        return switch (name) {
            case "trim" -> Methods.strip(run, text(run, v), a.get(0, "chars", null), true, true);
            case "length", "count" -> Values.length(v);
            case "default", "d" -> v instanceof Values.Undefined || Values.truth(a.get(1, "boolean", false)) && !Values.truth(v)
                    ? a.get(0, "default_value", "") : v;
            case "upper" -> Methods.upper(text(run, v));
            case "lower" -> Methods.lower(text(run, v));
            case "capitalize" -> Methods.title(text(run, v), c -> true);
            case "title" -> Methods.title(text(run, v), c -> !Values.space(c) && "-({[<".indexOf(c) < 0);
            case "string", "safe" -> text(run, v);
            case "tojson" -> Json.of(run, v, a);
            case "replace" -> Methods.replace(run, text(run, v), text(run, a.need(0, "old")), text(run, a.need(1, "new")),
                    a.get(2, "count", null) == null ? -1 : Values.integer(a.get(2, "count", null)));
            case "indent" -> indent(run, text(run, v), a);
            case "int" -> whole(v, a);
            case "float" -> real(v, a);
            case "abs" -> Values.number(v) instanceof Long n ? (Object) Math.abs(n) : Math.abs(Values.number(v).doubleValue());
            case "items" -> v instanceof Values.Undefined ? List.of() : Methods.pairs(mapping(v));
            case "list" -> new ArrayList<>(Values.items(run, v));
            case "first", "last" -> {
                List<?> items = Values.items(run, v);
                yield items.isEmpty() ? new Values.Undefined(name) : items.get(name.equals("first") ? 0 : items.size() - 1);
            }
            case "reverse" -> v instanceof String s ? Values.slice(run, s, null, null, -1L) : reversed(Values.items(run, v));
            case "join" -> Methods.join(run, mapped(run, Values.items(run, v), a.get(1, "attribute", null)), text(run, a.get(0, "d", "")),
                    false);
            case "sum" -> sum(run, mapped(run, Values.items(run, v), a.get(0, "attribute", null)), a.get(1, "start", 0L));
            case "min", "max" -> Values.items(run, v).stream().map(x -> (Object) x)
                    .reduce((x, y) -> order(run, false).compare(x, y) <= 0 == name.equals("min") ? x : y)
                    .orElse(new Values.Undefined(name));
            case "sort" -> sorted(run, Values.items(run, v), a);
            case "dictsort" -> sorted(run, Methods.pairs(mapping(v)), new Arguments(List.of(Values.truth(a.get(2, "reverse", false)),
                    a.get(0, "case_sensitive", false), "value".equals(a.get(1, "by", "key")) ? "1" : "0"), Map.of()));
            case "unique" -> unique(run, Values.items(run, v));
            case "map" -> map(run, Values.truth(v) ? Values.items(run, v) : List.of(), a);
            case "select", "reject" -> kept(run, v, name.equals("select"), Function.identity(), a);
            case "selectattr", "rejectattr" -> kept(run, v, name.equals("selectattr"), path(run, a.need(0, "attribute")), a.from(1));
            default -> throw new TemplateError("the filter |" + name + " is not supported");
        };
    }

    static boolean test(Renderer run, String name, Object v, Arguments a) {
        return switch (name) {
            case "defined" -> !(v instanceof Values.Undefined);
            case "undefined" -> v instanceof Values.Undefined;
            case "none" -> v == null;
            case "string" -> v instanceof String;
            case "boolean" -> v instanceof Boolean;
            case "true" -> Boolean.TRUE.equals(v);
            case "false" -> Boolean.FALSE.equals(v);
            case "number" -> Values.numeric(v);
            case "integer" -> v instanceof Long;
            case "float" -> v instanceof Double;
            case "mapping" -> v instanceof Map;
            case "sequence" -> v instanceof String || v instanceof List || v instanceof Map || v instanceof Values.Undefined;
            case "iterable" -> v instanceof String || v instanceof List || v instanceof Map || v instanceof Values.Undefined;
            case "callable" -> v instanceof Values.Callable;
            case "even" -> Math.floorMod(Values.number(v).longValue(), 2L) == 0;
            case "odd" -> Math.floorMod(Values.number(v).longValue(), 2L) == 1;
            case "divisibleby" -> Values.truth(a.need(0, "num"))
                    && Math.floorMod(Values.number(v).longValue(), Values.number(a.need(0, "num")).longValue()) == 0;
            case "sameas" -> v == a.need(0, "other") || Values.numeric(v) && v.equals(a.need(0, "other"));
            case "eq", "equalto", "==" -> Values.equal(run, v, a.need(0, "other"));
            case "ne", "!=" -> !Values.equal(run, v, a.need(0, "other"));
            case "lt", "lessthan", "<" -> Values.compare(run, v, a.need(0, "other")) < 0;
            case "le", "<=" -> Values.compare(run, v, a.need(0, "other")) <= 0;
            case "gt", "greaterthan", ">" -> Values.compare(run, v, a.need(0, "other")) > 0;
            case "ge", ">=" -> Values.compare(run, v, a.need(0, "other")) >= 0;
            case "in" -> Values.contains(run, a.need(0, "seq"), v);
            case "upper", "lower" -> Values
                    .truth(((Values.Callable) Methods.attribute(run, text(run, v), "is" + name)).call(run, Arguments.NONE));
            default -> throw new TemplateError("the test \"is " + name + "\" is not supported");
        };
    }

    private static Map<?, ?> mapping(Object v) {
        if (v instanceof Map<?, ?> m) {
            return m;
        }
        throw new TemplateError(Values.type(v) + " is used where a mapping is needed");
    }

    private static List<Object> reversed(List<?> items) {
        List<Object> reversed = new ArrayList<>(items);
        Collections.reverse(reversed);
        return reversed;
    }

    private static String indent(Renderer run, String s, Arguments a) {
        Object width = a.get(0, "width", 4L);
        String indent = width instanceof String w ? w : " ".repeat(Math.max(0, Math.min(64, Values.integer(width))));
        boolean blank = Values.truth(a.get(2, "blank", false));
        StringBuilder out = new StringBuilder(Values.truth(a.get(1, "first", false)) ? indent : "");
        String[] lines = s.split("\n", -1);
        for (int i = 0; i < lines.length; i++) {
            run.charge(lines[i].length() + indent.length());
            out.append(i == 0 ? "" : "\n").append(i > 0 && (blank || !lines[i].isEmpty()) ? indent : "").append(lines[i]);
        }
        return out.toString();
    }

    private static Object whole(Object v, Arguments a) {
        try {
            return v instanceof String s ? (Object) Long.parseLong(s.strip()) : Values.number(v).longValue();
        } catch (NumberFormatException | TemplateError e) {
            return real(v, Arguments.NONE) instanceof Double d && v instanceof String && d != 0 ? (Object) d.longValue()
                    : a.get(0, "default", 0L);
        }
    }

    private static Object real(Object v, Arguments a) {
        try {
            return v instanceof String s ? (Object) Double.parseDouble(s.strip()) : Values.number(v).doubleValue();
        } catch (NumberFormatException | TemplateError e) {
            return a.get(0, "default", 0.0);
        }
    }

    private static Object sum(Renderer run, List<?> items, Object start) {
        Object sum = start;
        for (Object item : items) {
            sum = Operators.of(run, "+", sum, item);
        }
        return sum;
    }

    private static Function<Object, Object> path(Renderer run, Object attribute) {
        List<Object> keys = new ArrayList<>();
        for (String part : text(run, attribute).split("\\.")) {
            keys.add(part.matches("\\d{1,9}") ? (Object) Long.parseLong(part) : part);
        }
        return value -> {
            Object at = value;
            for (Object key : keys) {
                run.charge(1);
                at = at instanceof Values.Undefined ? at : Values.item(run, at, key);
            }
            return at;
        };
    }

    private static List<?> mapped(Renderer run, List<?> items, Object attribute) {
        return attribute == null ? items : collect(run, items, path(run, attribute));
    }

    private static List<Object> collect(Renderer run, List<?> items, Function<Object, Object> of) {
        List<Object> all = new ArrayList<>();
        for (Object item : items) {
            run.charge(8);
            all.add(of.apply(item));
        }
        return all;
    }

    private static List<?> map(Renderer run, List<?> items, Arguments a) {
        if (a.named().containsKey("attribute")) {
            Object otherwise = a.named().get("default");
            return collect(run, mapped(run, items, a.named().get("attribute")),
                    x -> x instanceof Values.Undefined && a.named().containsKey("default") ? otherwise : x);
        }
        String name = Values.string(a.need(0, "filter"));
        return collect(run, items, x -> filter(run, name, x, a.from(1)));
    }

    private static List<Object> kept(Renderer run, Object v, boolean wanted, Function<Object, Object> of, Arguments a) {
        String test = a.positional().isEmpty() ? null : Values.string(a.positional().get(0));
        Predicate<Object> passes = x -> test == null ? Values.truth(x) : test(run, test, x, a.from(1));
        List<Object> kept = new ArrayList<>();
        for (Object item : Values.truth(v) ? Values.items(run, v) : List.of()) {
            run.charge(8);
            if (passes.test(of.apply(item)) == wanted) {
                kept.add(item);
            }
        }
        return kept;
    }

    private static Comparator<Object> order(Renderer run, boolean caseSensitive) {
        Function<Object, Object> key = x -> x instanceof String s && !caseSensitive ? Methods.lower(s) : x;
        return (x, y) -> {
            run.charge(x instanceof String s ? 1 + s.length() / 4 : 1);
            return Values.compare(run, key.apply(x), key.apply(y));
        };
    }

    private static List<Object> sorted(Renderer run, List<?> items, Arguments a) {
        Object attribute = a.get(2, "attribute", null);
        Function<Object, Object> key = attribute == null ? Function.identity() : path(run, attribute);
        Comparator<Object> order = order(run, Values.truth(a.get(1, "case_sensitive", false)));
        Comparator<Object> by = (x, y) -> order.compare(key.apply(x), key.apply(y));
        List<Object> sorted = new ArrayList<>(items);
        sorted.sort(Values.truth(a.get(0, "reverse", false)) ? by.reversed() : by);
        return sorted;
    }

    private static List<Object> unique(Renderer run, List<?> items) {
        List<Object> unique = new ArrayList<>();
        for (Object item : items) {
            Object key = item instanceof String s ? Methods.lower(s) : item;
            if (unique.stream().noneMatch(u -> Values.equal(run, u instanceof String s ? Methods.lower(s) : u, key))) {
                unique.add(item);
            }
        }
        return unique;
    }
}
