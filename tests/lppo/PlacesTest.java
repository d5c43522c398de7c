package lppo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Model;
import ai.djl.util.Utils;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tests a difficult environment: offline, a read-only checkout in a folder with spaces and accents, a user without a home folder, a locale
 * with decimal commas. The user can read the dependencies that are already resolved here.
 */
@DisabledOnOs(OS.WINDOWS)
class PlacesTest {

    private static final List<String> TABLES = List.of("metrics.csv", "problems.csv", "evaluation.csv", "samples.jsonl");
    private static final boolean ROOT = "root".equals(System.getProperty("user.name"));

    @TempDir
    Path world;
    private Path checkout;
    private Path repository;
    private Path engines;
    private Path out;

    @BeforeEach
    void aReadOnlyCheckoutAndReadOnlyCaches() throws Exception {
        mode(world, "rwxr-xr-x");
        checkout = world.resolve("un été à/lppo java");
        for (String name : said(List.of("git", "ls-files", "-z"), Checkout.ROOT).split("\0")) {
            Path file = checkout.resolve(name);
            Files.createDirectories(file.getParent());
            Files.copy(Checkout.ROOT.resolve(name), file);
        }
        repository = world.resolve("repository");
        engines = world.resolve("engines");
        lend(Path.of(Model.class.getProtectionDomain().getCodeSource().getLocation().toURI()).resolve("../../../../..").normalize(),
                repository);
        lend(Utils.getEngineCacheDir(), engines);
        String version = Files.readAllLines(checkout.resolve("jbang")).stream().filter(l -> l.startsWith("version=")).findFirst()
                .orElseThrow().substring(8);
        Path jbang = Path.of("dev/jbang/jbang-cli", version, "jbang-cli-" + version + "-all.jar");
        Path fetched = Path.of(System.getenv().getOrDefault("JBANG_DIR", System.getenv("HOME") + "/.jbang"), "wrapper")
                .resolve(jbang.getFileName());
        if (Files.exists(fetched) && Files.notExists(repository.resolve(jbang))) {
            lend(fetched, repository.resolve(jbang));
        }
        for (Path folder : List.of(checkout.getParent(), repository, engines)) {
            folders(folder, "r-xr-xr-x");
        }
        out = mode(Files.createDirectory(world.resolve("out")), "rwxrwxrwx");
        mode(Files.createDirectory(world.resolve("tmp")), "rwxrwxrwx");
        assumeTrue(!ROOT || works("setpriv", "--version"), "root may write anywhere, and there is no setpriv to become somebody else");
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        assumeTrue(works(elsewhere(List.of(java, "-version"))), "another user cannot run this Java");
    }

    @AfterEach
    void letItBeRemoved() throws IOException {
        folders(world, "rwxr-xr-x");
    }

    @Test
    void aHardPlaceGivesTheSameAsAnOrdinaryOne() throws Exception {
        Path data = Checkout.ROOT.resolve("data");
        Path ordinary = world.resolve("ordinary");
        new Commands(Files.createDirectory(world.resolve("classes"))).run(0, training(data, ordinary));
        List<String> before = files(checkout, repository, engines);

        List<String> command = new ArrayList<>(List.of("./jbang"));
        command.addAll(List.of(training(Path.of("data"), out.resolve("train"))));
        String said = hard(command, Map.of());
        assertTrue(said.contains("so caches go to " + world.resolve("tmp/lppo-java-")), said);
        for (String table : TABLES) {
            assertEquals(Files.readString(ordinary.resolve(table)), Files.readString(out.resolve("train").resolve(table)), table);
        }

        Path classes = mode(Files.createDirectory(out.resolve("classes")), "rwxrwxrwx");
        copy(data, classes.resolve("task")); // as JBang puts it into the jar of reproduce
        said = hard(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                        "-Djava.awt.headless=true", "-DOPT_OUT_TRACKING=true", "-Dai.djl.pytorch.num_threads=1", "-cp",
                        classPath() + File.pathSeparator + classes, "lppo.PlacesTest", out.toString()),
                Map.of("DJL_CACHE_DIR", engines.toString()));
        assertTrue(said.contains("reproduce: cannot be created") && said.contains("choose another output folder (--out)"), said);
        for (String chart : List.of("charts/pass_rate.png", "charts/accuracy.png", "report/accuracy-steps.png")) {
            assertTrue(Files.size(out.resolve(chart)) > 1000, chart);
        }
        assertFalse(Files.readString(out.resolve("report/report.md")).matches("(?s).*\\d,\\d.*"), "a decimal comma");
        for (String file : List.of("train.jsonl", "heldout.jsonl")) {
            assertArrayEquals(Files.readAllBytes(data.resolve(file)), Files.readAllBytes(out.resolve("task").resolve(file)), file);
        }

