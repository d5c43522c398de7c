package commands;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;

/** Ctrl-C and SIGTERM let the work at hand finish and save: a loop asks {@link #watch}, the process waits for it. */
public final class Interrupt {

    private static final long PATIENCE_MILLIS = 60_000;

    static final String PARENT = "lppo.parent"; // system property: a process id

    private Interrupt() {}

    /**
     * True once the process was asked to end; it then waits for the calling thread, a minute at most. Also true once the process is
     * gone that {@link Children} or {@link WithSpark} started this one for.
     */
    public static BooleanSupplier watch() {
        AtomicBoolean asked = new AtomicBoolean();
        ProcessHandle.of(Long.getLong(PARENT, -1)).ifPresent(parent -> parent.onExit().thenRun(() -> asked.set(true)));
        Thread worker = Thread.currentThread();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            asked.set(true);
            try {
                worker.join(PATIENCE_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }));
        return asked::get;
    }
}
