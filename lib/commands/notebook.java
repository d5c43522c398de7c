///usr/bin/env jbang "$0" "$@" ; exit $?
//SOURCES ../lppo/Lppo.java
//SOURCES Commands.java
//SOURCES ../benchmarks/Benchmarks.java
//SOURCES ProblemOptions.java

package commands;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import common.BadInput;
import common.Json;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * Starts JupyterLab with a Java kernel that has lib on its class path. Everything is installed into a private virtual environment; the
 * user's Python and Jupyter are not changed.
 */
@Command(name = "notebook", mixinStandardHelpOptions = true,
        description = "Install the Java kernel and open JupyterLab on notebooks/.",
        footer = {"", "Examples:", "  ./jbang notebook", "  ./jbang notebook -- --no-browser --port 9000", "  ./jbang notebook --check",
            "  ./jbang notebook --kernel-only    # for VS Code, or a Jupyter of your own"})
public class notebook implements Callable<Integer> {

    private static final String KERNEL = "jjava==1.0a8";
    private static final String KERNEL_MAIN = "org.dflib.jjava.distro.JJava";
    private static final Pattern COMMANDS_ONLY = Pattern.compile("(.*[/\\\\])?(picocli|progressbar|jline)-[^/\\\\]*\\.jar");
    private static final String LAB = "jupyterlab==4.6.6";
    private static final List<String> KERNELS = List.of("lppo", "lppo-spark");
    private static final boolean WINDOWS = Cli.isWindows();

    @Option(names = "--check",
            description = "Execute the notebooks headless; fail on an error or changed output (draws and last digits may differ).")
    boolean check;

    @Option(names = "--write", description = "With --check: save the new outputs in the notebooks.")
    boolean write;

    @Option(names = "--kernel-only",
            description = "Only install the kernels \"Java (lppo)\" and \"Java (lppo, Spark)\" for any Jupyter of this user.")
    boolean kernelOnly;

    @Option(names = "--kernel-library", paramLabel = "JAR", hidden = true, description = "A jar to put first on the class"
            + " path of the kernel \"Java (lppo)\", like a library that another kernel includes; repeatable.")
    List<Path> kernelLibraries = List.of();

    @Option(names = "--home", description = "Folder of the virtual environment (default: ${DEFAULT-VALUE}).")
    Path home = Cli.cache().resolve("lppo").resolve("notebook");

    @Parameters(paramLabel = "ARGUMENT", description = "With --check, the notebooks to execute (default: all); else passed to JupyterLab.")
    List<String> arguments = List.of();

    @Override
    public Integer call() throws Exception {
        home = home.toAbsolutePath();
        install(kernelOnly ? List.of(KERNEL) : List.of(KERNEL, LAB));
        if (kernelOnly) {
            Path kernels = Cli.jupyter().resolve("kernels");
            writeKernels(kernels);
            System.out.printf("kernel \"Java (lppo)\": %s%nkernel \"Java (lppo, Spark)\", for notebook 9: %s%n",
                    kernels.resolve(KERNELS.get(0)),
                    kernels.resolve(KERNELS.get(1)));
            return 0;
        }
        writeKernels(home.resolve("share/jupyter/kernels"));
        Path folder = folder();
        if (!check) {
            List<String> lab = new ArrayList<>(List.of(program("jupyter"), "lab", folder.toString()));
            lab.addAll(arguments);
            Process process = new ProcessBuilder(lab).inheritIO().start();
            Runtime.getRuntime().addShutdownHook(new Thread(() -> process.onExit().join())); // JupyterLab handles Ctrl-C with a prompt
            return process.waitFor();
        }
        List<Path> notebooks = arguments.stream().map(Path::of).toList();
        if (notebooks.isEmpty()) {
            try (Stream<Path> files = Files.list(folder)) {
                notebooks = files.filter(file -> file.toString().endsWith(".ipynb")).sorted().toList();
            }
        }
        BadInput.unless(!notebooks.isEmpty(), "%s: contains no notebook to check", folder);
        for (Path file : notebooks) {
            BadInput.unless(Files.isRegularFile(file), "%s: no such notebook", file);
        }
        List<Path> run = new ArrayList<>();
        for (Path file : notebooks) {
            Optional<String> missing = missing(file);
            missing.ifPresent(why -> System.out.println(file.getFileName() + ": skipped; " + why));
            if (missing.isEmpty()) {
                run.add(file);
            }
        }
        return run.isEmpty() ? 0 : checkAll(run);
    }

    /** Returns what a notebook lacks that needs a folder, which an environment variable names. */
    static Optional<String> missing(Path file) throws IOException {
        JsonObject metadata = Json.object(file).getAsJsonObject("metadata");
        if (!metadata.has("lppo")) {
            return Optional.empty();
        }
        String variable = metadata.getAsJsonObject("lppo").get("needs").getAsString();
        String folder = System.getenv(variable);
        return folder != null && Files.isDirectory(Path.of(folder)) ? Optional.empty()
                : Optional.of(variable + " names no model folder; its first cell says how to make one");
    }

