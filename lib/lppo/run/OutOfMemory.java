package lppo.run;

import ai.djl.engine.EngineException;

/** A step for which memory did not suffice. The message says where the run stands and what to lower. */
public final class OutOfMemory extends RuntimeException {

    public OutOfMemory(String message, Throwable cause) {
        super(message, cause);
    }

    /** Whether this is what Java or the engine, on a CPU or a GPU, throws when memory is used up. */
    public static boolean is(Throwable e) {
        return e instanceof OutOfMemoryError || e instanceof EngineException && String.valueOf(e.getMessage()).contains("memory");
    }

    /** What else to do if it was Java's own heap; empty if it was not. */
    public static String heap(Throwable e) {
        return e instanceof OutOfMemoryError ? ", or give Java more than its heap of " + (Runtime.getRuntime().maxMemory() >> 20)
                + " MB: JAVA_TOOL_OPTIONS=-Xmx4g" : "";
    }
}
