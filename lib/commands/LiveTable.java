package commands;

import commands.Jobs.Job;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Prints a table while runs are in progress: a line per evaluation, with the estimated time left for all runs. */
final class LiveTable {

    private static final String FORMAT = "%-20s %4s %6s %10s %8s  %s";

    private final List<Job> queue;
    private final Map<String, Integer> told = new HashMap<>();
    private final long begin = System.nanoTime();
    private final long total;
    private final long before;

    /** A table of these runs; what was evaluated before is not told again. */
    LiveTable(List<Job> queue) {
        this.queue = queue;
        total = queue.stream().mapToLong(Job::steps).sum();
        before = done();
        queue.forEach(job -> told.put(job.name(), evaluations(job).size()));
    }

    /** Tells what is new. */
    void update(Progress progress) {
        if (told.put("", 1) == null) {
            progress.tell(FORMAT.formatted("run", "seed", "step", "tokens", "greedy", "minutes left"));
        }
        for (Job job : queue) {
            List<String> lines = evaluations(job);
            for (String line : lines.subList(Math.min(told.get(job.name()), lines.size()), lines.size())) {
                String[] columns = line.split(",");
                if (columns.length < 5) {
                    break; // half written
                }
                told.merge(job.name(), 1, Integer::sum);
                int dash = job.name().lastIndexOf('-');
                progress.tell(String.format(Locale.ROOT, FORMAT, job.name().substring(0, dash), job.name().substring(dash + 1), columns[0],
                        columns[1], columns[4].substring(0, Math.min(5, columns[4].length())), left()));
            }
        }
    }

    /** Minutes, reckoned from what was done since this process began; empty before the first step. */
    private String left() {
        long done = done();
        return done == before ? ""
                : String.format(Locale.ROOT, "%.0f", (total - done) * ((System.nanoTime() - begin) / 60e9) / (done - before));
    }

    private long done() {
        return queue.stream().mapToLong(Job::done).sum();
    }

    /** The rows over all levels. */
    private static List<String> evaluations(Job job) {
        try {
            return job.lines("evaluation.csv").stream().filter(line -> line.contains(",all,")).toList();
        } catch (IOException e) {
            return List.of(); // not begun
        }
    }
}
