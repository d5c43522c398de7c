package hub;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * One repository in the standard cache: {@code blobs} by ETag, {@code snapshots/COMMIT} with links to them, {@code refs} with the
 * commit of each branch and tag, and locks beside the repositories.
 *
 * @param root the cache
 * @param name the repository
 */
record HubCache(Path root, HubName name) {

    private Path folder() {
        return root.resolve(name.folder());
    }

    /** The content with this ETag. */
    Path blob(String etag) {
        return folder().resolve("blobs").resolve(etag);
    }

    /** What there is of a content that is not whole; by a name that Python does not write to at the same time. */
    Path part(String etag) {
        return folder().resolve("blobs").resolve(etag + ".java.incomplete");
    }

    /** The folder that looks like the repository in this commit. */
    Path snapshot(String commit) {
        return folder().resolve("snapshots").resolve(commit);
    }

    /** The commit that the revision was when it was last asked for; null if it never was. */
    String commit() throws IOException {
        Path ref = folder().resolve("refs").resolve(name.revision());
        String commit = Files.isRegularFile(ref) ? Files.readString(ref).strip() : name.revision();
        return commit.matches("[0-9a-f]{40}") ? commit : null;
    }

    /** The files of a commit that are here, by their names in the repository. */
    Set<String> files(String commit) throws IOException {
        try (Stream<Path> files = Files.walk(snapshot(commit))) {
            Set<String> names = new TreeSet<>();
            files.filter(Files::isRegularFile).forEach(f -> names.add(snapshot(commit).relativize(f).toString().replace('\\', '/')));
            return names;
        }
    }

    /** Makes the folders that a download needs. */
    void prepare() throws IOException {
        Files.createDirectories(folder().resolve("blobs"));
    }

    /** Bytes that are free on the disk of the cache. */
    long free() throws IOException {
        return Files.getFileStore(folder()).getUsableSpace();
    }

    /** Waits until no other process of this kind downloads the same content; closing the channel lets the next one in. */
    FileChannel lock(String etag) throws IOException {
        Path file = Files.createDirectories(root.resolve(".locks").resolve(name.folder())).resolve(etag + ".lock");
        FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        while (true) {
            try {
                channel.lock();
                return channel;
            } catch (OverlappingFileLockException e) { // another thread of this process
                try {
                    Thread.sleep(50);
                } catch (InterruptedException interrupted) {
                    channel.close();
                    Thread.currentThread().interrupt();
                    throw new IOException("interrupted", interrupted);
                }
            } catch (IOException e) {
                channel.close();
                throw e;
            }
        }
    }

    /** Makes a content that was checked visible. */
    void complete(String etag) throws IOException {
        Files.move(part(etag), blob(etag), StandardCopyOption.ATOMIC_MOVE);
    }

    /** Makes a symbolic link. */
    @FunctionalInterface
    interface Linker {
        void link(Path at, Path target) throws IOException;
    }

    /**
     * Gives a content its name in a commit: by a relative link. Where there are none, as on Windows without the right to make them, a
     * content that was downloaded for it is moved there and an older one copied, as Python does.
     */
    void link(String commit, String file, String etag, boolean fresh) throws IOException {
        link(commit, file, etag, fresh, Files::createSymbolicLink);
    }

    void link(String commit, String file, String etag, boolean fresh, Linker linker) throws IOException {
        Path at = snapshot(commit).resolve(file);
        Files.createDirectories(at.getParent());
        try {
            Files.deleteIfExists(at); // a link to nothing
            linker.link(at, at.getParent().relativize(blob(etag)));
        } catch (FileAlreadyExistsException e) {
            // another process was faster
        } catch (UnsupportedOperationException | FileSystemException e) {
            if (fresh) {
                Files.move(blob(etag), at, StandardCopyOption.REPLACE_EXISTING);
            } else {
                Files.copy(blob(etag), at, StandardCopyOption.REPLACE_EXISTING);
            }
        }
    }

    /** Notes which commit the revision is. */
    void remember(String commit) throws IOException {
        Path ref = folder().resolve("refs").resolve(name.revision());
        if (name.revision().equals(commit) || commit.equals(commit()) || !Files.isWritable(folder())) {
            return;
        }
        Files.createDirectories(ref.getParent());
        Path fresh = Files.createTempFile(ref.getParent(), ref.getFileName().toString(), ".tmp");
        Files.writeString(fresh, commit);
        Files.move(fresh, ref, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
