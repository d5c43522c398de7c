package lppo.learn;

/** Thrown if a loss or gradient is NaN or infinite, before it corrupts the policy. The message names the step. */
public final class Diverged extends RuntimeException {

    public Diverged(String message) {
        super(message);
    }
}
