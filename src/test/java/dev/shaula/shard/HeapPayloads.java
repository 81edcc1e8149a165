package dev.shaula.shard;

import dev.shaula.model.Metadata;
import dev.shaula.storage.PayloadStore;
import dev.shaula.storage.Write;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.NullMarked;

/** Metadata on the heap, so that properties of a shard's state can be tried thousands of times. */
@NullMarked
final class HeapPayloads implements PayloadStore {
    private final Map<Integer, Metadata> rows = new ConcurrentSkipListMap<>();

    void put(Write write) {
        if (write instanceof Write.Upsert upsert && !upsert.point().metadata().isEmpty()) {
            rows.put(upsert.ordinal(), upsert.point().metadata());
        }
    }

    @Override
    public Metadata get(int ordinal) {
        return rows.getOrDefault(ordinal, Metadata.EMPTY);
    }

    @Override
    public Metadata[] getAll(int[] ordinals, int n) {
        return Arrays.stream(ordinals, 0, n).mapToObj(this::get).toArray(Metadata[]::new);
    }

    @Override
    public void forEach(PayloadConsumer consumer) {
        rows.forEach(consumer::accept);
    }

    @Override
    public void dropPayloads(int[] ordinals, int n) {
        Arrays.stream(ordinals, 0, n).forEach(rows::remove);
    }
}
