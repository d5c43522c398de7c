///usr/bin/env jbang "$0" "$@" ; exit $?
//SOURCES bench.java
//SOURCES check.java
//SOURCES dataset.java
//SOURCES doctor.java
//SOURCES evaluate.java
//SOURCES generate.java
//SOURCES gguf.java
//SOURCES merge.java
//SOURCES notebook.java
//SOURCES plot.java
//SOURCES reproduce.java
//SOURCES sft.java
//SOURCES shell.java
//SOURCES study.java
//SOURCES task.java
//SOURCES train.java
//SOURCES watch.java

package commands;

import common.BadInput;
import java.util.Arrays;
import java.util.function.Consumer;

/**
 * Runs the command named by the first argument. All commands are one script, so JBang compiles once; each is also a script of its own,
 * which compiles only what it needs.
 */
public class main {

    /**
     * The command of a name, to be called with its arguments.
     *
     * @throws BadInput if there is none
     */
    public static Consumer<String[]> command(String name) {
        return switch (name) { // not picocli's subcommands, which would load every command to run one
            case "bench" -> bench::main;
            case "check" -> check::main;
            case "dataset", "data" -> dataset::main;
            case "doctor" -> doctor::main;
            case "evaluate" -> evaluate::main;
            case "generate" -> generate::main;
            case "gguf", "export-gguf" -> gguf::main;
            case "merge" -> merge::main;
            case "notebook" -> notebook::main;
            case "plot" -> plot::main;
            case "reproduce" -> reproduce::main;
            case "sft" -> sft::main;
            case "shell" -> shell::main;
            case "study" -> study::main;
            case "task" -> task::main;
            case "train" -> train::main;
            case "watch" -> watch::main;
            default -> throw new BadInput("\"" + name + "\": no such command; jbang-catalog.json lists them");
        };
    }

    public static void main(String... args) {
        try {
            command(args.length == 0 ? "" : args[0]).accept(Arrays.copyOfRange(args, Math.min(1, args.length), args.length));
        } catch (BadInput e) { // what a command throws itself, it reports itself
            System.err.println(e.getMessage());
            System.exit(2);
        }
    }
}
