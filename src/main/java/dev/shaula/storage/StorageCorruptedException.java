package dev.shaula.storage;

import java.nio.file.Path;

/**
 * Bytes on disk are not what was written there. The message names the place, what was expected and what was found;
 * the shard it belongs to is to be quarantined, all others can go on.
 */
public final class StorageCorruptedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient Path place;

    /** @param place the damaged file, or the directory of the shard if the file is not known */
    public StorageCorruptedException(Path place, String message) {
        super(place + ": " + message);
        this.place = place;
    }

    public StorageCorruptedException(Path place, String message, Throwable cause) {
        super(place + ": " + message, cause);
        this.place = place;
    }

    /** The damaged file, or the directory of the shard. */
    public Path place() {
        return place;
    }
}
