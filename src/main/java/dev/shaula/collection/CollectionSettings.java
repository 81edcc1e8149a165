package dev.shaula.collection;

import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import io.smallrye.config.WithName;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/** What an operator may set; every key starts with {@code shaula.}. */
@ConfigMapping(prefix = "shaula")
public interface CollectionSettings {

    /** Where everything is kept; created if missing. */
    @WithDefault("data")
    Path dataDir();

    /**
     * Shards of a collection whose creator left the number open, as the clients do by always asking for 16. By default
     * one for every four cores: a shard's rows are linked on all cores anyway, and a search that must ask two graphs
     * costs nearly twice the work of asking one. Any other number is honoured, up to 64.
     */
    OptionalInt shards();

    /** {@code always}: each acknowledged write is synced first; else the longest time between syncs, as {@code 1s}. */
    @WithDefault("always")
    String sync();

    /** Longest time between checkpoints of a shard that is written to; a restart replays what came after the last. */
    @WithDefault("60s")
    Duration checkpointInterval();

    /** Bytes of writes in flight before senders are slowed; by default an eighth of the heap. */
    Optional<MemorySize> writeBudget();

    /** Of these, bytes of writes to one collection; by default half. */
    Optional<MemorySize> collectionBudget();

    /** Of these, bytes of writes of one connection; by default an eighth. */
    Optional<MemorySize> connectionBudget();

    /** How long a request that cannot be slowed waits for the write budget before it is refused with 429. */
    @WithDefault("30s")
    Duration writeWait();

    /** How long the start waits for a shard to open; then it is named, and joins when it comes. */
    @WithDefault("60s")
    Duration openWait();

    /** Writes a second and shard at most, 0 for no limit: leaves cores to searches. */
    @WithDefault("0")
    int maxWriteRate();

    /** Threads that search; by default one for each core. */
    OptionalInt searchThreads();

    /** Searches that may wait for a thread before the next is refused with 429. */
    @WithDefault("1024")
    int searchQueue();

    /** How long a search may wait for a thread before it is refused with 429. */
    @WithDefault("10s")
    Duration searchWait();

    /** Native memory that vectors may take, in bytes; by default 80 % of the machine's, less the heap. */
    @WithName("memory-limit")
    Optional<MemorySize> memoryLimit();
}
