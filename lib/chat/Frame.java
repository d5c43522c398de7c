package chat;

import java.util.HashMap;
import java.util.Map;

/** The variables of one scope. A loop's body and a macro have a scope of their own, an if has none. */
final class Frame {

    final Renderer run;
    private final Frame outer;
    private final Map<String, Object> variables = new HashMap<>();

    Frame(Renderer run, Frame outer) {
        this.run = run;
        this.outer = outer;
    }

    Object get(String name) {
        for (Frame f = this; f != null; f = f.outer) {
            if (f.variables.containsKey(name)) {
                return f.variables.get(name);
            }
        }
        return new Values.Undefined(name);
    }

    void set(String name, Object value) {
        run.charge(8);
        variables.put(name, value);
    }
}
