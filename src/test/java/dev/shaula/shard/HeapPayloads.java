package dev.shaula.shard;

import dev.shaula.model.Metadata;
import dev.shaula.storage.LogRecord;
import dev.shaula.storage.VersionedPayloads;
import dev.shaula.storage.Write;
import java.util.Comparator;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.NullMarked;

/** Metadata on the heap, so that properties of a shard's state can be tried thousands of times. */
@NullMarked
final class HeapPayloads implements VersionedPayloads {
    private final Map<Key, Metadata> rows = new ConcurrentSkipListMap<>();

    private record Key(int number, long version) implements Comparable<Key> {
        private static final Comparator<Key> ORDER =
                Comparator.comparingInt(Key::number).thenComparingLong(Key::version);

        @Override
        public int compareTo(Key other) {
            return ORDER.compare(this, other);
        }
    }

    void put(LogRecord record) {
        for (Write write : record.writes()) {
            switch (write) {
                case Write.Upsert upsert ->
                    put(new Key(upsert.ordinal(), AS_UPSERTED), upsert.point().metadata());
                case Write.Update update -> put(new Key(update.ordinal(), record.sequence()), update.metadata());
                case Write.Delete ignored -> {}
            }
        }
    }

    private void put(Key key, Metadata metadata) {
        if (!metadata.isEmpty()) {
            rows.put(key, metadata);
        }
    }

    @Override
    public Metadata get(int number, long version) {
        return rows.getOrDefault(new Key(number, version), Metadata.EMPTY);
    }

    @Override
    public Metadata[] getAll(int[] numbers, long[] versions, int n) {
        return IntStream.range(0, n).mapToObj(i -> get(numbers[i], versions[i])).toArray(Metadata[]::new);
    }

    @Override
    public void forEachVersion(VersionConsumer consumer) {
        rows.forEach((key, metadata) -> consumer.accept(key.number, key.version, metadata));
    }

    @Override
    public void drop(int[] numbers, long[] versions, int n) {
        for (int i = 0; i < n; i++) {
            rows.remove(new Key(numbers[i], versions[i]));
        }
    }
}
