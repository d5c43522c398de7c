package tasks;

import common.BadInput;
import common.Seed;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import lppo.task.ModularChainTask;
import lppo.task.Task;

/** The registry of tasks that commands know by name. To add one, write a class and add a line here. */
public final class Tasks {

    private static final Map<String, Function<Seed, Task>> TASKS = new LinkedHashMap<>();

    static {
        TASKS.put("modular-chain", ModularChainTask::new);
        TASKS.put("arithmetic", ArithmeticTask::new);
    }

    private Tasks() {}

    /** Returns the names of all tasks. */
    public static List<String> names() {
        return List.copyOf(TASKS.keySet());
    }

    /**
     * Returns the task of this name.
     *
     * @throws BadInput listing the names if there is none
     */
    public static Task named(String name) {
        return named(name, new Seed(1));
    }

    /**
     * The task of this name that a seed makes.
     *
     * @throws BadInput listing the names, if there is none
     */
    public static Task named(String name, Seed seed) {
        BadInput.unless(TASKS.containsKey(name), "task \"%s\" is unknown; choose one of %s", name, String.join(", ", names()));
        return TASKS.get(name).apply(seed);
    }
}
