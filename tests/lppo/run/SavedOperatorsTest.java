package lppo.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import common.BadInput;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import lppo.ProgressTracker;
import lppo.ShuffledSelection;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests {@code operators.json} of a checkpoint, the state of the operators of a run. */
class SavedOperatorsTest {

    @TempDir
    Path folder;
    private Path file;

    @BeforeEach
    void name() {
        file = folder.resolve("operators.json");
    }

    @Test
    void loadGivesBackWhatSaveWroteToTheLastBit() throws Exception {
        ProgressTracker tracker = new ProgressTracker(0.3, 7.3, 0.1);
        tracker.observe("problem <1> \"ü\"", 1.0 / 3);
        tracker.observe("problem <1> \"ü\"", 0.1);
        tracker.visitGuided("only guided");
        tracker.observe("b", 1);
        new Memory().add("tracker", tracker).add("selection", new ShuffledSelection(0.5)).save(file); // that remembers nothing
        ProgressTracker loaded = new ProgressTracker(0.3, 7.3, 0.1);
        loaded.observe("forgotten", 1);
        new Memory().add("tracker", loaded).load(file);
        assertEquals(tracker.entries(), loaded.entries());
        assertEquals(List.copyOf(tracker.entries().keySet()), List.copyOf(loaded.entries().keySet()), "order too");
        assertEquals(tracker.observe("b", 0.2), loaded.observe("b", 0.2), "and it goes on alike");
    }

    @Test
    void whatIsNoSavedStateIsRefusedWithTheFile() throws Exception {
        for (String text : List.of("", "{}", "[]", "null", "{\"tracker\": ", "{\"tracker\": null}", "{\"other\": {}}", saved("null"),
                saved("{}"), saved("[1, 1]"), saved("[2, 1, 0, 1, 0]"), saved("[1, \"NaN\", 0, 1, 0]"), saved("[1, 1, 0, -1, 0]"),
                "{\"tracker\": {}, \"hint\": {}}")) {
            Files.writeString(file, text);
            ProgressTracker tracker = new ProgressTracker();
            tracker.observe("a", 0.25);
            Map<String, ProgressTracker.Entry> before = Map.copyOf(tracker.entries());
            BadInput refused = assertThrows(BadInput.class, () -> new Memory().add("tracker", tracker).load(file), text);
            assertTrue(refused.getMessage().startsWith(file + ": "), text + " gives " + refused.getMessage());
            assertEquals(before, tracker.entries(), "and changes nothing: " + text);
        }
        Files.delete(file);
        assertThrows(BadInput.class, () -> new Memory().add("tracker", new ProgressTracker()).load(file), "missing");
    }

    private static String saved(String entry) {
        return "{\"tracker\": {\"a\": " + entry + "}}";
    }
}
