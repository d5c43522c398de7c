package lppo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import commands.main;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Tests the shell wrapper in an isolated environment with stubs for JBang and Java: nothing is downloaded. */
@DisabledOnOs(OS.WINDOWS)
class WrapperTest {
    private static final String[] ARGUMENTS = {"a b", "", "it's \"so\"", "*", "$HOME", "\\n", "é ☃", "--", "two\nlines", ""};
    private static final String SHOWN = "[a b][][it's \"so\"][*][$HOME][\\n][é ☃][--][two\nlines][]in put";

    /** Shows its arguments and its input, and ends with status 7. */
    private static final String SHOW = "#!/bin/sh\nfor a; do printf '[%s]' \"$a\"; done; cat; exit 7\n";

    /** A Java whose JBang, like the real one, prints the command to run, quotes what needs it, and ends with 255. */
    private static final String JAVA = """
            #!/bin/sh
            if [ "$1" = -version ]; then echo 'openjdk version "17.0.1"' >&2; exit; fi
            while [ "$1" != -jar ]; do shift; done
            shift 2
            [ "$1" = version ] && { echo 1.2.3; exit 3; }
            printf show
            for a; do
              case $a in
                *[!a-zA-Z0-9._+=:@%/-]*) printf " '%s'" "$(printf %s "$a" | sed "s/'/'\\\\\\\\''/g")" ;;
                *) printf ' %s' "$a" ;;
              esac
            done
            exit 255
            """;

    private final Map<String, String> environment = new HashMap<>();
    @TempDir
    Path world;
    private Path wrapper;

    @BeforeEach
    void aCopyOfTheWrapperAndTheToolsOfAnyUnix() throws IOException {
        wrapper = world.resolve("a folder/jbang");
        program("a folder/jbang", Files.readString(Checkout.ROOT.resolve("jbang")));
        for (String tool : List.of("cat", "grep", "mkdir", "mv", "rm", "sed", "uname")) {
            tool(tool);
        }
        environment.putAll(Map.of(
                "PATH", world.resolve("bin").toString(), "HOME", world.resolve("home").toString(), "LANG", "C.UTF-8"));
        Files.createDirectory(world.resolve("home"));
    }

    @Test
    void anInstalledJBangGetsEverythingUntouched() throws Exception {
        program("bin/jbang", SHOW);
        assertEquals(new Result(SHOWN, "", 7), run(wrapper, "in put", ARGUMENTS));
    }

    @Test
    void thePinnedJBangGetsEverythingUntouched() throws Exception {
        pinnedJBang();
        assertEquals(new Result(SHOWN, "", 7), run(wrapper, "in put", ARGUMENTS));
    }

    @Test
    void theWrapperNeverCallsItselfOrACopy() throws Exception {
        pinnedJBang();
        program("bin/jbang", Files.readString(wrapper));
        assertEquals(new Result("[x]", "", 7), run(world.resolve("bin/jbang"), "", "x"));
    }

    @Test
    void aLinkToTheWrapperDoesTheSame() throws Exception {
        pinnedJBang();
        Path link = Files.createSymbolicLink(world.resolve("link"), wrapper);
        assertEquals(new Result("[x]", "", 7), run(link, "", "x"));
    }

    @Test
    void whatJBangItselfSaysIsPassedOnWithItsStatus() throws Exception {
        pinnedJBang();
        assertEquals(new Result("1.2.3\n", "", 3), run(wrapper, "", "version"));
    }

    @Test
    void anOldJavaIsNamedInOneLine() throws Exception {
        program("bin/java", JAVA.replace("17.0.1", "11.0.2"));
        assertEquals(new Result("", "jbang: found Java 11, but a JDK 17 or newer is needed: set JAVA_HOME to one\n", 1),
                run(wrapper, "", "x"));
    }

    /** What the engine reads at its start; a user's own choice stays. */
    @Test
    void waitingThreadsSleepSoonUnlessTheUserSaysOtherwise() throws Exception {
        pinnedJBang();
        program("bin/show", "#!/bin/sh\necho \"${GOMP_SPINCOUNT-none} ${OMP_WAIT_POLICY-none}\"\n");
        assertEquals("1000 none\n", run(wrapper, "", "x").output());
        environment.put("OMP_WAIT_POLICY", "active");
        assertEquals("none active\n", run(wrapper, "", "x").output());
        environment.remove("OMP_WAIT_POLICY");
        environment.put("GOMP_SPINCOUNT", "7");
        assertEquals("7 none\n", run(wrapper, "", "x").output());
    }

    @Test
    void withNothingInstalledItSaysWhatToInstall() throws Exception {
        assertEquals(new Result("", "jbang: no Java found: fetching JBang with its own installer, once\n"
                + "jbang: could not: install a JDK 17 or newer and Maven, then try again\n", 1), run(wrapper, "", "x"));
    }

