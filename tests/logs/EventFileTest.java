package logs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import lppo.Checkout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Event files, byte by byte as TensorBoard's own code writes them. */
class EventFileTest {

    @TempDir
    Path folder;

    @Test
    void everyKindOfEventIsWrittenAsTensorBoardWritesIt() throws Exception {
        try (EventFile file = new EventFile(folder, () -> 1234567890.125)) {
            file.start(7);
            file.settings(Map.of("rate", 0.5));
            file.scalars(300, new TreeMap<>(Map.of("train/loss", -0.25, "train/pass_rate", 1 / 3.0)));
            file.text(301, "words", "é\n    *a* " + "x".repeat(200));
            file.ended(true);
        }
        assertArrayEquals(Files.readAllBytes(Checkout.ROOT.resolve("tests/fixtures/events.tfevents")),
                Files.readAllBytes(Checkout.list(folder).get(0)));
    }

    /** The check value of CRC-32C is that of RFC 3720; the mask is TFRecord's. */
    @Test
    void checksumsAreMasked() {
        int crc = 0xe3069283;
        assertEquals((crc >>> 15 | crc << 17) + 0xa282ead8, EventFile.checksum("123456789".getBytes(StandardCharsets.US_ASCII)));
    }

    @Test
    void integersTakeAsManyBytesAsTheyNeed() {
        assertArrayEquals(new byte[] {8, 0}, new Protobuf().integer(1, 0).bytes());
        assertArrayEquals(new byte[] {8, (byte) 0xac, 2}, new Protobuf().integer(1, 300).bytes());
        assertEquals(11, new Protobuf().integer(1, -1).bytes().length);
        assertArrayEquals(new byte[] {(byte) 0x82, 1, 1, 'x'}, new Protobuf().text(16, "x").bytes());
    }

    @Test
    void twoFilesOfOneSecondHaveTwoNames() throws Exception {
        for (int i = 0; i < 3; i++) {
            new EventFile(folder, () -> 5).close();
        }
        List<Path> files = Checkout.list(folder);
        assertEquals(3, files.size());
        files.forEach(file -> assertTrue(file.getFileName().toString().startsWith("events.out.tfevents.0000000005."), file::toString));
    }

    @Test
    void settingsAreFlatAndNumbersAreNumbers() {
        Map<String, Object> flat = Settings.flat(Map.of("steps", 30, "model", "data/base", "options", Map.of("kappa", "8.0", "hint", "null",
                "seeds", "1,2"),
                "machine", Map.of("cores", 2), "checksums", Map.of("model", "12")));
        assertEquals(new TreeMap<>(Map.of("steps", 30, "model", "data/base", "options.kappa", 8.0, "options.hint", "null", "options.seeds",
                "1,2")),
                new TreeMap<>(flat));
    }
}
