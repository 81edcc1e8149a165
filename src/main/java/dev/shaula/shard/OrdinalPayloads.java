package dev.shaula.shard;

import dev.shaula.model.Metadata;
import dev.shaula.storage.PayloadStore;
import java.util.Arrays;

/** The metadata of one generation of rows by ordinal; the store below knows rows by number. */
record OrdinalPayloads(PayloadStore store, RowNumbers numbers) implements PayloadStore {

    @Override
    public Metadata get(int ordinal) {
        return store.get(numbers.numberOf(ordinal));
    }

    @Override
    public Metadata[] getAll(int[] ordinals, int n) {
        int[] wanted = Arrays.stream(ordinals, 0, n).map(numbers::numberOf).toArray();
        return store.getAll(wanted, n);
    }

    /** Rows that the generation does not have are passed over. */
    @Override
    public void forEach(PayloadConsumer consumer) {
        store.forEach((number, metadata) -> {
            int ordinal = numbers.ordinalOf(number);
            if (ordinal >= 0) {
                consumer.accept(ordinal, metadata);
            }
        });
    }

    @Override
    public void dropPayloads(int[] ordinals, int n) {
        int[] dropped = Arrays.stream(ordinals, 0, n).map(numbers::numberOf).toArray();
        store.dropPayloads(dropped, n);
    }
}
