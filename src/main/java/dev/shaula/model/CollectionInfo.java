package dev.shaula.model;

import java.time.Instant;

/**
 * A collection as it stands now.
 *
 * @param config what it was made with
 * @param vectorCount live points in the published snapshots
 * @param createdAt when it was created
 * @param memory what its shards hold
 * @param autoIndexes what it indexes without having been told to
 */
public record CollectionInfo(
        CollectionConfig config, long vectorCount, Instant createdAt, MemoryUse memory, AutoIndexes autoIndexes) {

    /** Of a collection that indexes what it is told to. */
    public CollectionInfo(CollectionConfig config, long vectorCount, Instant createdAt, MemoryUse memory) {
        this(config, vectorCount, createdAt, memory, AutoIndexes.NONE);
    }

    /** Bytes of all its memory. */
    public long memoryBytes() {
        return memory.totalBytes();
    }

    /**
     * Indexes that a collection declared by itself.
     *
     * @param fields fields that have one
     * @param full whether there is no room for the index of another field
     */
    public record AutoIndexes(int fields, boolean full) {
        /** Of a collection that indexes what it is told to. */
        public static final AutoIndexes NONE = new AutoIndexes(0, false);
    }
}
