package dev.shaula.shard;

import dev.shaula.memory.NativeMemory;
import dev.shaula.model.FieldIndex;
import dev.shaula.model.FoundFields;
import dev.shaula.model.Metadata;
import dev.shaula.model.VectorDbException;
import dev.shaula.payload.FieldSurvey;
import dev.shaula.storage.StorageRuntime;
import dev.shaula.storage.StoreOptions;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * What all shards of a process share: search threads, link threads, storage caches. Made once, closed after the last
 * shard. Thread-safe.
 */
public final class ShardRuntime implements AutoCloseable {
    private static final long LIVE_RETRY_MS = 20;

    private final Vertx vertx;
    private final Settings settings;
    private final InstantSource clock;
    private final SearchPool searchPool;
    private final LinkPool linkPool;
    private final StorageRuntime storage;
    /** Steps that link, of all shards in turn: each is spread over the cores by itself. */
    private final ExecutorService linkExecutor = Executors.newFixedThreadPool(
            Runtime.getRuntime().availableProcessors(), BackgroundThreads.withLongTurns("shaula-graph-"));
    /** Steps that mend, likewise; writers wait for them only when a good part of a graph is dead. */
    private final ExecutorService mendExecutor = Executors.newFixedThreadPool(
            Runtime.getRuntime().availableProcessors(), BackgroundThreads.factory("shaula-mend-"));
    /** What live queries keep is small beside rows, and must stay so beside requests in flight. */
    private final LiveBudget liveBudget = new LiveBudget(Runtime.getRuntime().maxMemory() / 16);
    /** One thread: one shard at a time needs room for its rows twice. */
    private final ExecutorService compactionExecutor =
            Executors.newSingleThreadExecutor(BackgroundThreads.factory("shaula-compaction-"));
    /** One thread: checkpoints are bound by the disk, and two at once would only get in each other's way. */
    private final ExecutorService checkpointExecutor =
            Executors.newSingleThreadExecutor(BackgroundThreads.factory("shaula-checkpoint-"));

    /** One thread: indexes are built beside everything else, one after the other. */
    private final ExecutorService indexExecutor =
            Executors.newSingleThreadExecutor(BackgroundThreads.factory("shaula-index-"));

    /**
     * Bounds and choices for the whole process.
     *
     * @param dataDir must exist
     * @param searchThreads at least 1; best the number of cores
     * @param searchQueue searches that may wait before the next is refused, at least 1
     * @param syncInterval zero: every acknowledged write is synced before the answer; else the longest time between
     *     syncs
     * @param maxBatchWrites writes that a shard takes from its mailbox at once, at least 1
     * @param maxWritesPerSecond brake for each shard, 0 for none: leaves cores to searches
     * @param memoryLimitBytes native memory that rows may take before writes are refused
     * @param checkpointInterval longest time between checkpoints of a shard that is written to, at least 1 ms
     * @param searchWait how long a search may wait for a thread before it is refused
     */
    public record Settings(
            Path dataDir,
            int searchThreads,
            int searchQueue,
            Duration syncInterval,
            int maxBatchWrites,
            int maxWritesPerSecond,
            long memoryLimitBytes,
            Duration checkpointInterval,
            Duration searchWait) {

        private static final Duration SEARCH_WAIT = Duration.ofSeconds(10);

        /** With searches that wait for 10 s at most. */
        public Settings(
                Path dataDir,
                int searchThreads,
                int searchQueue,
                Duration syncInterval,
                int maxBatchWrites,
                int maxWritesPerSecond,
                long memoryLimitBytes,
                Duration checkpointInterval) {
            this(
                    dataDir,
                    searchThreads,
                    searchQueue,
                    syncInterval,
                    maxBatchWrites,
                    maxWritesPerSecond,
                    memoryLimitBytes,
                    checkpointInterval,
                    SEARCH_WAIT);
        }

        /** The defaults for a data directory on this machine. */
        public static Settings of(Path dataDir) {
            int cores = Runtime.getRuntime().availableProcessors();
            return new Settings(dataDir, cores, 1_024, Duration.ZERO, 1_024, 0, Long.MAX_VALUE, Duration.ofSeconds(60));
        }

        /** The same, braked. */
        public Settings withMaxWritesPerSecond(int writes) {
            return new Settings(
                    dataDir,
                    searchThreads,
                    searchQueue,
                    syncInterval,
                    maxBatchWrites,
                    writes,
                    memoryLimitBytes,
                    checkpointInterval,
                    searchWait);
        }

        /** The same with another memory limit. */
        public Settings withMemoryLimitBytes(long bytes) {
            return new Settings(
                    dataDir,
                    searchThreads,
                    searchQueue,
                    syncInterval,
                    maxBatchWrites,
                    maxWritesPerSecond,
                    bytes,
                    checkpointInterval,
                    searchWait);
        }
    }

