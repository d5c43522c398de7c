package commands;

//SOURCES RunCharts.java
//SOURCES WatchServer.java
//SOURCES ../logs/Logs.java

import common.BadInput;
import java.awt.image.BufferedImage;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import llm.Policy;
import logs.Mlflow;
import logs.TensorBoard;
import lppo.run.Training;
import picocli.CommandLine.Option;

/** Options for following a run: a page in the browser, TensorBoard, MLflow. */
public final class Following {

    private static final String MLFLOW = "http://127.0.0.1:5000";

    @Option(names = "--watch", arity = "0..1", fallbackValue = "" + WatchServer.PORT, paramLabel = "PORT",
            description = "Serve a page to watch the run on while it lasts, for browsers on this machine (default port: "
                    + WatchServer.PORT + ", or any that is free).")
    Integer watch;

    @Option(names = "--log", split = ",", paramLabel = "WHERE",
            description = "Also tensorboard (event files in --out), or mlflow or mlflow=URL (default: MLFLOW_TRACKING_URI, else " + MLFLOW
                    + "; MLFLOW_EXPERIMENT_NAME, else lppo).")
    List<String> log = List.of();

    /** @throws BadInput naming the first impossible option */
    void check() {
        BadInput.unless(watch == null || watch >= 0 && watch < 65536, "--watch %d: must be a port, 0 to 65535", watch);
        log.forEach(where -> {
            BadInput.unless(where.matches("tensorboard|mlflow(=.+)?"), "--log %s: choose tensorboard, mlflow or mlflow=URL", where);
            if (where.startsWith("mlflow")) {
                address(where);
            }
        });
    }

    private static URI address(String where) {
        String text = where.contains("=") ? where.substring(where.indexOf('=') + 1)
                : Optional.ofNullable(System.getenv("MLFLOW_TRACKING_URI")).filter(named -> !named.isBlank()).orElse(MLFLOW);
        URI address = text.matches("https?://[\\w.:\\[\\]-]+(/[\\w./~-]*)?") ? URI.create(text) : null;
        BadInput.unless(address != null, "--log mlflow: %s is no address of an MLflow server; one is %s", text, MLFLOW);
        return address;
    }

    /** Follows a run until it is closed. */
    Followed begin(Training training, Path folder, Policy policy, Map<String, ?> config, Consumer<String> tell) {
        Followed followed = new Followed(training, tell);
        Supplier<Map<String, BufferedImage>> charts = () -> RunCharts.of(List.of(new RunGroup(name(folder), List.of(folder))));
        try {
            for (String where : log.stream().distinct().toList()) {
                if (where.equals("tensorboard")) {
                    followed.tensorBoard(new TensorBoard(folder, policy, config, charts));
                } else {
                    followed.mlflow(new Mlflow(address(where), Optional.ofNullable(System.getenv("MLFLOW_EXPERIMENT_NAME")).orElse("lppo"),
                            folder, config, charts, tell));
                }
            }
            if (watch != null) {
                followed.serve(new WatchedRuns(List.of(folder)), watch);
            }
            return followed;
        } catch (RuntimeException e) {
            followed.close();
            throw e;
        }
    }

    private static String name(Path folder) {
        return String.valueOf(folder.toAbsolutePath().normalize().getFileName());
    }

    /** What follows a run. */
    static final class Followed implements AutoCloseable {

        private final List<AutoCloseable> open = new ArrayList<>();
        private final List<Consumer<Boolean>> ends = new ArrayList<>();
        private final Consumer<String> tell;
        private Training training;

        private Followed(Training training, Consumer<String> tell) {
            this.training = training;
            this.tell = tell;
        }

        private void tensorBoard(TensorBoard board) {
            open.add(board);
            ends.add(board::ended);
            training = training.listener(board);
        }

        private void mlflow(Mlflow mlflow) {
            open.add(mlflow);
            ends.add(mlflow::ended);
            training = training.listener(mlflow);
        }

        private void serve(WatchedRuns runs, int port) {
            WatchServer server;
            try {
                server = new WatchServer(runs, port);
            } catch (BadInput e) {
                if (port != WatchServer.PORT) {
                    throw e;
                }
                server = new WatchServer(runs, 0);
            }
            open.add(server);
            tell.accept("watch at " + server.address() + " while it runs; ./jbang watch shows it at any time");
        }

        /** The run with its listeners. */
        Training training() {
            return training;
        }

        /** Notes that the run came to an end: all its steps, or as many as were done when it was stopped. */
        void ended(boolean finished) {
            ends.forEach(end -> end.accept(finished));
        }

        @Override
        public void close() {
            open.forEach(each -> {
                try {
                    each.close();
                } catch (Exception e) {
                    throw e instanceof RuntimeException known ? known : new IllegalStateException(e); // theirs throw nothing else
                }
            });
        }
    }
}
