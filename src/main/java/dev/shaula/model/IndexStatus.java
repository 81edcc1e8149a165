package dev.shaula.model;

/**
 * An index as it stands now.
 *
 * @param indexedRows rows that it covers, replaced and deleted ones included
 * @param totalRows rows there are
 * @param ready whether filters use it: it covers all rows
 * @param heapBytes near enough
 * @param automatic whether the collection declared it by itself
 */
public record IndexStatus(
        FieldIndex index, long indexedRows, long totalRows, boolean ready, long heapBytes, boolean automatic) {

    /** Of an index that somebody declared, as far as is known. */
    public IndexStatus(FieldIndex index, long indexedRows, long totalRows, boolean ready, long heapBytes) {
        this(index, indexedRows, totalRows, ready, heapBytes, false);
    }

    /** Both together; for the shards of a collection. */
    public IndexStatus plus(IndexStatus other) {
        return new IndexStatus(
                index,
                indexedRows + other.indexedRows,
                totalRows + other.totalRows,
                ready && other.ready,
                heapBytes + other.heapBytes,
                automatic || other.automatic);
    }

    public IndexStatus withAutomatic(boolean newAutomatic) {
        return new IndexStatus(index, indexedRows, totalRows, ready, heapBytes, newAutomatic);
    }
}
