package lppo.run;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import com.google.gson.reflect.TypeToken;
import common.BadInput;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import lppo.Hint;
import lppo.Stateful;
import lppo.rollout.Group;

/** The stateful operators of a run, by their role, which observe groups and are saved and restored together. */
final class Memory {

    private static final Gson GSON = new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();

    private final Map<String, Stateful> operators = new LinkedHashMap<>();
    private final Set<Object> known = Collections.newSetFromMap(new IdentityHashMap<>());

    /** Adds an operator if it is stateful and was not added under another name. */
    Memory add(String part, Object operator) {
        Object itself = operator instanceof Hint.Conditional conditional ? conditional.hint() : operator;
        if (itself instanceof Stateful stateful && known.add(itself)) {
            operators.put(part, stateful);
        }
        return this;
    }

    void observe(List<Group> groups) {
        List<Group> all = List.copyOf(groups);
        operators.values().forEach(operator -> operator.observe(all));
    }

    Map<String, Map<String, double[]>> state() {
        Map<String, Map<String, double[]>> state = new LinkedHashMap<>();
        operators.forEach((part, operator) -> state.put(part, operator.state()));
        return state;
    }

    void restore(Map<String, Map<String, double[]>> state) {
        operators.forEach((part, operator) -> operator.restore(state.getOrDefault(part, Map.of())));
    }

    void forget() {
        restore(Map.of());
    }

    Map<String, Double> metrics() {
        Map<String, Double> metrics = new TreeMap<>();
        operators.values().forEach(operator -> metrics.putAll(operator.metrics()));
        return metrics;
    }

    void save(Path file) throws IOException {
        Files.writeString(file, GSON.toJson(state()) + "\n");
    }

    /** @throws BadInput naming the file if it is missing, malformed or the state of other operators */
    void load(Path file) {
        Map<String, Map<String, double[]>> state;
        try {
            state = GSON.fromJson(Files.readString(file), new TypeToken<Map<String, Map<String, double[]>>>() {}.getType());
        } catch (IOException | JsonParseException e) {
            throw new BadInput(file + ": is not the saved state of operators (" + e.getMessage() + ")", e);
        }
        BadInput.unless(state != null && state.keySet().equals(operators.keySet()), "%s: has the state of %s, but the run has %s", file,
                state == null ? "nothing" : String.join(", ", state.keySet()), String.join(", ", operators.keySet()));
        try {
            restore(state);
        } catch (RuntimeException e) {
            throw new BadInput(file + ": " + e.getMessage(), e);
        }
    }
}
