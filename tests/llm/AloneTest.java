package llm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.tools.ToolProvider;
import lppo.Checkout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the rooms that are usable on their own, without the rest of the library. */
class AloneTest {

    @ParameterizedTest
    @ValueSource(strings = {"llm", "hub"})
    void theProgramOfTheReadmeCompilesWithoutLppo(String own, @TempDir Path folder) throws Exception {
        String readme = Files.readString(Checkout.ROOT.resolve("lib").resolve(own).resolve("README.md"));
        Matcher block = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(readme);
        assertTrue(block.find());
        String classes = Path.of(Policy.class.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
        String libraries = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> !entry.equals(classes)).collect(Collectors.joining(File.pathSeparator));
        List<String> line = new ArrayList<>(List.of("-proc:none", "-d", folder.toString(), "-cp", libraries,
                Files.writeString(folder.resolve("Program.java"), block.group(1)).toString()));
        for (String room : List.of("common", own)) {
            Checkout.list(Checkout.ROOT.resolve("lib").resolve(room)).stream().map(Path::toString).filter(file -> file.endsWith(".java"))
                    .forEach(line::add);
        }
        ByteArrayOutputStream complaints = new ByteArrayOutputStream();
        assertEquals(0, ToolProvider.getSystemJavaCompiler().run(null, null, complaints, line.toArray(String[]::new)),
                complaints::toString);
        assertTrue(Checkout.list(folder).stream().anyMatch(file -> file.toString().endsWith(".class")));
    }
}