    @Test
    void aCommandOfTheCheckoutIsRunByTheFileOfAllCommands() throws Exception {
        pinnedJBang();
        program("a folder/lib/commands/dataset.java", "");
        program("a folder/lib/commands/gguf.java", "");
        program("a folder/tests/test.java", "");
        assertEquals("[run][" + wrapper.resolveSibling("lib/commands/main.java") + "][dataset][x]", run(wrapper, "", "data", "x").output());
        assertEquals("[run][" + wrapper.resolveSibling("lib/commands/main.java") + "][gguf][x]",
                run(wrapper, "", "export-gguf", "x").output());
        assertEquals("[run][" + wrapper.resolveSibling("tests/test.java") + "]", run(wrapper, "", "test").output());
        assertEquals("[../tests/test]", run(wrapper, "", "../tests/test").output());
    }

    /** There is no Windows here; at least the two wrappers name the same things. */
    @Test
    void theOneForWindowsKnowsTheSameCommandsFilesAndVersion() throws IOException {
        String shell = Files.readString(Checkout.ROOT.resolve("jbang"));
        String windows = Files.readString(Checkout.ROOT.resolve("jbang.cmd"));
        assertEquals(windows.lines().count(), windows.split("\r\n").length, "line ends that goto finds its labels with");
        assertEquals(found("(?m)^version=(\\S+)$", shell), found("set \"version=(\\S+)\"", windows));
        List<String> aliases = found("(?<=[ ;])([a-z-]+\\) command=[a-z]+) ;;", shell);
        assertEquals(List.of("data) command=dataset", "export-gguf) command=gguf"), aliases);
        assertEquals(aliases, found("if \"%command%\"==\"(\\S+\" set \"command=[a-z]+)\"", windows).stream()
                .map(line -> line.replace("\" set \"", ") ")).toList());
        for (String alias : List.of("data", "export-gguf")) {
            assertNotNull(main.command(alias), "it gets the arguments as they are");
        }
        for (String file : List.of("lib/commands/$command.java", "lib/commands/main.java")) {
            assertTrue(shell.contains("/" + file + "\""), file);
            assertTrue(windows.contains("%~dp0" + file.replace("$command", "%command%").replace('/', '\\') + "\""), file);
        }
    }

    private static List<String> found(String pattern, String text) {
        return Pattern.compile(pattern).matcher(text).results().map(result -> result.group(1)).toList();
    }

    @Test
    void withoutAHomeCachesGoToAPrivateFolderUnlessTheyHaveTheirPlace() throws Exception {
        pinnedJBang();
        program("bin/show", "#!/bin/sh\necho \"$HOME|$JBANG_DIR|$JBANG_REPO|$DJL_CACHE_DIR\"\n");
        for (String tool : List.of("chmod", "id")) {
            tool(tool);
        }
        environment.put("HOME", world.resolve("none").toString());
        environment.put("TMPDIR", world.toString());
        environment.put("JBANG_DIR", world.resolve("home/.jbang").toString());
        Result first = run(wrapper, "", "x");
        String home = first.output().replaceFirst("\\|.*\n", "");
        assertEquals(world, Path.of(home).getParent());
        assertEquals(new Result(home + "|" + world.resolve("home/.jbang") + "|" + home + "/.m2/repository|" + home + "/.djl.ai\n",
                "jbang: no home folder that can be written, so caches go to " + home + "\n", 0), first);
        assertEquals(PosixFilePermissions.fromString("rwx------"), Files.getPosixFilePermissions(Path.of(home)));
        assertEquals(new Result(first.output(), "", 0), run(wrapper, "", "x"), "it says so once");

        Files.move(Path.of(home), world.resolve("elsewhere"));
        Files.createSymbolicLink(Path.of(home), world.resolve("elsewhere"));
        assertEquals(
                new Result("", "jbang: " + home + " cannot be a folder of this user alone: set HOME to a folder that can be written\n", 1),
                run(wrapper, "", "x"));
        environment.put("JBANG_REPO", "repository");
        environment.put("DJL_CACHE_DIR", "engines");
        assertEquals(new Result(world.resolve("none") + "|" + world.resolve("home/.jbang") + "|repository|engines\n", "", 0),
                run(wrapper, "", "x"));
    }

    private void pinnedJBang() throws IOException {
        String version = Files.readAllLines(wrapper).stream()
                .filter(line -> line.startsWith("version=")).findFirst().orElseThrow().substring(8);
        program("bin/java", JAVA);
        program("bin/show", SHOW);
        program("home/.jbang/wrapper/jbang-cli-" + version + "-all.jar", "");
    }

    private void tool(String name) throws IOException {
        Path real = Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .map(folder -> Path.of(folder, name)).filter(Files::isExecutable).findFirst().orElseThrow();
        program("bin/" + name, "#!/bin/sh\nexec " + real + " \"$@\"\n");
    }

    private void program(String name, String text) throws IOException {
        Path file = world.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
        file.toFile().setExecutable(true);
    }

    private record Result(String output, String errors, int status) {}

    private Result run(Path program, String input, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(program.toString()));
        command.addAll(List.of(arguments));
        Path output = world.resolve("output");
        Path errors = world.resolve("errors");
        ProcessBuilder builder = new ProcessBuilder(command).redirectOutput(output.toFile()).redirectError(errors.toFile());
        builder.environment().clear();
        builder.environment().putAll(environment);
        Process process = builder.start();
        process.getOutputStream().write(input.getBytes());
        process.getOutputStream().close();
        int status = process.waitFor();
        return new Result(Files.readString(output), Files.readString(errors), status);
    }
}
