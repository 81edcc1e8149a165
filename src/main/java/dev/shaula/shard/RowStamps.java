package dev.shaula.shard;

import dev.shaula.memory.LittleEndianInput;
import dev.shaula.memory.LittleEndianOutput;
import dev.shaula.model.Expiry;
import dev.shaula.model.OrdinalMap;
import dev.shaula.storage.VersionedPayloads;
import java.io.IOException;

/**
 * When each row was last written, and when it expires, as one snapshot sees it. A point's version is the sequence number
 * of the log record that last wrote it, 0 if that is not known any more: so it changes with every write, never comes
 * back, and is the same after a restart, a restore or a dropping of dead rows. Immutable; 8 bytes of heap a row, and 8
 * more of rows that expire.
 *
 * @param written per row {@code 2 x version}, plus 1 if that record changed its metadata and left the row
 * @param expiries per row
 */
record RowStamps(LongColumn written, Expiries expiries) {
    static final RowStamps EMPTY = new RowStamps(LongColumn.EMPTY, Expiries.NONE);

    long version(int row) {
        return written.get(row) >>> 1;
    }

    /** The version of the metadata that belongs to a row, see {@link VersionedPayloads}. */
    long payloadVersion(int row) {
        long stamp = written.get(row);
        return (stamp & 1) == 0 ? VersionedPayloads.AS_UPSERTED : stamp >>> 1;
    }

    /** In milliseconds since 1970; {@link Expiry#NEVER_MS} for never. */
    long expiresAtMs(int row) {
        return expiries.get(row);
    }

    long heapBytes() {
        return written.heapBytes() + expiries.heapBytes();
    }

    RowStamps moved(OrdinalMap map) {
        return new RowStamps(written.moved(map), expiries.moved(map));
    }

    /** What {@link #moved} would give, from what it gave of older stamps. */
    RowStamps moved(OrdinalMap map, RowStamps older, RowStamps olderMoved) {
        return new RowStamps(
                written.moved(map, older.written, olderMoved.written),
                expiries.moved(map, older.expiries, olderMoved.expiries));
    }

    void writeTo(LittleEndianOutput out) throws IOException {
        written.writeTo(out);
        expiries.writeTo(out);
    }

    /** Reads what {@link #writeTo} wrote of {@code rows} rows. */
    static RowStamps readFrom(LittleEndianInput in, int rows) throws IOException {
        return new RowStamps(LongColumn.readFrom(in, rows), Expiries.readFrom(in, rows));
    }

    /** Of rows about which nothing is known. */
    static RowStamps unknown(int rows) {
        return new RowStamps(LongColumn.zeros(rows), Expiries.of(LongColumn.zeros(rows)));
    }

    Editor edit(long sequence) {
        return new Editor(this, sequence);
    }

    /** Makes the stamps after a log record. For one thread, once. */
    static final class Editor {
        private final long stamp;
        private final LongColumn.Editor written;
        private final Expiries.Editor expiries;

        private Editor(RowStamps before, long sequence) {
            this.stamp = sequence << 1;
            this.written = before.written.edit();
            this.expiries = before.expiries.edit();
        }

        void add(long expiresAtMs) {
            written.add(stamp);
            expiries.add(expiresAtMs);
        }

        void update(int row, long expiresAtMs) {
            written.set(row, stamp | 1);
            expiries.set(row, expiresAtMs);
        }

        /** The row is dead and need not expire. */
        void remove(int row) {
            expiries.set(row, Expiry.NEVER_MS);
        }

        RowStamps done() {
            return new RowStamps(written.done(), expiries.done());
        }
    }
}
