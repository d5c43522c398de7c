package logs;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.function.DoubleSupplier;
import java.util.zip.CRC32C;
import javax.imageio.ImageIO;

/**
 * An event file of TensorBoard: records with checksums (the TFRecord format), each an {@code Event} message. Writes are not buffered.
 */
final class EventFile implements AutoCloseable {

    private static final int FLOAT = 1; // members of TensorFlow's DataType
    private static final int STRING = 7;

    private final Path file;
    private final OutputStream out;
    private final DoubleSupplier clock;

    /**
     * A new file in a folder, under a name that TensorBoard looks for.
     *
     * @param clock seconds since 1970
     */
    EventFile(Path folder, DoubleSupplier clock) {
        this.clock = clock;
        String name = "events.out.tfevents.%010d.%s.%d".formatted((long) clock.getAsDouble(), host(), ProcessHandle.current().pid());
        Path wanted = folder.resolve(name);
        for (int i = 1; Files.exists(wanted); i++) {
            wanted = folder.resolve(name + "." + i);
        }
        file = wanted;
        try {
            out = Files.newOutputStream(file, StandardOpenOption.CREATE_NEW);
        } catch (IOException e) {
            throw new UncheckedIOException(file + ": cannot be written", e);
        }
        write(new Protobuf().number(1, clock.getAsDouble()).text(3, "brain.Event:2"));
    }

    /** Says that what earlier files have at this step and after it no longer holds. */
    void start(long step) {
        write(event(step).message(7, new Protobuf().integer(1, 1)));
    }

    /** Numbers by name. */
    void scalars(long step, Map<String, Double> values) {
        Protobuf summary = new Protobuf();
        values.forEach((tag, value) -> summary.message(1, new Protobuf().text(1, tag).single(2, value.floatValue())));
        write(event(step).message(5, summary));
    }

    /** A picture. */
    void image(long step, String tag, BufferedImage image) {
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        try {
            ImageIO.write(image, "png", png);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // in memory
        }
        value(step, new Protobuf().text(1, tag).message(4, new Protobuf().integer(1, image.getHeight()).integer(2, image.getWidth())
                .integer(3, 3).bytes(4, png.toByteArray())));
    }

    /** A text, which TensorBoard reads as Markdown. */
    void text(long step, String tag, String markdown) {
        Protobuf tensor = new Protobuf().integer(1, STRING).message(2, new Protobuf().message(2, new Protobuf().integer(1, 1))).text(8,
                markdown);
        value(step, new Protobuf().text(1, tag).message(8, tensor).message(9, plugin("text", new Protobuf())));
    }

    /** The settings of a run, numbers or texts, for the view HPARAMS. */
    void settings(Map<String, Object> values) {
        Protobuf start = new Protobuf();
        values.forEach((name, value) -> start.message(1, new Protobuf().text(1, name).message(2, value instanceof Number number
                ? new Protobuf().number(2, number.doubleValue()) : new Protobuf().text(3, String.valueOf(value)))));
        settings("session_start_info", new Protobuf().message(3, start.number(5, clock.getAsDouble())));
    }

    /** How the run ended, for the view HPARAMS. */
    void ended(boolean well) {
        settings("session_end_info", new Protobuf().message(4, new Protobuf().integer(1, well ? 1 : 2).number(2, clock.getAsDouble())));
    }

    private void settings(String what, Protobuf content) {
        Protobuf none = new Protobuf().integer(1, FLOAT).message(2, new Protobuf());
        value(0, new Protobuf().text(1, "_hparams_/" + what).message(8, none).message(9, plugin("hparams", content)));
    }

    private static Protobuf plugin(String name, Protobuf content) {
        return new Protobuf().message(1, content.bytes().length == 0 ? new Protobuf().text(1, name) : new Protobuf().text(1, name)
                .message(2, content));
    }

    private void value(long step, Protobuf value) {
        write(event(step).message(5, new Protobuf().message(1, value)));
    }

    private Protobuf event(long step) {
        Protobuf event = new Protobuf().number(1, clock.getAsDouble());
        return step == 0 ? event : event.integer(2, step);
    }

    private void write(Protobuf event) {
        try {
            out.write(record(event.bytes()));
        } catch (IOException e) {
            throw new UncheckedIOException(file + ": cannot be written. Is the disk full?", e);
        }
    }

    /** A record: the length in 8 bytes, its checksum, the data, its checksum. */
    static byte[] record(byte[] data) {
        byte[] length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(data.length).array();
        return ByteBuffer.allocate(data.length + 16).order(ByteOrder.LITTLE_ENDIAN).put(length).putInt(checksum(length)).put(data)
                .putInt(checksum(data)).array();
    }

    /** CRC-32C, rotated and shifted so that the checksum of data with checksums in it is another. */
    static int checksum(byte[] data) {
        CRC32C crc = new CRC32C();
        crc.update(data);
        return Integer.rotateRight((int) crc.getValue(), 15) + 0xa282ead8;
    }

    private static String host() {
        try {
            return InetAddress.getLocalHost().getHostName().replaceAll("[^\\w.-]", "_");
        } catch (UnknownHostException e) {
            return "localhost";
        }
    }

    @Override
    public void close() {
        try {
            out.close();
        } catch (IOException e) {
            throw new UncheckedIOException(file + ": cannot be written. Is the disk full?", e);
        }
    }
}
