package lppo.run;

/**
 * What one step cost: a row of {@code timing.csv}.
 *
 * @param step counted from 1
 * @param rolloutSeconds of sampling and scoring
 * @param updateSeconds of learning
 * @param rolloutTokensPerSecond completion tokens over {@code rolloutSeconds}
 * @param residentMegabytes memory of this process, the native part included; NaN where the system does not tell
 */
public record StepTiming(long step, double rolloutSeconds, double updateSeconds, double rolloutTokensPerSecond,
        double residentMegabytes) {}
