package lppo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Tests the committed notebooks; {@code ./jbang notebook --check} executes them. */
class NotebookTest {

    private static final Path FOLDER = Checkout.ROOT.resolve("notebooks");
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)#\\s]+)\\)");

    static List<Path> notebooks() throws IOException {
        try (Stream<Path> files = Files.list(FOLDER)) {
            List<Path> found = files.filter(file -> file.toString().endsWith(".ipynb")).sorted().toList();
            assertEquals(10, found.size());
            return found;
        }
    }

    @ParameterizedTest
    @MethodSource("notebooks")
    void cellsAreShortAndWereRunInOrder(Path file) throws Exception {
        int run = 0;
        int pictures = 0;
        for (JsonObject cell : cells(file)) {
            if (cell.get("cell_type").getAsString().equals("code")) {
                assertTrue(text(cell).lines().count() < 15, () -> "long cell: " + text(cell));
                assertEquals(++run, cell.get("execution_count").getAsInt(), () -> "run out of order: " + text(cell));
                String outputs = cell.get("outputs").toString();
                assertFalse(outputs.contains("\"error\""), outputs);
                pictures += outputs.contains("image/png") ? 1 : 0;
            }
        }
        assertTrue(pictures > 0, "no picture");
        assertTrue(Files.size(file) < 2_000_000, "too heavy for a repository");
    }

    @ParameterizedTest
    @MethodSource("notebooks")
    void eachExplainsClassesThatLinkBackAndAsksForAPrediction(Path file) throws Exception {
        String prose = cells(file).stream().filter(cell -> cell.get("cell_type").getAsString().equals("markdown"))
                .map(NotebookTest::text).collect(Collectors.joining("\n"));
        assertTrue(prose.contains("*Explains*") && prose.contains("predict first") && prose.contains("<details>"));
        Matcher links = LINK.matcher(prose);
        int explained = 0;
        while (links.find()) {
            String link = links.group(1);
            if (!link.startsWith("http")) {
                assertTrue(Files.exists(FOLDER.resolve(link)), file + " links to " + link);
            }
            if (link.startsWith("../lib/") && link.endsWith(".java")) {
                explained++;
                assertTrue(Files.readString(FOLDER.resolve(link)).contains("notebooks/" + file.getFileName()),
                        link + " does not link back to " + file.getFileName());
            }
        }
        assertTrue(explained > 0);
    }

    /** The containers themselves are not at hand; what they run at their set-up is. */
    @Test
    @DisabledOnOs(OS.WINDOWS)
    void aVisitorsContainerIsSetUpByWhatCiRuns() throws IOException {
        String setup = JsonParser.parseString(Files.readString(Checkout.ROOT.resolve(".devcontainer/devcontainer.json"))).getAsJsonObject()
                .get("postCreateCommand").getAsString();
        assertTrue(Files.readString(Checkout.ROOT.resolve(".ci/run")).contains(" " + setup + "\n"), setup);
        assertTrue(Files.readString(Checkout.ROOT.resolve(setup)).endsWith("exec .binder/postBuild\n"));
        assertTrue(Files.isExecutable(Checkout.ROOT.resolve(setup)) && Files.isExecutable(Checkout.ROOT.resolve(".binder/postBuild")));
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void aMissingPythonIsSaidInOneLine(@TempDir Path world) throws Exception {
        Path bin = Files.createDirectory(world.resolve("bin")); // all that the wrapper needs, and no Python
        for (String tool : List.of("sh", "bash", "cat", "grep", "mkdir", "mv", "rm", "sed", "uname", "java")) {
            for (String folder : System.getenv("PATH").split(File.pathSeparator)) {
                if (Files.isExecutable(Path.of(folder, tool)) && Files.notExists(bin.resolve(tool))) {
                    Files.writeString(bin.resolve(tool), "#!/bin/sh\nexec " + Path.of(folder, tool) + " \"$@\"\n");
                    assertTrue(bin.resolve(tool).toFile().setExecutable(true));
                }
            }
        }
        ProcessBuilder builder = new ProcessBuilder(Checkout.ROOT.resolve("jbang").toString(), "notebook", "--kernel-only", "--home",
                world.resolve("home").toString()).directory(Checkout.ROOT.toFile()).redirectErrorStream(true);
        builder.environment().put("PATH", bin.toString());
        Process process = builder.start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(2, process.waitFor(), said);
        assertTrue(said.contains("no Python 3.9 or newer found"), said);
        assertFalse(said.contains("\tat "), said);
    }

    private static List<JsonObject> cells(Path file) throws IOException {
        return StreamSupport.stream(JsonParser.parseString(Files.readString(file)).getAsJsonObject().getAsJsonArray("cells")
                .spliterator(), false).map(JsonElement::getAsJsonObject).toList();
    }

    private static String text(JsonObject cell) {
        JsonElement source = cell.get("source");
        return source.isJsonArray() ? StreamSupport.stream(source.getAsJsonArray().spliterator(), false)
                .map(JsonElement::getAsString).collect(Collectors.joining()) : source.getAsString();
    }
}
