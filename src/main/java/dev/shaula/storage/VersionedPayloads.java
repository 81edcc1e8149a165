package dev.shaula.storage;

import dev.shaula.model.Metadata;
import java.util.Arrays;

/**
 * The metadata of a shard's points by number and version: what a point was upserted with, and what each later
 * {@link Write.Update} gave it. None is ever overwritten, so that a reader of an older state finds what belongs to it
 * until {@link #drop}. As {@link PayloadStore}, whose ordinals are numbers here, it sees what was upserted.
 */
public interface VersionedPayloads extends PayloadStore {
    /** In place of a version: as the point was upserted. */
    long AS_UPSERTED = -1;

    /**
     * One version; {@link Metadata#EMPTY} if it has none.
     *
     * @param version sequence number of the record that wrote it, or {@link #AS_UPSERTED}
     */
    Metadata get(int number, long version);

    /** The first {@code n} of these versions, in their order, in one reading. */
    Metadata[] getAll(int[] numbers, long[] versions, int n);

    /**
     * Visits every version that is not empty, in ascending order of numbers and, for each, of versions, as all were at
     * the time of the call.
     */
    void forEachVersion(VersionConsumer consumer);

    /**
     * Removes the first {@code n} of these versions; those that are not there are ignored. Not synced: after a power
     * cut some may be back, which harms nobody, for none is used again. Works on a full disk.
     */
    void drop(int[] numbers, long[] versions, int n);

    @Override
    default Metadata get(int ordinal) {
        return get(ordinal, AS_UPSERTED);
    }

    @Override
    default Metadata[] getAll(int[] ordinals, int n) {
        long[] versions = new long[n];
        Arrays.fill(versions, AS_UPSERTED);
        return getAll(ordinals, versions, n);
    }

    @Override
    default void forEach(PayloadConsumer consumer) {
        forEachVersion((number, version, metadata) -> {
            if (version == AS_UPSERTED) {
                consumer.accept(number, metadata);
            }
        });
    }

    /** Takes one version. */
    @FunctionalInterface
    interface VersionConsumer {
        void accept(int number, long version, Metadata metadata);
    }
}
