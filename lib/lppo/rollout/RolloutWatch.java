package lppo.rollout;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.DoubleConsumer;

/**
 * Tells a listener how far a rollout is, also while the engine decodes a batch, which is one call: the engine writes how many tokens
 * the batch may still get, and a thread reads it some times a second.
 */
final class RolloutWatch implements AutoCloseable {

    private static final long MILLISECONDS = 200;

    private final DoubleConsumer listener;
    private final long most; // tokens of all rows, if each is as long as it may be
    private final ByteBuffer left = ByteBuffer.allocateDirect(Long.BYTES).order(ByteOrder.nativeOrder());
    private volatile long later; // tokens of batches to come
    private double told;
    private boolean closed;
    private RuntimeException failure;

    /** @param listener null for none */
    RolloutWatch(DoubleConsumer listener, long most) {
        this.listener = listener;
        this.most = most;
        later = most;
        if (listener != null) {
            Thread thread = new Thread(this::watch, "rollout");
            thread.setDaemon(true);
            thread.start();
        }
    }

    /** A batch of so many tokens begins; returns where the engine writes how many are left, or null if nobody listens. */
    ByteBuffer begin(long tokens) {
        left.putLong(0, tokens);
        later -= tokens;
        return listener == null ? null : left;
    }

    /** The batch has ended. */
    void end() {
        left.putLong(0, 0);
        tell();
    }

    private synchronized void watch() {
        try {
            while (!closed) {
                wait(MILLISECONDS);
                tell();
            }
        } catch (InterruptedException e) {
            return;
        }
    }

    private synchronized void tell() {
        double share = 1 - (double) (later + left.getLong(0)) / most;
        if (listener != null && !closed && failure == null && share > told) {
            told = share;
            try {
                listener.accept(share);
            } catch (RuntimeException e) {
                failure = e;
            }
        }
    }

    /**
     * The rollout has ended: the listener is not called any more.
     *
     * @throws RuntimeException that the listener threw
     */
    @Override
    public synchronized void close() {
        closed = true;
        notifyAll();
        if (failure != null) {
            throw failure;
        }
    }
}
