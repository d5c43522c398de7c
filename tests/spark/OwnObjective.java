package spark;

import lppo.Objective;

/** An objective as a user writes it, in a class that executors can load. */
final class OwnObjective {

    private OwnObjective() {}

    /** REINFORCE, with a pull of log-probabilities to {@code target}. */
    static Objective reinforce(double target) {
        return (logProbs, tokens) -> Objective.loss(logProbs.mul(tokens.advantages()).neg().add(logProbs.sub(target).square())
                .mul(tokens.weights()).sum());
    }
}
