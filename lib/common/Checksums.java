package common;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * SHA-256 checksums of the files of a folder, stored in a file {@code SHA256SUMS} that {@code sha256sum -c} can read too. Its first line is
 * the number of files, so that a truncated list is detected.
 */
public final class Checksums {

    /** The name of the checksum file. */
    public static final String NAME = "SHA256SUMS";

    private Checksums() {}

    /** Writes the checksum file and flushes it and all other files of the folder to disk. */
    public static void write(Path folder) throws IOException {
        StringBuilder lines = new StringBuilder();
        List<Path> files = files(folder);
        for (Path file : files) {
            lines.append(sha256(file, Long.MAX_VALUE)).append("  ").append(file.getFileName()).append('\n');
            flush(file);
        }
        Files.writeString(folder.resolve(NAME), "# " + files.size() + " files\n" + lines);
        flush(folder.resolve(NAME));
    }

    /**
     * Verifies the files of a folder against its checksum file, if there is one. The metadata that the Hugging Face client keeps for its
     * large downloads, or links to content named by its checksum, are verified too.
     *
     * @throws BadInput naming the first file that is missing or changed
     */
    public static void verify(Path folder) {
        try {
            if (Files.exists(folder.resolve(NAME))) {
                for (Map.Entry<String, String> sum : read(folder.resolve(NAME)).entrySet()) {
                    verify(folder.resolve(sum.getKey()), sum.getValue(), folder.resolve(NAME),
                            "restore it, or remove " + NAME + " if the change was intended");
                }
            }
            for (Path file : files(folder)) {
                Path content = Files.isSymbolicLink(file) ? Files.readSymbolicLink(file) : file;
                String sum = content.getFileName().toString();
                if (content.endsWith(Path.of("blobs", sum)) && sum.matches("[0-9a-f]{64}")) {
                    verify(file, sum, content, "remove both and download it again");
                }
            }
            Path notes = folder.resolve(".cache/huggingface/download");
            for (Path note : Files.isDirectory(notes) ? files(notes) : List.<Path>of()) {
                List<String> lines = note.toString().endsWith(".safetensors.metadata") ? Files.readAllLines(note) : List.of();
                if (lines.size() > 1 && lines.get(1).matches("[0-9a-f]{64}")) {
                    verify(folder.resolve(note.getFileName().toString().replace(".metadata", "")), lines.get(1), note, "download it again");
                }
            }
        } catch (IOException e) {
            throw new BadInput(folder + ": cannot be read (" + e.getMessage() + ")", e);
        }
    }

    /**
     * Verifies a folder that this project wrote.
     *
     * @throws BadInput as {@link #verify}, and if there is no {@code SHA256SUMS}
     */
    public static void require(Path folder) {
        BadInput.unless(Files.exists(folder.resolve(NAME)), "%s: has no %s, so it is not a complete checkpoint", folder, NAME);
        verify(folder);
    }

    /** Returns the SHA-256 of the first bytes of a file, in hexadecimal. */
    public static String sha256(Path file, long bytes) throws IOException {
        try (DigestInputStream in = new DigestInputStream(Files.newInputStream(file), MessageDigest.getInstance("SHA-256"))) {
            byte[] buffer = new byte[1 << 16];
            for (long left = bytes; left > 0;) {
                int read = in.read(buffer, 0, (int) Math.min(buffer.length, left));
                if (read < 0) {
                    break;
                }
                left -= read;
            }
            return HexFormat.of().formatHex(in.getMessageDigest().digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // required of every Java platform
        }
    }

    /**
     * Returns a checksum of a model folder's configuration and weights; for weight files over a gigabyte, of their size, their first and
     * last megabyte, and every hundredth one in between.
     *
     * @throws BadInput if a file cannot be read
     */
    public static String ofModel(Path folder) {
        try {
            StringBuilder sums = new StringBuilder();
            for (Path file : files(folder)) {
                String name = file.getFileName().toString();
                if (name.equals("config.json") || name.endsWith(".safetensors")) {
                    sums.append(name).append(' ').append(Files.size(file)).append(' ').append(sampled(file)).append('\n');
                }
            }
            return sha256(sums.toString().getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new BadInput(folder + ": cannot be read (" + e.getMessage() + ")", e);
        }
    }

    private static String sampled(Path file) throws IOException {
        long size = Files.size(file);
        if (size <= 1L << 30) {
            return sha256(file, Long.MAX_VALUE);
        }
        int block = 1 << 20;
        ByteArrayOutputStream parts = new ByteArrayOutputStream();
        try (FileChannel channel = FileChannel.open(file)) {
            for (long at = 0; at < size; at += 100L * block) {
                parts.writeBytes(read(channel, at, block));
            }
            parts.writeBytes(read(channel, size - block, block));
        }
        return sha256(parts.toByteArray());
    }

    private static byte[] read(FileChannel channel, long at, int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(length, channel.size() - at));
        int read = 0;
        while (buffer.hasRemaining() && read >= 0) {
            read = channel.read(buffer, at + buffer.position());
        }
        return buffer.array();
    }

    /** Returns the SHA-256 of some bytes, in hexadecimal. */
    public static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // required of every Java platform
        }
    }

    /** Flushes a file to disk. */
    public static void flush(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
    }

    private static void verify(Path file, String sum, Path source, String remedy) throws IOException {
        BadInput.unless(Files.isRegularFile(file), "%s: is missing, but %s names it", file, source);
        BadInput.unless(sha256(file, Long.MAX_VALUE).equals(sum), "%s: is damaged or was changed: its checksum differs from %s; %s",
                file, source, remedy);
    }

    private static Map<String, String> read(Path file) throws IOException {
        String[] lines = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).split("\n", -1);
        Map<String, String> sums = new LinkedHashMap<>();
        boolean whole = lines[0].equals("# " + (lines.length - 2) + " files") && lines[lines.length - 1].isEmpty();
        for (int i = 1; whole && i < lines.length - 1; i++) {
            whole = lines[i].matches("[0-9a-f]{64}  [\\w.-]+") && sums.put(lines[i].substring(66), lines[i].substring(0, 64)) == null;
        }
        BadInput.unless(whole, "%s: is damaged; restore it, or remove it if you trust the files beside it", file);
        return sums;
    }

    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(f -> Files.isRegularFile(f) && !f.getFileName().toString().equals(NAME)).sorted().toList();
        }
    }
}
