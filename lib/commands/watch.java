///usr/bin/env jbang "$0" "$@" ; exit $?
//SOURCES ../lppo/Lppo.java
//SOURCES Commands.java
//SOURCES WatchServer.java

package commands;

import common.BadInput;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.BooleanSupplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** A page to watch runs on, in a browser on this machine. */
@Command(name = "watch", mixinStandardHelpOptions = true,
        description = "Serve a page to watch runs on: curves, problems by step, completions to read. Only this machine reaches it.",
        footer = {"", "Examples:", "  ./jbang watch runs/reproduce", "  ./jbang watch runs/a /mnt/shared/runs/b --port 8000",
            "  ssh -L 7070:localhost:7070 MACHINE    # to watch what another machine serves"})
public class watch implements Callable<Integer> {

    @Parameters(paramLabel = "RUN", arity = "1..*",
            description = "Run folders, or folders with run folders in them; runs that begin later are found too.")
    List<Path> folders;

    @Option(names = "--port", description = "To listen on; 0: any that is free (default: ${DEFAULT-VALUE}).")
    int port = WatchServer.PORT;

    @Override
    public Integer call() throws Exception {
        BadInput.unless(port >= 0 && port < 65536, "--port %d: must lie in 0 to 65535", port);
        BooleanSupplier asked = Interrupt.watch();
        try (WatchServer server = new WatchServer(new WatchedRuns(folders), port)) {
            System.out.println("watch at " + server.address() + "; end with Ctrl-C");
            while (!asked.getAsBoolean()) {
                Thread.sleep(200);
            }
        }
        return 0;
    }

    public static void main(String... args) {
        Cli.run(new watch(), args);
    }
}
