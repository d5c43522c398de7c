package commands;

import java.io.IOException;
import java.util.function.LongConsumer;
import lppo.run.RunListener;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;

/** A progress bar with the remaining time on standard error; nothing if that is not a terminal. */
public final class Progress implements LongConsumer, AutoCloseable {

    private final ProgressBar bar;

    public Progress(String name, long steps) {
        bar = System.console() == null ? null : new ProgressBarBuilder().setTaskName(name).setInitialMax(steps)
                .setStyle(ProgressBarStyle.ASCII).setUpdateIntervalMillis(500)
                .setConsumer(new ConsoleProgressBarConsumer(System.err, width() - 1)).build();
    }

    /** Returns the width of the terminal; determined here because the bar's own query disables Java's handling of Ctrl-C. */
    private static int width() {
        try (Terminal terminal = TerminalBuilder.builder().dumb(true).nativeSignals(false).build()) {
            return terminal.getWidth() > 20 ? terminal.getWidth() : 80;
        } catch (IOException e) {
            return 80;
        }
    }

    /** Whether there is a terminal to show it. */
    public boolean shown() {
        return bar != null;
    }

    @Override
    public void accept(long done) {
        if (bar != null) {
            bar.stepTo(done);
        }
    }

    /** Sets the text after the bar. */
    public void note(String text) {
        if (bar != null) {
            bar.setExtraMessage(text);
        }
    }

    /** Returns a listener that shows how far the sampling of a step is, after the bar. */
    public RunListener sampling() {
        return new RunListener() {
            private double last = 1;
            private long begin;

            @Override
            public void sampling(long step, double share) {
                if (share < last) { // another rollout
                    begin = System.nanoTime();
                }
                last = share;
                note(untilSampled(share, (System.nanoTime() - begin) / 1e9));
            }
        };
    }

    /** Returns the text for a rollout whose share took so many seconds since it was first heard of. */
    static String untilSampled(double share, double seconds) {
        long left = Math.round(seconds * (1 - share) / share);
        return share >= 1 ? ""
                : "sampling %.0f%%%s".formatted(100 * share, seconds < 1 ? "" : ", %d:%02d left".formatted(left / 60, left % 60));
    }

    /** Prints a line above the bar, on standard error. */
    public void tell(String line) {
        System.err.println(bar == null ? line : "\r" + line + "\u001b[K");
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
        }
    }
}
