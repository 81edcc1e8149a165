package dev.shaula.shard;

import dev.shaula.model.Metadata;
import dev.shaula.storage.PayloadStore;
import dev.shaula.storage.VersionedPayloads;
import java.util.Arrays;

/** The metadata of one snapshot's rows by ordinal; the store below knows rows by number, and all their versions. */
record OrdinalPayloads(VersionedPayloads store, RowNumbers numbers, RowStamps stamps) implements PayloadStore {

    @Override
    public Metadata get(int ordinal) {
        return store.get(numbers.numberOf(ordinal), stamps.payloadVersion(ordinal));
    }

    @Override
    public Metadata[] getAll(int[] ordinals, int n) {
        int[] wanted = Arrays.stream(ordinals, 0, n).map(numbers::numberOf).toArray();
        long[] versions =
                Arrays.stream(ordinals, 0, n).mapToLong(stamps::payloadVersion).toArray();
        return store.getAll(wanted, versions, n);
    }

    /** Rows and versions that the snapshot does not have are passed over. */
    @Override
    public void forEach(PayloadConsumer consumer) {
        int rows = stamps.written().count();
        store.forEachVersion((number, version, metadata) -> {
            int ordinal = numbers.ordinalOf(number);
            if (ordinal >= 0 && ordinal < rows && stamps.payloadVersion(ordinal) == version) {
                consumer.accept(ordinal, metadata);
            }
        });
    }
}
