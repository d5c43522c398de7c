package lppo;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests the command {@code doctor} on this machine, where nothing needed is missing since the tests run. */
class DoctorTest {

    @Test
    void everythingThatIsNeededIsThere(@TempDir Path folder) throws Exception {
        String said = new Commands(folder).run(0, "doctor");
        for (String what : List.of("✓ Java ", "✓ engine ", "kernels ", "✓ arithmetic ", "✓ memory ", "✓ disk ", "GPU ", "Java kernel ")) {
            assertTrue(said.contains(what), what + "in " + said);
        }
        assertFalse(said.contains("✗"), said);
        assertTrue(said.contains("everything needed is present; commit "), said);
    }
}
