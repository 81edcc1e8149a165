package dev.shaula.storage;

import dev.shaula.model.Metadata;

/**
 * The metadata of a shard's points by ordinal. Written by {@link ShardLog#append} together with the log record;
 * readable from any thread. Reading never waits for a writer. An ordinal without a row has empty metadata.
 *
 * <p>Every method throws {@link StorageCorruptedException} if what it reads is damaged, and
 * {@link IllegalStateException} once the store is closed.
 */
public interface PayloadStore {

    /** The metadata of {@code ordinal}; {@link Metadata#EMPTY} if it has none. */
    Metadata get(int ordinal);

    /** The metadata of the first {@code n} of {@code ordinals}, in their order, in one reading. */
    Metadata[] getAll(int[] ordinals, int n);

    /** Visits every row that is not empty in ascending order of ordinals, as all rows were at the time of the call. */
    void forEach(PayloadConsumer consumer);

    /** Takes one row. */
    @FunctionalInterface
    interface PayloadConsumer {
        void accept(int ordinal, Metadata metadata);
    }
}
