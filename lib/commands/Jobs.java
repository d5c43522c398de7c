package commands;

import common.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import lppo.run.Checkpoints;

/**
 * Runs several {@code train}, {@code sft} and {@code evaluate} commands in parallel, in processes of one thread each, with a common
 * progress bar. Finished runs are kept; interrupted ones continue from their checkpoints.
 *
 * @param out common folder of the runs
 * @param atATime number of parallel runs
 */
public record Jobs(Path out, int atATime) {

    private static final int SHOWN = 6; // number of accuracies that fit beside the bar

    /**
     * A run.
     *
     * @param name unique; the part before a final {@code -NUMBER} groups the seeds
     * @param folder its run folder
     * @param arguments command, then options
     * @param steps number of steps, approximate if the run ends by its tokens
     * @param tokens number of sampled tokens after which it ends; 0 if it ends by its steps
     * @param after name of an earlier job whose result it needs; null for none
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
            boolean evaluated = arguments.contains("--evaluate-on");
            if (evaluated && evaluations.size() < 2 || metrics.size() < 2 || !Files.isDirectory(folder.resolve("checkpoint"))) {
                return false;
            }
            String[] last = metrics.get(metrics.size() - 1).split(",");
            Path state = folder.resolve("checkpoint").resolve("state.json"); // its checkpoint is written after its evaluation
            if (Files.exists(state) && Json.object(state).get("step").getAsLong() != Long.parseLong(last[0])) {
                return false;
            }
            boolean done = tokens > 0 ? Long.parseLong(last[1]) >= tokens : Long.parseLong(last[0]) >= steps;
            return done && (!evaluated || evaluations.get(evaluations.size() - 1).startsWith(last[0] + ","));
        }

        /** Returns the number of finished steps, or the equivalent share of the tokens. */
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
                return 0; // not started, or a half-written row
            }
        }

        List<String> lines(String table) throws IOException {
            Path file = folder.resolve(table);
            return Files.exists(file) ? Files.readAllLines(file) : List.of();
        }
    }

    /** Runs all jobs; the first failure ends all of them. */
    public void run(List<Job> queue) throws Exception {
        run(queue, progress -> progress.note(accuracies(queue)));
    }

    /** The same; {@code watch} is called every second. */
    void run(List<Job> queue, Consumer<Progress> watch) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(atATime);
        try (Children children = new Children(out);
                Progress progress = new Progress("", queue.stream().mapToLong(Job::steps).sum())) {
            Map<String, CompletableFuture<Void>> futures = new LinkedHashMap<>();
            for (Job job : queue) {
                Runnable body = () -> run(job, children);
                futures.put(job.name(), job.after() == null ? CompletableFuture.runAsync(body, pool)
                        : futures.get(job.after()).thenRunAsync(body, pool)); // takes no place in the pool while it waits
            }
            CompletableFuture<Void> all = CompletableFuture.allOf(futures.values().toArray(CompletableFuture[]::new));
            while (!all.isDone()) {
                TimeUnit.SECONDS.sleep(1);
                progress.accept(queue.stream().mapToLong(Job::done).sum());
                watch.accept(progress);
                for (Future<?> future : futures.values()) {
                    if (future.isDone()) {
                        future.get(); // a failed run ends all immediately
                    }
                }
            }
            watch.accept(progress);
            all.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        } finally {
            pool.shutdownNow();
        }
    }

    private static void run(Job job, Children children) {
        try {
            if (job.finished()) {
                return;
            }
            List<String> arguments = new ArrayList<>(job.arguments());
            if (Checkpoints.resumable(job.folder()) && List.of("train", "sft").contains(arguments.get(0))) {
                arguments.add("--resume");
            } else {
                Children.delete(job.folder());
            }
            if (job.evaluates()) {
                Files.createDirectories(job.folder());
            }
            children.run(job.name().replace("/", "-"), arguments);
        } catch (IOException | InterruptedException e) {
            throw new CompletionException(e);
        }
    }

    /** Returns the latest greedy accuracy by recipe, the mean over its seeds that have started. */
    private static String accuracies(List<Job> queue) {
        Map<String, List<Double>> latest = new LinkedHashMap<>();
        for (Job job : queue) {
            try {
                job.lines("evaluation.csv").stream().filter(l -> l.contains(",all,"))
                        .reduce((a, b) -> b).ifPresent(l -> latest.computeIfAbsent(job.name().replaceFirst("-\\d+$", ""),
                                name -> new ArrayList<>()).add(Double.parseDouble(l.split(",")[4])));
            } catch (IOException | NumberFormatException | ArrayIndexOutOfBoundsException e) {
                continue; // not started, or a half-written row
            }
        }
        return latest.size() > SHOWN ? "" : latest.entrySet().stream().map(e -> e.getKey() + " %.2f".formatted( // ".20" to save space
                e.getValue().stream().mapToDouble(x -> x).average().orElseThrow()).replace("0.", "."))
                .collect(Collectors.joining(" "));
    }
}
