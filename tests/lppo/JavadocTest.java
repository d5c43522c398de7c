package lppo;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests that the documentation of lib builds without warnings. */
class JavadocTest {

    @Test
    void javadocBuildsWithoutWarnings(@TempDir Path out) throws Exception {
        List<String> arguments = new ArrayList<>(List.of("-quiet", "-Werror", "-Xdoclint:all,-missing", "-d", out.toString(),
                "-cp", System.getProperty("java.class.path"), "-encoding", "UTF-8"));
        try (Stream<Path> files = Files.walk(Checkout.ROOT.resolve("lib"))) {
            files.map(Path::toString).filter(file -> file.endsWith(".java")).forEach(arguments::add);
        }
        StringWriter said = new StringWriter();
        PrintWriter writer = new PrintWriter(said);
        int status = ToolProvider.findFirst("javadoc").orElseThrow().run(writer, writer, arguments.toArray(new String[0]));
        assertEquals("", said.toString());
        assertEquals(0, status);
    }
}
