package llm;

import ai.djl.ndarray.types.Shape;
import common.BadInput;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A writer for GGUF version 3, the file format of llama.cpp: named values, then tensors. It is written front to back:
 * all names and shapes first, and the tensors in any order.
 */
public final class Gguf implements AutoCloseable {

    private static final int ALIGNMENT = 32;
    private static final int BLOCK = 32;

    /** How the numbers of a matrix are kept. Vectors are always in fp32. */
    public enum Type {
        F32(0, 0, 128), F16(1, 1, 64), BF16(30, 32, 64),
        /** Blocks of 32 numbers, eight bits each, with a common scale in fp16. */
        Q8_0(8, 7, 34);

        private final int id; // of a tensor
        private final int file; // of a file that mostly has it
        private final int bytes; // of 32 numbers

        Type(int id, int file, int bytes) {
            this.id = id;
            this.file = file;
            this.bytes = bytes;
        }

        /**
         * The type of a name, in either case.
         *
         * @throws BadInput if there is none
         */
        public static Type named(String name) {
            return Stream.of(values()).filter(type -> type.name().equalsIgnoreCase(name)).findFirst().orElseThrow(() -> new BadInput(
                    "type \"" + name + "\" is unknown; choose f32, f16, bf16 or q8_0"));
        }

        /** The number that {@code general.file_type} has for it. */
        int file() {
            return file;
        }

        /** Bytes of so many numbers. */
        private long size(long numbers) {
            return numbers * bytes / BLOCK;
        }

        /** The type that a tensor of this shape gets, as llama.cpp's converter chooses. */
        private Type of(Shape shape) {
            return shape.dimension() == 1 ? F32 : this == Q8_0 && shape.get(1) % BLOCK != 0 ? F16 : this;
        }
    }

    private record Place(Type type, Shape shape, long at) {}

    private final FileChannel channel;
    private final Map<String, Place> places = new LinkedHashMap<>();
    private final ByteArrayOutputStream head = new ByteArrayOutputStream();

    /**
     * Begins a new file.
     *
     * @param values texts, whole numbers (int), floats, booleans, lists of texts and arrays of int, by name
     * @param shapes of the tensors, in the order in which they lie in the file; at most two dimensions
     * @param type of the matrices
     */
    Gguf(Path file, Map<String, Object> values, Map<String, Shape> shapes, Type type) throws IOException {
        head.writeBytes("GGUF".getBytes(StandardCharsets.US_ASCII));
        number(3, 4);
        number(shapes.size(), 8);
        number(values.size(), 8);
        values.forEach((name, value) -> {
            text(name);
            value(value);
        });
        Map<String, Long> offsets = new LinkedHashMap<>();
        long offset = 0;
        for (Map.Entry<String, Shape> entry : shapes.entrySet()) {
            Shape shape = entry.getValue();
            Type stored = type.of(shape);
            text(entry.getKey());
            number(shape.dimension(), 4);
            for (int i = shape.dimension() - 1; i >= 0; i--) { // the fastest first
                number(shape.get(i), 8);
            }
            number(stored.id, 4);
            number(offset, 8);
            offsets.put(entry.getKey(), offset);
            offset = aligned(offset + stored.size(shape.size()));
        }
        long start = aligned(head.size());
        offsets.forEach((name, at) -> places.put(name, new Place(type.of(shapes.get(name)), shapes.get(name), start + at)));
        channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        write(ByteBuffer.wrap(head.toByteArray()), 0);
        if (start + offset > head.size()) { // the last tensor is padded too
            write(ByteBuffer.allocate(1), start + offset - 1);
        }
    }

    /**
     * Writes rows of a tensor.
     *
     * @param row the first
     * @param values whole rows
     * @throws BadInput if one is too large for the type
     */
    void rows(String name, long row, float[] values) throws IOException {
        Place place = places.get(name);
        long width = place.shape().dimension() == 1 ? 1 : place.shape().get(1);
        write(ByteBuffer.wrap(encoded(place.type(), values, name)), place.at() + place.type().size(row * width));
    }

