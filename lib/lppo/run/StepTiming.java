package lppo.run;

/**
 * The duration and memory of a training step: a row of {@code timing.csv}.
 *
 * @param step counted from 1
 * @param rolloutSeconds duration of sampling and scoring
 * @param updateSeconds duration of the update
 * @param rolloutTokensPerSecond completion tokens divided by {@code rolloutSeconds}
 * @param residentMegabytes memory of this process, including native memory; NaN if unknown
 */
public record StepTiming(long step, double rolloutSeconds, double updateSeconds, double rolloutTokensPerSecond,
        double residentMegabytes) {}
