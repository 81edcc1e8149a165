package dev.shaula.storage;

import java.nio.file.Path;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.rocksdb.Cache;
import org.rocksdb.Env;
import org.rocksdb.LRUCache;
import org.rocksdb.Priority;
import org.rocksdb.WriteBufferManager;

/**
 * What the stores of all shards of a process share: one block cache, one bound on unflushed bytes, one pool of
 * background threads, one timer and one reserve of disk space. Made once, closed after the last store. Thread-safe.
 */
public final class StorageRuntime implements AutoCloseable {
    private final Cache blockCache;
    private final WriteBufferManager writeBuffers;
    private final ScheduledExecutorService timer;
    private final DiskReserve reserve;

    /**
     * Bounds for the whole process.
     *
     * @param cacheBytes block cache; unflushed bytes are charged to it, so it bounds both together
     * @param writeBufferBytes unflushed bytes of all stores; reaching it flushes the store that writes
     * @param backgroundThreads threads that flush and compact, 1 or more
     * @param reserveBytes disk space kept back for deletes and trims on a full disk, 0 for none. Once released, it
     *     takes up what is not flushed yet before anything else, so it must be larger than {@code writeBufferBytes}
     *     by {@link #RESERVE_MARGIN_BYTES} or more
     */
    public record Settings(long cacheBytes, long writeBufferBytes, int backgroundThreads, long reserveBytes) {
        /** Room for new log and manifest files while nothing can be flushed. */
        public static final long RESERVE_MARGIN_BYTES = 4L << 20;

        /** 256 MiB of cache, of which 64 MiB may be unflushed; 2 threads; 96 MiB in reserve. */
        public static final Settings DEFAULT = new Settings(256L << 20, 64L << 20, 2, 96L << 20);

        public Settings {
            if (cacheBytes < 1 << 20) {
                throw new IllegalArgumentException("cacheBytes: expected 1 MiB or more, got " + cacheBytes);
            }
            if (writeBufferBytes < 1 << 20 || writeBufferBytes > cacheBytes) {
                throw new IllegalArgumentException(
                        "writeBufferBytes: expected 1 MiB to cacheBytes, got " + writeBufferBytes);
            }
            if (backgroundThreads < 1) {
                throw new IllegalArgumentException("backgroundThreads: expected 1 or more, got " + backgroundThreads);
            }
            if (reserveBytes != 0 && reserveBytes < writeBufferBytes + RESERVE_MARGIN_BYTES) {
                throw new IllegalArgumentException("reserveBytes: expected 0 or at least "
                        + (writeBufferBytes + RESERVE_MARGIN_BYTES) + ", got " + reserveBytes);
            }
        }
    }

    private StorageRuntime(Path directory, Settings settings) {
        blockCache = new LRUCache(settings.cacheBytes());
        writeBuffers = new WriteBufferManager(settings.writeBufferBytes(), blockCache);
        timer = Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().daemon().name("shaula-storage-timer").factory());
        reserve = new DiskReserve(directory, settings.reserveBytes());
        Env.getDefault().setBackgroundThreads(settings.backgroundThreads(), Priority.LOW);
        Env.getDefault().setBackgroundThreads(1, Priority.HIGH);
        timer.scheduleWithFixedDelay(reserve::refill, 1, 1, TimeUnit.SECONDS);
    }

    /**
     * Starts the runtime of the data directory {@code directory}, which must exist and should be on the file system
     * of the stores: the reserve of disk space lies in it, in the file {@code reserve}, and RocksDB's library, in the
     * directory {@code native}.
     */
    public static StorageRuntime open(Path directory, Settings settings) {
        NativeLibrary.load(directory);
        return new StorageRuntime(directory, settings);
    }

    Cache blockCache() {
        return blockCache;
    }

    WriteBufferManager writeBuffers() {
        return writeBuffers;
    }

    ScheduledExecutorService timer() {
        return timer;
    }

    DiskReserve reserve() {
        return reserve;
    }

    /** To be called once every store is closed; a second call does nothing. The reserve stays on disk. */
    @Override
    public void close() {
        timer.close();
        reserve.close();
        writeBuffers.close();
        blockCache.close();
    }
}
