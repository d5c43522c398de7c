package lppo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What is promised by the files that hold the project together. */
class CatalogTest {
    private static final Path LIB = Checkout.ROOT.resolve("lib");

    @Test
    void everyAliasSaysWhatItDoesAndHasItsScript() throws IOException {
        JsonObject aliases = JsonParser.parseString(Files.readString(Checkout.ROOT.resolve("jbang-catalog.json")))
                .getAsJsonObject().getAsJsonObject("aliases");
        assertFalse(aliases.isEmpty());
        for (String name : aliases.keySet()) {
            JsonObject alias = aliases.getAsJsonObject(name);
            assertTrue(alias.has("description"), name + " has no description");
            String script = alias.get("script-ref").getAsString();
            assertTrue(Files.exists(Checkout.ROOT.resolve(script)), name + " has no script " + script);
        }
    }

    /** A script run from a URL gets the files that headers list, and no others. */
    @Test
    void theListsOfSourcesAreComplete() throws IOException {
        Map<String, String> rooms = new TreeMap<>(Map.of("answers", "answers/Answers.java", "chat", "chat/Chat.java", "common",
                "common/Common.java", "hub", "hub/Hub.java", "llm", "llm/Llm.java", "spark", "spark/Spark.java",
                "lppo/files", "lppo/files/FileFormats.java", "lppo",
                "lppo/Lppo.java"));
        for (Map.Entry<String, String> room : rooms.entrySet()) {
            Path folder = LIB.resolve(room.getKey());
            try (Stream<Path> files = Files.walk(folder)) {
                String found = files.filter(file -> file.toString().endsWith(".java") && !file.equals(LIB.resolve(room.getValue()))
                        && !(room.getKey().equals("lppo") && file.startsWith(LIB.resolve("lppo/files"))))
                        .map(file -> folder.relativize(file).toString().replace('\\', '/')).sorted().collect(Collectors.joining("\n"));
                assertEquals(found, sources(room.getValue()).filter(file -> !file.startsWith("../")).sorted().collect(Collectors.joining("\n")), "//SOURCES in lib/" + room.getValue());
            }
        }
    }

    /** {@code --master} compiles these where it is asked for. */
    @Test
    void commandsThatTakeAMasterBringTheSourcesOfSpark() throws IOException {
        List<String> wanted = Stream.concat(Stream.of("Spark.java"), sources("spark/Spark.java"))
                .map(file -> "//FILES spark/" + file + "=../spark/" + file).toList();
        for (String command : List.of("train", "bench", "notebook")) {
            List<String> lines = Files.readAllLines(LIB.resolve("commands/" + command + ".java"));
            assertEquals(String.join("\n", wanted), lines.stream().filter(line -> line.startsWith("//FILES spark/")).collect(Collectors.joining("\n")), command);
        }
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

    private static List<Path> tracked() throws Exception {
        Process git = new ProcessBuilder("git", "ls-files", "-z").directory(Checkout.ROOT.toFile()).start();
        String names = new String(git.getInputStream().readAllBytes());
        assumeTrue(git.waitFor() == 0, "not a git checkout");
        return Stream.of(names.split("\0")).map(Checkout.ROOT::resolve).filter(Files::isRegularFile).toList();
    }
}
