package commands;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;

/** Lets the current work finish and save on Ctrl-C and SIGTERM: a loop checks {@link #watch}, and the process waits for it. */
public final class Interrupt {

    private static final long PATIENCE_MILLIS = 60_000;

    static final String PARENT = "lppo.parent"; // system property: a process id

    private Interrupt() {}

    /**
     * Returns a condition that becomes true once the process is asked to end, which then waits for the calling thread, at most a minute. It
     * also becomes true when the process that started this one with {@link Children} or {@link WithSpark} has ended.
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
