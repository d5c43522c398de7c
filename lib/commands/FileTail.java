package commands;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/**
 * The complete lines that were appended to a text file since it was last read; a line that is still being written is left for later.
 *
 * @param lines bytes of whole lines, from {@link #from}
 * @param from where they begin: what was asked for, or 0 if the file is another one, or shorter than that
 * @param next where to go on reading
 * @param size of the file in bytes
 * @param identity of the file: another one in its place has another
 */
record FileTail(byte[] lines, long from, long next, long size, String identity) {

    /** Most bytes read at a time, unless a line is longer. */
    static final int PART = 1 << 20;
    private static final int LONGEST_LINE = 1 << 26;

    /**
     * Reads on in a file.
     *
     * @param from the {@link #next} of the last reading; 0 at first
     * @param identity of the last reading; empty at first
     * @throws IOException if it is no regular file, or cannot be read
     */
    static FileTail read(Path file, long from, String identity) throws IOException {
        String now = identity(file);
        try (SeekableByteChannel channel = Files.newByteChannel(file)) {
            long size = channel.size();
            long begin = from < 0 || from > size || !identity.isEmpty() && !identity.equals(now) ? 0 : from;
            for (long part = PART;; part *= 4) {
                byte[] bytes = bytes(channel, begin, (int) Math.min(part, size - begin));
                int end = bytes.length;
                while (end > 0 && bytes[end - 1] != '\n') {
                    end--;
                }
                if (end > 0 || bytes.length < part || part >= LONGEST_LINE) {
                    return new FileTail(java.util.Arrays.copyOf(bytes, end), begin, begin + end, size, now);
                }
            }
        }
    }

    /**
     * What tells a file from another one of the same name.
     *
     * @throws IOException if it is no regular file
     */
    static String identity(Path file) throws IOException {
        BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
        if (!attributes.isRegularFile()) {
            throw new IOException(file + ": is no regular file");
        }
        Object key = attributes.fileKey() == null ? attributes.creationTime() : attributes.fileKey();
        return Integer.toHexString(key.hashCode());
    }

    private static byte[] bytes(SeekableByteChannel channel, long from, int count) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(count);
        channel.position(from);
        while (buffer.hasRemaining() && channel.read(buffer) >= 0) {
            continue; // until it is full, or the file was cut meanwhile
        }
        return java.util.Arrays.copyOf(buffer.array(), buffer.position());
    }
}
