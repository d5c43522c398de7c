package lppo;

import common.BadInput;

/**
 * When a problem counts as challenging, so that it gets a hint. The paper as available to us speaks of challenging problems and gives no
 * rule; this one and its defaults are ours.
 *
 * @param maxAverage guided only while the average pass rate p~ is at most this, in [0, 1]
 * @param minSeen and it was observed at least so often
 * @param maxProgress and its progress Delta is at most this, so that what is being learned is left alone
 * @param maxInARow and at most so many guided visits have passed since the last unguided observation
 */
public record GuidanceRule(double maxAverage, int minSeen, double maxProgress, int maxInARow) {

    public GuidanceRule {
        BadInput.unless(maxAverage >= 0 && maxAverage <= 1, "guidance threshold %s: must lie in [0, 1]", maxAverage);
        BadInput.unless(minSeen >= 0, "guidance after %d visits: must be 0 or more", minSeen);
        BadInput.unless(maxInARow > 0, "guided visits in a row %d: must be positive", maxInARow);
        BadInput.unless(maxProgress >= -1, "guidance up to a progress of %s: must be -1 or more", maxProgress);
    }

    /** Problems seen at least once with p~ at most {@code maxAverage}; between two guided visits comes an unguided one. */
    public static GuidanceRule failing(double maxAverage) {
        return new GuidanceRule(maxAverage, 1, 1, 1);
    }

    /** Whether a problem with this record is to be guided. */
    public boolean guides(ProgressTracker.Entry entry) {
        return entry.seen() >= minSeen && entry.average() <= maxAverage && entry.progress() <= maxProgress
                && entry.guidedSince() < maxInARow;
    }
}
