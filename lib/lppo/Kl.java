package lppo;

import ai.djl.ndarray.NDArray;

/**
 * Estimates of KL(policy || reference) from a token that the policy sampled (Schulman 2020, "Approximating KL divergence"),
 * with d = log policy - log reference. As values, k1 and k3 are unbiased. As loss terms they differ: the expected gradient of k2 is that of
 * the KL, that of k1 is zero, and that of k3 follows KL(reference || policy). {@code tests/lppo/KlTest.java} verifies all of this by
 * enumeration.
 */
public enum Kl {
    /** d. */
    K1,
    /** d^2 / 2. */
    K2,
    /** exp(-d) - 1 + d: never negative. */
    K3;

    private static final double MAX = 20; // |d| is clamped to this, so that the exponential is finite

    /** Returns the estimate at each token, in the shape of both arguments; differentiable. */
    public NDArray of(NDArray logProbs, NDArray reference) {
        NDArray d = logProbs.sub(reference).clip(-MAX, MAX);
        return switch (this) {
            case K1 -> d;
            case K2 -> d.square().mul(d.getManager().create(0.5f));
            case K3 -> d.neg().exp().add(d).sub(1);
        };
    }

    /** Returns the estimate at one token. */
    public double of(double logProb, double reference) {
        double d = Math.max(-MAX, Math.min(MAX, logProb - reference));
        return switch (this) {
            case K1 -> d;
            case K2 -> d * d / 2;
            case K3 -> Math.exp(-d) - 1 + d;
        };
    }
}
