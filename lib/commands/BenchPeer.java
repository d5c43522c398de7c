package commands;

import common.BadInput;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** A Python process that runs the peers on request. */
final class BenchPeer implements AutoCloseable {

    final String version;
    private final Process process;
    private final BufferedReader in;
    private final Writer out;
    private final Path log;

    /** @param name of the script, one of {@code tests/peer} */
    BenchPeer(String python, String name, Path folder, int threads) throws IOException {
        Path script = folder.resolve(name);
        log = folder.resolve("peer.log");
        try (InputStream text = BenchPeer.class.getResourceAsStream("/bench/" + name)) {
            Files.copy(text, script, StandardCopyOption.REPLACE_EXISTING);
        }
        ProcessBuilder builder = new ProcessBuilder(python, script.toString(), folder.toString(), Integer.toString(threads));
        try {
            process = builder.redirectError(log.toFile()).start();
        } catch (IOException e) {
            throw new BadInput("--peer " + python + ": cannot be run (" + e.getMessage() + ")", e);
        }
        in = process.inputReader();
        out = process.outputWriter();
        String ready = in.readLine();
        BadInput.unless(ready != null, "--peer %s: %s", python, lastWords());
        version = ready.split(" ")[1];
    }

    /** Returns what the peer prints after doing something once: the seconds, or what its script says. */
    double measure(String what) throws IOException {
        out.write(what + "\n");
        out.flush();
        String line = in.readLine();
        if (line == null) {
            throw new IllegalStateException("the peer ended during a " + what + ": " + lastWords());
        }
        return Double.parseDouble(line);
    }

    private String lastWords() throws IOException {
        return Files.readAllLines(log).stream().reduce((a, b) -> b).orElse("ended immediately");
    }

    @Override
    public void close() throws IOException {
        out.close();
        process.destroy();
    }
}
