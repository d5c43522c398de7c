package lppo.run;

import ai.djl.engine.EngineException;

/** Thrown if a step runs out of memory. The message says which steps are saved and which setting to lower. */
public final class OutOfMemory extends RuntimeException {

    public OutOfMemory(String message, Throwable cause) {
        super(message, cause);
    }

    /** Returns whether this is the out-of-memory error of Java or of the engine, on a CPU or a GPU. */
    public static boolean is(Throwable e) {
        return e instanceof OutOfMemoryError || e instanceof EngineException && String.valueOf(e.getMessage()).contains("memory");
    }

    /** Returns further advice if the Java heap was full; otherwise empty. */
    public static String heap(Throwable e) {
        return e instanceof OutOfMemoryError ? ", or give Java more than its heap of " + (Runtime.getRuntime().maxMemory() >> 20)
                + " MB: JAVA_TOOL_OPTIONS=-Xmx4g" : "";
    }
}
