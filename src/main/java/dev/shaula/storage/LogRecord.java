package dev.shaula.storage;

import java.util.List;

/**
 * One entry of a shard's log: the writes of one batch, applied together or not at all.
 *
 * @param sequence 0 or more, larger than that of every earlier record; gaps are allowed, as a partition of a broker
 *     has them
 * @param writes in the order in which they are applied; at least one
 */
public record LogRecord(long sequence, List<Write> writes) {
    public LogRecord {
        if (sequence < 0) {
            throw new IllegalArgumentException("sequence: expected 0 or more, got " + sequence);
        }
        if (writes.isEmpty()) {
            throw new IllegalArgumentException("writes: expected at least one");
        }
        writes = List.copyOf(writes);
    }
}