    private ShardRuntime(Vertx vertx, Settings settings, InstantSource clock) {
        this.vertx = vertx;
        this.clock = clock;
        this.settings = settings;
        this.searchPool = new SearchPool(settings.searchThreads(), settings.searchQueue(), settings.searchWait());
        this.linkPool = new LinkPool(Runtime.getRuntime().availableProcessors() - 1, searchPool::isBusy);
        this.storage = StorageRuntime.open(settings.dataDir(), StorageRuntime.Settings.DEFAULT);
    }

    /** Creates the data directory if it is missing. Blocks. */
    public static ShardRuntime open(Vertx vertx, Settings settings) {
        return open(vertx, settings, InstantSource.system());
    }

    /**
     * Creates the data directory if it is missing. Blocks.
     *
     * @param clock says when points expire
     */
    public static ShardRuntime open(Vertx vertx, Settings settings, InstantSource clock) {
        try {
            Files.createDirectories(settings.dataDir());
        } catch (IOException e) {
            throw new UncheckedIOException(settings.dataDir() + ": cannot be created", e);
        }
        return new ShardRuntime(vertx, settings, clock);
    }

    public Settings settings() {
        return settings;
    }

    /** Searches that were not computed, or not to their end, because their callers had gone. */
    public long cancelledSearches() {
        return searchPool.cancelled();
    }

    /** Searches refused because they would have waited too long. */
    public long lateSearches() {
        return searchPool.late();
    }

    /** Searches that wait for a thread. */
    public int queuedSearches() {
        return searchPool.queued();
    }

    /** Native memory of all rows, in bytes. */
    public static long nativeMemoryBytes() {
        return NativeMemory.allocatedBytes();
    }

    /**
     * Finds the fields of metadata that are not known yet. Any thread may ask it; it reads every byte.
     *
     * @param indexes fields that have an index
     * @param leftOut fields that are to have none
     */
    public static Function<List<Metadata>, FoundFields> fieldSurvey(List<FieldIndex> indexes, List<String> leftOut) {
        return new FieldSurvey(indexes, leftOut)::of;
    }

    /** In milliseconds since 1970. */
    long nowMs() {
        return clock.millis();
    }

    Vertx vertx() {
        return vertx;
    }

    SearchPool searchPool() {
        return searchPool;
    }

    LiveBudget liveBudget() {
        return liveBudget;
    }

    /** Runs a step of live queries beside searches; while those fill the queue, it waits for a moment and tries again. */
    void runForLiveQueries(Consumer<SearchScratch> task, Consumer<VectorDbException> dropped) {
        searchPool
                .submit(scratch -> {
                    task.accept(scratch);
                    return true;
                })
                .subscribe()
                .with(done -> {}, e -> {
                    if (e instanceof VectorDbException refusal && refusal.kind() == VectorDbException.Kind.OVERLOADED) {
                        vertx.setTimer(LIVE_RETRY_MS, due -> runForLiveQueries(task, dropped));
                    } else {
                        dropped.accept(
                                e instanceof VectorDbException refusal
                                        ? refusal
                                        : new VectorDbException(
                                                VectorDbException.Kind.INTERNAL, "a step of live queries failed", e));
                    }
                });
    }

    /** Heap that live queries keep, in bytes. */
    public long liveQueryBytes() {
        return liveBudget.used();
    }

    LinkPool linkPool() {
        return linkPool;
    }

    ExecutorService linkExecutor() {
        return linkExecutor;
    }

    ExecutorService mendExecutor() {
        return mendExecutor;
    }

    ExecutorService checkpointExecutor() {
        return checkpointExecutor;
    }

    ExecutorService compactionExecutor() {
        return compactionExecutor;
    }

    ExecutorService indexExecutor() {
        return indexExecutor;
    }

    StorageRuntime storage() {
        return storage;
    }

    StoreOptions storeOptions() {
        return settings.syncInterval().isZero()
                ? StoreOptions.DEFAULT
                : StoreOptions.syncedEvery(settings.syncInterval());
    }

    @Override
    public void close() {
        searchPool.close();
        linkExecutor.close();
        mendExecutor.close();
        linkPool.close();
        checkpointExecutor.close();
        compactionExecutor.close();
        indexExecutor.close();
        storage.close();
    }
}