        assertEquals(before, files(checkout, repository, engines), "nothing is written where it came from");
        assertEquals(1, Checkout.list(world.resolve("tmp")).size(), "one folder of caches");
        if (ROOT) {
            assertEquals(List.of(), leftBehind(Files.getOwner(out.resolve("train")).getName()));
        }
        assumeTrue(!offline().isEmpty(),
                "all is well but for one thing that could not be tried: unshare may not take the network away here");
    }

    @Test
    void otherDigitsChangeNothing() throws Exception {
        Commands commands = new Commands(Files.createDirectory(world.resolve("classes")));
        Locale usual = Locale.getDefault();
        try {
            for (String language : List.of("en-US", "ar-EG")) {
                Locale.setDefault(Locale.forLanguageTag(language));
                commands.run(0, training(Checkout.ROOT.resolve("data"), world.resolve(language)));
                for (String table : TABLES) {
                    assertEquals(Files.readString(world.resolve("en-US").resolve(table)),
                            Files.readString(world.resolve(language).resolve(table)), language);
                }
            }
        } finally {
            Locale.setDefault(usual);
        }
    }

    /** The commands, in the hard place, in one process: a start and a build of each would take minutes. */
    public static void main(String... args) throws Exception {
        Path out = Path.of(args[0]);
        Commands commands = new Commands(out.resolve("classes"));
        commands.run(0, "plot", out.resolve("train").toString(), "--out", out.resolve("charts").toString());
        commands.run(0, "evaluate", "--model", "data/base", "--data", "data/validation.jsonl", "--csv",
                out.resolve("scores.csv").toString());
        commands.run(0, "check", "\\boxed{\\sin(x)^2}", "1-\\cos(x)^2");
        commands.run(0, "task", "--out", out.resolve("task").toString());
        commands.run(0, "generate", "--model", "data/base", "start 17 +3 *2 -7 . . . . . . . . . =");
        commands.run(0, "doctor");
        System.out.println(commands.run(2, "reproduce"));
        commands.run(0, "reproduce", "--steps", "10", "--seeds", "1", "--recipes", "grpo", "--on", "validation", "--out",
                out.resolve("report").toString(), "--", "--problems-per-step", "4");
    }

    private static String[] training(Path data, Path out) {
        return new String[] {"train", "--recipe", "lppo", "--model", data.resolve("base").toString(), "--data",
            data.resolve("train.jsonl").toString(), "--evaluate-on", data.resolve("validation.jsonl").toString(), "--out", out.toString(),
            "--steps", "2", "--problems-per-step", "4", "--evaluate-every", "2", "--device", "cpu"};
    }

    /** Runs a command in the hard place and gives what it said. */
    private String hard(List<String> command, Map<String, String> more) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(elsewhere(command)).directory(checkout.toFile()).redirectErrorStream(true);
        builder.environment().keySet().removeIf(name -> name.matches("JBANG_.*|DJL_.*|ENGINE_.*|XDG_.*|LC_.*|LANG"));
        builder.environment().putAll(Map.of("HOME", world.resolve("nowhere").toString(), "TMPDIR", world.resolve("tmp").toString(),
                "JBANG_REPO", repository.toString(), "JAVA_HOME", System.getProperty("java.home"), "OMP_NUM_THREADS", "1",
                "JAVA_TOOL_OPTIONS", "-Duser.language=de -Duser.country=DE"));
        // the wrapper can do with one that is not installed
        builder.environment().put("LC_ALL", more.isEmpty() ? "de_DE.UTF-8" : "C.UTF-8");
        builder.environment().putAll(more);
        Process process = builder.start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), said);
        return said;
    }

    /** A command for a user who owns nothing here, without a network where that can be had. */
    private static List<String> elsewhere(List<String> command) throws Exception {
        List<String> all = new ArrayList<>(offline());
        if (ROOT) {
            all.addAll(List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"));
        }
        all.addAll(command);
        return all;
    }

    private static List<String> offline() throws Exception {
        List<String> without = ROOT ? List.of("unshare", "--net") : List.of("unshare", "--map-current-user", "--net");
        return works(Stream.concat(without.stream(), Stream.of("true")).toList()) ? without : List.of();
    }

    private static boolean works(String... command) throws Exception {
        return works(List.of(command));
    }

    private static boolean works(List<String> command) throws Exception {
        try {
            Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
            process.getInputStream().readAllBytes();
            return process.waitFor() == 0;
        } catch (IOException e) {
            return false; // no such program
        }
    }

    private static String said(List<String> command, Path folder) throws Exception {
        Process process = new ProcessBuilder(command).directory(folder.toFile()).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assumeTrue(process.waitFor() == 0, "this is no git checkout");
        return said;
    }

    /** This process's class path in the lent repository. */
    private String classPath() throws Exception {
        Path own = Path.of(Model.class.getProtectionDomain().getCodeSource().getLocation().toURI()).resolve("../../../../..").normalize();
        List<String> entries = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            Path jar = Path.of(entry);
            if (jar.startsWith(own)) {
                entries.add(repository.resolve(own.relativize(jar)).toString());
            } else {
                Path lent = out.resolve(jar.getFileName());
                lend(jar, lent);
                entries.add(lent.toString());
            }
        }
        return String.join(File.pathSeparator, entries);
    }

    /** Puts files where others may read them: as links where that can be, which takes no space. */
    private static void lend(Path from, Path to) throws IOException {
        Files.createDirectories(to.getParent());
        for (Path file : walk(from)) {
            Path there = to.resolve(from.relativize(file).toString());
            if (Files.isDirectory(file)) {
                Files.createDirectories(there);
            } else {
                try {
                    Files.createLink(there, file);
                } catch (UnsupportedOperationException | FileSystemException e) {
                    Files.copy(file, there);
                }
            }
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        for (Path file : walk(from)) {
            Files.copy(file, to.resolve(from.relativize(file).toString()));
        }
    }

    private static List<Path> walk(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.toList();
        }
    }

    private static List<String> files(Path... folders) throws IOException {
        List<String> files = new ArrayList<>();
        for (Path folder : folders) {
            walk(folder).stream().map(Path::toString).sorted().forEach(files::add);
        }
        return files;
    }

    private static Path mode(Path path, String permissions) throws IOException {
        return Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
    }

    private static void folders(Path folder, String permissions) throws IOException {
        mode(folder, permissions);
        for (Path file : walk(folder)) {
            if (Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
                mode(file, permissions);
            }
        }
    }

    /** What a user left where anybody may write, but for what Java itself removes in time. */
    private static List<String> leftBehind(String user) throws IOException {
        List<String> left = new ArrayList<>();
        for (Path folder : Stream.of("/tmp", "/var/tmp", "/dev/shm").map(Path::of).filter(Files::isDirectory).toList()) {
            for (Path file : Checkout.list(folder)) {
                if (Files.getOwner(file, LinkOption.NOFOLLOW_LINKS).getName().equals(user)
                        && !file.getFileName().toString().startsWith("hsperfdata_")) {
                    left.add(file.toString());
                }
            }
        }
        return left;
    }
}
