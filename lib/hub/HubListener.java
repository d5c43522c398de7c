package hub;

/** Receives the progress of a download, in the thread that waits for it. */
@FunctionalInterface
public interface HubListener {

    /** Hears nothing. */
    HubListener NONE = (file, done, total) -> {};

    /**
     * Some bytes more are on the disk.
     *
     * @param file the file they belong to
     * @param done bytes of all files, those of earlier attempts included
     * @param total bytes of all files that were not in the cache
     */
    void at(String file, long done, long total);

    /** A line that a person should read. */
    default void told(String line) {}
}
