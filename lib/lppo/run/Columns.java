package lppo.run;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;

/** Converts records to rows of tables: the components in order, {@code passRate} as {@code pass_rate}. */
public final class Columns {

    private Columns() {}

    /** Returns the columns of a record; an absent optional number is an empty text, and each entry of a map is a column of its own. */
    public static Map<String, Object> of(Record row) {
        Map<String, Object> columns = new LinkedHashMap<>();
        for (RecordComponent component : row.getClass().getRecordComponents()) {
            Object value = value(row, component);
            if (value instanceof Map<?, ?> more) {
                more.forEach((name, each) -> columns.put(String.valueOf(name), each));
            } else if (value instanceof OptionalDouble number) {
                columns.put(name(component), number.isPresent() ? number.getAsDouble() : "");
            } else {
                columns.put(name(component), value);
            }
        }
        return columns;
    }

    private static String name(RecordComponent component) {
        return component.getName().replaceAll("(?<=[a-z])(?=[A-Z])", "_").toLowerCase(Locale.ROOT);
    }

    private static Object value(Record row, RecordComponent component) {
        try {
            return component.getAccessor().invoke(row);
        } catch (IllegalAccessException | InvocationTargetException e) {
            throw new IllegalStateException(e); // accessors are public and do not throw
        }
    }
}
