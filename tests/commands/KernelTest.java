package commands;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.File;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Tests the class path of the Java kernel. */
class KernelTest {

    @Test
    void librariesOfCommandsAloneAreLeftOut() {
        List<String> kept = List.of("/a/notebook.jar", "/m/gson-2.13.1.jar", "C\\m\\tablesaw-core-0.44.4.jar",
                "/jline-3/univocity-parsers-2.9.1.jar");
        List<String> all = List.of(kept.get(0), "/m/picocli-4.7.7.jar", kept.get(1), "C\\m\\progressbar-0.10.2.jar", kept.get(2),
                "jline-terminal-3.29.0.jar", "/m/jline-native-3.29.0.jar", kept.get(3));
        assertEquals(kept, notebook.kernelClassPath(String.join(File.pathSeparator, all)));
    }
}
