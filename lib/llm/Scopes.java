package llm;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import ai.djl.pytorch.jni.JniUtils;
import java.util.function.Supplier;

/** Lifetimes of native arrays: arrays that a block creates are freed at its end, except its result. */
public final class Scopes {

    private Scopes() {}

    /**
     * Runs {@code body}, frees every array that it created and passes its result to the surrounding {@link NDScope}. While gradients are
     * recorded, the engine itself keeps what the backward pass needs. The result must be an array that {@code body} created.
     */
    public static NDArray keep(Supplier<NDArray> body) {
        NDArray result;
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            result = body.get();
            NDScope.unregister(result);
        }
        NDScope.register(result);
        return result;
    }

    /** Like {@link #keep}, for a block without a result. */
    public static void run(Runnable body) {
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            body.run();
        }
    }

    /**
     * Turns off gradient recording in this thread; by default it is on in every thread but the engine's first. A
     * {@code GradientCollector} turns it on for as long as it is open.
     */
    public static void recordNothing() {
        Engine.getEngine("PyTorch"); // loads the native library
        if (JniUtils.isGradMode()) {
            JniUtils.setGradMode(false);
        }
    }
}
