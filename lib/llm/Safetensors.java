package llm;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.MalformedJsonException;
import common.BadInput;
import common.Json;
import java.io.IOException;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * A file in the safetensors format: eight bytes of header length, a JSON header of name, dtype, shape and byte offsets,
 * then raw little-endian values. F32, F16 and BF16 are read, as fp32; F32 and BF16 are written.
 *
 * <p>A header is accepted only if every byte after it belongs to exactly one tensor. Values are memory-mapped and copied piece by piece to
 * their destination, so that no second copy of a model is ever held.
 *
 * @param path the file
 * @param start byte offset of the values
 * @param entries the tensors, by name
 */
public record Safetensors(Path path, long start, Map<String, Entry> entries) {

    private static final int MAX_HEADER_BYTES = 16 << 20; // that of a model of 400 billion parameters is about 150 KB
    private static final int PIECE = 1 << 23; // values copied at a time: 32 MB

    private static final int MAX_ROW = 1 << 28; // one row is always copied whole

    /**
     * A tensor of the file.
     *
     * @param dtype F32, F16 or BF16
     * @param shape extents
     * @param begin first byte, counted from the end of the header
     * @param end byte after the last
     */
    public record Entry(String dtype, Shape shape, long begin, long end) {

        private int width() {
            return dtype.equals("F32") ? 4 : 2;
        }
    }

