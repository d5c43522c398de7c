package lppo.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import lppo.data.BadInput;

/**
 * The safetensors format: eight bytes of header length, a JSON header of name, dtype, shape and byte offsets, then raw
 * little-endian values. Reads F32, F16 and BF16 as fp32 arrays, writes F32.
 */
public final class Safetensors {

    private static final int MAX_HEADER_BYTES = 100_000_000; // the limit of the reference implementation

    private Safetensors() {}

    /**
     * Reads all tensors of a file as fp32 arrays of {@code manager}.
     *
     * @throws BadInput if the file is missing, truncated or its header is wrong
     */
    public static Map<String, NDArray> read(Path file, NDManager manager) {
        BadInput.unless(Files.isRegularFile(file), "%s: no such file", file);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long size = channel.size();
            BadInput.unless(size >= 8, "%s: %d bytes are too few for a safetensors file; copy it again", file, size);
            long headerBytes = map(channel, 0, 8).getLong();
            BadInput.unless(headerBytes > 1 && headerBytes <= Math.min(MAX_HEADER_BYTES, size - 8),
                    "%s: a header of %d bytes does not fit in this file of %d; it is truncated or no safetensors file",
                    file, headerBytes, size);
            JsonObject header = header(channel, (int) headerBytes, file);
            Map<String, NDArray> tensors = new LinkedHashMap<>();
            for (Map.Entry<String, JsonElement> entry : header.entrySet()) {
                if (!entry.getKey().equals("__metadata__")) {
                    tensors.put(entry.getKey(), tensor(entry, channel, 8 + headerBytes, file, manager));
                }
            }
            return tensors;
        } catch (IOException e) {
            throw new BadInput(file + ": cannot be read (" + e.getMessage() + ")", e);
        }
    }

    /** Writes the arrays as F32 in the order of the map. */
    public static void write(Path file, Map<String, NDArray> tensors) throws IOException {
        JsonObject header = new JsonObject();
        JsonObject metadata = new JsonObject();
        metadata.addProperty("format", "pt"); // transformers refuses a file without it
        header.add("__metadata__", metadata);
        long offset = 0;
        for (Map.Entry<String, NDArray> entry : tensors.entrySet()) {
            JsonObject tensor = new JsonObject();
            tensor.addProperty("dtype", "F32");
            JsonArray shape = new JsonArray();
            for (long extent : entry.getValue().getShape().getShape()) {
                shape.add(extent);
            }
            tensor.add("shape", shape);
            JsonArray offsets = new JsonArray();
            offsets.add(offset);
            offset += 4 * entry.getValue().size();
            offsets.add(offset);
            tensor.add("data_offsets", offsets);
            header.add(entry.getKey(), tensor);
        }
        byte[] text = padded(header.toString()).getBytes(StandardCharsets.UTF_8);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE,
                StandardOpenOption.TRUNCATE_EXISTING)) {
            ByteBuffer head = ByteBuffer.allocate(8 + text.length).order(ByteOrder.LITTLE_ENDIAN);
            writeAll(channel, head.putLong(text.length).put(text).flip());
            for (NDArray array : tensors.values()) {
                float[] values = array.toFloatArray();
                ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
                bytes.asFloatBuffer().put(values);
                writeAll(channel, bytes);
            }
            channel.force(true);
        }
    }

    private static JsonObject header(FileChannel channel, int bytes, Path file) throws IOException {
        String text = StandardCharsets.UTF_8.decode(map(channel, 8, bytes)).toString();
        try {
            return JsonParser.parseString(text).getAsJsonObject();
        } catch (JsonParseException | IllegalStateException e) {
            throw new BadInput(file + ": its header is not a JSON object; it is no safetensors file", e);
        }
    }

    private static NDArray tensor(Map.Entry<String, JsonElement> entry, FileChannel channel, long start, Path file,
            NDManager manager) throws IOException {
        String name = entry.getKey();
        String dtype;
        long[] shape;
        long begin;
        long end;
        try {
            JsonObject tensor = entry.getValue().getAsJsonObject();
            dtype = tensor.get("dtype").getAsString();
            shape = tensor.getAsJsonArray("shape").asList().stream().mapToLong(JsonElement::getAsLong).toArray();
            begin = tensor.getAsJsonArray("data_offsets").get(0).getAsLong();
            end = tensor.getAsJsonArray("data_offsets").get(1).getAsLong();
        } catch (RuntimeException e) { // Gson's many ways to say that a field is missing or of the wrong kind
            throw new BadInput("%s: the header entry of %s is malformed".formatted(file, name), e);
        }
        int width = dtype.equals("F32") ? 4 : 2;
        BadInput.unless(dtype.equals("F32") || dtype.equals("F16") || dtype.equals("BF16"),
                "%s: %s has dtype %s; F32, F16 and BF16 can be read", file, name, dtype);
        long count = 1;
        for (long extent : shape) {
            BadInput.unless(extent >= 0 && extent <= Integer.MAX_VALUE && count * extent <= Integer.MAX_VALUE,
                    "%s: %s has an impossible shape", file, name);
            count *= extent;
        }
        BadInput.unless(begin >= 0 && end - begin == count * width && start + end <= channel.size(),
                "%s: the bytes [%d, %d) of %s do not fit its shape or the file; it is truncated or damaged", file, begin,
                end, name);
        ByteBuffer bytes = map(channel, start + begin, end - begin);
        float[] values = new float[(int) count];
        if (dtype.equals("F32")) {
            bytes.asFloatBuffer().get(values);
        } else if (dtype.equals("BF16")) {
            for (int i = 0; i < values.length; i++) {
                values[i] = Float.intBitsToFloat(bytes.getShort() << 16);
            }
        } else {
            ByteBuffer direct = manager.allocateDirect((int) (end - begin)).order(ByteOrder.nativeOrder());
            try (NDArray half = manager.create(direct.put(bytes).rewind(), new Shape(shape), DataType.FLOAT16)) {
                return half.toType(DataType.FLOAT32, true);
            }
        }
        return manager.create(values, new Shape(shape));
    }

    private static ByteBuffer map(FileChannel channel, long from, long bytes) throws IOException {
        return channel.map(FileChannel.MapMode.READ_ONLY, from, bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static void writeAll(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    /** The format aligns the values to eight bytes by blanks after the header. */
    private static String padded(String header) {
        int bytes = header.getBytes(StandardCharsets.UTF_8).length;
        return header + " ".repeat((8 - bytes % 8) % 8);
    }
}
