package commands;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import lppo.run.Checkpoints;

/**
 * Runs of {@code train}, {@code sft} and {@code evaluate}, several side by side in processes of one thread each, with a progress bar
 * over all. What is finished is kept; what was broken off goes on from its checkpoint.
 *
 * @param out folder of all of them
 * @param atATime how many side by side
 */
public record Jobs(Path out, int atATime) {

    private static final int SHOWN = 6; // accuracies that fit beside the bar

    /**
     * One run.
     *
     * @param name unique; what is before a last {@code -NUMBER} groups the seeds
     * @param folder its run folder
     * @param arguments command, then options
     * @param steps it has, or about as many if it ends by its tokens
     * @param tokens after which it ends; 0 if it ends by its steps
     * @param after the name of an earlier job that it needs; null for none
     */
    public record Job(String name, Path folder, List<String> arguments, long steps, long tokens, String after) {

        /** What {@code evaluate} writes last into its folder. */
        static final String SCORES = "scores.csv";

        /** A job that needs no other. */
        public Job(String name, Path folder, List<String> arguments, long steps, long tokens) {
            this(name, folder, arguments, steps, tokens, null);
        }

        private boolean evaluates() {
            return arguments.get(0).equals("evaluate");
        }

        private boolean finished() throws IOException {
            if (evaluates()) {
                return Files.exists(folder.resolve(SCORES));
            }
            List<String> evaluations = lines("evaluation.csv");
            List<String> metrics = lines("metrics.csv");
            if (evaluations.size() < 2 || metrics.size() < 2 || !Files.isDirectory(folder.resolve("checkpoint"))) {
                return false;
            }
            String[] last = metrics.get(metrics.size() - 1).split(",");
            boolean done = tokens > 0 ? Long.parseLong(last[1]) >= tokens : Long.parseLong(last[0]) >= steps;
            return done && evaluations.get(evaluations.size() - 1).startsWith(last[0] + ",");
        }

        /** Steps done, or as many as the share of the tokens is worth. */
        long done() {
            try {
                if (evaluates()) {
                    return finished() ? steps : 0;
                }
                List<String> metrics = lines("metrics.csv");
                long rows = Math.max(0, metrics.size() - 1);
                return tokens == 0 || rows == 0 ? rows
                        : Math.min(steps, steps * Long.parseLong(metrics.get(metrics.size() - 1).split(",")[1]) / tokens);
            } catch (IOException | NumberFormatException | ArrayIndexOutOfBoundsException e) {
                return 0; // not begun, or a row half written
            }
        }

        List<String> lines(String table) throws IOException {
            Path file = folder.resolve(table);
            return Files.exists(file) ? Files.readAllLines(file) : List.of();
        }
    }

    /** Runs them all; the first that fails ends the whole. */
    public void run(List<Job> queue) throws Exception {
        run(queue, progress -> progress.note(accuracies(queue)));
    }

    /** The same; {@code watch} is called every second. */
    void run(List<Job> queue, Consumer<Progress> watch) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(atATime);
        try (Children children = new Children(out);
                Progress progress = new Progress("", queue.stream().mapToLong(Job::steps).sum())) {
            Map<String, Future<?>> futures = new LinkedHashMap<>();
            for (Job job : queue) {
                Future<?> needed = job.after() == null ? null : futures.get(job.after());
                futures.put(job.name(), pool.submit(() -> {
                    if (needed != null) {
                        needed.get(); // it began before, so that waiting for it ends
                    }
                    if (!job.finished()) {
                        List<String> arguments = new ArrayList<>(job.arguments());
                        if (Checkpoints.resumable(job.folder()) && arguments.get(0).equals("train")) {
                            arguments.add("--resume");
                        } else {
                            Children.delete(job.folder());
                        }
                        if (job.evaluates()) {
                            Files.createDirectories(job.folder());
                        }
                        children.run(job.name().replace("/", "-"), arguments);
                    }
                    return null;
                }));
            }
            pool.shutdown();
            while (!pool.awaitTermination(1, TimeUnit.SECONDS)) {
                progress.accept(queue.stream().mapToLong(Job::done).sum());
                watch.accept(progress);
                for (Future<?> future : futures.values()) {
                    if (future.isDone()) {
                        future.get(); // a failed run ends the whole at once
                    }
                }
            }
            watch.accept(progress);
            for (Future<?> future : futures.values()) {
                future.get();
            }
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        } finally {
            pool.shutdownNow();
        }
    }

    /** The latest greedy accuracy by recipe, mean over its seeds that have begun. */
    private static String accuracies(List<Job> queue) {
        Map<String, List<Double>> latest = new LinkedHashMap<>();
        for (Job job : queue) {
            try {
                job.lines("evaluation.csv").stream().filter(l -> l.contains(",all,"))
                        .reduce((a, b) -> b).ifPresent(l -> latest.computeIfAbsent(job.name().replaceFirst("-\\d+$", ""),
                                name -> new ArrayList<>()).add(Double.parseDouble(l.split(",")[4])));
            } catch (IOException | NumberFormatException | ArrayIndexOutOfBoundsException e) {
                continue; // not begun, or a row half written
            }
        }
        return latest.size() > SHOWN ? "" : latest.entrySet().stream().map(e -> e.getKey() + " %.2f".formatted( // ".20": 80 columns are few
                e.getValue().stream().mapToDouble(x -> x).average().orElseThrow()).replace("0.", "."))
                .collect(Collectors.joining(" "));
    }
}
