package logs;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** A writer for the subset of the Protocol Buffers wire format that event files need. */
final class Protobuf {

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    /** An integer, a truth value or a member of an enumeration. */
    Protobuf integer(int field, long value) {
        varint((long) field << 3);
        varint(value);
        return this;
    }

    /** A number of 64 bits. */
    Protobuf number(int field, double value) {
        varint((long) field << 3 | 1);
        return raw(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putDouble(value).array());
    }

    /** A number of 32 bits. */
    Protobuf single(int field, float value) {
        varint((long) field << 3 | 5);
        return raw(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putFloat(value).array());
    }

    /** Bytes. */
    Protobuf bytes(int field, byte[] value) {
        varint((long) field << 3 | 2);
        varint(value.length);
        return raw(value);
    }

    /** A text in UTF-8. */
    Protobuf text(int field, String value) {
        return bytes(field, value.getBytes(StandardCharsets.UTF_8));
    }

    /** A message inside this one. */
    Protobuf message(int field, Protobuf value) {
        return bytes(field, value.bytes());
    }

    /** The message. */
    byte[] bytes() {
        return bytes.toByteArray();
    }

    private void varint(long value) {
        long rest = value;
        for (; (rest & ~0x7fL) != 0; rest >>>= 7) {
            bytes.write((int) (rest & 0x7f | 0x80));
        }
        bytes.write((int) rest);
    }

    private Protobuf raw(byte[] value) {
        bytes.writeBytes(value);
        return this;
    }
}
