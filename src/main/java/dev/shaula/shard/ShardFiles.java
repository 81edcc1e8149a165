package dev.shaula.shard;

import dev.shaula.storage.StorageErrors;
import java.io.EOFException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Copies the files of shards for backups and restores. Blocks. */
public final class ShardFiles {
    private ShardFiles() {}

    /**
     * Whether a file of this name is never written to again once it is complete, so that several shards may share it
     * by hard links: tables, blob files and checkpoints.
     */
    public static boolean immutable(Path file) {
        String name = file.getFileName().toString();
        return name.endsWith(".sst")
                || name.endsWith(".blob")
                || name.startsWith("checkpoint-")
                || name.startsWith("indexes-");
    }

    /**
     * Makes {@code to} the same file as {@code from}, or, where the file system has no hard links, a synced copy of its
     * first {@code bytes}.
     */
    public static void link(Path from, Path to, long bytes) throws IOException {
        try {
            Files.createLink(to, from);
        } catch (FileAlreadyExistsException e) {
            throw e;
        } catch (UnsupportedOperationException | FileSystemException e) {
            copy(from, to, bytes); // other device, too many links, not permitted: a copy shows if it is worse than that
        }
    }

    /** Copies the first {@code bytes} of {@code from} into the new file {@code to} and syncs it. */
    public static void copy(Path from, Path to, long bytes) throws IOException {
        try (FileChannel source = FileChannel.open(from, StandardOpenOption.READ);
                FileChannel copy = FileChannel.open(to, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            for (long at = 0; at < bytes; ) {
                long n = source.transferTo(at, bytes - at, copy);
                if (n <= 0) {
                    throw new EOFException(from + ": expected " + bytes + " bytes, found " + at);
                }
                at += n;
            }
            copy.force(true);
        }
    }

    /** What to throw for {@code e}: STORAGE_FULL if the disk has no room, else UNAVAILABLE. */
    public static RuntimeException failure(Path place, String doing, IOException e) {
        return StorageErrors.of(place, doing, e);
    }
}
