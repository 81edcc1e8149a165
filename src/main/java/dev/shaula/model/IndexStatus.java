package dev.shaula.model;

/**
 * An index as it stands now.
 *
 * @param indexedRows rows that it covers, replaced and deleted ones included
 * @param totalRows rows there are
 * @param ready whether filters use it: it covers all rows
 * @param heapBytes near enough
 */
public record IndexStatus(FieldIndex index, long indexedRows, long totalRows, boolean ready, long heapBytes) {

    /** Both together; for the shards of a collection. */
    public IndexStatus plus(IndexStatus other) {
        return new IndexStatus(
                index,
                indexedRows + other.indexedRows,
                totalRows + other.totalRows,
                ready && other.ready,
                heapBytes + other.heapBytes);
    }
}
