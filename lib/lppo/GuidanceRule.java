package lppo;

import common.BadInput;

/**
 * Decides when a problem counts as challenging and gets a hint. The paper, as available to us, mentions challenging problems but gives no
 * rule; this rule and its defaults are ours.
 *
 * @param maxAverage a problem is guided only if its average pass rate p~ is at most this, in [0, 1],
 * @param minSeen it was observed at least this many times,
 * @param maxProgress its progress Delta is at most this, so that a problem being learned is left alone,
 * @param maxInARow and fewer than this many guided visits have passed since the last unguided observation
 */
public record GuidanceRule(double maxAverage, int minSeen, double maxProgress, int maxInARow) {

    public GuidanceRule {
        BadInput.unless(maxAverage >= 0 && maxAverage <= 1, "guidance threshold %s: must lie in [0, 1]", maxAverage);
        BadInput.unless(minSeen >= 0, "guidance after %d visits: must be 0 or more", minSeen);
        BadInput.unless(maxInARow > 0, "guided visits in a row %d: must be positive", maxInARow);
        BadInput.unless(maxProgress >= -1, "guidance up to a progress of %s: must be -1 or more", maxProgress);
    }

    /** Guides problems observed at least once with p~ at most {@code maxAverage}; between two guided visits there is an unguided one. */
    public static GuidanceRule failing(double maxAverage) {
        return new GuidanceRule(maxAverage, 1, 1, 1);
    }

    /** Returns whether a problem with this entry gets a hint. */
    public boolean guides(ProgressTracker.Entry entry) {
        return entry.seen() >= minSeen && entry.average() <= maxAverage && entry.progress() <= maxProgress
                && entry.guidedSince() < maxInARow;
    }
}
