package dev.shaula.storage;

import dev.shaula.model.VectorDbException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;
import org.rocksdb.Status;

/** Turns what the disk and RocksDB say into what a shard can act on. */
public final class StorageErrors {
    private StorageErrors() {}

    /** The exception to throw for {@code e}, which happened while {@code doing} something in {@code dir}. */
    static RuntimeException of(Path dir, String doing, RocksDBException e) {
        String text = text(e);
        if (isNoSpace(e)) {
            return full(dir, doing, e);
        }
        return code(e) == Status.Code.Corruption
                ? new StorageCorruptedException(dir, "damage found in " + doing + ": " + text, e)
                : unavailable(dir, doing, e);
    }

    /** As {@link #of}, for opening, where a file that is not there or not understood is damage as well. */
    static RuntimeException opening(Path dir, RocksDBException e) {
        String text = text(e);
        if (text.contains("lock hold by") || text.contains("LOCK: Resource temporarily unavailable")) {
            return VectorDbException.unavailable(dir + ": in use by another store or process");
        }
        boolean damaged = switch (code(e)) {
            case NotFound, InvalidArgument, NotSupported -> true;
            case IOError -> text.contains("No such file");
            case null, default -> false;
        };
        return damaged && !isNoSpace(e)
                ? new StorageCorruptedException(dir, "expected a complete store: " + text, e)
                : of(dir, "opening", e);
    }

    /** The exception to throw for {@code e}, which happened while {@code doing} something in {@code dir}. */
    public static RuntimeException of(Path dir, String doing, IOException e) {
        return isNoSpace(e.getMessage()) ? full(dir, doing, e) : unavailable(dir, doing, e);
    }

    static boolean isNoSpace(RocksDBException e) {
        Status status = e.getStatus();
        return (status != null && isNoSpace(status)) || isNoSpace(e.getMessage());
    }

    static boolean isNoSpace(Status status) {
        return status.getSubCode() == Status.SubCode.NoSpace || isNoSpace(status.getState());
    }

    private static boolean isNoSpace(@Nullable String message) {
        return message != null && message.toLowerCase(Locale.ROOT).contains("no space left");
    }

    static VectorDbException full(Path dir, String doing, @Nullable Exception e) {
        String message = dir + ": the disk is full, " + doing + " is refused; deletes still work, and writing resumes"
                + " by itself when there is room";
        return e == null
                ? VectorDbException.storageFull(message)
                : new VectorDbException(VectorDbException.Kind.STORAGE_FULL, message, e);
    }

    private static VectorDbException unavailable(Path dir, String doing, Exception e) {
        return new VectorDbException(
                VectorDbException.Kind.UNAVAILABLE, dir + ": " + doing + " failed: " + e.getMessage(), e);
    }

    private static Status.@Nullable Code code(RocksDBException e) {
        Status status = e.getStatus();
        return status == null ? null : status.getCode();
    }

    private static String text(RocksDBException e) {
        Status status = e.getStatus();
        String state = status == null ? null : status.getState();
        return e.getMessage() + (state == null ? "" : " (" + state + ")");
    }
}
