package lppo.learn;

/** A loss or gradient that is no finite number: going on would destroy the policy. The message says at which step. */
public final class Diverged extends RuntimeException {

    public Diverged(String message) {
        super(message);
    }
}