    static byte[] encoded(Type type, float[] values, String name) {
        ByteBuffer bytes = ByteBuffer.allocate((int) type.size(values.length)).order(ByteOrder.LITTLE_ENDIAN);
        switch (type) {
            case F32 -> bytes.asFloatBuffer().put(values);
            case F16 -> {
                for (float value : values) {
                    short half = half(value);
                    BadInput.unless((half & 0x7c00) != 0x7c00, "%s: holds %s, which is too large for fp16; take bf16", name, value);
                    bytes.putShort(half);
                }
            }
            case BF16 -> {
                for (float value : values) {
                    int bits = Float.floatToRawIntBits(value); // round half to even, the values are finite
                    bytes.putShort((short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16));
                }
            }
            case Q8_0 -> {
                for (int from = 0; from < values.length; from += BLOCK) {
                    float most = 0;
                    for (int i = from; i < from + BLOCK; i++) {
                        most = Math.max(most, Math.abs(values[i]));
                    }
                    float scale = most / 127;
                    short half = half(scale);
                    BadInput.unless((half & 0x7c00) != 0x7c00, "%s: holds %s, which is too large for q8_0; take bf16", name, most);
                    bytes.putShort(half);
                    float inverse = scale == 0 ? 0 : 1 / scale;
                    for (int i = from; i < from + BLOCK; i++) {
                        float scaled = values[i] * inverse;
                        bytes.put((byte) (Math.signum(scaled) * Math.floor(Math.abs(scaled) + 0.5f))); // halves away from zero
                    }
                }
            }
        }
        return bytes.array();
    }

    /** The fp16 that is nearest, of two equally near the even one; an infinity beyond 65504. */
    static short half(float value) {
        int bits = Float.floatToRawIntBits(value);
        int sign = bits >>> 16 & 0x8000;
        float size = Math.abs(value);
        if (size >= 65520) {
            return (short) (sign | 0x7c00);
        }
        if (size < 0x1p-14f) { // a multiple of the smallest: rint rounds halves to even
            return (short) (sign | (int) Math.rint(size * 0x1p24));
        }
        int rounded = (bits & 0x7fffffff) + 0xfff + (bits >>> 13 & 1);
        return (short) (sign | (rounded >>> 13) - (127 - 15 << 10));
    }

    private static long aligned(long bytes) {
        return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    private void value(Object value) {
        if (value instanceof Integer number) {
            number(4, 4); // of an unsigned one
            number(number, 4);
        } else if (value instanceof Float number) {
            number(6, 4);
            number(Float.floatToRawIntBits(number), 4);
        } else if (value instanceof Boolean flag) {
            number(7, 4);
            number(flag ? 1 : 0, 1);
        } else if (value instanceof String text) {
            number(8, 4);
            text(text);
        } else if (value instanceof int[] numbers) {
            number(9, 4);
            number(5, 4); // of signed ones
            number(numbers.length, 8);
            for (int number : numbers) {
                number(number, 4);
            }
        } else if (value instanceof List<?> texts) {
            number(9, 4);
            number(8, 4);
            number(texts.size(), 8);
            texts.forEach(text -> text((String) text));
        } else {
            throw new IllegalArgumentException("a GGUF value cannot be " + String.valueOf(value).toLowerCase(Locale.ROOT));
        }
    }

    private void text(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        number(bytes.length, 8);
        head.writeBytes(bytes);
    }

    /** A whole number in so many bytes, the lowest first. */
    private void number(long number, int bytes) {
        for (int i = 0; i < bytes; i++) {
            head.write((int) (number >>> 8 * i));
        }
    }

    private void write(ByteBuffer bytes, long at) throws IOException {
        for (long next = at; bytes.hasRemaining();) {
            next += channel.write(bytes, next);
        }
    }

    /** Sees to it that all is on the disk. */
    @Override
    public void close() throws IOException {
        try (channel) {
            channel.force(true);
        }
    }
}
