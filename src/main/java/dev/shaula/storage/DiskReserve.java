package dev.shaula.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Disk space kept back for the operations that free space. While the disk has room, a file of that size lies in the
 * data directory. When a delete or a trim meets a full disk the file is removed, so that they get through; upserts are
 * refused from then on until the disk has room for the file and as much again. Thread-safe.
 */
final class DiskReserve implements AutoCloseable {
    static final String FILE = "reserve";

    private final Path file;
    private final Path directory;
    private final long bytes;
    private boolean held;
    private boolean closed;

    DiskReserve(Path directory, long bytes) {
        this.directory = directory;
        this.file = directory.resolve(FILE);
        this.bytes = bytes;
        refill();
    }

    /** Whether the space is there; upserts are accepted only then. Always true for a reserve of nothing. */
    synchronized boolean held() {
        return bytes == 0 || held;
    }

    /** Gives the space to whoever writes next. */
    synchronized void release() {
        if (bytes == 0) {
            return;
        }
        held = false;
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            // The disk is failing in some other way, which the write that follows reports better than this could.
            return;
        }
    }

    /** Takes the space back if the disk has room for it twice; called by the timer. */
    synchronized void refill() {
        if (held || closed || bytes == 0) {
            return;
        }
        try {
            if (Files.exists(file) && Files.size(file) == bytes) {
                held = true;
            } else if (Files.getFileStore(directory).getUsableSpace() >= 2 * bytes) {
                write();
                held = true;
            }
        } catch (IOException e) {
            release();
        }
    }

    /** Real bytes, not a hole: a sparse file would reserve nothing. */
    private void write() throws IOException {
        ByteBuffer chunk = ByteBuffer.allocate((int) Math.min(bytes, 1 << 20));
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
            for (long left = bytes; left > 0; ) {
                chunk.clear().limit((int) Math.min(left, chunk.capacity()));
                left -= channel.write(chunk);
            }
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
    }
}
