package chat;

import java.util.List;
import java.util.Map;

/** The arguments of a call, a filter or a test. */
record Arguments(List<Object> positional, Map<String, Object> named) {

    static final Arguments NONE = new Arguments(List.of(), Map.of());

    /** Returns the argument at a position or with a name; {@code otherwise} if it was not given. */
    Object get(int position, String name, Object otherwise) {
        return position < positional.size() ? positional.get(position) : named.containsKey(name) ? named.get(name) : otherwise;
    }

    Object need(int position, String name) {
        Object value = get(position, name, this);
        if (value == this) {
            throw new TemplateError("the argument " + name + " is missing");
        }
        return value;
    }

    Arguments from(int position) {
        return new Arguments(positional.subList(Math.min(position, positional.size()), positional.size()), named);
    }
}