    private void install(List<String> packages) throws Exception {
        Path mark = home.resolve("installed.txt");
        if (Files.exists(mark) && Files.readAllLines(mark).containsAll(packages)) {
            return;
        }
        System.err.println("notebook: installing " + String.join(", ", packages) + " into " + home + ", once");
        String python = python();
        Files.createDirectories(home);
        run("the virtual environment", List.of(python, "-m", "venv", home.toString()));
        List<String> pip = new ArrayList<>(List.of(program("python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"));
        pip.addAll(packages);
        run("the packages (is this machine online?)", pip);
        Files.write(mark, packages);
    }

    private static String python() throws InterruptedException {
        for (String name : List.of("python3", "python")) {
            try {
                Process process = new ProcessBuilder(name, "-c", "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 9))")
                        .redirectErrorStream(true).start();
                String said = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
                if (process.waitFor() == 0) {
                    return name;
                }
                BadInput.unless(!said.contains("No module named"), "%s cannot create a virtual environment (%s); install its venv module,"
                        + " on Debian or Ubuntu: apt install python3-venv", name, said.strip().lines().reduce((a, b) -> b).orElse(""));
            } catch (IOException e) {
                continue; // there is no such program
            }
        }
        throw new BadInput("no Python 3.9 or newer found: JupyterLab needs one; install python3, then try again");
    }

    /**
     * Writes a kernel with the compiled project and its libraries on the class path, and one with Spark before them, which JBang fetches on
     * first use.
     */
    void writeKernels(Path kernels) throws IOException {
        List<String> classPath = kernelClassPath(System.getProperty("java.class.path"));
        Files.createDirectories(home);
        Path jar = home.resolve("lppo.jar"); // a copy, as JBang's cache may be cleared
        Files.copy(Path.of(classPath.get(0)), jar, StandardCopyOption.REPLACE_EXISTING);
        classPath.set(0, jar.toString());
        String kernel = home.resolve("share/jupyter/kernels/java/jjava.jar").toString();
        List<String> options = List.of("-Djava.awt.headless=true", "-DOPT_OUT_TRACKING=true",
                "-Dai.djl.pytorch.num_threads=" + System.getenv().getOrDefault("LPPO_THREADS", "1"),
                "-Dllm.threads=" + System.getenv().getOrDefault("LPPO_THREADS", "auto"),
                "--add-opens=jdk.jshell/jdk.jshell=ALL-UNNAMED");
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(options);
        List<String> libraries = new ArrayList<>();
        for (Path library : kernelLibraries) {
            BadInput.unless(Files.isRegularFile(library), "--kernel-library %s: no such file", library);
            libraries.add(library.toAbsolutePath().toString());
        }
        libraries.add(kernel);
        command.addAll(List.of("-cp", String.join(File.pathSeparator, libraries), KERNEL_MAIN));
        writeKernel(kernels.resolve(KERNELS.get(0)), "Java (lppo)", command,
                Map.of("JJAVA_CLASSPATH", String.join(File.pathSeparator, classPath)));
        classPath.add(kernel);
        writeKernel(kernels.resolve(KERNELS.get(1)), "Java (lppo, Spark)",
                WithSpark.line(notebook.class, Files.createDirectories(home.resolve("with-spark")),
                        String.join(File.pathSeparator, classPath), KERNEL_MAIN, options),
                Map.of());
    }

    /** Returns the class path of a kernel: that of a command without the libraries that only commands use. */
    static List<String> kernelClassPath(String classPath) {
        return new ArrayList<>(Stream.of(classPath.split(File.pathSeparator)).filter(entry -> !COMMANDS_ONLY.matcher(entry).matches())
                .toList());
    }

    private static void writeKernel(Path folder, String name, List<String> command, Map<String, String> environment) throws IOException {
        Map<String, Object> kernel = new LinkedHashMap<>();
        kernel.put("argv", Stream.concat(command.stream(), Stream.of("{connection_file}")).toList());
        kernel.put("display_name", name);
        kernel.put("language", "java");
        kernel.put("interrupt_mode", "message");
        Map<String, String> all = new LinkedHashMap<>(environment);
        for (String variable : List.of("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "GOMP_SPINCOUNT")) { // as the wrapper has them
            Optional.ofNullable(System.getenv(variable)).ifPresent(value -> all.put(variable, value));
        }
        kernel.put("env", all);
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("kernel.json"),
                new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create().toJson(kernel) + "\n");
    }

    /** Returns the kernel of a notebook. */
    private static String kernel(Path file) throws IOException {
        JsonObject metadata = Json.object(file).getAsJsonObject("metadata");
        return KERNELS.stream().filter(name -> metadata.has("kernelspec")
                && metadata.getAsJsonObject("kernelspec").get("name").getAsString().equals(name)).findFirst().orElse(KERNELS.get(0));
    }

    private int checkAll(List<Path> notebooks) throws Exception {
        Path out = Files.createTempDirectory("notebooks");
        ExecutorService pool = Executors.newFixedThreadPool(Math.min(notebooks.size(), Runtime.getRuntime().availableProcessors()));
        Map<Path, Future<OutputComparison>> results = new TreeMap<>();
        int failed = 0;
        try (Progress progress = new Progress("notebooks", notebooks.size())) {
            for (Path file : notebooks) {
                results.put(file, pool.submit(() -> check(file, out)));
            }
            int done = 0;
            for (Map.Entry<Path, Future<OutputComparison>> result : results.entrySet()) {
                OutputComparison written = result.getValue().get();
                failed += written.faults().isEmpty() ? 0 : 1;
                System.out.println(result.getKey().getFileName() + (!written.faults().isEmpty() ? ":" : written.notes().isEmpty()
                        ? ": same outputs" : ": same outputs, apart from expected differences:"));
                Stream.of(written.faults(), written.notes()).flatMap(List::stream).forEach(line -> System.out.println("  " + line));
                progress.accept(++done);
            }
        } finally {
            pool.shutdownNow();
            Children.delete(out);
        }
        System.out.printf("%d notebooks, %d failed%n", notebooks.size(), failed);
        return failed == 0 ? 0 : 1;
    }

    /** Executes a notebook and compares it with the committed one. */
    private OutputComparison check(Path file, Path out) throws Exception {
        List<String> command = List.of(program("jupyter"), "nbconvert", "--to", "notebook", "--execute",
                "--ExecutePreprocessor.kernel_name=" + kernel(file), "--ExecutePreprocessor.startup_timeout=300",
                "--ExecutePreprocessor.timeout=1800",
                "--ExecutePreprocessor.record_timing=False", "--output-dir", out.toString(), file.toString());
        Path log = out.resolve(file.getFileName() + ".log");
        Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
        if (process.waitFor() != 0) {
            List<String> said = Files.readAllLines(log).stream().filter(line -> !line.isBlank()).toList();
            int cell = IntStream.range(0, said.size()).filter(i -> said.get(i).contains("CellExecutionError")).findFirst().orElse(0);
            return new OutputComparison(said.subList(cell, said.size()).stream().filter(line -> !line.startsWith("org.dflib")).toList(),
                    List.of());
        }
        Path executed = out.resolve(file.getFileName());
        JsonObject book = Json.object(executed);
        if (write) {
            book.getAsJsonArray("cells").forEach(cell -> tidy(cell.getAsJsonObject()));
            Files.writeString(file, new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create().toJson(book) + "\n");
            return new OutputComparison(List.of(), List.of());
        }
        return OutputComparison.compare(Json.object(file), book);
    }

    /** Joins pieces of one text, and drops the description of a picture, which contains a memory address. */
    private static void tidy(JsonObject cell) {
        if (!cell.has("outputs")) {
            return;
        }
        JsonArray outputs = new JsonArray();
        for (JsonElement element : cell.getAsJsonArray("outputs")) {
            JsonObject output = element.getAsJsonObject();
            JsonObject last = outputs.size() == 0 ? null : outputs.get(outputs.size() - 1).getAsJsonObject();
            if (output.has("data") && output.getAsJsonObject("data").size() > 1) {
                output.getAsJsonObject("data").remove("text/plain");
            }
            if (output.has("text") && last != null && last.has("text") && last.get("name").equals(output.get("name"))) {
                last.addProperty("text", OutputComparison.joined(last.get("text")) + OutputComparison.joined(output.get("text")));
            } else {
                outputs.add(output);
            }
        }
        cell.add("outputs", outputs);
    }

    /** Returns the notebooks folder of the checkout that contains the current folder. */
    private static Path folder() {
        for (Path up = Path.of("").toAbsolutePath(); up != null; up = up.getParent()) {
            if (Files.exists(up.resolve("jbang-catalog.json")) && Files.isDirectory(up.resolve("notebooks"))) {
                return up.resolve("notebooks");
            }
        }
        throw new BadInput("no notebooks/ here: run this in a checkout of lppo-java");
    }

    private String program(String name) {
        return home.resolve(WINDOWS ? "Scripts" : "bin").resolve(WINDOWS ? name + ".exe" : name).toString();
    }

    private static void run(String what, List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IllegalStateException(
                    what + " could not be created: " + said.strip().lines().reduce((a, b) -> b).orElse("no message"));
        }
    }

    public static void main(String... args) {
        Cli.run(new notebook(), args);
    }
}
