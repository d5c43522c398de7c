package logs;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** The contents of {@code config.json} as a flat list of settings. */
final class Settings {

    private static final Set<String> NOT = Set.of("checksums", "machine");
    private static final String NUMBER = "-?\\d{1,15}(\\.\\d{1,15})?([eE]-?\\d{1,2})?";

    private Settings() {}

    /** Numbers and texts by name; those of an inner object are called after both. Checksums and the machine are left out. */
    static Map<String, Object> flat(Map<String, ?> config) {
        Map<String, Object> flat = new LinkedHashMap<>();
        config.forEach((name, value) -> {
            if (NOT.contains(name)) {
                return;
            }
            if (value instanceof Map<?, ?> inner) {
                inner.forEach((each, of) -> flat.put(name + "." + each, plain(of)));
            } else {
                flat.put(name, plain(value));
            }
        });
        return flat;
    }

    /** Options come as texts: those that are numbers are numbers again. */
    private static Object plain(Object value) {
        String text = String.valueOf(value);
        return value instanceof Number ? value : text.matches(NUMBER) ? (Object) Double.valueOf(text) : text;
    }
}
