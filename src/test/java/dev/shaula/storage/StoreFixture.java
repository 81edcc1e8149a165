package dev.shaula.storage;

import dev.shaula.model.Metadata;
import dev.shaula.model.Point;
import dev.shaula.storage.Write.Delete;
import dev.shaula.storage.Write.Upsert;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Records made from their sequence number alone, so that a reader can tell what each must be. */
final class StoreFixture {
    static final StorageRuntime.Settings SMALL = new StorageRuntime.Settings(16L << 20, 8L << 20, 1, 0);

    private StoreFixture() {}

    /** Record {@code sequence}: {@code rows} upserts, from ordinal {@code sequence * rows}, and one delete. */
    static LogRecord record(long sequence, int rows, int dimensions) {
        Random random = new Random(sequence);
        List<Write> writes = new ArrayList<>();
        for (int i = 0; i < rows; i++) {
            float[] vector = new float[dimensions];
            for (int d = 0; d < dimensions; d++) {
                vector[d] = random.nextFloat();
            }
            int ordinal = ordinal(sequence, i, rows);
            writes.add(new Upsert(ordinal, ordinal - 1, new Point("id-" + ordinal, vector, metadata(ordinal))));
        }
        writes.add(new Delete(ordinal(sequence, 0, rows), "gone-" + sequence));
        return new LogRecord(sequence, writes);
    }

    static int ordinal(long sequence, int row, int rows) {
        return Math.toIntExact(sequence * rows + row);
    }

    /** Every third ordinal has none. */
    static Metadata metadata(int ordinal) {
        return ordinal % 3 == 0 ? Metadata.EMPTY : Metadata.ofJson("{\"ordinal\":" + ordinal + "}");
    }

    /** Everything that {@code store} replays after {@code after}. */
    static List<LogRecord> replayed(ShardLog store, long after) {
        List<LogRecord> records = new ArrayList<>();
        store.replay(after, records::add);
        return records;
    }

    /** The versions of {@code n} rows as they were upserted. */
    static long[] upserted(int n) {
        long[] versions = new long[n];
        java.util.Arrays.fill(versions, VersionedPayloads.AS_UPSERTED);
        return versions;
    }

    static Map<Integer, Metadata> payloads(PayloadStore store) {
        Map<Integer, Metadata> rows = new HashMap<>();
        store.forEach(rows::put);
        return rows;
    }

    /** By bytes, for records hold arrays and do not equal each other. */
    static boolean same(LogRecord a, LogRecord b) {
        return java.util.Arrays.equals(LogRecordCodec.encode(a, -1), LogRecordCodec.encode(b, -1));
    }

    static StorageRuntime runtime(Path dir) {
        return StorageRuntime.open(dir, SMALL);
    }
}