    /**
     * Reads and checks the header of a file.
     *
     * @throws BadInput if the file is missing or truncated, or its header is malformed, names a tensor twice, or does not
     *     cover the values exactly
     */
    public static Safetensors open(Path file) {
        BadInput.unless(Files.isRegularFile(file), "%s: no such file", file);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long size = channel.size();
            BadInput.unless(size >= 8, "%s: %d bytes are too few for a safetensors file; copy it again", file, size);
            long headerBytes = bytes(channel, 0, 8).getLong();
            BadInput.unless(headerBytes > 1 && headerBytes <= Math.min(MAX_HEADER_BYTES, size - 8),
                    "%s: a header of %s bytes does not fit in this file of %d; it is truncated or not a safetensors file",
                    file, Long.toUnsignedString(headerBytes), size);
            String text = StandardCharsets.UTF_8.decode(bytes(channel, 8, (int) headerBytes)).toString();
            Map<String, Entry> entries = entries(text, file);
            covers(entries, size - 8 - headerBytes, file);
            return new Safetensors(file, 8 + headerBytes, entries);
        } catch (IOException e) {
            throw new BadInput(file + ": cannot be read (" + e.getMessage() + ")", e);
        }
    }

    /** Returns all tensors of a file as fp32 arrays of {@code manager}; errors as {@link #open}. */
    public static Map<String, NDArray> read(Path file, NDManager manager) {
        Safetensors opened = open(file);
        Map<String, NDArray> tensors = new LinkedHashMap<>();
        opened.entries.forEach((name, entry) -> {
            NDArray array = manager.zeros(entry.shape());
            opened.copy(name, (row, piece) -> array.set(rows(array, row, piece), piece), manager);
            tensors.put(name, array);
        });
        return tensors;
    }

    /** Consumes a piece of a tensor, fp32, whose first row has this index. */
    @FunctionalInterface
    public interface Sink {
        void accept(long row, NDArray piece);
    }

    /** Passes the values of a tensor to {@code sink}, some rows at a time; a piece is freed when {@code sink} returns. */
    public void copy(String name, Sink sink, NDManager manager) {
        Entry entry = entries.get(name);
        long[] shape = entry.shape().getShape();
        long rows = shape.length == 0 ? 1 : shape[0];
        long rowSize = rows == 0 ? 0 : entry.shape().size() / rows;
        long step = Math.max(1, rowSize == 0 ? rows : PIECE / rowSize);
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            for (long row = 0; row < rows; row += step) {
                long count = Math.min(step, rows - row);
                long[] extents = shape.clone();
                if (extents.length > 0) {
                    extents[0] = count;
                }
                ByteBuffer bytes = map(channel, start + entry.begin() + row * rowSize * entry.width(), count * rowSize * entry.width());
                try (NDArray piece = floats(bytes, entry.dtype(), new Shape(extents), manager)) {
                    sink.accept(row, piece);
                }
            }
        } catch (IOException e) {
            throw new BadInput(path + ": cannot be read (" + e.getMessage() + ")", e);
        }
    }

    /** Whether a tensor has the type, shape and bytes of one of another file, or of this. */
    boolean same(String name, Safetensors other, String otherName) {
        Entry here = entries.get(name);
        Entry there = other.entries.get(otherName);
        if (!here.dtype().equals(there.dtype()) || !here.shape().equals(there.shape())) {
            return false;
        }
        try (FileChannel one = FileChannel.open(path, StandardOpenOption.READ);
                FileChannel two = FileChannel.open(other.path, StandardOpenOption.READ)) {
            long bytes = here.end() - here.begin();
            for (long at = 0; at < bytes; at += PIECE) {
                long count = Math.min(PIECE, bytes - at);
                if (!map(one, start + here.begin() + at, count).equals(map(two, other.start + there.begin() + at, count))) {
                    return false;
                }
            }
            return true;
        } catch (IOException e) {
            throw new BadInput(path + ": cannot be read (" + e.getMessage() + ")", e);
        }
    }

    /** The index of the rows of {@code array} that a piece fills. */
    static NDIndex rows(NDArray array, long row, NDArray piece) {
        return array.getShape().dimension() == 0 ? new NDIndex("...")
                : new NDIndex().addSliceDim(row, row + piece.getShape().get(0));
    }

    private static NDArray floats(ByteBuffer bytes, String dtype, Shape shape, NDManager manager) {
        if (dtype.equals("F32")) {
            return manager.create(bytes, shape, DataType.FLOAT32);
        }
        if (dtype.equals("F16")) {
            try (NDArray half = manager.create(bytes, shape, DataType.FLOAT16)) {
                return half.toType(DataType.FLOAT32, true);
            }
        }
        ByteBuffer wide = manager.allocateDirect(2 * bytes.remaining()).order(ByteOrder.nativeOrder());
        while (bytes.hasRemaining()) {
            wide.putInt(bytes.getShort() << 16);
        }
        return manager.create(wide.rewind(), shape, DataType.FLOAT32);
    }

    private static Map<String, Entry> entries(String header, Path file) {
        Map<String, Entry> entries = new LinkedHashMap<>();
        String name = "";
        try (JsonReader json = new JsonReader(new StringReader(header))) {
            Json.check(header);
            json.beginObject();
            boolean metadata = false;
            while (json.hasNext()) {
                name = json.nextName();
                boolean again = name.equals("__metadata__") ? metadata : entries.containsKey(name);
                BadInput.unless(!again, "%s: its header names \"%s\" twice", file, name);
                if (name.equals("__metadata__")) {
                    json.skipValue();
                    metadata = true;
                } else {
                    entries.put(name, entry(json, name, file));
                }
            }
            json.endObject();
            return Collections.unmodifiableMap(entries);
        } catch (Json.Malformed | MalformedJsonException | IllegalStateException | NumberFormatException e) {
            throw new BadInput("%s: its header is malformed at \"%s\"; it is damaged or not a safetensors file".formatted(file, name), e);
        } catch (IOException e) {
            throw new BadInput(file + ": cannot be read (" + e.getMessage() + ")", e);
        }
    }

    private static Entry entry(JsonReader json, String name, Path file) throws IOException {
        String dtype = "nothing";
        List<Long> shape = null;
        List<Long> offsets = null;
        json.beginObject();
        while (json.hasNext()) {
            switch (json.nextName()) {
                case "dtype" -> dtype = json.nextString();
                case "shape" -> shape = numbers(json);
                case "data_offsets" -> offsets = numbers(json);
                default -> json.skipValue();
            }
        }
        json.endObject();
        BadInput.unless(List.of("F32", "F16", "BF16").contains(dtype), "%s: %s has dtype %s; F32, F16 and BF16 can be read",
                file, name, dtype);
        BadInput.unless(shape != null && offsets != null && offsets.size() == 2, "%s: the header entry of %s lacks its shape or offsets",
                file, name);
        long count = 1;
        for (long extent : shape) {
            BadInput.unless(extent >= 0 && extent <= Integer.MAX_VALUE && (extent == 0 || count <= Long.MAX_VALUE / 8 / extent),
                    "%s: %s has an invalid shape", file, name);
            count *= extent;
        }
        BadInput.unless(shape.isEmpty() || shape.get(0) == 0 || count / shape.get(0) <= MAX_ROW, "%s: a row of %s has over %d values",
                file, name, MAX_ROW);
        Entry entry = new Entry(dtype, new Shape(shape), offsets.get(0), offsets.get(1));
        BadInput.unless(entry.begin() >= 0 && entry.end() >= entry.begin() && entry.end() - entry.begin() == count * entry.width(),
                "%s: the bytes [%d, %d) of %s do not fit its shape %s", file, entry.begin(), entry.end(), name, entry.shape());
        return entry;
    }

    private static List<Long> numbers(JsonReader json) throws IOException {
        List<Long> numbers = new ArrayList<>();
        json.beginArray();
        while (json.hasNext()) {
            numbers.add(json.nextLong());
        }
        json.endArray();
        return numbers;
    }

    /** As in the reference implementation: no gap, no overlap, nothing after the last value. */
    private static void covers(Map<String, Entry> entries, long bytes, Path file) {
        long at = 0;
        for (Map.Entry<String, Entry> next : entries.entrySet().stream()
                .sorted(Comparator.comparingLong((Map.Entry<String, Entry> e) -> e.getValue().begin())
                        .thenComparingLong(e -> e.getValue().end()))
                .toList()) {
            Entry entry = next.getValue();
            BadInput.unless(entry.begin() == at, "%s: the values of %s start at byte %d, expected %d", file,
                    next.getKey(), entry.begin(), at);
            at = entry.end();
        }
        BadInput.unless(at == bytes, "%s: its header describes %d bytes of values, but the file has %d; it is truncated or damaged",
                file, at, bytes);
    }

    /** Writes the arrays as F32 in the order of the map. */
    public static void write(Path file, Map<String, NDArray> tensors) throws IOException {
        Map<String, Shape> shapes = new LinkedHashMap<>();
        tensors.forEach((name, array) -> shapes.put(name, array.getShape()));
        write(file, shapes, "F32", tensors::get);
    }

    /**
     * Writes tensors one by one, in the order of the map.
     *
     * @param dtype {@code F32}, or {@code BF16}, to which values are rounded
     * @param values returns the fp32 array of a name, which is freed once written
     */
    public static void write(Path file, Map<String, Shape> shapes, String dtype, Function<String, NDArray> values) throws IOException {
        JsonObject header = new JsonObject();
        JsonObject metadata = new JsonObject();
        metadata.addProperty("format", "pt"); // transformers rejects a file without it
        header.add("__metadata__", metadata);
        int width = dtype.equals("F32") ? 4 : 2;
        long offset = 0;
        for (Map.Entry<String, Shape> entry : shapes.entrySet()) {
            JsonObject tensor = new JsonObject();
            tensor.addProperty("dtype", dtype);
            JsonArray shape = new JsonArray();
            for (long extent : entry.getValue().getShape()) {
                shape.add(extent);
            }
            tensor.add("shape", shape);
            JsonArray offsets = new JsonArray();
            offsets.add(offset);
            offset += width * entry.getValue().size();
            offsets.add(offset);
            tensor.add("data_offsets", offsets);
            header.add(entry.getKey(), tensor);
        }
        byte[] text = padded(header.toString()).getBytes(StandardCharsets.UTF_8);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE,
                StandardOpenOption.TRUNCATE_EXISTING)) {
            ByteBuffer head = ByteBuffer.allocate(8 + text.length).order(ByteOrder.LITTLE_ENDIAN);
            writeAll(channel, head.putLong(text.length).put(text).flip());
            for (String name : shapes.keySet()) {
                try (NDScope scope = new NDScope()) {
                    scope.suppressNotUsedWarning();
                    write(channel, values.apply(name), width);
                }
            }
            channel.force(true);
        }
    }

    private static void write(FileChannel channel, NDArray array, int width) throws IOException {
        long rows = array.getShape().dimension() == 0 ? 1 : array.getShape().get(0);
        long step = Math.max(1, rows * PIECE / Math.max(1, array.size()));
        for (long row = 0; row < rows; row += step) {
            float[] values;
            if (step >= rows) {
                values = array.toFloatArray();
            } else {
                try (NDArray piece = array.get(new NDIndex().addSliceDim(row, Math.min(rows, row + step)))) {
                    values = piece.toFloatArray();
                }
            }
            ByteBuffer bytes = ByteBuffer.allocate(width * values.length).order(ByteOrder.LITTLE_ENDIAN);
            if (width == 4) {
                bytes.asFloatBuffer().put(values);
            } else {
                for (float value : values) {
                    int bits = Float.floatToRawIntBits(value); // round half to even, the values are finite
                    bytes.putShort((short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16));
                }
                bytes.flip();
            }
            writeAll(channel, bytes);
        }
    }

    private static ByteBuffer map(FileChannel channel, long from, long bytes) throws IOException {
        return channel.map(FileChannel.MapMode.READ_ONLY, from, bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static ByteBuffer bytes(FileChannel channel, long from, int count) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
        while (bytes.hasRemaining() && channel.read(bytes, from + bytes.position()) >= 0) {} // a file may be truncated while it is read
        return bytes.flip();
    }

    private static void writeAll(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    /** Pads the header with blanks, so that the values are aligned to eight bytes. */
    private static String padded(String header) {
        int bytes = header.getBytes(StandardCharsets.UTF_8).length;
        return header + " ".repeat((8 - bytes % 8) % 8);
    }
}
