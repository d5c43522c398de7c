package lppo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import commands.main;
import common.BadInput;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Tests the catalog, the lists of sources and other project files. */
class CatalogTest {
    private static final Path LIB = Checkout.ROOT.resolve("lib");

    @Test
    void everyAliasSaysWhatItDoesAndHasItsScript() throws IOException {
        JsonObject aliases = JsonParser.parseString(Files.readString(Checkout.ROOT.resolve("jbang-catalog.json")))
                .getAsJsonObject().getAsJsonObject("aliases");
        Set<String> commands = new TreeSet<>();
        for (String name : aliases.keySet()) {
            JsonObject alias = aliases.getAsJsonObject(name);
            assertTrue(alias.has("description"), name + " has no description");
            String script = alias.get("script-ref").getAsString();
            assertTrue(Files.exists(Checkout.ROOT.resolve(script)), name + " has no script " + script);
            if (script.equals("lib/commands/main.java")) {
                String command = alias.getAsJsonArray("arguments").get(0).getAsString();
                assertTrue(name.equals(command) || List.of("data", "export-gguf").contains(name), name + " runs " + command);
                assertNotNull(main.command(command));
                commands.add(command);
            }
        }
        try (Stream<Path> scripts = Files.list(LIB.resolve("commands"))) {
            assertEquals(scripts.map(file -> file.getFileName().toString()).filter(file -> file.endsWith(".java"))
                    .map(file -> file.replace(".java", ""))
                    .filter(file -> Character.isLowerCase(file.charAt(0)) && !List.of("main", "spark").contains(file))
                    .collect(Collectors.toCollection(TreeSet::new)), commands);
        }
        assertThrows(BadInput.class, () -> main.command("spark"));
    }

    /** A script run from a URL gets the files that headers list, and no others. */
    @Test
    void theListsOfSourcesAreComplete() throws IOException {
        Map<String, String> rooms = new TreeMap<>();
        for (String header : List.of("answers/Answers.java", "benchmarks/Benchmarks.java", "chat/Chat.java", "common/Common.java",
                "hub/Hub.java", "llm/Llm.java", "logs/Logs.java", "lppo/Lppo.java", "rivals/Rivals.java", "spark/Spark.java",
                "tasks/BuiltIn.java", "view/View.java")) {
            rooms.put(header.substring(0, header.indexOf('/')), header);
        }
        for (Map.Entry<String, String> room : rooms.entrySet()) {
            Path folder = LIB.resolve(room.getKey());
            try (Stream<Path> files = Files.walk(folder)) {
                String found = files.filter(file -> file.toString().endsWith(".java") && !file.equals(LIB.resolve(room.getValue())))
                        .map(file -> folder.relativize(file).toString().replace('\\', '/')).sorted().collect(Collectors.joining("\n"));
                assertEquals(found,
                        sources(room.getValue()).filter(file -> !file.startsWith("../")).sorted().collect(Collectors.joining("\n")),
                        "//SOURCES in lib/" + room.getValue());
            }
        }
    }

    /** {@code --master} compiles these when it is asked for. */
    @Test
    void commandsBringTheSourcesOfSpark() throws IOException {
        List<String> wanted = Stream.concat(Stream.of("Spark.java"), sources("spark/Spark.java"))
                .map(file -> "//FILES spark/" + file + "=../spark/" + file).toList();
        assertEquals(wanted, Files.readAllLines(LIB.resolve("commands/WithSpark.java")).stream()
                .filter(line -> line.startsWith("//FILES spark/")).toList());
    }

    private static Stream<String> sources(String header) throws IOException {
        return Files.readAllLines(LIB.resolve(header)).stream().filter(line -> line.startsWith("//SOURCES "))
                .map(line -> line.substring(10).strip());
    }

    /** Nobody else has our folders, and whoever has a mirror of a package registry has said so to Maven or pip. */
    @Test
    void noFileNamesAFolderOfSomeMachineOrARegistry() throws Exception {
        Pattern foreign = Pattern.compile("(?<![\\w.}])/(home|root|Users|work)/\\w"
                + "|https?://(repo1?|central|registry|files|test|pypi)\\.?[\\w-]*\\.?(maven|npmjs|sonatype|pythonhosted|pypi)\\b"
                + "|//pypi\\.org");
        for (Path file : tracked()) {
            String text;
            try {
                text = Files.readString(file);
            } catch (MalformedInputException e) {
                continue; // not a text
            }
            Matcher found = foreign.matcher(text);
            assertFalse(found.find(), () -> file + " names " + found.group());
        }
    }

    /** Else a checkout on Windows changes the bytes that checksums were made of, and the shell wrapper. */
    @Test
    void lineEndsAreTheSameOnEverySystem() throws IOException {
        assertTrue(
                Files.readAllLines(Checkout.ROOT.resolve(".gitattributes")).containsAll(List.of("* text=auto eol=lf", "jbang.cmd -text")));
    }

    private static List<Path> tracked() throws Exception {
        Process git = new ProcessBuilder("git", "ls-files", "-z").directory(Checkout.ROOT.toFile()).start();
        String names = new String(git.getInputStream().readAllBytes());
        assumeTrue(git.waitFor() == 0, "not a git checkout");
        return Stream.of(names.split("\0")).map(Checkout.ROOT::resolve).filter(Files::isRegularFile).toList();
    }
}
